// SPDX-License-Identifier: Apache-2.0
@testable import Cryptography

/// Digests made two at a time are those of libcrypto, whatever the lengths.
@Sendable func checkDigests(_ input: [UInt8]) throws {
  var reader = InputReader(input)
  var messages: [(prefix: UInt8?, bytes: [UInt8], suffix: Digest?)] = []
  let streams = (reader.text(reader.number(below: 300)), reader.text(reader.number(below: 300)))
  while !reader.rest.isEmpty, messages.count < 16 {
    let kind = reader.byte()
    let bytes = reader.text(reader.number(below: 300))
    messages.append((kind & 1 == 0 ? nil : kind, bytes, kind & 2 == 0 ? nil : SHA256.hash(bytes)))
  }
  let expected = messages.map { SHA256.hash(($0.prefix.map { [$0] } ?? []) + $0.bytes + ($0.suffix?.bytes ?? [])) }
  for hasTwoLanes in [true, false] {
    let found = digests(messages, streams, hasTwoLanes)
    try require(found.messages == expected, "a message's digest differs, two lanes: \(hasTwoLanes)")
    try require(
      found.streams == [SHA256.hash([1, 2, 3] + streams.0), SHA256.hash(streams.1)],
      "a running digest differs, two lanes: \(hasTwoLanes)")
  }
}

private func digests(
  _ messages: [(prefix: UInt8?, bytes: [UInt8], suffix: Digest?)], _ streams: ([UInt8], [UInt8]), _ hasTwoLanes: Bool
) -> (messages: [Digest], streams: [Digest]) {
  var lanes = DigestLanes(hasTwoLanes: hasTwoLanes)
  var (first, second) = (SHA256(), SHA256())
  first.update([1, 2, 3].span)
  // The bytes stay where they are until the run: copies that nobody moves.
  let copies = messages.map { message in
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: message.bytes.count, alignment: 1)
    copy.copyBytes(from: message.bytes)
    return copy
  }
  defer { for copy in copies { copy.deallocate() } }
  for (message, copy) in zip(messages, copies) {
    lanes.add(prefix: message.prefix, UnsafeRawBufferPointer(copy), suffix: message.suffix)
  }
  streams.0.withUnsafeBytes { a in streams.1.withUnsafeBytes { b in lanes.run(&first, a, &second, b) } }
  return (Array(lanes.digests.dropFirst(2)), [first.finalize(), second.finalize()])
}
