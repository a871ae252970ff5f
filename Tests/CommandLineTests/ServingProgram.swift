// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import HTTPTransport
import TestSupport
import Testing

/// The program while it serves, on a free port of 127.0.0.1.
struct ServingProgram {
  let command: Command
  /// Without a slash at the end.
  let url: String
  private let http: HTTPClient

  /// - Parameter settings: of the client.
  init(
    _ arguments: [String], environment: [String: String?],
    settings: HTTPSettings = HTTPSettings(totalTimeout: 60, proxy: .none)
  ) throws {
    let command = try Command(
      Fixtures.product("memoryctl"), arguments + ["--listen", "127.0.0.1:0"], environment: environment,
      inheritsEnvironment: false)
    self.command = command
    var found: String?
    while found == nil {
      guard command.isRunning else { throw TestSupportError(try command.wait().errorText) }
      found = Self.url(command.outputSoFar) ?? Self.url(command.errorSoFar)
      usleep(10_000)
    }
    url = try #require(found)
    http = HTTPClient(settings)
  }

  /// The first URL on loopback that is followed by something else.
  private static func url(_ text: String) -> String? {
    guard let range = text.range(of: #"https?://127\.0\.0\.1:[0-9]+(?=[^0-9])"#, options: .regularExpression) else {
      return nil
    }
    return String(text[range])
  }

  func send(
    _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = []
  ) throws -> (status: Int, body: [UInt8]) {
    let (response, content) = try http.send(
      HTTPRequest(
        method: method, url: url + path, headers: headers.map { HTTPHeader(name: $0.key, value: $0.value) },
        body: body.isEmpty ? .none : .bytes(body)), limit: 4 << 20)
    return (response.status, content)
  }

  func get(_ path: String) throws -> (status: Int, json: JSONValue) {
    let answer = try send("GET", path)
    return (answer.status, try JSONValue(parsing: answer.body))
  }

  /// Tells it to end, and waits.
  func stop(_ signal: Int32 = SIGTERM) throws -> CommandOutput {
    command.signal(signal)
    return try command.wait()
  }
}
