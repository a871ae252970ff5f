// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore

/// Every forgery of the simple kinds.
public struct Forger {
  public let base: Objects
  /// Of what can be counted through, each `step`-th is taken, from `offset` on.
  public let step: Int
  public let offset: Int
  let keys: [String]

  public init(_ base: Objects, step: Int = 1, offset: Int = 0) {
    (self.base, self.step, self.offset) = (base, step, offset)
    keys = base.keys.sorted()
  }

  func bytes(_ key: String) -> [UInt8] { base[key]?[0] ?? [] }

  func with(_ key: String, _ bytes: [UInt8]?) -> Objects {
    var objects = base
    objects[key] = bytes.map { [$0] }
    return objects
  }

  public func bits(_ body: (Objects, String) -> Void) {
    var index = offset
    for key in keys {
      let original = bytes(key)
      while index < original.count * 8 {
        var changed = original
        changed[index / 8] ^= 1 << UInt8(index % 8)
        body(with(key, changed), "\(key) bit \(index)")
        index += step
      }
      index -= original.count * 8
    }
  }

  /// Every length, and some bytes more.
  public func truncations(_ body: (Objects, String) -> Void) {
    var length = offset
    for key in keys {
      let original = bytes(key)
      while length < original.count {
        body(with(key, Array(original[..<length])), "\(key) cut at \(length)")
        length += step
      }
      length -= original.count
      for tail in [[0], [0x0a], [0x20], original] { body(with(key, original + tail), "\(key) and \(tail.count) more") }
    }
  }

  public func swaps(_ body: (Objects, String) -> Void) {
    for (index, key) in keys.enumerated() {
      for other in keys[..<index] {
        var objects = with(key, bytes(other))
        objects[other] = [bytes(key)]
        body(objects, "\(key) and \(other)")
        body(with(key, bytes(other)), "\(key) by \(other)")
        body(with(other, bytes(key)), "\(other) by \(key)")
      }
    }
  }

  /// Each object by itself, each two, and everything behind a manifest.
  public func removals(_ body: (Objects, String) -> Void) {
    for (index, key) in keys.enumerated() {
      body(with(key, nil), key)
      for other in keys[..<index] {
        var objects = with(key, nil)
        objects[other] = nil
        body(objects, "\(key) and \(other)")
      }
    }
    let manifests = keys.filter { $0.contains("/manifests/") }
    for count in 0..<manifests.count {
      let kept = keys.filter { key in
        let sequence = key.split(separator: "/").last.flatMap { Int($0.prefix(10)) } ?? 0
        return !(key.contains("/manifests/") || key.contains("/bundles/")) || sequence < count
      }
      body(base.filter { kept.contains($0.key) }, "all from manifest \(count) on")
    }
  }

  private static let otherNames = [
    "manifests/0000000004.json", "manifests/0000000009.json", "manifests/9999999999.json", "manifests/copy.json",
    "manifests/0.json", "manifests/0000000000.JSON", "manifests/0000000000.json.1", "manifests/a/0000000004.json",
    "bundles/0000000004-0123456789abcdef.ndjson.zst", "bundles/0000000000-0123456789abcdef.ndjson.zst",
    "bundles/copy", "drills/20260201T030000Z-0123abcd.json", "drills/20260131T030000Z-01234567.json",
    "drills/copy.json",
    "signers/3.json", "signers/4.json", "signers/02.json", "signers/0.json", "signers/copy", "revocations/copy.json",
    "countersignatures/0000000000/copy.json", "proofs/copy.json", "signoffs/copy.json", "checks/run/0-of-1.json",
    "copy",
    "other/copy.json",
  ]

  /// Each object once more under another name.
  public func duplicates(_ body: (Objects, String) -> Void) {
    for key in keys {
      for name in Self.otherNames { body(with("\(SampleArchive.stream)/\(name)", bytes(key)), "\(key) as \(name)") }
      body(with("other-stream/\(key.drop { $0 != "/" }.dropFirst())", bytes(key)), "\(key) in another stream")
    }
  }

  /// Each object that another archive of the same keys has under the same name, or in the same place.
  public func exchanges(with other: Objects, _ body: (Objects, String) -> Void) {
    for key in keys {
      for (name, versions) in other where Self.place(name) == Self.place(key) && versions != base[key] {
        var objects = with(key, versions[0])
        body(objects, "\(key) by that of another archive")
        // A manifest brings its own bundle along.
        let bundles = other.filter { $0.key.contains("/bundles/") }
        objects.merge(bundles) { $1 }
        body(objects, "\(key) by that of another archive, with its bundles")
      }
    }
  }

  /// Folder and number of an object, without the digest in its name.
  private static func place(_ key: String) -> String {
    let parts = key.split(separator: "/")
    return parts.dropLast().joined(separator: "/") + (parts.last ?? "").prefix(10)
  }
}
