// SPDX-License-Identifier: Apache-2.0

/// Speaks HTTP/1.1 to servers, over connections that are kept for the next request.
///
/// Any thread may call it, and waits there. Nothing is repeated here, with one exception that libcurl makes as well:
/// where a kept connection turns out dead before a byte of the answer came, the request is sent again on a fresh one,
/// whatever its method. What must not happen twice has to be guarded by what it asks for, as by `If-None-Match`.
public final class HTTPClient: Sendable {
  let settings: HTTPSettings
  let pool = ChannelPool()

  public init(_ settings: HTTPSettings = HTTPSettings()) { self.settings = settings }

  /// Sends a request and collects a small body.
  ///
  /// - Parameter limit: most bytes that the response's body may have.
  /// - Throws: ``HTTPError``; ``HTTPError/Kind/tooLarge`` before more than `limit` bytes are held.
  public func send(_ request: HTTPRequest, limit: Int) throws(HTTPError) -> (HTTPResponse, [UInt8]) {
    var body: [UInt8] = []
    do {
      let response = try send(request) { response, piece in
        let expected = max(response.contentLength ?? 0, body.count + piece.count)
        guard expected <= limit else {
          throw HTTPError(.tooLarge, "the response has more than \(limit) bytes", wasSent: true)
        }
        body.reserveCapacity(response.contentLength ?? 0)
        body.append(contentsOf: piece)
      }
      return (response, body)
    } catch let error as HTTPError { throw error } catch {
      throw HTTPError(.system, "\(error)", wasSent: true)  // the closure above throws nothing else
    }
  }

  /// Sends a request and hands the body's pieces on as they come.
  ///
  /// - Parameter receive: called with the response's head and a piece of its body, never an empty one; what it throws
  ///   breaks the exchange off. No call for a response without a body.
  /// - Throws: ``HTTPError``, or what `receive` threw.
  public func send(
    _ request: HTTPRequest, receive: (HTTPResponse, UnsafeRawBufferPointer) throws -> Void
  ) throws -> HTTPResponse {
    let transfer = try Transfer(request, settings, pool)
    defer { transfer.end() }
    withoutActuallyEscaping(receive) { receive in
      transfer.sink = .closure(receive)
      defer { transfer.sink = .nowhere }
      transfer.run()
    }
    if let error = transfer.receiverError { throw error }
    return try transfer.response()
  }

  /// Sends a request and leaves the body to be read at the caller's pace.
  ///
  /// - Returns: once the head is there.
  public func open(_ request: HTTPRequest) throws(HTTPError) -> HTTPBodyReader {
    try HTTPBodyReader(Transfer(request, settings, pool))
  }

  /// Ends every call under way, and every later one, with ``HTTPError/Kind/cancelled``. Any thread may call it.
  public func cancelAll() { pool.cancel() }
}

extension Transfer {
  /// Whether a final head is there, and no other will come in its place.
  var hasFinalHead: Bool {
    guard let response = head.response else { return false }
    return !isDiscarded(response)
  }

  /// Whether libcurl asks again, without an expectation, because the server cannot meet one.
  func isDiscarded(_ response: HTTPResponse) -> Bool { response.status == 417 && expectsContinue }

  /// The final head of an exchange that is under way, or over without a failure.
  func response() throws(HTTPError) -> HTTPResponse {
    if let failure { throw failure }
    guard let response = head.response else {
      throw HTTPError(.invalidResponse, "\(endpoint): the response has no head", wasSent: wasSent)
    }
    return response
  }
}
