// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Cryptography

/// A signing proxy of a test's own, that signs with a key that the test has.
public final class SigningProxyServer: Sendable {
  public enum Key: Sendable {
    case own(PrivateKey)
    case shared([UInt8])

    var algorithm: String {
      switch self {
      case .shared: "hmac-sha256"
      case .own(let key): key.kind == .ed25519 ? "ed25519" : "rsa-sha256"
      }
    }

    func sign(_ digest: Digest) throws -> [UInt8] {
      switch self {
      case .shared(let key): HMACSHA256(key: key).authenticate(digest).bytes
      case .own(let key): try key.sign(digest)
      }
    }

    func isValid(_ signature: [UInt8], over digest: Digest) throws -> Bool {
      switch self {
      case .shared(let key): signature.withUnsafeBytes { HMACSHA256(key: key).isValid($0, over: digest) }
      case .own(let key): key.publicKey.isValid(signature, over: digest)
      }
    }
  }

  /// Goes wrong as it is told to.
  public let server: FaultServer

  /// - Parameters:
  ///   - path: goes before its own paths, as `/signing`.
  ///   - apiKey: what callers must show; nil asks for nothing.
  public init(_ key: Key, kid: String = "proxy-key", path: String = "", apiKey: String? = nil) throws {
    server = try FaultServer { request in
      guard apiKey == nil || request.header("authorization") == "Bearer \(apiKey!)" else {
        return ServedResponse(401, text: #"{"error":"who asks? not \#(request.header("authorization") ?? "")"}"#)
      }
      guard request.target.hasPrefix(path) else { return ServedResponse(404) }
      if request.method == "GET" { return ServedResponse(200, text: "a signing proxy") }
      let body = try JSONValue(parsing: request.body)
      let digest = body["digest_hex"]?.string.flatMap { Digest(hex: $0) }
      switch String(request.target.dropFirst(path.count)) {
      case "/sign/hash": return try Self.answer(key, kid, digest)
      case "/sign/canonical":
        return try Self.answer(key, kid, (body["canonical"]?.string).map { SHA256.hash(Array($0.utf8)) })
      case "/verify":
        let signature = body["signature"]?.string.flatMap { Base64.decode($0) }
        guard let digest, let signature else { return ServedResponse(400) }
        return ServedResponse(200, text: #"{"valid":\#(try key.isValid(signature, over: digest))}"#)
      default: return ServedResponse(404)
      }
    }
  }

  /// `http://127.0.0.1:port`, without the path.
  public var url: String { server.url }

  private static func answer(_ key: Key, _ kid: String, _ digest: Digest?) throws -> ServedResponse {
    guard let digest else { return ServedResponse(400, text: #"{"error":"no digest"}"#) }
    let signature = Base64.encode(try key.sign(digest))
    return ServedResponse(
      200, text: #"{"kid":"\#(kid)","alg":"\#(key.algorithm)","signature":"\#(signature)","ts":1}"#)
  }
}
