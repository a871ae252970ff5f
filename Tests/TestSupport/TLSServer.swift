// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// A TLS server of 127.0.0.1, openssl(1)'s own, that answers every GET with a page about the connection.
public final class TLSServer: Sendable {
  public let port: Int
  private let command: Command

  /// - Parameters:
  ///   - clientAuthority: whose certificates clients must have; nil asks for none.
  ///   - options: of `openssl s_server`.
  public init(
    _ pair: TestCertificates.Pair, clientAuthority: String? = nil, options: [String] = []
  ) throws {
    var arguments = ["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", pair.certificate, "-key", pair.key]
    if let clientAuthority { arguments += ["-Verify", "1", "-verify_return_error", "-CAfile", clientAuthority] }
    command = try Command("openssl", arguments + options)
    port = try Self.waitForPort(command)
  }

  /// It says where it listens, as in `ACCEPT 127.0.0.1:38475`.
  private static func waitForPort(_ command: Command) throws -> Int {
    for _ in 0..<6000 {
      let line = command.outputSoFar.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }
      if let line, let port = line.split(separator: ":").last.flatMap({ Int($0) }) { return port }
      guard command.isRunning else { break }
      usleep(10_000)
    }
    throw TestSupportError("openssl s_server did not start: \(command.errorSoFar)")
  }
}
