// SPDX-License-Identifier: Apache-2.0
import AuditCore
import ChainReader
import Cryptography

/// A row as the world knows it.
struct WorldRow: Hashable, Sendable {
  var id: UInt128
  var eventType: String
  var nodeID: UInt128?
  var payload: Payload
  var hash: Digest
  var previous: Digest?
  var signature: String?
  var createdAt: Timestamp
  /// A numeric, in Postgres's own text.
  var cost: String?

  /// What is wrong with the row's own bytes; the hand that made it so knows.
  var hashIsWrong = false
  var signatureIsWrong = false

  static let key = HMACSHA256(key: Array("world-key".utf8))

  init(
    id: UInt128, eventType: String, nodeID: UInt128?, payload: Payload, previous: Digest?, createdAt: Timestamp,
    cost: String?, isSigned: Bool
  ) {
    (self.id, self.eventType, self.nodeID, self.payload) = (id, eventType, nodeID, payload)
    (self.previous, self.createdAt, self.cost) = (previous, createdAt, cost)
    var sha = SHA256()
    Array(payload.canonical.utf8).withUnsafeBytes { sha.update($0) }
    if let previous { sha.update(previous) }
    hash = sha.finalize()
    signature = isSigned ? Base64.encode(Self.key.authenticate(hash).bytes) : nil
  }

  var idText: String { Self.uuid(id) }

  static func uuid(_ value: UInt128) -> String {
    let digits = String(value, radix: 16)
    let hex = Array(String(repeating: "0", count: 32 - digits.utf8.count) + digits)
    return [hex[0..<8], hex[8..<12], hex[12..<16], hex[16..<20], hex[20..<32]].map { String($0) }
      .joined(separator: "-")
  }
}

/// A payload in both of its forms.
struct Payload: Hashable, Sendable {
  /// As Postgres prints the jsonb.
  let text: String
  /// As RFC 8785 has it.
  let canonical: String
}

// MARK: As the server sends it

extension WorldRow {
  /// The tuple of a binary COPY.
  func append(to batch: TupleBatch) {
    var bytes: [UInt8] = [0, UInt8(Self.columns.count)]
    func add(_ field: [UInt8]?) {
      let length = UInt32(bitPattern: field.map { Int32($0.count) } ?? -1)
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32($0))) }
      bytes += field ?? []
    }
    func add(_ text: String?) { add(text.map { Array($0.utf8) }) }
    func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) } }
    add(bigEndian(id))
    add(eventType)
    add(nodeID.map { bigEndian($0) })
    add(nil as [UInt8]?)
    add([1] + Array(payload.text.utf8))
    add(hash.hex)
    add(previous?.hex)
    add(signature)
    add(nil as String?)
    add(bigEndian(createdAt.microseconds))
    add(cost)
    bytes.withUnsafeBytes { batch.append($0) }
  }

  /// Names and types of the table's columns, as the catalog has them.
  static let columns: [(name: String, type: String, isNotNull: Bool)] = [
    ("id", "uuid", true), ("event_type", "character varying", true), ("memory_node_id", "uuid", false),
    ("artifact_id", "uuid", false), ("payload", "jsonb", true), ("hash", "text", true), ("prev_hash", "text", false),
    ("signature", "text", false), ("manifest_signature_id", "character varying", false),
    ("created_at", "timestamp with time zone", true), ("cost", "numeric", false),
  ]
}

// MARK: As the archive has to have it

extension WorldRow {
  /// The archive's line, by the format page and nothing else.
  var line: String {
    func text(_ value: String?) -> String { value.map { "\"\($0)\"" } ?? "null" }
    let event = eventType.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    return """
      {"id":"\(idText)","event_type":"\(event)","memory_node_id":\(text(nodeID.map(Self.uuid))),"artifact_id":null,\
      "payload":\(payload.text),"hash":"\(hash.hex)","prev_hash":\(text(previous?.hex)),"signature":\(text(signature)),\
      "manifest_signature_id":null,"created_at":"\(Self.iso(createdAt))","cost":\(cost ?? "null")}
      """
  }

  /// `2026-11-23T02:00:00.123456Z`, by counting days.
  static func iso(_ time: Timestamp) -> String {
    var (days, rest) = time.microseconds.quotientAndRemainder(dividingBy: 86_400_000_000)
    if rest < 0 { (days, rest) = (days - 1, rest + 86_400_000_000) }
    var (year, month, day) = (2000, 1, Int(days) + 1)
    func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    func length(_ month: Int) -> Int { month == 2 ? isLeap(year) ? 29 : 28 : [4, 6, 9, 11].contains(month) ? 30 : 31 }
    while day > length(month) {
      day -= length(month)
      month += 1
      if month == 13 { (year, month) = (year + 1, 1) }
    }
    func pad(_ value: Int, _ width: Int) -> String {
      String(repeating: "0", count: width - String(value).count) + String(value)
    }
    let second = Int(rest / 1_000_000)
    return "\(year)-\(pad(month, 2))-\(pad(day, 2))T\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):"
      + "\(pad(second % 60, 2)).\(pad(Int(rest % 1_000_000), 6))Z"
  }
}
