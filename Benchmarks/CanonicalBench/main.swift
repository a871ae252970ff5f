// SPDX-License-Identifier: Apache-2.0
import Bytes
import CanonicalJSON
import Cryptography
import Glibc

// canonical-bench FILE [PASSES]: FILE holds one JSON value a line; prints MB/s of one core for the canonical form
// alone and with the digest behind it.

func seconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func load(_ path: String) -> ByteBuffer {
  var text = ByteBuffer(capacity: 1 << 20)
  guard let file = fopen(path, "r") else { return text }
  defer { fclose(file) }
  var piece = [UInt8](repeating: 0, count: 1 << 20)
  while true {
    let count = fread(&piece, 1, piece.count, file)
    if count == 0 { return text }
    piece.withUnsafeBytes { text.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }
}

func lineRanges(_ text: borrowing ByteBuffer) -> [Range<Int>] {
  var lines: [Range<Int>] = []
  var begin = 0
  for (index, byte) in text.unsafeBytes.enumerated() where byte == 0x0a {
    lines.append(begin..<index)
    begin = index + 1
  }
  return lines
}

func measure(_ name: String, _ text: borrowing ByteBuffer, _ lines: [Range<Int>], passes: Int, hashing: Bool) throws {
  var canonicalizer = Canonicalizer()
  var out = ByteBuffer(capacity: 1 << 16)
  var best = Double.infinity
  var produced = 0
  for _ in 0..<passes {
    let start = seconds()
    produced = 0
    for line in lines {
      out.clear()
      try canonicalizer.canonicalize(text.unsafeBytes(line), into: &out)
      produced += out.count
      if hashing { produced += Int(SHA256.hash(out.unsafeBytes).words.0 & 1) }
    }
    best = min(best, seconds() - start)
  }
  let megabytes = Double(text.count) / 1e6
  print("\(name): \(lines.count) values, \(Int(megabytes)) MB in, \(Int(megabytes / best)) MB/s, \(produced)")
}

guard CommandLine.arguments.count >= 2 else {
  print("usage: canonical-bench FILE [PASSES]")
  exit(64)
}
let passes = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 5 : 5
let text = load(CommandLine.arguments[1])
let lines = lineRanges(text)
try measure("canonical form", text, lines, passes: passes, hashing: false)
try measure("canonical form and SHA-256", text, lines, passes: passes, hashing: true)
