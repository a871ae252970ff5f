// SPDX-License-Identifier: Apache-2.0
internal import Bytes

/// Payloads like those of a memory service: nested objects, about 600 bytes, eight numbers.
struct PayloadGenerator {
  private var random: SplitMix64
  private var number = 0
  private static let words = [
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima",
    "café", "naïve", "日本", "Привет",
  ]

  init(seed: UInt64) { random = SplitMix64(state: seed) }

  mutating func next() -> [UInt8] {
    number += 1
    var text = #"{"actor": {"id": ""# + hex(32) + #"", "name": ""# + word() + " " + word() + #"", "role": ""#
    text += ["admin", "agent", "service"][Int(random.next() % 3)] + #""}, "context": {"requestId": ""# + hex(32)
    text += #"", "ip": "10."# + below(256) + "." + below(256) + "." + below(256)
    text += #"", "userAgent": "Mozilla/5.0 (X11; Linux x86_64) MemoryLayer/"# + below(9) + "." + below(99)
    text += #""}, "embedding": ["# + short() + ", " + short() + ", " + double() + ", " + double()
    text += #"], "score": "# + double() + #", "ttl": "# + below(100_000) + #", "version": "# + below(12)
    text += #", "node": "memory/"# + word() + "/" + String(number) + #"", "tags": [""# + word() + #"", ""# + word()
    text += #"", ""# + word() + #""], "ok": true, "reason": null, "note": ""#
    for _ in 0..<14 { text += word() + " " }
    if number % 10 == 0 { text += #"\"quoted\" and \\ back\nslash"# }
    text += #"", "sequence": "# + String(number) + "}"
    return Array(text.utf8)
  }

  private mutating func word() -> String { Self.words[Int(random.next() % UInt64(Self.words.count))] }

  private mutating func below(_ limit: UInt64) -> String { String(random.next() % limit) }

  private mutating func hex(_ digits: Int) -> String {
    let value = String(UInt128(random.next()) << 64 | UInt128(random.next()), radix: 16)
    return String(repeating: "0", count: digits - value.utf8.count) + value
  }

  /// A number of six digits behind the point.
  private mutating func short() -> String { "0." + String(100_000 + random.next() % 899_999) }

  /// A number of sixteen or seventeen digits, as JavaScript's random ones are.
  private mutating func double() -> String { "\(Double(random.next() >> 11 | 1 << 50) * 0x1p-53)" }
}
