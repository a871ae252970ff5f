// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import memoryctl

@Suite("The lines of uploads")
struct UploadLineTests {
  private func text(_ sent: Int, of total: Int, _ columns: Int) -> String {
    var line = UploadLine(total: total, started: 10)
    line.sent = sent
    return line.text("0000000042", now: 14, columns: columns)
  }

  @Test("each says as much as fits")
  func forms() {
    let (sent, total) = (120 << 20, 300 << 20)
    #expect(text(sent, of: total, 80) == "  0000000042  [########            ]  40 %, 120 of 300 MiB, 30 MiB/s")
    #expect(text(sent, of: total, 40) == "  0000000042  [####      ]  40 %")
    #expect(text(sent, of: total, 30) == "  0000000042  40 %")
    #expect(text(sent, of: total, 10) == "")
    #expect(text(0, of: 0, 30) == "  0000000042 100 %")
  }

  @Test("it fits any terminal, whatever the sizes")
  func fits() {
    for columns in 1...120 {
      for (sent, total) in [(0, 1), (1, .max), (.max - 1, .max), (5, 4)] {
        #expect(text(sent, of: total, columns).count < columns)
      }
    }
  }
}
