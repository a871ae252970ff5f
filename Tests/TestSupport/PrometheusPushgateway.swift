// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc
internal import HTTPTransport

/// A Prometheus Pushgateway of a test's own, on a free port of 127.0.0.1. It ends with this object or with the process.
public final class PrometheusPushgateway: Sendable {
  public let port: Int
  private let process: ServerProcess
  private let http = HTTPClient(HTTPSettings(proxy: .none))

  private static let program = "/usr/bin/prometheus-pushgateway"

  public init() throws {
    guard FileManager.default.isExecutableFile(atPath: Self.program) else {
      throw TestSupportError("there is no \(Self.program): install Debian's package prometheus-pushgateway")
    }
    port = try Socket.freePort()
    process = try ServerProcess.watch(
      try TemporaryDirectory.make("pushgateway"),
      command: [Self.program, "--web.listen-address=127.0.0.1:\(port)", "--log.level=error"], signal: "TERM")
    for _ in 0..<1000 {
      if (try? metrics()) != nil { return }
      usleep(10_000)
    }
    throw TestSupportError("the Pushgateway did not start")
  }

  deinit { process.stop() }

  public var url: String { "http://127.0.0.1:\(port)" }

  /// What Prometheus would get.
  public func metrics() throws -> String {
    let (response, body) = try http.send(HTTPRequest(method: "GET", url: url + "/metrics"), limit: 1 << 20)
    guard response.status == 200 else { throw TestSupportError("the Pushgateway answered \(response.status)") }
    return String(decoding: body, as: UTF8.self)
  }
}
