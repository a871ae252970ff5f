// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The page for an auditor who has the bucket alone: `docs/verify-without-us.md`.
@Suite("The auditor's page")
struct AuditorPageTests {
  private func page() throws -> String {
    try String(contentsOfFile: Fixtures.directory + "/../../docs/verify-without-us.md", encoding: .utf8)
  }

  /// A copy of the archive that another program made, with the registry beside it.
  private func copy() throws -> (guide: GuideRunner, directory: TemporaryDirectory) {
    let directory = try TemporaryDirectory("auditor")
    try FileManager.default.copyItem(atPath: Fixtures.path("golden-archive"), toPath: directory("archive"))
    try Data(Fixtures.bytes("registry.json")).write(to: URL(fileURLWithPath: directory("archive/registry.json")))
    return (try GuideRunner(page(), in: directory("archive/memory-layer")), directory)
  }

  @Test("its commands say OK on an archive that another program made")
  func sound() throws {
    let (guide, directory) = try copy()
    #expect(guide.steps.count == 9)
    for step in guide.steps {
      let output = try guide.run(step.commands)
      #expect(output.status == 0, "\(step.title): \(output.text)\(output.errorText)")
      #expect(output.text.split(separator: "\n").last?.hasPrefix("OK: ") == true, "\(step.title): \(output.text)")
    }
    _ = directory
  }

  @Test(
    "and fail on one that was tampered with",
    arguments: [
      ("manifests/0000000001.json", "Each manifest is"), ("manifests/0000000003.json", "Each manifest is"),
      ("bundles/0000000001-eab97ac8bc9c43ba.ndjson.zst", "The bundles are"),
    ])
  func tampered(object: String, step: String) throws {
    let (guide, directory) = try copy()
    let url = URL(fileURLWithPath: directory("archive/memory-layer/\(object)"))
    var bytes = [UInt8](try Data(contentsOf: url))
    bytes[bytes.count / 3] ^= 1
    try Data(bytes).write(to: url)
    _ = try guide.run(step: "Three small files")
    #expect(try guide.run(step: step).status != 0)
  }

  @Test("they are the commands of VERIFY.md, word for word")
  func same() throws {
    let folder = try CarriedFolder(SignedArchive())
    let page = try page()
    let own = ["Nothing in this folder", "The manifests follow", "bundles.sha256"]
    for step in folder.guide.steps where !own.contains(where: { step.title.hasPrefix($0) }) {
      #expect(page.contains("```sh\n\(step.commands)```"), "\(step.title)")
    }
    let links = try #require(folder.guide.steps.first { $0.title.hasPrefix("The manifests follow") })
    let lines = links.commands.split(separator: "\n").filter { !$0.hasPrefix("first=") }
    #expect(page.contains(lines.dropFirst(2).joined(separator: "\n")))
  }
}
