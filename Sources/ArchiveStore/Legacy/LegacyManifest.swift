// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
public import Cryptography

/// The manifest that the older exporter left beside its file: a digest and a count, unsigned.
public struct LegacyManifest: Sendable {
  /// Behind the file's own name.
  public static let suffix = ".manifest.json"
  private static let largest = 1 << 20

  private let sha256: String
  private let count: Int64?

  /// - Throws: an ``ArchiveFinding`` where it says nothing that could be compared.
  public init(_ object: SingleObject) throws {
    let reader = try object.open()
    guard reader.size <= Self.largest else { throw ArchiveFinding(object.name, "it is too large to be a manifest") }
    var text = ByteBuffer()
    while try reader.read(into: &text, upTo: 1 << 16) > 0 {}
    guard let manifest = try? JSONValue(parsing: text.array()) else {
      throw ArchiveFinding(object.name, "the manifest is no JSON")
    }
    guard let sha256 = manifest["sha256"]?.string else {
      throw ArchiveFinding(object.name, "the manifest has no sha256")
    }
    self.sha256 = sha256
    count = manifest["count"]?.integer
  }

  /// Whether it says how many rows there are.
  public var hasCount: Bool { count != nil }

  /// What of a file is not as the manifest says; nil where all is.
  ///
  /// - Parameter rows: nil where they could not be counted.
  public func fault(rows: Int?, digest: Digest) -> String? {
    guard digest.hex == sha256 else { return "its SHA-256 is not the one that its manifest says" }
    guard let count, let rows, count != Int64(rows) else { return nil }
    return "its manifest says that it has \(count) rows, and it has \(rows)"
  }
}
