// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Testing

@Suite("Digests of many messages at once")
struct DigestLanesTests {
  /// What OpenSSL makes of the same message.
  private func reference(_ prefix: UInt8?, _ bytes: [UInt8], _ suffix: Digest?) -> Digest {
    SHA256.hash((prefix.map { [$0] } ?? []) + bytes + (suffix?.bytes ?? []))
  }

  @Test("every length around the blocks' edges, with and without prefix and suffix", arguments: [true, false])
  func lengths(hasTwoLanes: Bool) {
    var lanes = DigestLanes(hasTwoLanes: hasTwoLanes)
    let suffix = SHA256.hash([1, 2, 3])
    let messages = (0...260).map { randomBytes($0) }
    for (prefix, end) in [(nil, nil), (0, nil), (nil, suffix), (7, suffix)] as [(UInt8?, Digest?)] {
      for message in messages {
        // Another message in the second lane, of another length.
        let other = messages[(message.count * 7 + 3) % messages.count]
        let expected = [reference(prefix, message, end), reference(nil, other, nil)]
        message.withUnsafeBytes { first in
          other.withUnsafeBytes { second in
            lanes.add(prefix: prefix, first, suffix: end)
            lanes.add(second)
            lanes.run()
          }
        }
        #expect(lanes.digests == expected, "length \(message.count)")
      }
    }
  }

  @Test("many messages of many lengths beside two running digests", arguments: [true, false])
  func streams(hasTwoLanes: Bool) {
    var lanes = DigestLanes(hasTwoLanes: hasTwoLanes)
    var (a, b) = (SHA256(), SHA256())
    var (wholeA, wholeB): ([UInt8], [UInt8]) = ([], [])
    for round in 0..<200 {
      let (pieceA, pieceB) = (randomBytes(Int.random(in: 0..<5000)), randomBytes(Int.random(in: 0..<(1 + round * 3))))
      let messages = (0..<Int.random(in: 0..<20)).map { _ in randomBytes(Int.random(in: 0..<1500)) }
      let text = messages.flatMap { $0 }
      text.withUnsafeBytes { bytes in
        var start = 0
        for message in messages {
          lanes.add(prefix: 0, UnsafeRawBufferPointer(rebasing: bytes[start..<start + message.count]))
          start += message.count
        }
        pieceA.withUnsafeBytes { first in
          pieceB.withUnsafeBytes { second in
            if round % 3 == 0 { lanes.run(&a, first) } else { lanes.run(&a, first, &b, second) }
          }
        }
      }
      wholeA += pieceA
      if round % 3 != 0 { wholeB += pieceB }
      let streams = round % 3 == 0 ? 1 : 2
      #expect(Array(lanes.digests.dropFirst(streams)) == messages.map { reference(0, $0, nil) })
    }
    #expect(a.finalize() == SHA256.hash(wholeA))
    #expect(b.finalize() == SHA256.hash(wholeB))
  }

  @Test("a running digest keeps its length past 2^32 bits")
  func longStream() {
    var lanes = DigestLanes()
    var (running, reference) = (SHA256(), SHA256())
    let piece = randomBytes(1 << 20)
    for _ in 0..<520 {
      piece.withUnsafeBytes {
        lanes.run(&running, $0)
        reference.update($0)
      }
    }
    #expect(running.finalize() == reference.finalize())
  }
}
