// SPDX-License-Identifier: Apache-2.0
import Bytes
import CanonicalJSON

@testable import RowCodec

/// Tables as rows are read from and restored to; an input's first byte takes one of them.
private enum Tables {
  static let chain = [
    Column(name: "id", type: "uuid", isNotNull: true), Column(name: "event_type", type: "character varying"),
    Column(name: "memory_node_id", type: "uuid"), Column(name: "payload", type: "jsonb", isNotNull: true),
    Column(name: "hash", type: "text", isNotNull: true), Column(name: "prev_hash", type: "text"),
    Column(name: "created_at", type: "timestamp with time zone"),
  ]
  static let kinds = [
    Column(name: "id", type: "bigint"), Column(name: "payload", type: "jsonb"), Column(name: "flag", type: "boolean"),
    Column(name: "s", type: "smallint"), Column(name: "i", type: "integer"),
    Column(name: "more", type: "jsonb", isNotNull: true), Column(name: "j", type: "json"),
    Column(name: "at", type: "timestamp(3) with time zone"),
  ]
  static let texts = [
    Column(name: "a\"b\\", type: "numeric(10,2)"), Column(name: "payload", type: "jsonb"),
    Column(name: "ключ\n", type: "text[]"), Column(name: "", type: "double precision"),
    Column(name: "range", type: "int4range"),
  ]
  static let all = [chain, kinds, texts]

  static func payload(_ columns: [Column]) -> Int { columns.firstIndex { $0.name == "payload" }! }
}

/// What a line's decoder gives.
private struct DecodedLine {
  var fields = FieldRanges(count: 0)
  var payload = LineDecoder.Payload.null
  var canonical: [UInt8] = []

  /// - Returns: nil for what is no line of the table.
  init?(_ line: [UInt8], _ columns: [Column]) {
    var canonicalizer = Canonicalizer()
    var out = ByteBuffer()
    let decoder = LineDecoder(columns, payload: Tables.payload(columns))
    var found = FieldRanges(count: columns.count)
    let taken = line.withUnsafeBytes { try? decoder.decode($0, into: &found, &canonicalizer, &out) }
    guard let taken else { return nil }
    (fields, payload) = (found, taken)
    canonical = out.array()
  }

  func bytes(_ index: Int, of line: [UInt8]) -> [UInt8]? {
    line.withUnsafeBytes { line in fields.bytes(index, in: line).map { [UInt8]($0) } }
  }
}

private func encodedTuple(_ line: [UInt8], _ decoded: DecodedLine, _ columns: [Column]) -> [UInt8]? {
  var out = ByteBuffer()
  let encoder = TupleEncoder(columns)
  guard line.withUnsafeBytes({ (try? encoder.append($0, decoded.fields, to: &out)) != nil }) else { return nil }
  return out.array()
}

private func encodedLine(_ tuple: [UInt8], _ columns: [Column]) -> [UInt8]? {
  var fields = FieldRanges(count: columns.count)
  var out = ByteBuffer()
  let encoder = LineEncoder(columns)
  let isWritten = tuple.withUnsafeBytes { tuple in
    (try? fields.read(tuple: tuple)) != nil && (try? encoder.append(tuple, fields, to: &out)) != nil
  }
  return isWritten ? out.array() : nil
}

// MARK: Lines

/// A line that is taken is read alike by all that read lines, and comes back through the database as what it says.
@Sendable func checkLine(_ input: [UInt8]) throws {
  guard let first = input.first else { return }
  let columns = Tables.all[Int(first) % Tables.all.count]
  let line = Array(input.dropFirst())
  _ = line.withUnsafeBytes { memberNames(of: $0) }
  guard !line.contains(0x0a), let decoded = DecodedLine(line, columns) else { return }
  try checkMembers(line, decoded, columns)
  guard let tuple = encodedTuple(line, decoded, columns) else { return }
  guard TupleEncoder(columns).isBinary else { return try checkCopyText(tuple, columns) }
  guard let again = encodedLine(tuple, columns) else { throw BrokenProperty("its tuple is none: \(tuple)") }
  guard let second = DecodedLine(again, columns) else {
    throw BrokenProperty("what it becomes is no line: \(shown(again))")
  }
  try require(second.payload == decoded.payload, "its payload comes back as \(second.payload)")
  try require(second.canonical == decoded.canonical, "its payload comes back as \(shown(second.canonical))")
  try require(encodedTuple(again, second, columns) == tuple, "it comes back as another row: \(shown(again))")
}

private func checkMembers(_ line: [UInt8], _ decoded: DecodedLine, _ columns: [Column]) throws {
  let payload = decoded.bytes(Tables.payload(columns), of: line)
  if decoded.payload == .canonical {
    try require((try? canonicalForm(payload ?? []).get()) == decoded.canonical, "its payload has another form")
  }
  let projection = LineProjection(from: columns, to: columns)!
  var ranges: [Range<Int>] = []
  var same = ByteBuffer()
  let isProjected = line.withUnsafeBytes { (try? projection.append($0, &ranges, to: &same)) != nil }
  try require(isProjected && same.array() == line, "projected it is \(shown(same.array()))")
  let names = line.withUnsafeBytes { memberNames(of: $0) }
  try require(names == columns.map(\.name), "its members are \(names ?? [])")
}

/// Rows of COPY's text are torn by nothing that stands in a value.
private func checkCopyText(_ row: [UInt8], _ columns: [Column]) throws {
  try require(row.count { $0 == 0x0a } == 1 && row.last == 0x0a, "a line break stands in \(shown(row))")
  try require(row.count { $0 == 0x09 } == columns.count - 1, "a tab stands in \(shown(row))")
}

// MARK: Tuples

/// What a database sends comes back from its line, byte for byte.
@Sendable func checkTuple(_ input: [UInt8]) throws {
  guard let first = input.first else { return }
  let columns = Tables.all[Int(first) % Tables.all.count]
  let tuple = Array(input.dropFirst())
  var fields = FieldRanges(count: columns.count)
  guard let line = encodedLine(tuple, columns), tuple.withUnsafeBytes({ (try? fields.read(tuple: $0)) != nil }) else {
    return
  }
  func value(_ index: Int) -> [UInt8]? { tuple.withUnsafeBytes { fields.bytes(index, in: $0).map { [UInt8]($0) } } }
  guard columns.indices.allSatisfy({ isOfPostgres(value($0), columns[$0]) }) else { return }
  try require(!line.contains(0x0a), "its line is torn: \(shown(line))")
  guard let decoded = DecodedLine(line, columns) else { throw BrokenProperty("its line is none: \(shown(line))") }
  for (index, column) in columns.enumerated() where !column.isBinary || column.shape == .text {
    var text = ByteBuffer()
    let field = decoded.bytes(index, of: line)
    if let field { try field.withUnsafeBytes { try JSONString.appendUnescaped($0, to: &text) } }
    try require(
      (field == nil ? nil : text.array()) == value(index), "\(column.name) comes back as \(shown(text.array()))")
  }
  guard let back = encodedTuple(line, decoded, columns) else { throw BrokenProperty("nothing restores \(shown(line))") }
  guard TupleEncoder(columns).isBinary else { return try checkCopyText(back, columns) }
  try require(back == tuple, "it comes back as \(back)")
}

/// Whether Postgres can send a value: of the forms that its types have, and in valid UTF-8.
private func isOfPostgres(_ value: [UInt8]?, _ column: Column) -> Bool {
  guard let value else { return !column.isNotNull }
  switch column.shape {
  case .jsonb:
    guard let first = value.dropFirst().first, first > 0x20, value.last! > 0x20, !value.contains(0x0a) else {
      return false
    }
    guard case .failure(let error) = canonicalForm(Array(value.dropFirst())) else { return isText(value.dropFirst()) }
    return error.reason == .numberOutOfRange && isText(value.dropFirst())
  case .text, .other: return isText(value[...])
  case .number: return isNumber(value)
  case .bool: return value == [0] || value == [1]
  default: return true
  }
}

private func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
  !bytes.contains(0) && String(validating: bytes, as: UTF8.self) != nil
}

private func isNumber(_ value: [UInt8]) -> Bool {
  let text = String(decoding: value, as: UTF8.self)
  if ["NaN", "Infinity", "-Infinity"].contains(text) { return true }
  return (try? canonicalForm(value).get()) != nil && value.allSatisfy { !($0 <= 0x20 || $0 > 0x65) }
    && value.last! <= 0x39
    && value[0] != 0x22
}
