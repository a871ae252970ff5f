// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Synchronization

/// A proxy of 127.0.0.1 that knows CONNECT alone, and passes on what comes without looking at it.
public final class ConnectProxy: Sendable {
  public let port: Int
  private let listener: Socket
  private let seen = Mutex<[String]>([])
  private let open = Mutex<[Socket]>([])
  private let refusal: String?

  /// - Parameter refusal: a status line that every request is answered with, such as `407 Who are you`.
  public init(refusal: String? = nil) throws {
    (listener, port) = try Socket.listen()
    self.refusal = refusal
    let listener = listener
    Thread.detachNewThread { [weak self] in
      while let client = listener.accept() {
        guard let self else { break }
        self.open.withLock { $0.append(client) }
        Thread.detachNewThread { self.serve(client) }
      }
      listener.close()
    }
  }

  deinit { stop() }

  /// The heads of the requests that came.
  public var heads: [String] { seen.withLock { $0 } }

  public func stop() {
    listener.shutDown()
    for socket in open.withLock({ $0 }) { socket.shutDown() }
  }

  private func serve(_ client: Socket) {
    defer { client.close() }
    var head = ""
    while !head.hasSuffix("\r\n\r\n") {
      let byte = client.read(upTo: 1)
      if byte.isEmpty { return }
      head += String(decoding: byte, as: UTF8.self)
    }
    seen.withLock { $0.append(head) }
    let target = head.split(separator: " ").dropFirst().first?.split(separator: ":").last.flatMap { Int($0) }
    if let refusal {
      client.write(Array("HTTP/1.1 \(refusal)\r\nContent-Length: 0\r\n\r\n".utf8))
      return
    }
    guard let target, let server = try? Socket.connect(port: target) else { return }
    open.withLock { $0.append(server) }
    client.write(Array("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n".utf8))
    Thread.detachNewThread { Self.pass(server, client) }
    Self.pass(client, server)
  }

  private static func pass(_ source: Socket, _ target: Socket) {
    while true {
      let piece = source.read(upTo: 64 << 10)
      if piece.isEmpty || !target.write(piece) { break }
    }
    target.shutDown()
  }
}
