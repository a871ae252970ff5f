// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport

@testable import AWS

/// A request is signed the same way however its headers stand and whatever an earlier signature added.
@Sendable func checkSignature(_ input: [UInt8]) throws {
  let lines = input.split(separator: 0x0a, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  guard lines.count >= 2 else { return }
  let headers = lines.dropFirst(2).prefix(32).compactMap { line -> HTTPHeader? in
    // What is no name is never sent.
    guard let colon = line.firstIndex(of: ":"), line[..<colon].utf8.allSatisfy(isTokenByte) else { return nil }
    return HTTPHeader(name: String(line[..<colon]), value: String(line[line.index(after: colon)...]))
  }
  let request = HTTPRequest(method: lines[0], url: lines[1], headers: headers)
  for rules in [
    SigningRules.standard, .s3, SigningRules(normalizesPath: true, sendsPayloadHash: true, signsSessionToken: false),
  ] {
    try checkSigned(request, rules)
  }
  try checkTarget(lines[1])
  for line in lines.prefix(8) { try checkEncoding(line) }
}

private let credentials = Credentials(
  accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: "token", source: "here")

private func checkSigned(_ request: HTTPRequest, _ rules: SigningRules) throws {
  let signer = RequestSigner(service: "s3", region: "eu-central-1", rules: rules)
  let time = Timestamp("2026-11-23T02:00:00Z")!
  func sign(_ request: HTTPRequest) -> HTTPRequest {
    signer.sign(request, payload: SHA256.hash([]), with: credentials, at: time)
  }
  let signed = sign(request)
  let authorization = signed.header("authorization")
  try require(sign(signed).headers == signed.headers, "signed twice it is another request: \(sign(signed).headers)")
  var sorted = request
  sorted.headers = request.headers.enumerated().sorted {
    ($0.element.name.lowercased(), $0.offset) < ($1.element.name.lowercased(), $1.offset)
  }.map(\.element)
  try require(sign(sorted).header("authorization") == authorization, "headers in another order change its signature")
  let canonical = CanonicalRequest(signed, payload: SHA256.hash([]), rules: rules)
  let names = canonical.signedHeaders.split(separator: ";", omittingEmptySubsequences: false)
  for (one, next) in zip(names, names.dropFirst()) {
    try require(one.utf8.lexicographicallyPrecedes(next.utf8), "signed headers stand in no order: \(names)")
  }
}

extension HTTPRequest {
  fileprivate func header(_ name: String) -> String? { headers.last { $0.name == name }?.value }
}

private func checkTarget(_ url: String) throws {
  let target = RequestTarget(url)
  let query = CanonicalRequest.query(target.query)
  try require(CanonicalRequest.query(query) == query, "a query is not its own canonical form: \(query)")
  let path = CanonicalRequest.path(target.path, .s3)
  try require(CanonicalRequest.path(path, .s3) == path, "a path is not its own canonical form: \(path)")
  let normal = CanonicalRequest.path(target.path, .standard)
  try require(normal.hasPrefix("/") && !normal.contains("//"), "a path is not normal: \(normal)")
}

private func checkEncoding(_ text: String) throws {
  let encoded = PercentEncoding.encode(text)
  try require(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "\(encoded) is not encoded")
  try require(KeyDecoding.decode(encoded) == Array(text.utf8), "\(encoded) does not come back")
  try require(PercentEncoding.complete(encoded, keepsSlashes: false) == encoded, "\(encoded) is not complete")
  let path = PercentEncoding.encodePath(text)
  try require(PercentEncoding.complete(path, keepsSlashes: true) == path, "\(path) is not complete")
  guard let endpoint = try? Endpoint(text, from: "URL") else { return }
  try require((try? Endpoint(endpoint.url, from: "URL")) == endpoint, "\(endpoint.url) is another endpoint")
  for bucket in ["audit-archive", "Audit.Archive"] {
    let url = S3Addressing(endpoint, forcesPathStyle: false).bucket(bucket).url
    try require(RequestTarget(url).host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "\(url) has no host")
  }
}

private enum KeyDecoding {
  static func decode(_ text: String) -> [UInt8] {
    var (out, rest) = ([UInt8](), Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        out.append(byte)
        continue
      }
      out.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    return out
  }
}

private func isTokenByte(_ byte: UInt8) -> Bool {
  (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2d
}
