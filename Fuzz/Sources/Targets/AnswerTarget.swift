// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import XML

@testable import AWS
@testable import HTTPTransport
@testable import KMSClient
@testable import S3Client
@testable import Signing

/// What servers answer: a head line by line as libcurl hands it over, an empty line, and a body.
@Sendable func checkAnswer(_ bytes: [UInt8]) throws {
  var head = ResponseHead()
  var rest = bytes[...]
  while head.response == nil, let end = rest.firstIndex(of: 0x0a) {
    let line = Array(rest[...end])
    rest = rest[(end + 1)...]
    guard line.withUnsafeBytes({ (try? head.add($0)) != nil }) else {
      return try checkBody(rest, HTTPResponse(status: 200))
    }
  }
  let response = head.response ?? HTTPResponse(status: 200)
  try require((200...999).contains(response.status), "its status is \(response.status)")
  try require(response.headers.count <= ResponseHead.maxHeaders, "it has \(response.headers.count) headers")
  for header in response.headers {
    try require(!header.value.utf8.contains(0x0a) && !header.name.utf8.contains(0x3a), "a header holds another")
  }
  try checkObjectHead(response)
  try checkBody(rest, response)
}

private func checkObjectHead(_ response: HTTPResponse) throws {
  for wanted in [nil, 0..<10, 5..<1 << 40] {
    guard let range = try? ContentRange(response, wanted: wanted) else { continue }
    try require(range.range.upperBound <= range.total, "a range goes past its object")
    try require(wanted == nil || range.range.lowerBound == wanted?.lowerBound, "another range than was asked for")
  }
  _ = try? S3ObjectHead(response, bytes: 1)
}

private func checkBody(_ rest: ArraySlice<UInt8>, _ response: HTTPResponse) throws {
  let body = Array(rest)
  let secret = Secret("wJalrXUtnFEMI")
  let error = AWSError(service: "kms", operation: "Sign", response, body: Array(body.prefix(AWSError.bodyLimit)))
  try require(error.message.unicodeScalars.count <= 512, "an error's message is long: \(error.message)")
  for text in [error.message, error.code, error.requestID ?? "", error.hostID ?? "", error.bucketRegion ?? ""] {
    try require(
      !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f }, "an error's words rule a terminal")
  }
  try require(!error.hiding([secret]).message.contains(secret.text), "an error tells a secret")
  try require(error.retryAfter.map { $0 >= 0 } ?? true, "it asks to wait for less than nothing")
  _ = error.failure(on: "key", permission: "kms:Sign", credentials: nil).description
  if let credentials = try? CredentialDocument.parse(body, tokenName: "Token", source: "server") {
    try require(
      !credentials.accessKeyID.text.isEmpty && !credentials.secretAccessKey.text.isEmpty, "credentials of nothing")
    try require(
      !"\(credentials)".contains(credentials.secretAccessKey.text) || "\(credentials)" == "credentials from server",
      "a description tells a secret")
  }
  guard let json = try? JSONValue(parsing: body) else { return }
  try checkKMS(json["KeyMetadata"] ?? json)
  try checkProxy(json, body)
}

private func checkKMS(_ json: JSONValue) throws {
  guard let key = KMSKey(json) else { return }
  try require(KMSKeyID(key.arn)?.region != nil, "a key of no region")
  if let algorithm = try? key.algorithm(on: "key") { try require(key.usage == algorithm.usage, "a key of another use") }
  _ = try? key.requireUsable(on: "key")
}

private func checkProxy(_ json: JSONValue, _ body: [UInt8]) throws {
  if let answer = try? SigningProxyClient.Answer(json: json) {
    try require(!answer.signature.isEmpty && (1...1024).contains(answer.kid.utf8.count), "a signature of nothing")
    let kid = answer.kid.unicodeScalars
    try require(!kid.contains { $0.value < 0x21 || $0.value == 0x7f }, "a key's id rules a terminal")
  }
  var settings = try SigningProxySettings("https://proxy", from: "URL", Environment([:]))
  settings.apiKey = Secret("wJalrXUtnFEMI")
  guard let words = SigningProxyClient(settings).words(body) else { return }
  try require(!words.contains("wJalrXUtnFEMI"), "the proxy's words tell our key: \(words)")
  try require(!words.unicodeScalars.contains { $0.value < 0x20 }, "the proxy's words rule a terminal")
}
