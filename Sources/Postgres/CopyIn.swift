// SPDX-License-Identifier: Apache-2.0
public import Bytes
internal import CPostgres

/// A running `COPY … FROM STDIN`; the session is busy until it is finished or aborted.
public struct CopyIn: ~Copyable, ~Escapable {
  private let connection: OpaquePointer
  private let isBinary: Bool

  @_lifetime(borrow session)
  init(_ session: borrowing PostgresSession, isBinary: Bool) {
    connection = session.connection
    self.isBinary = isBinary
  }

  /// Sends a piece of the data; pieces need not end where rows do.
  public func put(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) {
    var rest = bytes
    while !rest.isEmpty {
      let piece = min(rest.count, 1 << 24)
      guard PQputCopyData(connection, rest.bindMemory(to: CChar.self).baseAddress, Int32(piece)) == 1 else {
        throw PostgresError(connection: connection)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[piece...])
    }
  }

  public func put(_ bytes: borrowing ByteBuffer) throws(PostgresError) { try put(bytes.unsafeBytes) }

  func begin() throws(PostgresError) {
    guard isBinary else { return }
    let header: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    var buffer = ByteBuffer(capacity: 32)
    header.withUnsafeBytes { buffer.append($0) }
    try put(buffer)
  }

  func end() throws(PostgresError) {
    if isBinary {
      var trailer = ByteBuffer(capacity: 2)
      trailer.append(0xff)
      trailer.append(0xff)
      try put(trailer)
    }
    guard PQputCopyEnd(connection, nil) == 1 else { throw PostgresError(connection: connection) }
  }
}

extension PostgresSession {
  /// Streams `COPY … FROM STDIN`; header and trailer of the binary format are added here.
  ///
  /// - Parameters:
  ///   - sql: the whole COPY statement.
  ///   - body: sends the rows. When it throws, the COPY is aborted and nothing of it stays.
  /// - Returns: rows that the server stored.
  @discardableResult
  public func copyIn(_ sql: String, isBinary: Bool, _ body: (borrowing CopyIn) throws -> Void) throws -> Int {
    try beginCopy(sql, expecting: PGRES_COPY_IN)
    do {
      let copy = CopyIn(self, isBinary: isBinary)
      try copy.begin()
      try body(copy)
      try copy.end()
    } catch {
      PQputCopyEnd(connection, "the sender stopped")
      do throws(PostgresError) { try finishCommand() } catch let refusal {
        // The server's own reason comes first when it was the one that stopped.
        if refusal.sqlState != "57014" && refusal.kind != .protocolViolation { throw refusal }
      }
      throw error
    }
    return try finishCommand()
  }
}
