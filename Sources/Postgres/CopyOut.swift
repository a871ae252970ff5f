// SPDX-License-Identifier: Apache-2.0
internal import CPostgres

extension PostgresSession {
  /// Streams `COPY (…) TO STDOUT (FORMAT binary)`.
  ///
  /// - Parameters:
  ///   - sql: the whole COPY statement, in binary format.
  ///   - onRow: gets each tuple (a field count, then a length and the bytes of each field), valid during the call.
  ///     When it throws, the statement is cancelled and the session stays usable.
  public func copyOut(_ sql: String, onRow: (UnsafeRawBufferPointer) throws -> Void) throws {
    try beginCopy(sql, expecting: PGRES_COPY_OUT)
    do {
      try readTuples(onRow)
    } catch {
      canceller.cancel()
      discardCopyOut()
      _ = try? finishCommand()
      throw error
    }
    try finishCommand()
  }

  private func readTuples(_ onRow: (UnsafeRawBufferPointer) throws -> Void) throws {
    var headerSeen = false
    while true {
      var buffer: UnsafeMutablePointer<CChar>?
      let length = PQgetCopyData(connection, &buffer, 0)
      if length == -1 { return }
      guard length >= 0, let buffer else { throw PostgresError(connection: connection) }
      defer { PQfreemem(buffer) }
      var bytes = UnsafeRawBufferPointer(start: buffer, count: Int(length))
      if !headerSeen {
        bytes = try Self.dropHeader(bytes)
        headerSeen = true
      }
      if bytes.count == 2 && bytes[0] == 0xff && bytes[1] == 0xff { continue }  // the trailer
      if !bytes.isEmpty { try onRow(bytes) }
    }
  }

  /// Signature, flags and header extension; the server sends them in front of the first tuple.
  private static func dropHeader(_ bytes: UnsafeRawBufferPointer) throws(PostgresError) -> UnsafeRawBufferPointer {
    let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]
    guard bytes.count >= 19, bytes.starts(with: signature) else {
      throw PostgresError(kind: .protocolViolation, message: "the server's COPY has no binary header")
    }
    let flags = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 11, as: UInt32.self))
    let extra = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 15, as: UInt32.self)))
    guard flags == 0, extra <= bytes.count - 19 else {
      throw PostgresError(kind: .protocolViolation, message: "the server's COPY header has unknown flags")
    }
    return UnsafeRawBufferPointer(rebasing: bytes[(19 + extra)...])
  }
}
