// SPDX-License-Identifier: Apache-2.0
import Cryptography
import Foundation
import HTTPTransport
import TestSupport
import Testing

/// A client that goes nowhere but where it is told to, and waits long enough for a busy machine.
func makeClient(_ change: (inout HTTPSettings) -> Void = { _ in }) -> HTTPClient {
  var settings = HTTPSettings(connectTimeout: 60, totalTimeout: 120, stall: nil, proxy: .none)
  change(&settings)
  return HTTPClient(settings)
}

/// Bytes without a short period: a prime number of them, over and over.
func pattern(_ count: Int) -> [UInt8] {
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count)
  while bytes.count < count { bytes.append(contentsOf: patternPeriod.prefix(count - bytes.count)) }
  return bytes
}

private let patternPeriod = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

func digest(_ bytes: [UInt8]) -> String { SHA256.hash(bytes).hex }

extension HTTPClient {
  /// Sends a request whose response is small.
  func send(
    _ method: String, _ url: String, _ headers: [(String, String)] = [], body: HTTPRequest.Body = .none,
    timeout: Double? = nil
  ) throws(HTTPError) -> (HTTPResponse, [UInt8]) {
    let headers = headers.map { HTTPHeader(name: $0.0, value: $0.1) }
    let request = HTTPRequest(method: method, url: url, headers: headers, body: body, timeout: timeout)
    return try send(request, limit: 64 << 20)
  }

  /// The error that a request ends in.
  func failure(
    _ method: String, _ url: String, _ headers: [(String, String)] = [], body: HTTPRequest.Body = .none,
    timeout: Double? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPError {
    let error = #expect(throws: HTTPError.self, sourceLocation: sourceLocation) {
      try send(method, url, headers, body: body, timeout: timeout)
    }
    return try #require(error, sourceLocation: sourceLocation)
  }
}

/// A file that goes with the object.
final class TestFile {
  let directory: TemporaryDirectory
  let path: String
  let bytes: [UInt8]

  init(_ count: Int) throws {
    directory = try TemporaryDirectory("http")
    path = directory("body")
    bytes = pattern(count)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  var body: HTTPRequest.Body { .file(path: path, bytes: bytes.count) }
}
