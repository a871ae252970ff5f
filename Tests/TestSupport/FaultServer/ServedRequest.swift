// SPDX-License-Identifier: Apache-2.0
public import Crypto
public import HTTPTransport

/// A request as a ``FaultServer`` got it.
public struct ServedRequest: Sendable {
  public let method: String
  /// As it stood in the request line.
  public let target: String
  public internal(set) var headers: [HTTPHeader]
  /// Which of the server's connections it came on, from 0.
  public let connection: Int
  /// As much of the body as the server keeps, see ``FaultServer/bodyLimit``.
  public internal(set) var body: [UInt8] = []
  /// Bytes of the body that came.
  public internal(set) var bodyBytes = 0
  /// SHA-256 of the whole body; nil while it is not whole.
  public internal(set) var bodyDigest: Digest?

  /// The first header of a name, in whatever case.
  public func header(_ name: String) -> String? {
    HTTPResponse(status: 200, headers: headers).header(name)
  }

  /// Reads a head that ends in an empty line.
  init?(head: String, connection: Int) {
    var lines = head.split(separator: "\r\n", omittingEmptySubsequences: true).map(String.init)
    guard !lines.isEmpty else { return nil }
    let words = lines.removeFirst().split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return nil }
    method = String(words[0])
    target = String(words[1])
    headers = lines.map { line in
      let colon = line.firstIndex(of: ":") ?? line.endIndex
      let value = line[colon...].dropFirst()
      return HTTPHeader(name: String(line[..<colon]), value: String(value.drop { $0 == " " }))
    }
    self.connection = connection
  }
}

/// What a ``FaultServer`` answers.
public struct ServedResponse: Sendable {
  public enum Framing: Sendable {
    /// A `Content-Length`, unless the headers have one: then theirs, right or wrong.
    case length
    /// Chunks of so many bytes.
    case chunked(Int)
    /// The connection's end is the body's.
    case untilClose
  }

  public var status: Int
  public var headers: [HTTPHeader]
  public var body: [UInt8]
  public var framing: Framing

  public init(
    _ status: Int, headers: [HTTPHeader] = [], body: [UInt8] = [], framing: Framing = .length
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.framing = framing
  }

  public init(_ status: Int, headers: [HTTPHeader] = [], text: String) {
    self.init(status, headers: headers, body: Array(text.utf8))
  }

  /// Puts a header in the place of those of the same name.
  public mutating func set(_ name: String, _ value: String) {
    headers.removeAll { $0.name.lowercased() == name.lowercased() }
    headers.append(HTTPHeader(name: name, value: value))
  }
}
