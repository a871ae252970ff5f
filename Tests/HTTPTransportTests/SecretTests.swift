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
}
