// SPDX-License-Identifier: Apache-2.0
internal import CPostgres

/// One session with a Postgres server.
///
/// Owns its `PGconn`. libpq allows one thread at a time on it, so a session is moved, never shared; only its
/// ``canceller`` may be used elsewhere.
public struct PostgresSession: ~Copyable {
  let connection: OpaquePointer  // PGconn, freed in deinit

  /// Settings that make output independent of roles' and databases' defaults. With row_security off a policy that would
  /// hide rows is an error instead. Their order is the same in every run, and so is the statement.
  private static let settings: KeyValuePairs = [
    "client_encoding": "UTF8", "datestyle": "ISO", "intervalstyle": "postgres", "timezone": "UTC",
    "bytea_output": "hex", "extra_float_digits": "1", "synchronize_seqscans": "off",
    "max_parallel_workers_per_gather": "0", "statement_timeout": "0", "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0", "search_path": "pg_catalog", "xmloption": "content",
    "lc_monetary": "C", "row_security": "off",
  ]

  /// Connects.
  ///
  /// - Parameters:
  ///   - conninfo: URI or keyword form; never logged, it may hold a password. What it leaves open libpq takes from
  ///     its own `PG*` variables.
  ///   - application: shown in `pg_stat_activity`.
  /// - Throws: ``PostgresError`` with the server's own words when the connection is refused.
  public init(_ conninfo: String, application: String = "memoryctl") throws(PostgresError) {
    if let fault = ConnectionString.fault(conninfo) { throw PostgresError(kind: .configuration, message: fault) }
    let keywords = ["connect_timeout", "tcp_user_timeout", "fallback_application_name", "dbname"]
    let values = ["10", "60000", application, conninfo]
    // Later keywords win; expand_dbname lets the connection string override what stands before it.
    let opened = withCStrings(keywords) { names in
      withCStrings(values) { values in PQconnectdbParams(names, values, 1) }
    }
    guard let opened else { throw PostgresError(kind: .connection, message: "out of memory") }
    guard PQstatus(opened) == CONNECTION_OK else {
      let error = PostgresError(connection: opened)
      PQfinish(opened)  // self is not initialised yet: deinit will not run
      throw error
    }
    PQsetNoticeProcessor(opened, { _, _ in }, nil)
    if let error = Self.configure(opened) {
      PQfinish(opened)
      throw error
    }
    connection = opened
  }

  private static func configure(_ connection: OpaquePointer) -> PostgresError? {
    let calls = settings.map { "pg_catalog.set_config('\($0.key)', '\($0.value)', false)" }
    guard let result = PQexec(connection, "SELECT " + calls.joined(separator: ", ")) else {
      return PostgresError(connection: connection)
    }
    defer { PQclear(result) }
    return PQresultStatus(result) == PGRES_TUPLES_OK ? nil : PostgresError(result: result, connection: connection)
  }

  deinit { PQfinish(connection) }

  /// A token that cancels the session's running statement from any thread.
  public var canceller: PostgresCanceller { PostgresCanceller(connection) }

  /// The server's version, as 150004 for 15.4.
  public var serverVersion: Int { Int(PQserverVersion(connection)) }

  /// Runs one statement and returns its rows as text; for small results.
  @discardableResult
  public func execute(_ sql: String, _ parameters: [String?] = []) throws(PostgresError) -> [[String?]] {
    let result = withCStrings(parameters) { values in
      PQexecParams(connection, sql, Int32(parameters.count), nil, values, nil, nil, 0)
    }
    guard let result else { throw PostgresError(connection: connection) }
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK: return Self.rows(of: result)
    case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE: throw PostgresError(result: result, connection: connection)
    default: throw PostgresError(kind: .protocolViolation, message: "the statement did not return rows")
    }
  }

  /// Runs statements without parameters, separated by semicolons.
  public func executeScript(_ sql: String) throws(PostgresError) {
    guard let result = PQexec(connection, sql) else { throw PostgresError(connection: connection) }
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return
    default: throw PostgresError(result: result, connection: connection)
    }
  }

  private static func rows(of result: OpaquePointer) -> [[String?]] {
    (0..<PQntuples(result)).map { row in
      (0..<PQnfields(result)).map { column in
        PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
      }
    }
  }

  /// Starts a COPY and checks that it goes the way that is wanted.
  func beginCopy(_ sql: String, expecting status: ExecStatusType) throws(PostgresError) {
    guard let result = PQexec(connection, sql) else { throw PostgresError(connection: connection) }
    defer { PQclear(result) }
    guard PQresultStatus(result) == status else { throw PostgresError(result: result, connection: connection) }
  }

  /// Reads the results that are left, so that the session can be used again.
  ///
  /// - Returns: rows that the command says it handled.
  @discardableResult
  func finishCommand() throws(PostgresError) -> Int {
    var failure: PostgresError?
    var rows = 0
    while let result = PQgetResult(connection) {
      defer { PQclear(result) }
      switch PQresultStatus(result) {
      case PGRES_COMMAND_OK: rows = Int(String(cString: PQcmdTuples(result))) ?? 0
      case PGRES_COPY_OUT: discardCopyOut()
      case PGRES_COPY_IN: PQputCopyEnd(connection, "abandoned")
      default: failure = failure ?? PostgresError(result: result, connection: connection)
      }
      if PQstatus(connection) == CONNECTION_BAD { break }
    }
    if let failure { throw failure }
    if PQstatus(connection) == CONNECTION_BAD { throw PostgresError(connection: connection) }
    return rows
  }

  func discardCopyOut() {
    var buffer: UnsafeMutablePointer<CChar>?
    while PQgetCopyData(connection, &buffer, 0) > 0 { PQfreemem(buffer) }
  }
}

/// Passes strings as the null-terminated array of C strings that libpq's parameter calls take.
private func withCStrings<R>(
  _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R
) -> R {
  let buffers = strings.map { string in string.map { Array($0.utf8CString) } }
  var storage: [CChar] = []
  var offsets: [Int?] = []
  for buffer in buffers {
    offsets.append(buffer == nil ? nil : storage.count)
    if let buffer { storage += buffer }
  }
  return storage.withUnsafeBufferPointer { chars in
    let pointers: [UnsafePointer<CChar>?] = offsets.map { offset in offset.map { chars.baseAddress! + $0 } } + [nil]
    return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}

/// Quotes an identifier for SQL text.
public func quoteIdentifier(_ name: String) -> String {
  "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}

/// Quotes a text literal for SQL text, where no parameter can stand.
public func quoteLiteral(_ text: String) -> String {
  let doubled = text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
  let escaped = doubled.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
  return (escaped == doubled ? "'" : " E'") + escaped + "'"
}
