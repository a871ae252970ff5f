// SPDX-License-Identifier: Apache-2.0

/// A port of 127.0.0.1 where connections come about, and nobody ever says a word.
public final class DeafServer: Sendable {
  public let port: Int
  private let listener: Socket

  public init() throws { (listener, port) = try Socket.listen() }

  deinit { listener.close() }
}
