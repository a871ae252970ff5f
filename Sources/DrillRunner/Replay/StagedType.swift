// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Postgres

/// Finds an archived column's type in a staging database.
///
/// What a manifest calls a type is data: the server looks it up as a parameter, and only the text that the server
/// prints for what it found goes into SQL, with a modifier of plain words and numbers.
enum StagedType {
  /// - Returns: SQL for the type, its modifier included.
  /// - Throws: status `integrity` for what is no type's name, `configuration` for a type that is not there.
  static func sql(_ column: Manifest.Column, _ session: borrowing PostgresSession) throws -> String {
    guard let name = TypeName(column.type) else { throw noName(column) }
    let found: [String?]
    do throws(PostgresError) {
      found = try session.execute(
        "SELECT format_type(to_regtype($1), -1), format_type(to_regtype($1), NULL)", [name.plain])[0]
    } catch {
      guard error.kind == .server else { throw error }
      throw noName(column, error)
    }
    guard let bare = found[0], let plain = found[1] else { throw missing(column) }
    // Which fields an interval keeps is part of its modifier.
    if plain == "interval" || plain == "interval[]", name.isInterval { return name.text }
    guard name.modifier != nil else { return bare }
    guard name.plain == plain else { throw noName(column) }
    return name.text
  }

  private static func noName(_ column: Manifest.Column, _ cause: PostgresError? = nil) -> Failure {
    Failure(
      .integrity, "its type \(quoteLiteral(column.type)) is no type's name as Postgres writes it", on: place(column),
      remedy: "look at who wrote the manifest", cause: cause)
  }

  private static func missing(_ column: Manifest.Column) -> Failure {
    Failure(
      .configuration, "the staging database has no type \(column.type)", on: place(column),
      remedy: "create that type there as the source has it (pg_dump --schema-only prints it), then run again")
  }

  private static func place(_ column: Manifest.Column) -> String { "column \(quoteIdentifier(column.name))" }
}

/// A type's name, taken apart at its modifier: `timestamp` `(3)` ` with time zone`.
struct TypeName: Equatable {
  let head: String
  let modifier: String?
  let tail: String

  /// - Returns: nil where it has more than one modifier, or one of something else than words and numbers.
  init?(_ text: String) {
    var isQuoted = false
    var opened: String.Index?
    var range: Range<String.Index>?
    for index in text.indices {
      switch text[index] {
      case "\"": isQuoted.toggle()
      case "(" where !isQuoted:
        guard opened == nil, range == nil else { return nil }
        opened = index
      case ")" where !isQuoted:
        guard let start = opened else { return nil }
        range = start..<text.index(after: index)
        opened = nil
      default: break
      }
    }
    guard !isQuoted, opened == nil, !text.utf8.contains(0) else { return nil }
    head = String(text[..<(range?.lowerBound ?? text.endIndex)])
    modifier = range.map { String(text[$0]) }
    tail = range.map { String(text[$0.upperBound...]) } ?? ""
    if let modifier, !Self.isPlain(modifier.dropFirst().dropLast()) { return nil }
  }

  /// The name without its modifier.
  var plain: String { head + tail }
  var text: String { head + (modifier ?? "") + tail }

  /// `10,2`, `Point,4326`: a sign may stand only before a number, so that no comment can begin.
  private static func isPlain(_ list: Substring) -> Bool {
    list.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { item in
      let word = item.first == "-" ? item.dropFirst() : item
      return !word.isEmpty
        && word.utf8.allSatisfy { byte in
          (0x30...0x39).contains(byte) || byte == 0x5f
            || item.first != "-" && ((0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte))
        }
    }
  }

  /// Whether it is an interval, perhaps of some fields and with a modifier, and nothing else.
  var isInterval: Bool {
    var fields = Substring(head)
    if modifier == nil, fields.hasSuffix("[]") { fields = fields.dropLast(2) }
    guard modifier == nil ? tail.isEmpty : ["", "[]"].contains(tail) else { return false }
    return Self.intervals.contains(String(fields))
  }

  private static let intervals: Set<String> = [
    "interval", "interval year", "interval month", "interval day", "interval hour", "interval minute",
    "interval second",
    "interval year to month", "interval day to hour", "interval day to minute", "interval day to second",
    "interval hour to minute", "interval hour to second", "interval minute to second",
  ]
}
