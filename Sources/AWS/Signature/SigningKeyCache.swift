// SPDX-License-Identifier: Apache-2.0
internal import Cryptography
internal import Synchronization

/// Keys for a day, region and service, which cost four MACs to derive.
final class SigningKeyCache: Sendable {
  struct Scope: Equatable, Sendable {
    let secret: Secret
    /// `20261123`.
    let day: String
    let region: String
    let service: String

    /// As it stands in the string to sign.
    var text: String { "\(day)/\(region)/\(service)/aws4_request" }
  }

  private struct Entry: Sendable {
    let scope: Scope
    let key: HMACSHA256
  }

  /// Newest first. Few are ever in use: a service's credentials before and after renewal, and around midnight.
  private let entries = Mutex<[Entry]>([])
  private static let capacity = 4

  func key(_ scope: Scope) -> HMACSHA256 {
    entries.withLock { entries in
      if let entry = entries.first(where: { $0.scope == scope }) { return entry.key }
      let key = Self.derive(scope)
      entries.insert(Entry(scope: scope, key: key), at: 0)
      if entries.count > Self.capacity { entries.removeLast() }
      return key
    }
  }

  private static func derive(_ scope: Scope) -> HMACSHA256 {
    var key = HMACSHA256(key: Array(("AWS4" + scope.secret.text).utf8))
    for part in [scope.day, scope.region, scope.service, "aws4_request"] {
      key = HMACSHA256(key: key.authenticate(utf8: part).bytes)
    }
    return key
  }
}

extension HMACSHA256 {
  func authenticate(utf8 text: String) -> Digest { authenticate(Array(text.utf8).span) }
}
