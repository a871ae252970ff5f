// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import NIOCore
internal import NIOSSL
public import Signing

/// A signing proxy for development and CI: `POST /sign/hash`, `/sign/canonical` and `/verify`, and `GET /health`.
///
/// It holds its key in memory and is for no production: what a real one must do is in docs/signing.md.
public struct SigningProxyServer: Sendable {
  /// Certificates of the server, and of who may call it.
  public struct TLS: Sendable {
    /// PEM files of the server's own.
    public var certificate: String
    public var key: String
    /// PEM file of the authorities of clients' certificates; nil asks for none.
    public var clientAuthorities: String?

    public init(certificate: String, key: String, clientAuthorities: String?) {
      (self.certificate, self.key, self.clientAuthorities) = (certificate, key, clientAuthorities)
    }
  }

  /// Bytes of a body at most.
  public static let bodyLimit = 1 << 20

  private let signer: any Signer
  private let apiKey: APIKeyCheck?
  private let tls: TLS?

  /// - Parameter apiKey: what callers must send as a bearer token; nil asks for none.
  public init(_ signer: any Signer, apiKey: String?, tls: TLS?) {
    (self.signer, self.tls) = (signer, tls)
    self.apiKey = apiKey.map { APIKeyCheck($0) }
  }

  /// Runs until it is told to end.
  public func run(
    at address: ListenAddress, log: @escaping ServerLog, onReady: @escaping @Sendable (_ url: String) -> Void
  ) async throws(Failure) {
    try await serve(
      makeRouter(), at: address, scheme: tls == nil ? "http" : "https", over: try serverBuilder(), log: log,
      onReady: onReady)
  }

  private func serverBuilder() throws(Failure) -> HTTPServerBuilder {
    guard let tls else { return patientHTTP }
    do {
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: try NIOSSLCertificate.fromPEMFile(tls.certificate).map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: tls.key, format: .pem)))
      configuration.minimumTLSVersion = .tlsv12
      if let authorities = tls.clientAuthorities {
        configuration.trustRoots = .file(authorities)
        // A client has no host name of its own; without a certificate of these authorities there is no connection.
        configuration.certificateVerification = .noHostnameVerification
      }
      return try .tls(patientHTTP, tlsConfiguration: configuration)
    } catch {
      throw Failure(
        .configuration, "certificate, key or authorities cannot be used: \(error)", on: "--tls-cert",
        remedy: "give PEM files that belong together", cause: error)
    }
  }

  // MARK: Calls

  private func makeRouter() -> Router<BasicRequestContext> {
    let router = Router()
    for path in ["", "health"] {
      router.get(RouterPath(path)) { _, _ in
        Response(
          .object([
            "status": "ok", "kid": .string(signer.description.kid),
            "alg": .string(signer.description.algorithm.rawValue),
          ]))
      }
    }
    router.get("public-key") { request, _ in
      if let refusal = apiKey?.refusal(of: request.headers[.authorization]) {
        return Response(.object(["error": .string(refusal.message)]), status: refusal.status)
      }
      guard let pem = signer.description.publicKey else {
        return Response(.object(["error": "a shared secret has no public key"]), status: .notFound)
      }
      return Response(.object(["kid": .string(signer.description.kid), "public_key_pem": .string(pem)]))
    }
    router.post("sign/hash") { request, _ in
      try await answer(request) { body in try signature(over: try digest(body)) }
    }
    router.post("sign/canonical") { request, _ in
      try await answer(request) { body in
        guard let text = body["canonical"]?.string else { throw HTTPError(.badRequest, message: "\"canonical\"") }
        return try signature(over: SHA256.hash(Array(text.utf8)))
      }
    }
    router.post("verify") { request, _ in
      try await answer(request) { body in
        guard let signature = body["signature"]?.string.flatMap(Base64.decode) else {
          throw HTTPError(.badRequest, message: "\"signature\" in base64")
        }
        return .object(["valid": .bool(try signer.isValid(signature, over: try digest(body)))])
      }
    }
    return router
  }

  private func answer(_ request: Request, _ body: (JSONValue) throws -> JSONValue) async throws -> Response {
    if let refusal = apiKey?.refusal(of: request.headers[.authorization]) {
      return Response(.object(["error": .string(refusal.message)]), status: refusal.status)
    }
    do {
      let bytes = try await request.body.collect(upTo: Self.bodyLimit)
      guard let json = try? JSONValue(parsing: Array(bytes.readableBytesView)) else {
        throw HTTPError(.badRequest, message: "no JSON document")
      }
      return Response(try body(json))
    } catch is NIOTooManyBytesError {
      return Response(.object(["error": "the body is too large"]), status: .contentTooLarge)
    } catch let error as HTTPError {
      return Response(.object(["error": .string(error.body ?? "")]), status: error.status)
    }
  }

  private func digest(_ body: JSONValue) throws -> Digest {
    guard let digest = body["digest_hex"]?.string.flatMap({ Digest(hex: $0) }) else {
      throw HTTPError(.badRequest, message: "\"digest_hex\": 64 hexadecimal digits")
    }
    return digest
  }

  private func signature(over digest: Digest) throws -> JSONValue {
    .object([
      "kid": .string(signer.description.kid), "alg": .string(signer.description.algorithm.rawValue),
      "signature": .string(Base64.encode(try signer.sign(digest))),
    ])
  }
}
