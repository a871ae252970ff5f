// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@Suite("Secrets")
struct SecretTests {
  @Test(
    "no error tells path, query, headers or body", arguments: FaultCase.all.filter { !$0.name.hasPrefix("stalled") })
  func faults(_ row: FaultCase) throws {
    let server = try FaultServer { _ in ServedResponse(200, text: "the SECRET that was asked for" + row.name) }
    server.inject(row.fault)
    let client = makeClient { $0.userAgent = "SECRET" }
    do throws(HTTPError) {
      _ = try client.send(
        "PUT", server.url + "/SECRET?X-Amz-Signature=SECRET",
        [("Authorization", "SECRET"), ("X-Amz-Security-Token", "SECRET")], body: .bytes(Array("SECRET".utf8)))
    } catch {
      #expect(!"\(error)".contains("SECRET"))
      #expect(!String(reflecting: error).contains("SECRET"))
    }
  }

  @Test("nor where the request is refused as it stands")
  func refusedRequests() throws {
    let client = makeClient()
    let errors = [
      try client.failure("GET", "http://SECRET:SECRET@127.0.0.1/"), try client.failure("GET", "http://[SECRET/x"),
      try client.failure("GET", "http://127.0.0.1:1/", [("Authorization", "SECRET\r\n")]),
      try client.failure("GET", "http://127.0.0.1:1/SECRET?SECRET", [("Authorization", "SECRET")]),
      try client.failure("SEC RET", "http://127.0.0.1:1/"), try client.failure("GET", "SECRET://x"),
    ]
    for error in errors { #expect(!String(reflecting: error).contains("SECRET"), "\(error)") }
  }

  static let secretHeaders = [
    "Authorization", "authorization", "Proxy-Authorization", "X-Amz-Security-Token", "x-aws-ec2-metadata-token",
    "Cookie",
    "Set-Cookie", "X-Api-Key", "x-amz-server-side-encryption-customer-key",
  ]

  @Test("a header that lets its holder act prints no value", arguments: secretHeaders)
  func headers(name: String) {
    let header = HTTPHeader(name: name, value: "SECRET")
    let request = HTTPRequest(method: "GET", url: "http://h/", headers: [header], body: .bytes(Array("SECRET".utf8)))
    let response = HTTPResponse(status: 200, headers: [header])
    for value: Any in [header, [header], Optional(header) as Any, request, [request], response] {
      #expect(!printed(value).contains("SECRET"), "\(printed(value))")
      #expect(printed(value).contains(name))
    }
  }

  @Test("others do, and of a URL all but the values that sign it")
  func plainHeaders() {
    let header = HTTPHeader(name: "x-amz-object-lock-mode", value: "COMPLIANCE")
    #expect("\(header)" == "x-amz-object-lock-mode: COMPLIANCE")
    let url = "http://h/k?versionId=7&X-Amz-Signature=SECRET&X-Amz-Credential=SECRET&X-Amz-Security-Token=SECRET&a"
    let request = HTTPRequest(method: "PUT", url: url, headers: [header], body: .bytes([1, 2]))
    #expect(!printed(request).contains("SECRET"))
    #expect("\(request)".hasPrefix("PUT http://h/k?versionId=7&X-Amz-Signature=‹hidden›&"))
    #expect("\(request)".hasSuffix("&a; x-amz-object-lock-mode: COMPLIANCE; 2 bytes"))
  }

  @Test("settings show no key, whether it came as a text or with a passphrase, and no proxy's password")
  func settings() {
    let settings = HTTPSettings(
      clientCertificate: "c.pem", clientKey: "-----BEGIN PRIVATE KEY-----SECRET", clientKeyPassphrase: "SECRET",
      proxy: .url("http://u:SECRET@h:1"))
    #expect(!printed(settings).contains("SECRET") && !printed([settings]).contains("SECRET"))
  }

  /// Everything that printing could make of a value.
  private func printed(_ value: Any) -> String {
    var dumped = ""
    dump(value, to: &dumped)
    return "\(value) \(String(reflecting: value)) \(dumped)"
  }
}
