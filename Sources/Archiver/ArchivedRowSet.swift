// SPDX-License-Identifier: Apache-2.0
internal import Cryptography

/// Rows that are archived already, by hash and id: 16 bytes a row.
///
/// Only digests under a key that this process has drawn are kept, so that nobody can make a row that passes for another.
struct ArchivedRowSet {
  private var ids: [Int: Int] = [:]
  /// Further ids of hashes that are archived more than once.
  private var more: [Int: [Int]] = [:]

  var isEmpty: Bool { ids.isEmpty }

  mutating func insert(_ hash: Digest, id: String) {
    let (key, mark) = (Self.key(hash), Self.mark(id))
    guard let there = ids.updateValue(mark, forKey: key) else { return }
    ids[key] = there
    if there != mark { more[key, default: []].append(mark) }
  }

  /// - Parameter id: asked only where the hash is archived: another row may have copied it.
  func contains(_ hash: Digest, id: () -> String) -> Bool {
    let key = Self.key(hash)
    guard let there = ids[key] else { return false }
    let mark = Self.mark(id())
    return there == mark || more[key]?.contains(mark) == true
  }

  // The standard library's hashes are SipHash under a key of this process.
  private static func key(_ hash: Digest) -> Int {
    var hasher = Hasher()
    hasher.combine(hash.words.0)
    hasher.combine(hash.words.1)
    hasher.combine(hash.words.2)
    hasher.combine(hash.words.3)
    return hasher.finalize()
  }

  private static func mark(_ id: String) -> Int { id.hashValue }
}
