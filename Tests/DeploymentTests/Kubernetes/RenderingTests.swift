// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Each overlay renders, has the schemas' shape, and keeps the rules of checkov.
@Suite("k8s/ rendered", .enabled(if: KubernetesTools.areUsable, "scripts/dependencies test is needed"))
struct RenderingTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory("k8s") }

  private func validate(_ text: String, version: String) throws -> CommandOutput {
    try text.write(toFile: folder("all.yaml"), atomically: false, encoding: .utf8)
    return try Command.run(KubernetesTools.validate, ["--strict", "-k", version, folder("all.yaml")])
  }

  @Test("the schemas know it all", arguments: Overlay.allCases, ["1.33.0", "1.37.0"])
  func schemas(overlay: Overlay, version: String) throws {
    let output = try validate(try overlay.text(), version: version)
    #expect(output.status == 0, "\(output.text)\(output.errorText)")
    // What has no schema is passed over, so it is counted what passed.
    let passed = output.text.split(separator: "\n").filter { $0.contains(" passed for resource ") }
    #expect(passed.count == (try overlay.resources().filter { !$0.isCustom }.count))
  }

  @Test("a member that the schemas do not know is refused")
  func unknownMember() throws {
    let text = try Overlay.awsIRSA.text()
    let broken = text.replacingOccurrences(of: "concurrencyPolicy:", with: "concurrentPolicy:")
    #expect(broken != text)
    #expect(try validate(broken, version: "1.37.0").status != 0)
  }

  @Test("checkov finds nothing, and would")
  func checkov() throws {
    for overlay in Overlay.allCases {
      try overlay.text().write(toFile: folder("\(overlay.rawValue).yaml"), atomically: false, encoding: .utf8)
    }
    let broken = try Overlay.drillStaging.text().replacingOccurrences(
      of: "readOnlyRootFilesystem: true", with: "readOnlyRootFilesystem: false")
    try broken.write(toFile: folder("broken.yaml"), atomically: false, encoding: .utf8)
    let output = try Command.run(
      KubernetesTools.checkov,
      ["--framework", "kubernetes", "--skip-download", "--compact", "-o", "json", "-d", folder.path])
    let report = try #require(try YAML.documents(output.text).first)
    #expect(report["summary"]["parsing_errors"] == .number(0))
    #expect((report["summary"]["passed"].int ?? 0) > 500)
    let failed = report["results"]["failed_checks"].list.map {
      "\($0["file_path"].string ?? ""): \($0["check_id"].string ?? "") \($0["resource"].string ?? "")"
    }
    #expect(failed == ["/broken.yaml: CKV_K8S_22 CronJob.memoryctl-drill.audit-drill"])
    for skipped in report["results"]["skipped_checks"].list {
      #expect(skipped["check_id"] == .text("CKV_K8S_43"))
      #expect((skipped["check_result"]["suppress_comment"].string ?? "").count > 20, "an exception has its reason")
    }
  }

  @Test("rows' keys are given to those alone that check rows")
  func sharedKey() throws {
    let copy = folder("copy")
    try FileManager.default.copyItem(atPath: Repository.path("k8s"), toPath: copy)
    try FileManager.default.createDirectory(atPath: copy + "/overlays/site", withIntermediateDirectories: false)
    let site = "resources: [../aws-irsa]\ncomponents: [../../components/hmac-key]\n"
    try site.write(toFile: copy + "/overlays/site/kustomization.yaml", atomically: false, encoding: .utf8)
    let resources = try YAML.documents(try KubernetesTools.render(copy + "/overlays/site")).map(Resource.init)
    let workloads = resources.compactMap { Workload($0, beside: resources) }
    let holders = workloads.filter { $0.variables["AUDIT_SIGNING_KEY_FILE"] != nil }.map(\.name)
    #expect(Set(holders) == ["audit-archive", "audit-backfill", "audit-drill", "audit-verify", "audit-verify-join"])
  }
}
