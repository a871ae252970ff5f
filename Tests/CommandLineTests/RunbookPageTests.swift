// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The commands of docs/runbook.md and docs/retention.md, run as a reader runs them.
@Suite(
  "Pages whose commands are run", .enabled(if: TemporaryPostgres.isUsable && Ministack.isUsable && SeaweedS3.isUsable))
struct RunbookPageTests {
  private static let root = URL(fileURLWithPath: Fixtures.directory)
    .deletingLastPathComponent().deletingLastPathComponent().path

  private static func text(_ page: String) throws -> String {
    try String(contentsOfFile: root + "/docs/\(page)", encoding: .utf8)
  }

  /// Carries variables from a block to the next one, as a shell does.
  private static let shell = """
    state=$1 own=$3
    if [ -n "$own" ] && [ -f "$state" ]; then . "$state"; fi
    trap 'status=$?; [ -z "$own" ] || { export -p; declare -f; } > "$state"; exit $status' EXIT
    set -euo pipefail
    . "$2"
    """

  @Test("commands exit as the page says and print what it shows", arguments: [("runbook.md", 25), ("retention.md", 5)])
  func commands(page: String, leastSteps: Int) throws {
    let site = try BucketSite(creates: false)
    let folder = site.site.directory
    try FileManager.default.createSymbolicLink(atPath: folder("scripts"), withDestinationPath: Self.root + "/scripts")
    let steps = RunbookPage(try Self.text(page)).steps
    #expect(steps.count >= leastSteps)
    for step in steps {
      let output = try run(step, site)
      let text = output.text + output.errorText
      #expect(output.status == step.status, "docs/\(page):\(step.line): exit status \(output.status)\n\(text)")
      let missing = RunbookPage.missing(step.expected, in: text)
      #expect(missing == nil, "docs/\(page):\(step.line): no line \(missing ?? "") in\n\(text)")
      // What follows rests on it.
      if output.status != step.status || missing != nil { return }
    }
  }

  private func run(_ step: RunbookPage.Step, _ site: BucketSite) throws -> CommandOutput {
    let folder = site.site.directory
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let programs = (site.site.program as NSString).deletingLastPathComponent
    var variables = site.site.environment
    variables["PATH"] = "\(programs):\(path)"
    variables["MEMORYCTL"] = site.site.program
    if step.needs.contains("s3") { variables.merge(site.change) { $1 } }
    if step.needs.contains("kms") {
      let server = try Ministack.shared()
      for (name, value) in try server.environment() { variables[name] = value }
      variables["AUDIT_SIGNING_KMS_KEY_ID"] = try server.createKey(spec: "RSA_2048")
      variables["AUDIT_MANIFEST_SIGNER"] = .some(nil)
    }
    try Data(step.script.utf8).write(to: URL(fileURLWithPath: folder("block")))
    return try Command.run(
      "bash", ["-c", Self.shell, "bash", folder("state"), folder("block"), step.needs.isEmpty ? "own" : ""],
      environment: variables, inheritsEnvironment: false, directory: folder.path)
  }

  @Test("an output that is not what the page shows is found")
  func comparison() {
    let output = "broken: 3 rows\nhead 0123456789abcdef\nsigned at 2026-11-23T02:00:00Z in 4 ms"
    #expect(RunbookPage.missing(["broken: …", "signed at 2030-01-01T00:00:00Z in 1.5 s"], in: output) == nil)
    let error = #"{"ts":"2026-11-25T23:32:53.049368Z","level":"error","msg":"nothing there","status":66}"#
    #expect(RunbookPage.missing(["memoryctl: nothing there"], in: error) == nil)
    #expect(RunbookPage.missing(["intact: …"], in: output) == "intact: …")
    #expect(RunbookPage.missing(["head fedcba9876543210", "broken: 3 rows"], in: output) == "broken: 3 rows")
  }

  @Test("every section of the signing runbook is there, by its number")
  func sections() throws {
    let text = try Self.text("runbook.md")
    for number in 1...11 {
      #expect(text.range(of: "(?m)^## \(number)\\. ", options: .regularExpression) != nil, "section \(number)")
    }
  }
}
