// SPDX-License-Identifier: Apache-2.0
import Testing

/// Who can reach whom: policies' selectors against the pods that are there.
@Suite("k8s/ network", .enabled(if: KubernetesTools.areUsable, "scripts/dependencies test is needed"))
struct NetworkTests {
  /// Whether a policy's selector takes a pod.
  private func selects(_ selector: YAML, _ labels: [String: String]) -> Bool {
    selector["matchLabels"].textMap.allSatisfy { labels[$0.key] == $0.value }
      && selector["matchExpressions"].list.allSatisfy { expression in
        expression["operator"] == .text("In")
          && expression["values"].strings.contains(labels[expression["key"].string ?? ""] ?? "")
      }
  }

  /// Ports that a pod's policies open, by the policies that select it.
  private func ports(_ overlay: Overlay, _ workload: Workload, _ direction: String) throws -> Set<Int> {
    let policies = try overlay.resources("NetworkPolicy").filter { selects($0.spec["podSelector"], workload.labels) }
    let rules = policies.flatMap { $0.spec[direction].list }
    #expect(rules.allSatisfy { !$0["ports"].list.isEmpty }, "a rule without ports opens all of them")
    return Set(rules.flatMap { $0["ports"].list.compactMap { $0["port"].int } })
  }

  @Test("nothing goes in or out but what is named", arguments: Overlay.allCases)
  func defaultDeny(overlay: Overlay) throws {
    let policy = try #require(try overlay.resources("NetworkPolicy").first { $0.name == "default-deny" })
    #expect(policy.spec["podSelector"] == .map([:]))
    #expect(policy.spec["policyTypes"].strings == ["Ingress", "Egress"])
    #expect(policy.spec["ingress"] == .null && policy.spec["egress"] == .null)
  }

  @Test("each pod reaches what it needs, and no database but for what it is for", arguments: Overlay.allCases)
  func reach(overlay: Overlay) throws {
    for workload in try overlay.workloads() {
      let outward = try ports(overlay, workload, "egress")
      var needed: Set = [53, 443]
      if workload.job != nil { needed.insert(9091) }
      if workload.variables.keys.contains(where: { $0.hasSuffix("DATABASE_URL_FILE") }) { needed.insert(5432) }
      #expect(outward == needed, "\(workload.name)")
      let inward = try ports(overlay, workload, "ingress")
      let listens = Set(workload.container["ports"].list.compactMap { $0["containerPort"].int })
      #expect(inward == listens, "\(workload.name)")
    }
  }

  @Test("the service leads to the server, and its monitor to the service", arguments: [Overlay.awsIRSA, .s3Compatible])
  func service(overlay: Overlay) throws {
    let server = try overlay.workload("audit-serve")
    let service = try #require(try overlay.resources("Service").first)
    #expect(service.spec["selector"].textMap.allSatisfy { server.labels[$0.key] == $0.value })
    let port = try #require(service.spec["ports"].list.first)
    #expect(server.container["ports"].list.contains { $0["name"] == port["targetPort"] })
    // Metrics of a signer that is out of reach must be read while /readyz says 503.
    #expect(service.spec["publishNotReadyAddresses"] == .bool(true))
    let monitor = try #require(try overlay.resources("ServiceMonitor").first)
    #expect(selects(monitor.spec["selector"], service.labels))
    #expect(monitor.spec["endpoints"].list.map { $0["port"] } == [port["name"]])
    let budget = try #require(try overlay.resources("PodDisruptionBudget").first)
    #expect(selects(budget.spec["selector"], server.labels))
    #expect((server.resource.spec["replicas"].int ?? 0) > (budget.spec["maxUnavailable"].int ?? 0))
  }

  @Test("probes ask what serve answers")
  func probes() throws {
    let container = try Overlay.awsIRSA.workload("audit-serve").container
    let page = try Repository.text("docs/serve.md")
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
      let path = try #require(container[probe]["httpGet"]["path"].string)
      #expect(page.contains("`\(path)`"), "\(probe)")
      // A signer that is away must not have the server started anew.
      #expect((path == "/readyz") == (probe == "readinessProbe"))
    }
  }
}
