// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// docs/threat-model.md names tests; they are there.
@Suite("docs/threat-model.md")
struct ThreatModelTests {
  /// `Suite.function` of every suite under `Tests`.
  private static func tests() throws -> Set<String> {
    let walk = FileManager.default.enumerator(atPath: Repository.path("Tests"))
    var found: Set<String> = []
    while let path = walk?.nextObject() as? String {
      guard path.hasSuffix("Tests.swift") else { continue }
      var suite = ""
      for line in try Repository.text("Tests/" + path).components(separatedBy: "\n") {
        if let name = word(line, after: "struct "), name.hasSuffix("Tests") { suite = name }
        if let name = word(line, after: "func ") { found.insert("\(suite).\(name)") }
      }
    }
    return found
  }

  private static func word(_ line: String, after keyword: String) -> String? {
    let line = line.trimmingCharacters(in: .whitespaces)
    guard line.hasPrefix(keyword) else { return nil }
    return String(line.dropFirst(keyword.count).prefix { $0.isLetter || $0.isNumber })
  }

  @Test("each test that it names is there, and each attack has one")
  func named() throws {
    let known = try Self.tests()
    let lines = try Repository.text("docs/threat-model.md").components(separatedBy: "\n")
    var isTable = false
    var attacks = 0
    for line in lines {
      if !line.hasPrefix("|") { isTable = false }
      if isTable, !line.hasPrefix("| ---") {
        let names = line.components(separatedBy: "|").dropLast().last?.components(separatedBy: ",") ?? []
        for name in names.map({ $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }) {
          let isThere = known.contains(name)
          #expect(isThere, "there is no test \(name)")
        }
        attacks += 1
      }
      if line.hasPrefix("| attack |") { isTable = true }
    }
    #expect(attacks >= 30)
  }
}
