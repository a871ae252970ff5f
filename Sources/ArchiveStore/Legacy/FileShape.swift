// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What a single file is, by its beginning.
public enum FileShape: String, Sendable {
  case bundle
  case manifest
  /// A JSON archive of the older tools.
  case legacy

  public var words: String {
    switch self {
    case .bundle: "a bundle"
    case .manifest: "a manifest"
    case .legacy: "an archive of the older tools"
    }
  }

  /// Bytes of a file's beginning that tell.
  public static let startLength = 4096

  /// - Parameter name: the file's, for who has to be told that it is none of these.
  public init(start bytes: [UInt8], name: String) throws(Failure) {
    if bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
      self = .bundle
      return
    }
    let text = bytes.filter { !($0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09) }
    let isManifest = ["manifest", "proof"].contains { text.starts(with: Array("{\"\($0)\":".utf8)) }
    switch text.first {
    case 0x7b where isManifest: self = .manifest
    case 0x5b, 0x7b: self = .legacy
    default:
      throw Failure(
        .integrity, "this is neither a bundle, nor a manifest, nor an archive of the older tools", on: name,
        remedy: "name another file")
    }
  }
}
