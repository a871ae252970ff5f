// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// What an object is made of.
public enum S3Body: Sendable {
  case bytes([UInt8])
  /// The first `bytes` bytes of a file, read as they are sent. It must not change meanwhile: S3 refuses what differs
  /// from the digest.
  case file(path: String, bytes: Int)
}

/// How a create-only write ended.
public enum S3PutOutcome: Equatable, Sendable {
  /// The object is there, whole and durable.
  ///
  /// - versionID: nil in a bucket without versions.
  /// - sha256: what the server says that it checked; nil where it does not echo it, and maybe ignored it.
  case created(versionID: String?, etag: String?, sha256: Digest?)
  /// Something is there by this key already. It may be what this very call wrote, see ``S3Client/put``.
  case exists
}
