// SPDX-License-Identifier: Apache-2.0
internal import Cryptography
internal import HTTPTypes

/// Compares callers' bearer tokens with the one that is right, in a time that tells nothing of either.
struct APIKeyCheck: Sendable {
  private let expected: Digest

  init(_ key: String) { expected = SHA256.hash(Array(key.utf8)) }

  /// Why a call is refused: 401 without a token, 403 with another one; nil lets it in.
  func refusal(of authorization: String?) -> (status: HTTPResponse.Status, message: String)? {
    guard let authorization, authorization.lowercased().hasPrefix("bearer ") else {
      return (.unauthorized, "an API key is needed: Authorization: Bearer")
    }
    let token = authorization.dropFirst("bearer ".count)
    // Digests are compared whole, whatever differs.
    return SHA256.hash(Array(token.utf8)) == expected ? nil : (.forbidden, "this is not the API key")
  }
}
