// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Alerts fire when they must, by metrics that exist, and lead to a page that says what to do.
@Suite("k8s/ monitoring", .enabled(if: KubernetesTools.areUsable, "scripts/dependencies test is needed"))
struct MonitoringTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory("monitoring") }

  /// Those that need what jobs push, and the others.
  private func groups() throws -> [YAML] {
    try Overlay.awsIRSA.resources("PrometheusRule").flatMap { $0.spec["groups"].list }
  }

  private func rules() throws -> [YAML] { try groups().flatMap { $0["rules"].list } }

  /// The rules as Prometheus reads them from a file: YAML takes JSON, but for escaped slashes.
  private func writeRules(_ groups: YAML) throws {
    try JSONSerialization.data(withJSONObject: ["groups": groups.plain], options: .withoutEscapingSlashes)
      .write(to: URL(fileURLWithPath: folder("rules.yaml")))
  }

  private func dashboard() throws -> YAML {
    let map = try #require(try Overlay.awsIRSA.resources("ConfigMap").first { $0.name == "audit-dashboard" })
    #expect(map.labels["grafana_dashboard"] == "1")
    let text = try #require(map.yaml["data"]["audit-archive.json"].string)
    _ = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(try YAML.documents(text).first)
  }

  private func queries() throws -> [String] {
    try dashboard()["panels"].list.flatMap { $0["targets"].list }.compactMap { $0["expr"].string }
  }

  @Test("promtool takes the rules, and each fires when it must")
  func unitTests() throws {
    try writeRules(.list(try groups()))
    let check = try Command.run(
      KubernetesTools.promtool, ["check", "rules", "--lint=all", "--lint-fatal", folder("rules.yaml")])
    #expect(check.status == 0, "\(check.text)\(check.errorText)")
    let tests = try Fixtures.text("prometheus/alerts.yaml")
    try tests.write(toFile: folder("alerts.yaml"), atomically: false, encoding: .utf8)
    let run = try Command.run(KubernetesTools.promtool, ["test", "rules", folder("alerts.yaml")])
    #expect(run.status == 0, "\(run.text)\(run.errorText)")
    for rule in try rules() {
      let name = try #require(rule["alert"].string)
      let severity = try #require(rule["labels"]["severity"].string)
      let samples = tests.split(separator: "\n").filter {
        $0.contains("labels: ALERTS{alertname=\"\(name)\",alertstate=\"firing\"")
      }
      let fires = samples.contains { $0.contains("severity=\"\(severity)\"") }
      #expect(fires, "no test has \(name) fire as \(severity)")
    }
  }

  @Test("each alert says how bad it is and where to read on")
  func annotations() throws {
    let page = try Repository.text("docs/monitoring.md")
    for rule in try rules() {
      let name = try #require(rule["alert"].string)
      #expect(["critical", "warning"].contains(rule["labels"]["severity"].string), "\(name)")
      for annotation in ["summary", "description"] {
        #expect((rule["annotations"][annotation].string ?? "").count > 20, "\(name): \(annotation)")
      }
      let anchor = "docs/monitoring.md#" + name.lowercased()
      #expect(rule["annotations"]["runbook_url"].string?.hasSuffix(anchor) == true, "\(name)")
      #expect(page.contains("\n### \(name)\n"), "\(name)")
    }
  }

  @Test("rules and dashboard ask for metrics that are documented")
  func metrics() throws {
    let pages = try Repository.text("docs/serve.md") + Repository.text("docs/monitoring.md")
    let asked = try rules().compactMap { $0["expr"].string } + queries()
    for query in asked {
      for metric in query.matches(of: /memory_audit_[a-z_]+/).map({ String($0.0) }) {
        #expect(pages.contains("`\(metric)`"), "\(metric)")
      }
      #expect(query.contains("memory_audit_"), "\(query)")
    }
  }

  @Test("what needs a Pushgateway is apart, and a site can leave it out as README says")
  func withoutPushgateway() throws {
    let copy = folder("copy")
    try FileManager.default.copyItem(atPath: Repository.path("k8s"), toPath: copy)
    try FileManager.default.createDirectory(atPath: copy + "/overlays/site", withIntermediateDirectories: false)
    let blocks = MarkdownPage(try Repository.text("k8s/README.md")).blocks
    let patch = try #require(blocks.first { $0.info == "yaml" && $0.text.contains("$patch: delete") })
    try ("resources: [../aws-irsa]\n" + patch.text).write(
      toFile: copy + "/overlays/site/kustomization.yaml", atomically: false, encoding: .utf8)
    let resources = try YAML.documents(try KubernetesTools.render(copy + "/overlays/site")).map(Resource.init)
    let left = resources.filter { $0.kind == "PrometheusRule" }.flatMap { $0.spec["groups"].list }
      .flatMap { $0["rules"].list }
    let all = try rules().count
    #expect(left.count > 5 && left.count < all)
    for rule in left {
      let query = try #require(rule["expr"].string)
      #expect(query.contains(/memory_audit_(archive|sign)/), "\(query)")
    }
    for workload in resources.compactMap({ Workload($0, beside: resources) }) {
      #expect(workload.variables["AUDIT_PUSHGATEWAY_URL"] == "", "\(workload.name)")
    }
  }

  @Test("the dashboard's queries are queries, and its panels do not overlap")
  func panels() throws {
    let records = try queries().enumerated().map { index, query in
      let expr = query.replacingOccurrences(of: "$stream", with: ".*")
      return YAML.map(["record": .text("dashboard:query\(index):value"), "expr": .text(expr)])
    }
    #expect(records.count > 10)
    try writeRules(.list([.map(["name": .text("dashboard"), "rules": .list(records)])]))
    let check = try Command.run(KubernetesTools.promtool, ["check", "rules", folder("rules.yaml")])
    #expect(check.status == 0, "\(check.text)\(check.errorText)")

    let panels = try dashboard()["panels"].list
    #expect(Set(panels.compactMap { $0["id"].int }).count == panels.count)
    var taken: Set<[Int]> = []
    for panel in panels {
      let place = panel["gridPos"]
      let x = try #require(place["x"].int)
      let y = try #require(place["y"].int)
      let (width, height) = (try #require(place["w"].int), try #require(place["h"].int))
      #expect(x + width <= 24, "\(panel["title"])")
      for column in x..<x + width {
        for line in y..<y + height {
          #expect(taken.insert([column, line]).inserted, "\(panel["title"]) lies on another")
        }
      }
    }
  }
}
