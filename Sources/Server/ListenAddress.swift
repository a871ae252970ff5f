// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdCore

/// Where a server listens.
public struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
  public let host: String
  /// 0 takes one that is free.
  public let port: Int

  /// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f }) else { return nil }
    (self.host, self.port) = (host, port)
  }

  init(host: String, port: Int) { (self.host, self.port) = (host, port) }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  var bindAddress: BindAddress { .hostname(host, port: port) }
}
