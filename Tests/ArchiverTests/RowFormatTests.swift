// SPDX-License-Identifier: Apache-2.0
import Bytes
import CanonicalJSON
import RowCodec
import Testing

/// Restores a line of one table, as far as its tuple.
private func tuple(_ line: String) throws -> [UInt8] {
  let columns = [
    Column(name: "payload", type: "jsonb"), Column(name: "at", type: "timestamp with time zone"),
    Column(name: "flag", type: "boolean"), Column(name: "text", type: "text"),
  ]
  var fields = FieldRanges(count: columns.count)
  var canonicalizer = Canonicalizer()
  var canonical = ByteBuffer()
  var out = ByteBuffer()
  try Array(line.utf8).withUnsafeBytes { line in
    _ = try LineDecoder(columns, payload: 0).decode(line, into: &fields, &canonicalizer, &canonical)
    try TupleEncoder(columns).append(line, fields, to: &out)
  }
  return out.array()
}

private func line(at: String = "2026-11-23T02:00:00.000000Z", flag: String = "true", text: String = "a") -> String {
  #"{"payload":{},"at":"\#(at)","flag":\#(flag),"text":"\#(text)"}"#
}

@Suite("Values of a row's line that no table holds")
struct RowFormatTests {
  @Test(
    "a time beyond what a timestamptz holds is refused, and overflows nothing",
    arguments: [
      "294277-01-01 00:00:00+00", "999999-01-01 00:00:00+00", "9223372036854775807-01-01 00:00:00+00 BC",
      "294276-01-01 00:00:00+00 BC", "4715-01-01 00:00:00+00 BC",
      "12026-01-01 24:00:00+00", "12026-01-01 9223372036854775807:00:00+00", "12026-01-01 00:60:00+00",
      "12026-01-01 00:00:9223372036854775807+00", "12026-01-01 -1:00:00+00", "12026-01-01 00:00:00.9999999+00",
    ])
  func times(at: String) throws {
    #expect(throws: RowFormatError.self) { try tuple(line(at: at)) }
  }

  @Test(
    "the ends of time are kept",
    arguments: ["infinity", "-infinity", "294276-12-31 23:59:59.999999+00", "4713-01-01 00:00:00+00 BC"])
  func ends(at: String) throws {
    #expect(try tuple(line(at: at)).count == tuple(line()).count)
  }

  @Test("a boolean is one of two words", arguments: ["nope", "falsy", "True", "null1", "1"])
  func booleans(flag: String) throws {
    #expect(throws: RowFormatError.self) { try tuple(line(flag: flag)) }
    #expect(try tuple(line(flag: "false")) != tuple(line(flag: "true")))
  }

  @Test(
    "an escape has four hex digits",
    arguments: [#"\u+041"#, #"\u-041"#, #"\u-000"#, #"\ud83d\u+e00"#, #"\u004"#, #"\u"#])
  func escapes(text: String) throws {
    #expect(throws: RowFormatError.self) { try tuple(line(text: text)) }
    #expect(try tuple(line(text: #"\u0041"#)) == tuple(line(text: "A")))
  }
}
