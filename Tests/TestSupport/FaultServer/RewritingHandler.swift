// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore
internal import Crypto
public import HTTPTransport

extension FaultServer {
  /// A handler that changes requests before it passes them on to SeaweedFS: that becomes a server which lacks something.
  ///
  /// Requests are signed anew, so that the client's own credentials may be any.
  public static func rewriting(
    to server: SeaweedS3, _ change: @escaping @Sendable (inout HTTPRequest) -> Void
  ) -> Handler {
    let forward = forwarding(to: server.url)
    let signer = RequestSigner(service: "s3", region: server.region, rules: .s3)
    let credentials = Credentials(
      accessKeyID: server.accessKey, secretAccessKey: server.secretKey, source: "a test's server")
    let dropped = ["host", "authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"]
    return { request in
      var changed = HTTPRequest(
        method: request.method, url: server.url + request.target,
        headers: request.headers.filter { !dropped.contains($0.name.lowercased()) }, body: .bytes(request.body))
      change(&changed)
      guard case .bytes(let body) = changed.body else { throw TestSupportError("a body is bytes here") }
      changed = signer.sign(changed, payload: SHA256.hash(body), with: credentials, at: .now())
      return try forward(request.with(headers: changed.headers, body: body))
    }
  }

  /// Takes headers away, by what their names begin with.
  public static func without(_ prefix: String) -> @Sendable (inout HTTPRequest) -> Void {
    { request in request.headers.removeAll { $0.name.lowercased().hasPrefix(prefix) } }
  }
}

extension ServedRequest {
  /// The same with one byte of the body as another, and the digests that were sent with it.
  public func changingBody() -> ServedRequest {
    var body = body
    if !body.isEmpty { body[body.count / 2] ^= 1 }
    return with(headers: headers, body: body)
  }

  func with(headers: [HTTPHeader], body: [UInt8]) -> ServedRequest {
    var request = self
    request.headers = headers
    request.body = body
    return request
  }
}
