// SPDX-License-Identifier: Apache-2.0
public import HTTPTransport

/// Sends a request and takes the whole answer: an HTTP client, or what stands in for one.
public protocol HTTPExchange: Sendable {
  /// - Parameter limit: bytes of the answer's body that are taken at most; more is an error.
  func send(_ request: HTTPRequest, limit: Int) throws(HTTPError) -> (HTTPResponse, [UInt8])
}

extension HTTPClient: HTTPExchange {}

extension HTTPHeader {
  init(_ name: String, _ value: String) { self.init(name: name, value: value) }
}
