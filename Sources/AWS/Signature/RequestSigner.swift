// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
public import HTTPTransport

/// Signs requests in their headers (Signature Version 4).
public struct RequestSigner: Sendable {
  public let service: String
  public let region: String
  public let rules: SigningRules
  private let keys = SigningKeyCache()

  public init(service: String, region: String, rules: SigningRules) {
    self.service = service
    self.region = region
    self.rules = rules
  }

  /// The request with its date, token, digest and authorization.
  ///
  /// - Parameters:
  ///   - request: its URL encoded as it is to be sent. What an earlier signature added is replaced.
  ///   - payload: SHA-256 of the body. It is always signed: there is no way to leave the body out.
  ///   - time: by the service's clock.
  public func sign(
    _ request: HTTPRequest, payload: Digest, with credentials: Credentials, at time: Timestamp
  ) -> HTTPRequest {
    var request = prepared(request, payload, credentials, time)
    let canonical = CanonicalRequest(request, payload: payload, rules: rules)
    let scope = self.scope(credentials, time)
    let signature = keys.key(scope).authenticate(utf8: Self.stringToSign(canonical, scope, time)).hex
    if let token = credentials.sessionToken, !rules.signsSessionToken {
      request.headers.append(HTTPHeader("x-amz-security-token", token.text))
    }
    let parts = [
      "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID.text)/\(scope.text)",
      "SignedHeaders=\(canonical.signedHeaders)", "Signature=\(signature)",
    ]
    request.headers.append(HTTPHeader("authorization", parts.joined(separator: ", ")))
    return request
  }

  private static let added: Set<String> = [
    "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
  ]

  /// The request with every header that is to be signed.
  func prepared(
    _ request: HTTPRequest, _ payload: Digest, _ credentials: Credentials, _ time: Timestamp
  ) -> HTTPRequest {
    var request = request
    request.headers.removeAll { Self.added.contains($0.name.lowercased()) }
    request.headers.append(HTTPHeader("x-amz-date", time.compact))
    if rules.sendsPayloadHash { request.headers.append(HTTPHeader("x-amz-content-sha256", payload.hex)) }
    if let token = credentials.sessionToken, rules.signsSessionToken {
      request.headers.append(HTTPHeader("x-amz-security-token", token.text))
    }
    return request
  }

  func scope(_ credentials: Credentials, _ time: Timestamp) -> SigningKeyCache.Scope {
    SigningKeyCache.Scope(
      secret: credentials.secretAccessKey, day: String(time.compact.prefix(8)), region: region, service: service)
  }

  static func stringToSign(
    _ canonical: CanonicalRequest, _ scope: SigningKeyCache.Scope, _ time: Timestamp
  ) -> String {
    let digest = SHA256.hash(Array(canonical.text.utf8)).hex
    return ["AWS4-HMAC-SHA256", time.compact, scope.text, digest].joined(separator: "\n")
  }
}
