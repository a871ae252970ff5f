// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What pods may do, what they are given, and what they can reach.
@Suite("k8s/ pods", .enabled(if: KubernetesTools.areUsable, "scripts/dependencies test is needed"))
struct PodTests {
  @Test("namespaces take restricted pods alone", arguments: Overlay.allCases)
  func namespaces(overlay: Overlay) throws {
    let namespace = try #require(try overlay.resources("Namespace").first)
    for mode in ["enforce", "audit", "warn"] {
      #expect(namespace.labels["pod-security.kubernetes.io/\(mode)"] == "restricted")
    }
    for resource in try overlay.resources() where resource.kind != "Namespace" {
      #expect(resource.yaml["metadata"]["namespace"] == .text(namespace.name), "\(resource.kind) \(resource.name)")
    }
  }

  @Test("pods are restricted ones without a token", arguments: Overlay.allCases)
  func restricted(overlay: Overlay) throws {
    for workload in try overlay.workloads() {
      let context = workload.pod["securityContext"]
      #expect(context["runAsNonRoot"] == .bool(true) && context["runAsUser"] == .number(65532), "\(workload.name)")
      #expect(context["seccompProfile"]["type"] == .text("RuntimeDefault"), "\(workload.name)")
      #expect(workload.pod["automountServiceAccountToken"] == .bool(false), "\(workload.name)")
      #expect(workload.containers.count == 1, "\(workload.name)")
      let own = workload.container["securityContext"]
      #expect(own["readOnlyRootFilesystem"] == .bool(true), "\(workload.name)")
      #expect(own["allowPrivilegeEscalation"] == .bool(false), "\(workload.name)")
      #expect(own["capabilities"]["drop"].strings == ["ALL"], "\(workload.name)")
      for name in ["hostNetwork", "hostPID", "hostIPC"] { #expect(workload.pod[name] == .null, "\(workload.name)") }
    }
    for account in try overlay.resources("ServiceAccount") {
      #expect(account.yaml["automountServiceAccountToken"] == .bool(false), "\(account.name)")
    }
  }

  @Test("each job has the account of its rights")
  func accounts() throws {
    let accounts = [
      "audit-archive": "audit-archiver", "audit-backfill": "audit-archiver", "audit-drill": "audit-drill",
      "audit-status": "audit-reader", "audit-serve": "audit-reader", "audit-verify": "audit-verifier",
      "audit-verify-join": "audit-verifier",
    ]
    for overlay in Overlay.allCases {
      let known = Set(try overlay.resources("ServiceAccount").map(\.name))
      for workload in try overlay.workloads() {
        let account = try #require(workload.serviceAccount)
        #expect(account == accounts[workload.name], "\(workload.name)")
        #expect(known.contains(account))
        // Who has whose rights has whose secrets.
        let secret = workload.volume(named: "secrets")?["secret"]["secretName"].string
        #expect(secret == account.replacingOccurrences(of: "audit-", with: "memoryctl-"), "\(workload.name)")
      }
    }
    #expect(Set(try Overlay.awsIRSA.workloads().map(\.name)) == Set(accounts.keys))
    #expect(try Overlay.drillStaging.workloads().map(\.name) == ["audit-drill"])
    let roles = try Overlay.awsIRSA.resources("ServiceAccount").map {
      $0.yaml["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].string
    }
    #expect(Set(roles).count == 4 && !roles.contains(nil), "each account has a role of its own")
  }

  @Test("secrets are files that a variable names, and no variable holds one", arguments: Overlay.allCases)
  func secrets(overlay: Overlay) throws {
    let text = try overlay.text()
    #expect(!text.contains("secretKeyRef") && !text.contains("secretRef"))
    #expect(try overlay.resources("Secret").isEmpty, "secrets do not belong into a repository")
    for workload in try overlay.workloads() {
      for case (let name, let value?) in workload.variables where name.hasSuffix("_FILE") {
        let volume = try #require(workload.volume(of: value), "\(workload.name): \(name)=\(value) is in no volume")
        if name == "AUDIT_SIGNERS_FILE" {
          let file = URL(fileURLWithPath: value).lastPathComponent
          #expect(workload.files(of: volume)[file] != nil, "\(workload.name): \(value) is in no ConfigMap")
        } else {
          #expect(volume["secret"]["secretName"] != .null, "\(workload.name): \(name)=\(value) is no secret's")
        }
      }
      let plain = workload.variables.keys.filter { name in
        ["SECRET", "KEY", "PASSWORD", "TOKEN", "DATABASE_URL"].contains { name.hasSuffix($0) }
      }
      #expect(plain.isEmpty, "\(workload.name): \(plain)")
    }
  }

  @Test("a secret of files is read where S3 needs keys", arguments: ["audit-status", "audit-serve", "audit-verify"])
  func keysOfReaders(name: String) throws {
    let isOptional: (Overlay) throws -> YAML? = {
      try $0.workload(name).volume(named: "secrets")?["secret"]["optional"]
    }
    #expect(try isOptional(.awsIRSA) == .bool(true))
    #expect(try isOptional(.s3Compatible) == .bool(false))
  }

  @Test("memory, processor and disk have limits, and the spool fits into its", arguments: Overlay.allCases)
  func limits(overlay: Overlay) throws {
    for workload in try overlay.workloads() {
      let resources = workload.container["resources"]
      for part in ["requests", "limits"] {
        for name in ["cpu", "memory", "ephemeral-storage"] {
          #expect(resources[part][name].string != nil, "\(workload.name): \(part).\(name)")
        }
      }
      let directory = try #require(workload.variables["TMPDIR"] ?? nil)
      let spool = try #require(workload.volume(of: directory + "/file"), "\(workload.name)")
      let size = try bytes(spool["emptyDir"]["sizeLimit"].string)
      #expect(size <= (try bytes(resources["limits"]["ephemeral-storage"].string)), "\(workload.name)")
      #expect(try bytes(resources["requests"]["memory"].string) < bytes(resources["limits"]["memory"].string))
    }
    guard overlay != .drillStaging else { return }
    // Four uploads and the bundle that is written, of a gibibyte at most each.
    for name in ["audit-archive", "audit-backfill"] {
      let spool = try overlay.workload(name).volume(named: "spool")
      #expect(try bytes(spool?["emptyDir"]["sizeLimit"].string) >= 5 << 30)
    }
  }

  private func bytes(_ text: String?) throws -> Int {
    let text = try #require(text)
    let unit = try #require(["Mi": 1 << 20, "Gi": 1 << 30][String(text.suffix(2))], "\(text)")
    return try #require(Int(text.dropLast(2))) * unit
  }

  @Test("a site's image is one of its own, with a fixed tag", arguments: Overlay.allCases)
  func images(overlay: Overlay) throws {
    for workload in try overlay.workloads() {
      let image = try #require(workload.container["image"].string)
      #expect(image.hasSuffix("/memoryctl:1.0.0"), "\(workload.name): \(image)")
    }
  }
}
