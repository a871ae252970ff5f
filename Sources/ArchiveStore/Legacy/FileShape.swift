// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import Zstandard

/// What a single file is, by its beginning.
public enum FileShape: Sendable {
  case bundle
  case manifest
  /// A JSON archive of the older tools.
  case legacy

  public static func sniff(_ path: String) throws -> FileShape {
    let reader = try FileReader(path: path)
    var start = ByteBuffer(capacity: 4096)
    while start.count < 4096, try reader.read(into: &start, upTo: 4096 - start.count) > 0 {}
    let bytes = start.array()
    if bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return .bundle }
    let text = bytes.filter { !($0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09) }
    if text.first == 0x5b { return .legacy }
    if text.starts(with: Array("{\"manifest\":".utf8)) || text.starts(with: Array("{\"proof\":".utf8)) {
      return .manifest
    }
    if text.first == 0x7b { return .legacy }
    throw Failure(
      .integrity, "this is neither a bundle, nor a manifest, nor an archive of the older tools", on: path,
      remedy: "name another file")
  }
}
