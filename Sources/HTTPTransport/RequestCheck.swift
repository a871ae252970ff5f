// SPDX-License-Identifier: Apache-2.0

/// What a request must keep to, so that it goes out as it stands and as one request.
struct RequestCheck {
  /// Host, and port where the URL names one: all that errors may tell of the URL.
  let endpoint: String

  init(_ request: HTTPRequest) throws(HTTPError) {
    endpoint = try Self.endpoint(of: request.url)
    guard !request.method.isEmpty, request.method.utf8.allSatisfy(Self.isTokenByte) else {
      throw HTTPError(.badRequest, "the method is none", wasSent: false)
    }
    for header in request.headers {
      guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isTokenByte) else {
        throw HTTPError(.badRequest, "a header's name is none", wasSent: false)
      }
      guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
        throw HTTPError(.badRequest, "the header \(header.name) has a control character in it", wasSent: false)
      }
    }
  }

  private static func endpoint(of url: String) throws(HTTPError) -> String {
    func refuse(_ reason: String) -> HTTPError { HTTPError(.badURL, "the URL \(reason)", wasSent: false) }
    // libcurl would cut a fragment off, and guess at what is not ASCII.
    guard url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x23 && $0 != 0x5c }) else {
      throw refuse("is not percent-encoded")
    }
    let lowercase = url.lowercased()
    guard let scheme = ["https://", "http://"].first(where: lowercase.hasPrefix) else {
      throw refuse("does not begin with https:// or http://")
    }
    let authority = url.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@") else { throw refuse("has a user in it") }
    guard !authority.isEmpty else { throw refuse("names no server") }
    return String(authority)
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
