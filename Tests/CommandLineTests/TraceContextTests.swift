// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import memoryctl

@Suite("Trace contexts")
struct TraceContextTests {
  private let sound = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  @Test("a sound one is taken")
  func taken() throws {
    let context = try #require(TraceContext(sound))
    #expect(context.traceID == "0af7651916cd43dd8448eb211c80319c")
    #expect(context.spanID == "b7ad6b7169203331")
  }

  @Test(
    "what is none is passed over",
    arguments: [
      "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
      "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "00-00000000000000000000000000000000-b7ad6b7169203331-01",
      "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
      "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
      "00-0af7651916cd43dd8448eb211c80319-b7ad6b71692033310-01", "\"},{\"level\":\"forged",
    ])
  func passedOver(_ text: String) { #expect(TraceContext(text) == nil) }

  @Test("a later version may say more")
  func later() { #expect(TraceContext("01" + sound.dropFirst(2) + "-more") != nil) }
}
