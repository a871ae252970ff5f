// SPDX-License-Identifier: Apache-2.0

/// What KMS computes over a digest of 32 bytes, so that it verifies by the chain's own rules.
public enum KMSAlgorithm: String, Sendable, CaseIterable {
  case hmacSHA256 = "HMAC_SHA_256"
  /// PKCS#1 v1.5 where the digest is the message hash.
  case rsaSHA256 = "RSASSA_PKCS1_V1_5_SHA_256"
  /// Plain Ed25519 where the digest is the message. `ED25519_PH_SHA_512` would hash it once more, and nothing but KMS
  /// would verify that by the chain's rules.
  case ed25519 = "ED25519_SHA_512"

  /// What the key must be for.
  var usage: String { self == .hmacSHA256 ? "GENERATE_VERIFY_MAC" : "SIGN_VERIFY" }

  /// What `MessageType` says of the digest; nil for a MAC, which has none.
  var messageType: String? {
    switch self {
    case .hmacSHA256: nil
    case .rsaSHA256: "DIGEST"
    case .ed25519: "RAW"
    }
  }

  /// The algorithm of a key's spec; nil for a spec that signs nothing here.
  public init?(spec: String) {
    switch spec {
    case "HMAC_256": self = .hmacSHA256
    case "RSA_2048", "RSA_3072", "RSA_4096": self = .rsaSHA256
    case "ECC_NIST_EDWARDS25519": self = .ed25519
    default: return nil
    }
  }
}
