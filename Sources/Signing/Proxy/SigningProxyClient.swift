// SPDX-License-Identifier: Apache-2.0
internal import AWS
public import AuditCore
public import Cryptography
internal import HTTPTransport
public import Pipeline

/// Speaks to a signing proxy: `POST /sign/hash`, `/sign/canonical` and `/verify` below its base URL, JSON both ways.
///
/// No redirect is followed, and no answer of more than ``answerLimit`` bytes is taken. Each call can be made twice.
public struct SigningProxyClient: Sendable {
  /// What the proxy signed with, and the signature.
  public struct Answer: Equatable, Sendable {
    public let kid: String
    public let algorithm: SignatureAlgorithm
    public let signature: [UInt8]
  }

  /// Bytes of an answer at most.
  public static let answerLimit = 64 << 10

  let settings: SigningProxySettings
  private let http: HTTPClient
  let retrier: Retrier

  /// - Parameter cancellation: ends requests that are under way, too.
  public init(_ settings: SigningProxySettings, cancellation: Cancellation = Cancellation()) {
    let http = HTTPClient(settings.http)
    _ = cancellation.register { http.cancelAll() }
    self.settings = settings
    self.http = http
    retrier = Retrier(maxAttempts: SigningProxySettings.maxAttempts, cancellation: cancellation)
  }

  /// Has a digest signed.
  public func sign(_ digest: Digest) throws(Failure) -> Answer {
    try answer("/sign/hash", .object(["digest_hex": .string(digest.hex)]))
  }

  /// Has the SHA-256 of a document in RFC 8785 form signed.
  public func sign(canonical text: String) throws(Failure) -> Answer {
    try answer("/sign/canonical", .object(["canonical": .string(text)]))
  }

  /// Asks whether a signature is the proxy's key's over a digest.
  public func isValid(_ signature: [UInt8], over digest: Digest) throws(Failure) -> Bool {
    let body: JSONValue = .object([
      "digest_hex": .string(digest.hex), "signature": .string(Base64.encode(signature)),
    ])
    guard let isValid = try json("/verify", body)["valid"]?.bool else { throw unreadable("/verify", "\"valid\"") }
    return isValid
  }

  /// Looks whether the proxy answers a plain GET.
  ///
  /// - Returns: the status; one that refuses us, or that says that it is broken, is thrown.
  public func probe() throws(Failure) -> Int {
    let response = try send(HTTPRequest(method: "GET", url: settings.endpoint.url + "/"), "GET /").0
    guard ![400, 401, 403, 495, 496].contains(response.status), response.status < 500 else {
      throw failure(.status(response.status, words: nil, retryAfter: nil), "GET /")
    }
    return response.status
  }

  /// Asks for the public half of the proxy's key.
  ///
  /// - Returns: PEM text; nil where the proxy does not give it out.
  public func publicKey() throws(Failure) -> String? {
    let path = "/public-key"
    let (response, body) = try send(HTTPRequest(method: "GET", url: settings.endpoint.url + path), "GET \(path)")
    if response.status == 404 || response.status == 405 { return nil }
    guard (200...299).contains(response.status) else {
      throw failure(.status(response.status, words: words(body), retryAfter: nil), "GET \(path)")
    }
    guard let pem = (try? JSONValue(parsing: body))?["public_key_pem"]?.string else {
      throw unreadable(path, "\"public_key_pem\"")
    }
    return pem
  }

  private func answer(_ path: String, _ body: JSONValue) throws(Failure) -> Answer {
    let json = try json(path, body)
    do throws(DocumentError) { return try Answer(json: json) } catch { throw unreadable(path, error.reason) }
  }

  private func json(_ path: String, _ body: JSONValue) throws(Failure) -> JSONValue {
    let request = HTTPRequest(
      method: "POST", url: settings.endpoint.url + path,
      headers: [HTTPHeader(name: "content-type", value: "application/json")],
      body: .bytes(Array(body.compactText.utf8)))
    let answer: [UInt8]
    do throws(SigningProxyError) {
      answer = try retrier.run { (_: Int) throws(SigningProxyError) in
        try attempt(request)
      } verdict: {
        $0.verdict
      }
    } catch { throw failure(error, "POST \(path)") }
    do throws(JSONParseError) { return try JSONValue(parsing: answer) } catch {
      throw unreadable(path, "one JSON document")
    }
  }

  private func attempt(_ request: HTTPRequest) throws(SigningProxyError) -> [UInt8] {
    let (response, body): (HTTPResponse, [UInt8])
    do throws(HTTPError) { (response, body) = try http.send(authorized(request), limit: Self.answerLimit) } catch {
      throw .transport(error)
    }
    guard (200...299).contains(response.status) else {
      throw .status(
        response.status, words: words(body), retryAfter: response.header("retry-after").flatMap { Double($0) })
    }
    return body
  }

  private func send(_ request: HTTPRequest, _ what: String) throws(Failure) -> (HTTPResponse, [UInt8]) {
    do throws(HTTPError) { return try http.send(authorized(request), limit: Self.answerLimit) } catch {
      throw failure(.transport(error), what)
    }
  }

  private func authorized(_ request: HTTPRequest) -> HTTPRequest {
    guard let key = settings.apiKey else { return request }
    var request = request
    request.headers.append(HTTPHeader(name: "authorization", value: "Bearer \(key.text)"))
    return request
  }

  /// What an error's body says: its first line, without our key.
  func words(_ body: [UInt8]) -> String? {
    guard let json = try? JSONValue(parsing: body), let text = json["error"]?.string ?? json["message"]?.string else {
      return nil
    }
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    let own = settings.apiKey.map { line.replacing($0.text, with: $0.description) } ?? line
    let printable = own.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }.prefix(200)
    return printable.isEmpty ? nil : String(String.UnicodeScalarView(printable))
  }
}

extension SigningProxyClient.Answer {
  /// - Throws: what it lacks.
  init(json: JSONValue) throws(DocumentError) {
    // It goes into proofs, rows and messages.
    guard let kid = json["kid"]?.string, (1...1024).contains(kid.utf8.count),
      kid.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f && !(0x80...0x9f).contains($0.value) })
    else { throw DocumentError("\"kid\"") }
    guard let algorithm = json["alg"]?.string.flatMap(SignatureAlgorithm.init(name:)) else {
      throw DocumentError("\"alg\": hmac-sha256, rsa-sha256 or ed25519")
    }
    guard let signature = json["signature"]?.string.flatMap(Base64.decode), !signature.isEmpty else {
      throw DocumentError("\"signature\" in base64")
    }
    self.init(kid: kid, algorithm: algorithm, signature: signature)
  }
}
