// SPDX-License-Identifier: Apache-2.0
internal import Cryptography

/// A `x-amz-checksum-sha256` of a whole object.
struct ObjectChecksum {
  let digest: Digest

  /// - Returns: nil for what is no SHA-256 in base64, such as that of a multipart upload, which ends in `-` and the
  ///   number of its parts.
  init?(_ text: String) {
    guard let bytes = Base64.decode(text), bytes.count == Digest.byteCount else { return nil }
    let words = stride(from: 0, to: bytes.count, by: 8).map { start in
      bytes[start..<start + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }
    digest = Digest(words: (words[0], words[1], words[2], words[3]))
  }
}
