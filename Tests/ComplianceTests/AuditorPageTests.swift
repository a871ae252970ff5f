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

  @Test(
    "a registry or a name that is not of the form is refused",
    arguments: [
      ("\"2026-01-01T00:00:00Z\"", "\"2026-01-01T00:00:00+05:00\""),
      ("\"deployedAt\"", "\"status\": \"revoked\", \"x\""),
      ("vector-rsa", "vector-ed25519"),
    ])
  func registry(old: String, new: String) throws {
    let (guide, directory) = try copy()
    let path = directory("archive/registry.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
    let output = try guide.run(step: "Three small files")
    #expect(output.status != 0 && !output.text.contains("OK:"), "\(output.text)")
  }

  @Test("times of the registry count as the program has them: to the second, and the earliest of two")
  func times() throws {
    let (guide, directory) = try copy()
    let path = directory("archive/registry.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing(
      "\"deployedAt\": \"2026-01-01T00:00:00Z\"",
      with: """
        "notBefore": "2026-01-01T23:59:59.000001Z", "notAfter": "2026-12-31T00:00:00.9Z",
        "retiredAt": "2027-01-01T00:00:00Z", "revokedAt": "2026-12-02T00:00:00.50Z",
        "compromisedSince": "2026-12-01T00:00:00.0Z", "status": "revoked"
        """
    ).write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try guide.run(step: "Three small files").status == 0)
    let shown = try guide.run(step: "The keys").text
    for part in [
      #""status":"revoked""#, #""validFrom":"2026-01-02T00:00:00Z""#, #""validUntil":"2026-12-31T00:00:00Z""#,
      #""revokedSince":"2026-12-01T00:00:00Z""#,
    ] { #expect(shown.contains(part), "\(shown)") }
    #expect(try guide.run(step: "Each signature").status == 0)
  }

  @Test("an object that is a link is refused")
  func link() throws {
    let (guide, directory) = try copy()
    let path = directory("archive/memory-layer/manifests/0000000001.json")
    try FileManager.default.moveItem(atPath: path, toPath: directory("elsewhere"))
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: directory("elsewhere"))
    #expect(try guide.run(step: "Three small files").status != 0)
  }

  @Test("they are the commands of VERIFY.md, word for word")
  func same() throws {
    let folder = try CarriedFolder(SignedArchive())
    let page = try page()
    let own = ["Nothing in this folder", "The manifests follow", "bundles.sha256"]
    for step in folder.guide.steps where !own.contains(where: { step.title.hasPrefix($0) }) {
      #expect(page.contains("```sh\n\(step.commands)```"), "\(step.title)")
    }
    // Step 1 reads the registry just as step 2 does.
    let keys = try #require(folder.guide.steps.first { $0.title == "The keys" }).commands
    func reading(_ text: String) -> [String] {
      let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      let start = lines.firstIndex { $0.contains("a signer of a registry") } ?? lines.endIndex
      return Array(lines[start...].prefix { !$0.hasPrefix("done") })
    }
    #expect(reading(keys).count > 15 && reading(keys) == reading(page))
    let links = try #require(folder.guide.steps.first { $0.title.hasPrefix("The manifests follow") })
    let lines = links.commands.split(separator: "\n").filter { !$0.hasPrefix("first=") }
    #expect(page.contains(lines.dropFirst(2).joined(separator: "\n")))
  }
}
