// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import Testing
import TestSupport

@testable import AWS

/// A case of the published suite.
struct SignatureVector: Sendable, CustomTestStringConvertible {
  let name: String
  let rules: SigningRules
  let service: String
  let region: String
  let time: Timestamp
  let credentials: Credentials
  let request: HTTPRequest
  let payload: Digest
  let canonicalRequest: String
  let stringToSign: String
  let signature: String

  var testDescription: String { name }

  static let all: [SignatureVector] = {
    guard let document = try? JSONValue(parsing: Fixtures.bytes("sigv4.json")) else { return [] }
    return (document["cases"]?.array ?? []).compactMap { SignatureVector($0) }
  }()

  private init?(_ json: JSONValue) {
    guard let context = json["context"], let keys = context["credentials"],
      let time = Timestamp(context["timestamp"]?.string ?? ""), let text = json["request"]?.string
    else { return nil }
    func string(_ value: JSONValue?) -> String { value?.string ?? "" }
    name = string(json["name"])
    rules = SigningRules(
      normalizesPath: context["normalize"]?.bool ?? true, sendsPayloadHash: context["sign_body"]?.bool ?? false,
      signsSessionToken: context["omit_session_token"]?.bool != true)
    (service, region) = (string(context["service"]), string(context["region"]))
    self.time = time
    credentials = Credentials(
      accessKeyID: string(keys["access_key_id"]), secretAccessKey: string(keys["secret_access_key"]),
      sessionToken: keys["token"]?.string, source: "the suite")
    let (request, body) = Self.parse(text)
    self.request = request
    payload = SHA256.hash(body)
    canonicalRequest = string(json["canonicalRequest"])
    stringToSign = string(json["stringToSign"])
    signature = string(json["signature"])
  }

  /// Reads the text of a request, whose target is not encoded and whose lines may be folded.
  private static func parse(_ text: String) -> (HTTPRequest, body: [UInt8]) {
    let parts = text.split(separator: "\n\n", maxSplits: 1)
    var lines = parts[0].split(separator: "\n").map(String.init)
    let first = lines.removeFirst()
    let method = String(first.prefix { $0 != " " })
    let target = String(first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count))
    var headers: [HTTPHeader] = []
    for line in lines {
      if line.hasPrefix(" ") {
        headers[headers.count - 1].value += "\n" + line
      } else {
        let colon = line.firstIndex(of: ":") ?? line.endIndex
        headers.append(HTTPHeader(String(line[..<colon]), String(line[colon...].dropFirst())))
      }
    }
    let body = parts.count > 1 ? Array(parts[1].utf8) : []
    return (
      HTTPRequest(method: method, url: "https://example.amazonaws.com" + target, headers: headers, body: .bytes(body)),
      body
    )
  }
}

@Suite("Signature V4: the published suite")
struct SignatureVectorTests {
  @Test("the fixture is whole")
  func count() {
    #expect(SignatureVector.all.count == 38)
    #expect(SignatureVector.all.count { !$0.rules.normalizesPath } == 7)
  }

  @Test("each step gives what the suite has", arguments: SignatureVector.all)
  func vector(_ vector: SignatureVector) throws {
    let signer = RequestSigner(service: vector.service, region: vector.region, rules: vector.rules)
    let prepared = signer.prepared(vector.request, vector.payload, vector.credentials, vector.time)
    let canonical = CanonicalRequest(prepared, payload: vector.payload, rules: vector.rules)
    #expect(canonical.text == vector.canonicalRequest)
    let scope = signer.scope(vector.credentials, vector.time)
    #expect(RequestSigner.stringToSign(canonical, scope, vector.time) == vector.stringToSign)

    let signed = signer.sign(vector.request, payload: vector.payload, with: vector.credentials, at: vector.time)
    let authorization = try #require(signed.headers.last { $0.name == "authorization" }?.value)
    #expect(authorization.hasSuffix("Signature=" + vector.signature))
    #expect(authorization.contains("Credential=AKIDEXAMPLE/\(scope.text), "))
    let token = signed.headers.first { $0.name == "x-amz-security-token" }?.value
    #expect(token == vector.credentials.sessionToken?.text)
  }
}
