// SPDX-License-Identifier: Apache-2.0
public import Bytes
internal import AWS
internal import HTTPTransport
internal import Synchronization

/// Reads an object, or a part of it, at its caller's pace; a few hundred kilobytes are held at most.
///
/// A body that breaks is gone on with from where it broke, on the same version and the same ETag, so that no mixture of
/// two objects is ever read. Within 16 MiB that may happen as often as a call may be repeated. What comes is not compared
/// with a checksum: that is for whoever knows it.
public final class S3ObjectReader: Sendable {
  private struct State: Sendable {
    var body: HTTPBodyReader
    /// Of the next byte, in the object.
    var offset: Int
    var breaks = 0
    var lastBreak: Int
    var isClosed = false
  }

  /// Progress that makes earlier breaks forgotten.
  static let progress = 16 << 20

  public let head: S3ObjectHead
  /// Offsets that are read: the whole object, or the part that was asked for, as far as the object goes.
  public let range: Range<Int>
  private let client: S3Client
  private let key: String
  /// The version that is read, whatever becomes the newest one meanwhile.
  private let versionID: String?
  private let operation: AWSOperation
  private let object: String
  private let state: Mutex<State>

  /// Bytes of the whole object.
  public var size: Int { head.bytes }

  init(_ client: S3Client, _ key: String, versionID: String?, range wanted: Range<Int>?) throws(S3Error) {
    self.client = client
    self.key = key
    operation = S3Operation.get("GetObject", versionID: versionID)
    object = client.name(key, versionID: versionID)
    let body = try client.open(
      operation, client.getRequest(key, versionID, range: wanted, etag: nil), on: object)
    do throws(AnswerFault) {
      let content = try ContentRange(body.response, wanted: wanted)
      head = try S3ObjectHead(body.response, bytes: content.total)
      range = content.range
      self.versionID = versionID ?? head.versionID
      guard head.versionID == nil || head.versionID == self.versionID else { throw AnswerFault("another version") }
    } catch {
      body.close()
      throw client.badAnswer(operation, error.reason, on: object)
    }
    state = Mutex(State(body: body, offset: range.lowerBound, lastBreak: range.lowerBound))
  }

  /// Appends up to `count` bytes to `buffer`, waiting for at least one.
  ///
  /// - Returns: bytes read; 0 at the end, when all of ``range`` has come.
  public func read(into buffer: inout ByteBuffer, upTo count: Int) throws(S3Error) -> Int {
    try state.withLock { (state: inout State) throws(S3Error) in
      while true {
        do throws(HTTPError) {
          let got = try state.body.read(into: &buffer, upTo: count)
          guard got > 0 || state.offset == range.upperBound else {
            throw HTTPError(.truncated, "the body ended early", wasSent: true)
          }
          state.offset += got
          return got
        } catch {
          // All of it has come; how the exchange ends does not matter any more.
          if state.offset == range.upperBound && !state.isClosed { return 0 }
          try resume(&state, after: error)
        }
      }
    }
  }

  /// Breaks off what is under way. Reading on is then an error.
  public func close() {
    state.withLock { state in
      state.isClosed = true
      state.body.close()
    }
  }

  private func resume(_ state: inout State, after error: HTTPError) throws(S3Error) {
    let cause = client.explain(.transport(error), operation, on: object)
    if state.offset - state.lastBreak >= Self.progress { state.breaks = 0 }
    let isPinned = head.etag != nil || versionID != nil
    guard !state.isClosed, isPinned, Self.isBreak(error),
      state.breaks + 1 < client.session.retrier.maxAttempts
    else { throw cause }
    state.breaks += 1
    state.lastBreak = state.offset
    state.body.close()
    let rest = state.offset..<range.upperBound
    var hasWaited = false
    state.body = try client.session.retrier.run { (_: Int) throws(S3Error) in
      // The first attempt is the one that broke: it costs what a retry costs, and its pause is made.
      guard hasWaited else { throw cause }
      return try reopen(rest)
    } verdict: { _ in
      defer { hasWaited = true }
      return hasWaited ? .stop : .later(.transient, after: nil)
    }
  }

  private static func isBreak(_ error: HTTPError) -> Bool {
    switch error.kind {
    case .truncated, .receiveFailed, .sendFailed, .stalled, .timeout, .invalidResponse: true
    default: false
    }
  }

  /// - Returns: a body with just the bytes that are missing, of the same object.
  private func reopen(_ rest: Range<Int>) throws(S3Error) -> HTTPBodyReader {
    let request = client.getRequest(key, versionID, range: rest, etag: head.etag)
    let body = try client.open(operation, request, on: object)
    do throws(AnswerFault) {
      let content = try ContentRange(body.response, wanted: rest)
      let again = try S3ObjectHead(body.response, bytes: content.total)
      guard content == ContentRange(range: rest, total: size), again.etag == head.etag,
        again.versionID == head.versionID
      else { throw AnswerFault("another object than before") }
    } catch {
      body.close()
      throw client.badAnswer(operation, error.reason, on: object)
    }
    return body
  }
}

extension S3ObjectReader {
  /// All that is left to read.
  func rest() throws(S3Error) -> [UInt8] {
    var buffer = ByteBuffer(capacity: range.count)
    while try read(into: &buffer, upTo: max(1, range.count - buffer.count)) > 0 {}
    return buffer.array()
  }
}

extension S3Client {
  fileprivate func getRequest(_ key: String, _ versionID: String?, range: Range<Int>?, etag: String?) -> S3Request {
    var request = S3Request("GET", key: key)
    request.ask(versionID: versionID)
    if let range { request.set("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)") }
    if let etag { request.set("if-match", etag) }
    return request
  }
}
