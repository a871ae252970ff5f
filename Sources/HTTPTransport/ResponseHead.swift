// SPDX-License-Identifier: Apache-2.0

/// Reads heads line by line, as libcurl hands them over, and keeps the last final one.
///
/// Several heads may come for one request: interim ones, and one more where libcurl has to ask again. All of them
/// together are bounded.
struct ResponseHead {
  static let maxBytes = 64 << 10
  static let maxHeaders = 256

  enum Fault: Error { case tooLarge, invalid }

  /// The final head, once its empty line has come.
  private(set) var response: HTTPResponse?
  /// Whether any line came.
  var hasBegun: Bool { bytes > 0 }
  private var bytes = 0
  private var status = 0
  private var headers: [HTTPHeader] = []

  /// Takes one line, which ends in a line feed.
  ///
  /// - Returns: whether it ended a final head.
  mutating func add(_ line: UnsafeRawBufferPointer) throws(Fault) -> Bool {
    bytes += line.count
    guard bytes <= Self.maxBytes else { throw .tooLarge }
    let text = line[..<(line.lastIndex { $0 != 0x0d && $0 != 0x0a }.map { $0 + 1 } ?? 0)]
    if text.starts(with: Array("HTTP/".utf8)) {
      try begin(text)
      return false
    }
    // After the head, lines are what follows a chunked body: nobody asks for those.
    guard response == nil else { return false }
    if text.isEmpty { return try finish() }
    try addHeader(text)
    return false
  }

  private mutating func begin(_ text: Slice<UnsafeRawBufferPointer>) throws(Fault) {
    let words = text.split(separator: 0x20, maxSplits: 2)
    guard words.count >= 2, words[1].count == 3, let code = Int(String(decoding: words[1], as: UTF8.self)),
      code >= 100
    else { throw .invalid }
    status = code
    headers = []
    response = nil
  }

  private mutating func addHeader(_ text: Slice<UnsafeRawBufferPointer>) throws(Fault) {
    if text.first == 0x20 || text.first == 0x09 {
      guard let last = headers.indices.last else { throw .invalid }
      headers[last].value += " " + trimmed(text)
      return
    }
    guard let colon = text.firstIndex(of: 0x3a) else { throw .invalid }
    guard headers.count < Self.maxHeaders else { throw .tooLarge }
    headers.append(HTTPHeader(name: trimmed(text[..<colon]), value: trimmed(text[(colon + 1)...])))
  }

  private mutating func finish() throws(Fault) -> Bool {
    guard status >= 200 else { return false }
    // Two lengths that differ leave open where the body ends.
    let lengths = headers.filter { isSameName($0.name, "content-length") }.map(\.value)
    guard Set(lengths).count <= 1 else { throw .invalid }
    response = HTTPResponse(status: status, headers: headers)
    return true
  }

  private func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> String {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let first = text.firstIndex(where: { !isSpace($0) }), let last = text.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(decoding: text[first...last], as: UTF8.self)
  }
}
