// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Cryptography
import Foundation
import TestCore
import TestSupport
import Testing

private func lines(_ bytes: [UInt8], pieceBytes: Int = .max) throws -> [String] {
  let reader = try LegacyReader(MemoryReader(bytes, pieceBytes: pieceBytes), name: "legacy")
  let chunk = LineChunk()
  var lines: [String] = []
  while try reader.next(chunk) {
    #expect(chunk.firstRow == lines.count)
    for index in 0..<chunk.count {
      lines.append(String(decoding: chunk.bytes.unsafeBytes(chunk.range(index)), as: UTF8.self))
    }
  }
  return lines
}

private func lines(_ text: String) throws -> [String] { try lines(Array(text.utf8)) }

private func shape(_ path: String) throws -> FileShape {
  try FileShape(start: ObservedReader(SingleObject(path: path)).peek(FileShape.startLength), name: path)
}

private let sampleRow = #"{"id":"a","created_at":"2026-11-20T00:10:48.000Z","payload":{"b": [1, 2]}}"#

private let damaged: [String] = [
  "", "x", "{}", "[", "[1]", "[[]]", "[\(sampleRow)", "[\(sampleRow),]", "[\(sampleRow)]x", "[\(sampleRow)][]",
  "[\(sampleRow) \(sampleRow)]",
  #"{"events":[]"#, #"{"events":{}}"#, #"{"events":1}"#, #"{"events":[\#(sampleRow)],"count":2}"#,
  #"{"count":0,"events":[\#(sampleRow)]}"#, #"{"events":[\#(sampleRow)]"#, #"{"events" [] }"#,
  #"[{"created_at":"yesterday"}]"#, #"[{"created_at":1}]"#, #"[{"created_at":null}]"#, #"[{"id":"a"}]"#,
  #"[{"id":1,"id":2,"created_at":"2026-11-20T00:10:48.000Z"}]"#,
  #"[{"payload":1 2,"created_at":"2026-11-20T00:10:48.000Z"}]"#,
  #"[{"payload":[1 2],"created_at":"2026-11-20T00:10:48.000Z"}]"#,
  #"[{"payload":tr ue,"created_at":"2026-11-20T00:10:48.000Z"}]"#,
  "[{\"payload\":\"a\nb\",\"created_at\":\"2026-11-20T00:10:48.000Z\"}]", #"[{"a"}]"#, #"[{"a":}]"#, #"[{a:1}]"#,
  #"[{"id":"#, #"[{"id":"a"#, #"[{"id":"a\"#, "]", "[}", "[{]}", "[{}]",
  // What others could read as other rows.
  #"{"events":[],"events":[\#(sampleRow)]}"#, #"{"\u0065vents":[\#(sampleRow)],"events":[]}"#,
  #"{"events":[],"\u0065vents":[\#(sampleRow)]}"#, #"{"count":1,"events":[\#(sampleRow)],"count":1}"#,
  #"{1:2,"events":[]}"#, #"[{"\u0069d":"b","created_at":"2026-11-20T00:10:48.000Z"}]"#,
]

@Suite("Archives of the older tools")
struct LegacyTests {
  @Test("both shapes give the same rows, and those that jq sees")
  func vectors() throws {
    let array = try lines(Fixtures.bytes("legacy/array.json"))
    #expect(array.count == 120)
    for piece in [1, 100, Int.max] {
      #expect(try lines(Fixtures.bytes("legacy/object.json"), pieceBytes: piece) == array)
    }
    let ours = Array((array.joined(separator: "\n") + "\n").utf8)
    let members = ".id,.event_type,.memory_node_id,.hash,.prev_hash,.signature,.created_at[0:19]"
    let theirs = try Command.run("jq", ["-c", ".[]|\(members)", Fixtures.path("legacy/array.json")]).text
    #expect(try Command.run("jq", ["-c", members], input: ours).text == theirs)
    for line in array {
      let value = try JSONValue(parsing: Array(line.utf8), maxDepth: 512)
      #expect(value.members?.map(\.name) == LegacyReader.columnTypes.map(\.key))
      #expect(value["created_at"]?.string?.utf8.count == 27)
    }
  }

  @Test("a row is written in the table's columns, its payload as it is")
  func row() throws {
    let text = #"""
       [ { "payload" : {"b" : "x  \" }y" , "a":[1 ,2.50, -0]} ,
       "created_at":"2026-11-20T00:10:48.123Z", "id":null, "hash" : "h" } ]
      """#
    let expected =
      #"{"id":null,"event_type":null,"memory_node_id":null,"artifact_id":null,"payload":{"b":"x  \" }y","a":[1,2.50,-0]},"#
      + #""hash":"h","prev_hash":null,"signature":null,"manifest_signature_id":null,"#
      + #""created_at":"2026-11-20T00:10:48.123000Z"}"#
    #expect(try lines(text) == [expected])
  }

  @Test("no rows, and members before and behind the rows")
  func empty() throws {
    #expect(try lines("[]").isEmpty)
    #expect(try lines(#" {"events" : [ ] } "#).isEmpty)
    #expect(try lines(#"{"count":1,"x":{"events":[]},"events":[\#(sampleRow)],"y":[1]}"#).count == 1)
    #expect(try lines(#"{"events":[\#(sampleRow)],"count":1}"#).count == 1)
  }

  @Test(
    "damage is a finding",
    arguments: damaged)
  func damage(text: String) {
    #expect(throws: ArchiveFinding.self, "\(text)") { try lines(text) }
  }

  @Test("random damage ends in rows or a finding, never in a crash", arguments: 0..<6)
  func fuzz(seed: UInt64) throws {
    let original = Array(try Fixtures.bytes(seed % 2 == 0 ? "legacy/array.json" : "legacy/object.json").prefix(9000))
    var state = seed | 1
    for _ in 0..<150 {
      var changed = original
      for _ in 0..<6 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        changed[Int(state >> 33) % changed.count] = Array("[]{}\",:\\ \n0e".utf8)[Int(state >> 50) % 12]
      }
      do { _ = try lines(changed) } catch is ArchiveFinding {}
    }
  }

  @Test("rows larger than what is read at once, and more rows than a chunk holds")
  func large() throws {
    let big = #"{"created_at":"2026-11-20T00:10:48.000Z","payload":"\#(String(repeating: "x", count: 3 << 20))"}"#
    let text = "[" + ([big] + Array(repeating: sampleRow, count: 20_000) + [big]).joined(separator: ",\n") + "]"
    #expect(try lines(text).count == 20_002)
  }

  @Test("the local manifest's digest and count are checked")
  func sidecar() throws {
    let file = SingleObject(path: Fixtures.path("legacy/array.json"))
    let directory = try TemporaryDirectory("legacy")
    let manifest = try LegacyManifest(try #require(try file.beside(LegacyManifest.suffix)))
    let digest = try ObservedReader(file).finish()
    #expect(manifest.fault(rows: 120, digest: digest) == nil && manifest.fault(rows: nil, digest: digest) == nil)
    #expect(manifest.fault(rows: 119, digest: digest)?.contains("120 rows") == true)
    #expect(manifest.fault(rows: 120, digest: SHA256.hash([1]))?.contains("SHA-256") == true)
    #expect(try SingleObject(path: directory("none")).beside(LegacyManifest.suffix) == nil)
    for text in ["", "{}", #"{"sha256":1}"#, "[1]"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: directory("m")))
      #expect(throws: ArchiveFinding.self, "\(text)") { try LegacyManifest(SingleObject(path: directory("m"))) }
    }
    try Data(#"{"sha256":"00","count":120}"#.utf8).write(to: URL(fileURLWithPath: directory("m")))
    #expect(try LegacyManifest(SingleObject(path: directory("m"))).fault(rows: 120, digest: digest) != nil)
    #expect(truncate(directory("m"), 2 << 20) == 0)
    #expect(throws: ArchiveFinding.self) { try LegacyManifest(SingleObject(path: directory("m"))) }
    try FileManager.default.createDirectory(atPath: directory("d"), withIntermediateDirectories: false)
    #expect(throws: Failure.self) { try LegacyManifest(SingleObject(path: directory("d"))) }
  }

  @Test("an object is read once, its beginning looked at before", arguments: [0, 1, 7, 5000])
  func observed(peeked: Int) throws {
    let directory = try TemporaryDirectory("observed")
    let bytes = (0..<4999).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try Data(bytes).write(to: URL(fileURLWithPath: directory("f")))
    let reader = try ObservedReader(SingleObject(path: "file://" + directory("f")))
    #expect(try reader.peek(peeked) == Array(bytes.prefix(peeked)))
    var got = ByteBuffer()
    while try reader.read(into: &got, upTo: 13) > 0, got.count < 3000 {}
    #expect(got.array() == Array(bytes.prefix(got.count)))
    #expect(try reader.finish() == SHA256.hash(bytes))
    #expect(reader.size == 4999)
  }

  @Test("what a file is, by its beginning")
  func shapes() throws {
    let golden = "golden-archive/memory-layer/"
    #expect(try shape(Fixtures.path("legacy/array.json")) == .legacy)
    #expect(try shape(Fixtures.path("legacy/object.json")) == .legacy)
    #expect(try shape(Fixtures.path(golden + "manifests/0000000000.json")) == .manifest)
    #expect(
      try shape(Fixtures.path(golden + "bundles/0000000000-8bfef5d88e517dda.ndjson.zst")) == .bundle)
    let directory = try TemporaryDirectory("shape")
    for text in ["", "x", "PK", "\u{feff}[]"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: directory("f")))
      #expect(throws: Failure.self) { try shape(directory("f")) }
    }
  }
}
