// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Reads a response's body as its consumer asks for it.
///
/// The exchange goes on only inside ``read(into:upTo:)``, on the thread that calls it. At most a few hundred kilobytes
/// are read ahead; what is not asked for stays with the server. One thread at a time may use a reader.
// libcurl(3), "Thread safety": a handle may move between threads, and is used by one at a time.
public final class HTTPBodyReader: @unchecked Sendable {
  /// Bytes read ahead at most, beside libcurl's own buffer of 128 KiB.
  private static let window = 256 << 10

  /// The head, which came before the body.
  public let response: HTTPResponse
  private let transfer: Transfer
  private var consumed = 0

  init(_ transfer: Transfer) throws(HTTPError) {
    self.transfer = transfer
    transfer.sink = .spill(Self.window)
    transfer.run { transfer.hasFinalHead }
    // A break behind the head is told by the read that comes to it, however soon it came.
    response = if transfer.hasFinalHead, let head = transfer.head.response { head } else { try transfer.response() }
  }

  deinit { transfer.end() }

  /// Appends up to `count` bytes to `buffer`, waiting for at least one.
  ///
  /// - Returns: bytes read; 0 at the end of a body that is whole.
  /// - Throws: ``HTTPError``, ``HTTPError/Kind/truncated`` where the body ended before its announced length. Bytes that
  ///   came before are handed out first.
  public func read(into buffer: inout ByteBuffer, upTo count: Int) throws(HTTPError) -> Int {
    precondition(count > 0)
    if consumed == transfer.spill.count {
      transfer.spill.clear()
      consumed = 0
      transfer.run { transfer.spill.count > 0 }
      if transfer.spill.count == 0, let failure = transfer.failure { throw failure }
    }
    let taken = min(count, transfer.spill.count - consumed)
    buffer.append(transfer.spill.unsafeBytes(consumed..<consumed + taken))
    consumed += taken
    return taken
  }

  /// Breaks the exchange off, with its connection, unless it is over. Reading on is then an error.
  public func close() {
    transfer.end()
    transfer.spill.clear()
    consumed = 0
  }
}
