// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import Cryptography
internal import HTTPTransport

/// A request for the bucket, or for one of its objects.
struct S3Request {
  var method: String
  /// nil for the bucket itself.
  var key: String?
  /// In the order in which they are sent; a value of nil is a name alone, as subresources are asked for.
  var query: [(name: String, value: String?)] = []
  var headers: [HTTPHeader] = []
  var body = HTTPRequest.Body.none
  /// As ``HTTPRequest/onSent``.
  var onSent: (@Sendable (Int) -> Void)?
  /// Of the body.
  var digest = SHA256.hash([])

  init(_ method: String, key: String? = nil) {
    self.method = method
    self.key = key
  }

  mutating func set(_ name: String, _ value: String) { headers.append(HTTPHeader(name: name, value: value)) }

  mutating func ask(_ name: String, _ value: String? = nil) { query.append((name, value)) }

  /// Asks for one version, or for the newest one.
  mutating func ask(versionID: String?) {
    if let versionID { ask("versionId", versionID) }
  }

  /// A document with the checksum that calls about locks demand, SHA-256 in the place of Content-MD5.
  mutating func setDocument(_ text: String) {
    let bytes = Array(text.utf8)
    body = .bytes(bytes)
    digest = SHA256.hash(bytes)
    set("content-type", "application/xml")
    set("x-amz-checksum-sha256", Base64.encode(digest.bytes))
  }

  /// The key's slashes stay, and dots as well: S3 takes the path as it is.
  func httpRequest(_ client: S3Client) -> HTTPRequest {
    var url = key.map { "\(client.bucketURL)/\(PercentEncoding.encodePath($0))" } ?? client.bucketRootURL
    let parts = query.map { name, value in
      PercentEncoding.encode(name) + (value.map { "=" + PercentEncoding.encode($0) } ?? "")
    }
    if !parts.isEmpty { url += "?" + parts.joined(separator: "&") }
    var request = HTTPRequest(method: method, url: url, headers: headers, body: body)
    request.onSent = onSent
    return request
  }
}

/// A whole answer, which was a success.
struct S3Answer {
  let response: HTTPResponse
  let body: [UInt8]
}
