// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Postgres
import TestSupport

/// All that a job has left, without what is of one run alone: times, signatures, and what is computed of them.
struct CrashImage: Equatable {
  /// By name: files of the archive and of the temporary directory, events of the chain, schemas in staging.
  var things: [String: String] = [:]

  /// - Parameter key: a file's path, or an object's key behind `archive/`.
  mutating func add(_ key: String, _ bytes: [UInt8]) throws {
    // What has not got its name yet may be there in part, and is named at random.
    let isHidden =
      key.contains("/.") && !key.hasPrefix("archive/.retention/") || key.split(separator: "/").last?.first == "."
    // Each drill has its own name.
    var name = key.replacing(/\d{11,}/, with: "#").replacing(/drills\/(\.?)[0-9TZ]+-[0-9a-f]{8}/) { "drills/\($0.1)#" }
    while things[name] != nil { name += " and another" }
    things[name] = isHidden ? "\(bytes.count) bytes" : try Self.steady(key, bytes)
  }

  /// The reports of drills that are complete, and their locks.
  var reports: CrashImage { CrashImage(things: things.filter { $0.key.contains("/drills/#.json") }) }

  /// With things that are there once more.
  func adding(_ more: CrashImage) -> CrashImage {
    var sum = self
    for (name, thing) in more.things { sum.things[sum.things[name] == nil ? name : name + " and another"] = thing }
    return sum
  }

  func differences(from other: CrashImage) -> [String] {
    Set(things.keys).union(other.things.keys).sorted().compactMap { name in
      switch (things[name], other.things[name]) {
      case (nil, _): "\(name) is missing"
      case (_, nil): "\(name) is too much"
      case (let mine, let theirs): mine == theirs ? nil : "\(name) differs: \(mine ?? ""), not \(theirs ?? "")"
      }
    }
  }

  /// What an undisturbed run of the same would have made, too.
  private static func steady(_ key: String, _ bytes: [UInt8]) throws -> String {
    if key.hasPrefix("archive/.retention/") {
      return without(["until"], try JSONValue(parsing: bytes)).compactText
    }
    if key.contains("/manifests/") {
      let (manifest, signers) = try ArchiveImage.comparable(bytes)
      return manifest.json.compactText + signers.joined(separator: ",")
    }
    if key.contains("/drills/") {
      let document = try SignedDocument(parsing: bytes, .report)
      let times: Set = ["startedAt", "milliseconds", "recoveryMilliseconds"]
      return without(times, document.content).compactText.replacing(/row [0-9a-f-]{36}/, with: "a row")
        + document.proof.signatures.map(\.kid).joined(separator: ",")
    }
    return "\(bytes.count) bytes, SHA-256 \(SHA256.hash(bytes).hex)"
  }

  private static func without(_ names: Set<String>, _ value: JSONValue) -> JSONValue {
    switch value {
    case .array(let elements): .array(elements.map { without(names, $0) })
    case .object(let members):
      .object(members.filter { !names.contains($0.name) }.map { .init($0.name, without(names, $0.value)) })
    default: value
    }
  }
}
