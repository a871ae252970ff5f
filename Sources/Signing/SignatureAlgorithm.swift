// SPDX-License-Identifier: Apache-2.0
internal import Cryptography

/// How a digest is signed.
public enum SignatureAlgorithm: String, Sendable, CaseIterable {
  case hmacSHA256 = "hmac-sha256"
  /// RSASSA-PKCS1-v1_5 where the digest is the message hash.
  case rsaSHA256 = "rsa-sha256"
  /// Plain Ed25519 where the digest is the message.
  case ed25519

  /// Reads the names that `AUDIT_SIGNING_ALG` and registries use.
  public init?(name: String) {
    switch name.lowercased() {
    case "hmac", "hmac-sha256": self = .hmacSHA256
    case "rsa", "rsa-sha256": self = .rsaSHA256
    case "ed25519": self = .ed25519
    default: return nil
    }
  }
}
