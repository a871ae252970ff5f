// SPDX-License-Identifier: Apache-2.0

/// The head of a response: the final one, not a proxy's and not an interim (1xx) one.
public struct HTTPResponse: Sendable, Equatable {
  public let status: Int
  /// In the order in which they came, without those that may follow a chunked body.
  public let headers: [HTTPHeader]

  public init(status: Int, headers: [HTTPHeader] = []) {
    self.status = status
    self.headers = headers
  }

  /// The value of the first header of a name, in whatever case.
  public func header(_ name: String) -> String? {
    headers.first { isSameName($0.name, name) }?.value
  }

  /// Bytes of the body as the server announced them; nil where it did not, as for a chunked one.
  public var contentLength: Int? { header("content-length").flatMap { Int($0) } }
}

/// Compares names of headers, which are ASCII: upper and lower case are one.
func isSameName(_ one: String, _ other: String) -> Bool {
  one.utf8.count == other.utf8.count && zip(one.utf8, other.utf8).allSatisfy { lowercased($0) == lowercased($1) }
}

private func lowercased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }
