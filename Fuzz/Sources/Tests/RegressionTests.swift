// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

private func inputs(_ kind: String, _ target: String) throws -> [URL] {
  let place = folder.appending(path: "\(kind)/\(target)")
  guard FileManager.default.fileExists(atPath: place.path) else { return [] }
  return try FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil)
}

/// The inputs that the fuzzer keeps hold without it, too.
@Suite("Inputs of the fuzz targets")
struct RegressionTests {
  @Test("every input that once broke a property, and every one of the corpus", arguments: fuzzTargets.map(\.name))
  func kept(name: String) throws {
    let target = try #require(fuzzTargets.first { $0.name == name })
    let kept = try inputs("regressions", name) + inputs("corpus", name)
    #expect(kept.count >= 5, "the corpus of \(name) is missing")
    for input in kept {
      let bytes = Array(try Data(contentsOf: input))
      #expect(throws: Never.self, "\(input.path)") { try target.check(bytes) }
    }
  }

  @Test("the folders are those of the targets", arguments: ["corpus", "regressions"])
  func folders(kind: String) throws {
    let place = folder.appending(path: kind)
    let found = try FileManager.default.contentsOfDirectory(atPath: place.path)
    #expect(Set(found).subtracting(["README.md"]).isSubset(of: fuzzTargets.map(\.name)))
  }
}
