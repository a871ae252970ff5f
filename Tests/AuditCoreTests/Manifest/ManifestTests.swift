// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import TestSupport
import Testing

func goldenBytes(_ sequence: Int) throws -> [UInt8] {
  try Fixtures.bytes("golden-archive/memory-layer/manifests/000000000\(sequence).json")
}

private func golden(_ sequence: Int) throws -> JSONValue {
  try #require(try JSONValue(parsing: goldenBytes(sequence))["manifest"])
}

extension JSONValue {
  /// The same with the member at `path` replaced, added or (nil) left out.
  func with(_ path: ArraySlice<String>, _ value: JSONValue?) -> JSONValue {
    guard let name = path.first, let members else { return self }
    var changed = members.compactMap { member -> Member? in
      guard member.name == name else { return member }
      if path.count > 1 { return Member(name, member.value.with(path.dropFirst(), value)) }
      return value.map { Member(name, $0) }
    }
    if let value, path.count == 1, self[name] == nil { changed.append(Member(name, value)) }
    return .object(changed)
  }

  func with(_ path: String, _ value: JSONValue?) -> JSONValue {
    with(path.split(separator: ".").map(String.init)[...], value)
  }

  /// Paths of all members.
  var paths: [String] {
    (members ?? []).flatMap { member in [member.name] + member.value.paths.map { "\(member.name).\($0)" } }
  }
}

private func reason(_ json: JSONValue) -> String? {
  do throws(DocumentError) {
    _ = try Manifest(json: json)
    return nil
  } catch { return error.reason }
}

@Suite("Manifest")
struct ManifestTests {
  @Test("what is read is what is written", arguments: 0..<4)
  func roundTrip(sequence: Int) throws {
    let json = try golden(sequence)
    let manifest = try Manifest(json: json)
    #expect(manifest.json == json)
    #expect(manifest.sequence == sequence && manifest.stream == "memory-layer")
  }

  @Test("what we add is read back")
  func additions() throws {
    var manifest = try Manifest(json: golden(0))
    manifest.source.resumeFrom = Timestamp("2026-11-23T01:59:58.1Z")
    manifest.source.indexes = [
      Manifest.Index(columns: ["id"], method: "btree", isUnique: true, isPrimary: true)
    ]
    manifest.source.columns[0].isNotNull = true
    manifest.source.columns[1].isGenerated = true
    manifest.chain.acceptedRewind = SHA256.hash([1])
    #expect(try Manifest(json: manifest.json) == manifest)
  }

  @Test("members that the format does not name are ignored")
  func unknownMembers() throws {
    for path in ["future", "source.future", "bundle.future", "chain.future", "rows.future"] {
      let json = try golden(0).with(path, .object(["a": 1]))
      #expect(try Manifest(json: json) == Manifest(json: golden(0)))
    }
  }

  @Test("a missing member is named")
  func missing() throws {
    let json = try golden(0)
    #expect(json.paths.count == 48)
    for path in json.paths {
      let found = try #require(reason(json.with(path, nil)), "\(path)")
      #expect(found.contains(path), "\(path): \(found)")
    }
  }

  @Test("a member of another type is named")
  func types() throws {
    let json = try golden(0)
    for path in json.paths {
      for value: JSONValue in [.number("1.5"), .array([3]), .string("no such value \n"), .integer(-1), .object([])] {
        // Texts that may be anything.
        let free = ["stream", "tool", "systemIdentifier", "database", "table", "lsn", "key", "firstId", "lastId"]
        if value.string != nil, free.contains(String(path.split(separator: ".").last ?? "")) { continue }
        if path == "chain.anomalies", value.array != nil { continue }
        let found = try #require(reason(json.with(path, value)), "\(path) \(value)")
        #expect(found.contains(path.split(separator: ".").last ?? ""), "\(path): \(found)")
      }
    }
  }

  @Test(
    "what contradicts itself is refused",
    arguments: [
      ("format", "audit-archive/v2"), ("retention.mode", "GOVERNANCE"), ("rows.count", 0), ("bundle", nil),
      ("chain.intact", false), ("chain.anomaliesTotal", 1), ("merkleRoot", "E3B0"),
      ("source.columns", .array([.object(["name": "id", "type": "uuid", "notNull": "yes"])])),
      ("source.columns", .array([.object(["name": "id", "type": "uuid", "generated": 1])])),
      (
        "source.indexes",
        .array([.object(["columns": .array(["id", 1]), "method": "btree", "unique": true, "primary": true])])
      ),
    ] as [(String, JSONValue)])
  func contradictions(path: String, value: JSONValue) throws {
    #expect(reason(try golden(0).with(path, value)) != nil)
  }

  @Test("a manifest without rows has the root of no rows")
  func emptyRoot() throws {
    #expect(reason(try golden(3)) == nil)
    #expect(reason(try golden(3).with("merkleRoot", .digest(SHA256.hash([1]))))?.contains("merkleRoot") == true)
  }

  @Test("anomalies: the first thousand are listed, all are counted")
  func anomalies() throws {
    var log = AnomalyLog()
    for row in 0..<1500 { log.append(Anomaly(.hashMismatch, row: row, id: "i\(row)", detail: "d")) }
    var other = AnomalyLog()
    other.append(Anomaly(.gap, row: nil, id: "x", detail: ""))
    other.append(log)
    #expect(other.total == 1501 && other.listed.count == 1000 && other.listed[999].id == "i998")
    var manifest = try Manifest(json: golden(0))
    manifest.chain.anomalies = other
    #expect(try Manifest(json: manifest.json) == manifest)
    let short = manifest.json.with("chain.anomaliesTotal", 999)
    #expect(reason(short)?.contains("anomaliesTotal") == true)
  }
}
