// SPDX-License-Identifier: Apache-2.0
internal import Cryptography
internal import Synchronization

/// One connection of a ``FaultServer``, on a thread of its own.
final class FaultConnection {
  private enum Next { case another, end }

  /// Ends the connection from wherever it is noticed that it must.
  private struct Ended: Error {}

  private let socket: Socket
  private let number: Int
  private let core: FaultServerCore
  private var unread: [UInt8] = []

  init(_ socket: Socket, _ number: Int, _ core: FaultServerCore) {
    self.socket = socket
    self.number = number
    self.core = core
  }

  func run() {
    while let request = readHead() {
      guard let next = try? serve(request), next == .another else { break }
    }
  }

  private func serve(_ head: ServedRequest) throws -> Next {
    var request = head
    let (index, fault) = core.begin(request)
    if case .answerEarly(let response) = fault {
      try send(request, response)
      return .end
    }
    try breakOff(fault, at: .beforeBody)
    try readBody(&request, index, fault)
    try breakOff(fault, at: .beforeEffect)
    switch fault {
    case .answer(let response): return try send(request, response, fault)
    case .raw(let bytes):
      try write(bytes)
      return .end
    default: break
    }
    var response = respond(request)
    try breakOff(fault, at: .afterEffect)
    if case .alter(let change) = fault { response = change(request, response) }
    if case .interim(let statuses) = fault {
      for status in statuses { try write("HTTP/1.1 \(status) Interim\r\nX-Interim: \(status)\r\n\r\n") }
    }
    let next = try send(request, response, fault)
    try breakOff(fault, at: .afterResponse)
    return next
  }

  private func respond(_ request: ServedRequest) -> ServedResponse {
    do { return try core.handler(request) } catch { return ServedResponse(500, text: "the handler failed: \(error)") }
  }

  // MARK: Reading

  private func readHead() -> ServedRequest? {
    let end = Array("\r\n\r\n".utf8)
    while true {
      if let range = unread.firstRange(of: end) {
        let head = String(decoding: unread[..<range.upperBound], as: UTF8.self)
        unread.removeSubrange(..<range.upperBound)
        return ServedRequest(head: head, connection: number)
      }
      let piece = socket.read(upTo: 16 << 10)
      guard !piece.isEmpty, unread.count < 1 << 20 else { return nil }
      unread += piece
      if unread[0] == 0x16 {  // TLS, as other servers of plain HTTP find out as well
        try? write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        return nil
      }
    }
  }

  private func readBody(_ request: inout ServedRequest, _ index: Int, _ fault: Fault?) throws {
    let length = request.header("content-length").flatMap { Int($0) } ?? 0
    if request.header("expect") != nil && core.answersExpectations { try write("HTTP/1.1 100 Continue\r\n\r\n") }
    var digest = SHA256()
    var stop = fault?.requestBodyBytes.map { min($0, length) }
    while request.bodyBytes < length || stop != nil {
      if request.bodyBytes == stop {
        core.update(index, request)
        stop = nil
        try breakOff(fault, at: .requestBody(request.bodyBytes))
        continue
      }
      let piece = nextPiece((stop ?? length) - request.bodyBytes)
      guard !piece.isEmpty else {
        core.update(index, request)
        throw Ended()
      }
      core.bytesReceived.add(piece.count, ordering: .relaxed)
      request.bodyBytes += piece.count
      request.body += piece.prefix(max(0, core.bodyLimit - request.body.count))
      digest.update(piece.span)
    }
    request.bodyDigest = digest.finalize()
    core.update(index, request)
  }

  private func nextPiece(_ limit: Int) -> [UInt8] {
    guard !unread.isEmpty else { return socket.read(upTo: min(limit, 256 << 10)) }
    let piece = Array(unread.prefix(limit))
    unread.removeFirst(piece.count)
    return piece
  }

  // MARK: Writing

  @discardableResult
  private func send(_ request: ServedRequest, _ response: ServedResponse, _ fault: Fault? = nil) throws -> Next {
    let head = Array(response.head.utf8)
    if let bytes = fault?.responseHeadBytes {
      try write(Array(head.prefix(bytes)))
      try breakOff(fault, at: .responseHead(bytes))
    }
    try write(head)
    let body = request.method == "HEAD" ? [] : response.framedBody
    if let bytes = fault?.responseBodyBytes {
      try write(Array(body.prefix(bytes)))
      try breakOff(fault, at: .responseBody(bytes))
    }
    try write(body)
    return response.keepsConnection ? .another : .end
  }

  private func write(_ text: String) throws { try write(Array(text.utf8)) }

  private func write(_ bytes: [UInt8]) throws {
    let isOut = socket.write(bytes) { [core] in _ = core.bytesSent.add($0, ordering: .relaxed) }
    guard isOut else { throw Ended() }
  }

  private func breakOff(_ fault: Fault?, at moment: Fault.Moment) throws {
    switch fault {
    case .reset(let when) where when.isSamePlace(moment): socket.reset()
    case .close(let when) where when.isSamePlace(moment): socket.close()
    case .stall(let when) where when.isSamePlace(moment): socket.waitForEnd()
    case .meanwhile(let when, let body) where when.isSamePlace(moment):
      body()
      return
    default: return
    }
    throw Ended()
  }
}
