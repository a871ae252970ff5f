// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("scripts/packages") struct PackagesTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory("packages") }

  private func packages(_ arguments: String...) throws -> CommandOutput {
    try Command.run(Repository.path("scripts/packages"), arguments)
  }

  /// The pins of a file that SwiftPM reads, by identity.
  private func pins(_ file: String) throws -> [String: JSONValue] {
    let json = try JSONValue(parsing: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
    #expect(json["version"] == .count(3))
    return Dictionary(uniqueKeysWithValues: (json["pins"]?.array ?? []).map { ($0["identity"]?.string ?? "", $0) })
  }

  @Test("each package that Package.swift names is listed, at that version or a newer one")
  func listsAll() throws {
    #expect(try packages("pin", folder("Package.resolved")).status == 0)
    let pins = try pins(folder("Package.resolved"))
    let named = try Repository.text("Package.swift").matches(of: /url: "(https:[^"]+)", from: "([0-9.]+)"/)
    #expect(named.count > 5 && pins.count > named.count)
    for package in named {
      let pin = try #require(pins.values.first { $0["location"]?.string == String(package.1) }, "\(package.1)")
      let version = try #require(pin["state"]?["version"]?.string)
      #expect(version.compare(String(package.2), options: .numeric) != .orderedAscending, "\(package.1)")
    }
    for (name, pin) in pins {
      #expect(pin["state"]?["revision"]?.string?.wholeMatch(of: /[0-9a-f]{40}/) != nil, "\(name)")
    }
  }

  @Test("another version than the listed one is refused, and named")
  func refusesOthers() throws {
    let file = folder("Package.resolved")
    _ = try packages("pin", file)
    #expect(try packages("check", file).status == 0)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let version = try #require(try pins(file)["swift-log"]?["state"]?["version"]?.string)
    try text.replacing("\"\(version)\"", with: "\"\(version).1\"").write(
      toFile: file, atomically: false, encoding: .utf8)
    let output = try packages("check", file)
    #expect(output.status == AuditCore.ExitStatus.integrity.rawValue)
    #expect(output.errorText.contains("> swift-log ") && !output.errorText.contains("swift-nio "))
  }
}
