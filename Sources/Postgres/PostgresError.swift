// SPDX-License-Identifier: Apache-2.0
internal import CPostgres

/// What a server or libpq said, without the connection string.
public struct PostgresError: Error, CustomStringConvertible, Sendable {
  public enum Kind: Sendable {
    /// The server could not be reached, or went away.
    case connection
    /// The connection string is none, or names a database that does not exist.
    case configuration
    /// The server knows the role and refuses it, or the role may not do this.
    case permission
    /// The statement was cancelled, by us or by the server's operator.
    case cancelled
    /// The server takes no work now: shutting down, starting up, out of connections or of memory.
    case busy
    /// Any other error of the server.
    case server
    /// Bytes that are not the protocol's.
    case protocolViolation
  }

  public let kind: Kind
  /// Five characters; empty where the error is libpq's own.
  public let sqlState: String
  public let message: String
  public let detail: String?
  public let hint: String?

  public init(
    kind: Kind, sqlState: String = "", message: String, detail: String? = nil, hint: String? = nil
  ) {
    self.kind = kind
    self.sqlState = sqlState
    self.message = message
    self.detail = detail
    self.hint = hint
  }

  public var description: String {
    var text = message
    if !sqlState.isEmpty { text += " (SQLSTATE \(sqlState))" }
    if let detail { text += "; \(detail)" }
    if let hint { text += "; hint: \(hint)" }
    return text
  }

  /// From a result that carries the server's error fields.
  init(result: OpaquePointer, connection: OpaquePointer) {
    func field(_ code: Character) -> String? {
      PQresultErrorField(result, Int32(code.asciiValue!)).map { String(cString: $0) }
    }
    let state = field("C") ?? ""
    let primary = field("M") ?? Self.words(of: connection)
    self.init(
      kind: state.isEmpty ? Self.kind(of: connection) : Self.kind(ofState: state), sqlState: state,
      message: primary, detail: field("D"), hint: field("H"))
  }

  /// From what libpq itself last said.
  init(connection: OpaquePointer) {
    let words = Self.words(of: connection)
    let refused = ["password authentication failed", "no password supplied", "no pg_hba.conf entry", "does not exist"]
    var kind: Kind = refused.contains { words.contains($0) } ? .permission : Self.kind(of: connection)
    if words.contains("database \""), words.hasSuffix("does not exist") { kind = .configuration }
    // What libpq says of a setting's value repeats it.
    let isSetting = words.hasPrefix("invalid ") && words.contains("\"")
    self.init(
      kind: isSetting ? .configuration : kind,
      message: isSetting ? "\(words.prefix { $0 != "\"" })in the connection string" : words)
  }

  private static func kind(of connection: OpaquePointer) -> Kind {
    PQstatus(connection) == CONNECTION_BAD ? .connection : .protocolViolation
  }

  /// libpq's words on one line.
  private static func words(of connection: OpaquePointer) -> String {
    let text = String(cString: PQerrorMessage(connection))
    return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  private static func kind(ofState state: String) -> Kind {
    switch state.prefix(2) {
    case "08": return .connection
    case "28": return .permission
    case "53": return .busy
    default: break
    }
    switch state {
    case "42501", "25006": return .permission
    case "57014": return .cancelled
    case "57P01", "57P02", "57P03", "55P03", "40001", "40P01": return .busy
    default: return .server
    }
  }
}
