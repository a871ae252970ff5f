// SPDX-License-Identifier: Apache-2.0

/// The parts of a request's URL that are signed.
struct RequestTarget {
  /// As the Host header has it: without a user, and without the port that the scheme implies.
  let host: String
  /// As it is sent; at least `/`.
  let path: String
  /// Without its question mark.
  let query: String

  init(_ url: String) {
    let bytes = Array(url.utf8)
    let scheme = bytes.firstIndex(of: UInt8(ascii: ":")) ?? 0
    let start = min(scheme + 3, bytes.count)
    let end = bytes[start...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? bytes.count
    let mark = bytes[end...].firstIndex(of: UInt8(ascii: "?")) ?? bytes.count
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    let authority = text(start..<end).split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    let impliedPort = text(0..<scheme).lowercased() == "http" ? ":80" : ":443"
    host = authority.hasSuffix(impliedPort) ? String(authority.dropLast(impliedPort.count)) : String(authority)
    path = end == mark ? "/" : text(end..<mark)
    query = mark == bytes.count ? "" : text(mark + 1..<bytes.count)
  }
}
