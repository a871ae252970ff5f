// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import TestSupport
import Testing

@Suite("SeaweedFS", .enabled(if: SeaweedS3.isUsable, "scripts/dependencies test installs SeaweedFS"))
struct SeaweedTests {
  @Test("it answers, and refuses whoever has not signed")
  func answers() throws {
    let server = try SeaweedS3.shared()
    let (response, body) = try makeClient().send("GET", server.url + "/")
    #expect(response.status == 403)
    #expect(String(decoding: body, as: UTF8.self).contains("<Code>AccessDenied</Code>"))
  }

  @Test("several run beside each other, and one that is stopped is gone")
  func several() throws {
    let one = try SeaweedS3()
    let other = try SeaweedS3()
    one.stop()
    #expect(try makeClient().failure("GET", one.url + "/").kind == .connect)
    #expect(try makeClient().send("GET", other.url + "/").0.status == 403)
  }

  @Test("faults can be put in front of it")
  func forwarding() throws {
    let server = try SeaweedS3.shared()
    let front = try FaultServer(handler: FaultServer.forwarding(to: server.url))
    front.inject(.answer(ServedResponse(503, text: "SlowDown")), target: "/bucket/*")
    let client = makeClient()
    #expect(try client.send("PUT", front.url + "/bucket/key", body: .bytes([1])).0.status == 503)
    let (response, body) = try client.send("PUT", front.url + "/bucket/key", body: .bytes([1]))
    #expect(response.status == 403)
    #expect(response.contentLength == body.count)
    #expect(response.header("content-type") == "application/xml")
  }
}
