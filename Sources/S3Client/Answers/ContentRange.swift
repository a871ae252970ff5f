// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport

/// Which bytes of an object a body holds.
struct ContentRange: Equatable {
  let range: Range<Int>
  /// Bytes of the whole object.
  let total: Int

  init(range: Range<Int>, total: Int) {
    self.range = range
    self.total = total
  }

  /// Reads `bytes 0-99/1234` (RFC 9110, section 14.4).
  init?(_ text: String) {
    guard text.lowercased().hasPrefix("bytes ") else { return nil }
    func number(_ text: Substring) -> Int? { text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil }
    let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false).map(number)
    guard parts.count == 2, ends.count == 2, let total = number(parts[1]), let first = ends[0], let last = ends[1],
      first <= last, last < total
    else { return nil }
    self.init(range: first..<last + 1, total: total)
  }

  /// What an answer to GetObject holds.
  ///
  /// - Parameter wanted: what was asked for; nil for the whole.
  init(_ response: HTTPResponse, wanted: Range<Int>?) throws(AnswerFault) {
    guard let length = response.contentLength, length >= 0 else { throw AnswerFault("no length of the body") }
    guard let wanted else {
      guard response.status == 200 else { throw AnswerFault("\(response.status) for the whole object") }
      self.init(range: 0..<length, total: length)
      return
    }
    guard response.status == 206 else { throw AnswerFault("\(response.status) for a range: it knows no ranges") }
    guard let got = response.header("content-range").flatMap({ ContentRange($0) }) else {
      throw AnswerFault("no range that can be read")
    }
    guard got.range.count == length, got.range.lowerBound == wanted.lowerBound,
      got.range.upperBound == min(wanted.upperBound, got.total)
    else { throw AnswerFault("bytes \(got.range) of \(got.total), \(length) long, for bytes \(wanted)") }
    self = got
  }
}
