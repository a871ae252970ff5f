// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Testing

@Suite("Timestamps")
struct TimestampTests {
  @Test("every stamp can be printed, the infinities too")
  func printed() {
    #expect(Timestamp(microseconds: -1).iso == "1999-12-31T23:59:59.999999Z")
    #expect(Timestamp(microseconds: 0).iso == "2000-01-01T00:00:00.000000Z")
    for stamp in [Timestamp.distantPast, .distantFuture, Timestamp(microseconds: .min + 1)] {
      #expect(!stamp.description.isEmpty)
      #expect((0..<Timestamp.microsecondsPerDay).contains(stamp.microsecondOfDay))
    }
  }
}
