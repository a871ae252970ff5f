// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

/// What manifests ask of the program is what it takes.
@Suite("k8s/ commands", .enabled(if: KubernetesTools.areUsable, "scripts/dependencies test is needed"))
struct ManifestCommandTests {
  /// A word of a help text, as `--json`.
  private func flags(_ text: String) -> Set<String> {
    Set(text.split { !$0.isLetter && $0 != "-" }.filter { $0.hasPrefix("--") }.map(String.init))
  }

  @Test("the program knows each command and flag", arguments: Overlay.allCases)
  func commands(overlay: Overlay) throws {
    for workload in try overlay.workloads() {
      let command = Array(workload.arguments.prefix { !$0.hasPrefix("-") })
      let help = try Command.run(Fixtures.product("memoryctl"), command + ["--help"])
      #expect(help.status == 0 && !command.isEmpty, "\(workload.name): \(help.errorText)")
      #expect(help.text.contains("USAGE: memoryctl \(command.joined(separator: " "))"), "\(workload.name)")
      for flag in workload.arguments where flag.hasPrefix("--") {
        let isKnown = flags(help.text).contains(flag)
        #expect(isKnown, "\(workload.name): \(command) has no \(flag)")
      }
      // What cannot be replaced stays as it is, and would be taken for a value.
      for word in workload.arguments {
        for variable in word.matches(of: /\$\(([A-Z_]+)\)/).map({ String($0.1) }) {
          let isSetByJob = variable == "JOB_COMPLETION_INDEX" && workload.job?["completionMode"] == .text("Indexed")
          #expect(isSetByJob || workload.variables[variable] != nil, "\(workload.name): \(variable)")
        }
      }
    }
  }

  @Test("the pages know each variable", arguments: Overlay.allCases)
  func variables(overlay: Overlay) throws {
    let pages = try Repository.text("docs/interface.md") + Repository.text("docs/aws.md")
    let known = Set(pages.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
    let named = Set(try overlay.workloads().flatMap { $0.variables.keys })
    let unknown = named.filter {
      !known.contains($0) && !($0.hasSuffix("_FILE") && known.contains(String($0.dropLast(5))))
    }
    #expect(unknown.isEmpty)
  }

  @Test("the program takes the settings", arguments: Overlay.allCases)
  func settings(overlay: Overlay) throws {
    let folder = try TemporaryDirectory("k8s-settings")
    let workload = try overlay.workload("audit-drill")
    var environment = workload.variables
    // The bucket, the keys' files and the monitoring are another machine's.
    for name in environment.keys where name.hasSuffix("_FILE") || name.hasPrefix("SIGNING_PROXY") {
      environment.removeValue(forKey: name)
    }
    for name in ["AUDIT_SIGNING_KMS_KEY_ID", "AUDIT_MANIFEST_SIGNER", "AUDIT_PUSHGATEWAY_URL"] {
      environment.removeValue(forKey: name)
    }
    environment["AUDIT_ARCHIVE_URL"] = "file://" + folder.path
    environment["TMPDIR"] = folder.path
    environment["AUDIT_SIGNERS_FILE"] = overlay.folder + "/signers.json"
    let output = try Command.run(
      Fixtures.product("memoryctl"), ["audit", "status"], environment: environment, inheritsEnvironment: false)
    #expect(output.status == AuditCore.ExitStatus.nothingToCheck.rawValue, "\(output.errorText)")
  }

  @Test("README makes each secret with each file that a pod reads", arguments: Overlay.allCases)
  func readme(overlay: Overlay) throws {
    let text = try Repository.text("k8s/README.md")
    #expect(text.contains("k8s/overlays/\(overlay.rawValue)"))
    let namespace = try #require(try overlay.resources("Namespace").first).name
    // The commands of one overlay stand below its heading.
    let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix("\(overlay.rawValue)\n") })
    for workload in try overlay.workloads() {
      let volume = try #require(workload.volume(named: "secrets"))["secret"]
      let secret = try #require(volume["secretName"].string)
      let command = section.components(separatedBy: "kubectl ").first {
        $0.hasPrefix("-n \(namespace) create secret generic \(secret) ")
      }
      guard volume["optional"] != .bool(true) else { continue }
      let made = try #require(command, "\(workload.name): README makes no \(secret)")
      for case (let name, let path?) in workload.variables where path.hasPrefix("/etc/memoryctl/secrets/") {
        let file = URL(fileURLWithPath: path).lastPathComponent
        #expect(made.contains("--from-file=\(file)=") || made.contains("--from-file=\(file) "), "\(secret): \(name)")
      }
    }
  }
}
