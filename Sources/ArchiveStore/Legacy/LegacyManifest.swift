// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import Cryptography

/// The local manifest that the older exporter left beside its file: a digest and a count, unsigned.
public enum LegacyManifest {
  /// What of a file is not as its manifest says; nil where all is, or where there is no manifest.
  public static func fault(path: String, sidecar: String, rows: Int) throws -> String? {
    guard let sidecarReader = try FileReader(ifThere: sidecar) else { return nil }
    var text = ByteBuffer()
    guard sidecarReader.size < 1 << 20 else { return "its manifest is too large to be one" }
    while try sidecarReader.read(into: &text, upTo: 1 << 16) > 0 {}
    guard let manifest = try? JSONValue(parsing: text.array()) else { return "its manifest is no JSON" }
    if let count = manifest["count"]?.integer, count != Int64(rows) {
      return "its manifest says that it has \(count) rows"
    }
    guard let stated = manifest["sha256"]?.string else { return "its manifest has no sha256" }
    return try FileReader(path: path).digest().hex == stated ? nil : "its SHA-256 is not the one that its manifest says"
  }
}
