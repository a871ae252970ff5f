// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization

/// A TCP socket of 127.0.0.1.
///
/// One thread uses it and closes it; any thread may shut it down, which ends the other's waiting.
final class Socket: Sendable {
  private let descriptor: Int32
  private let isOpen = Mutex(true)

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close() }

  private static func make() throws -> Socket {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw TestSupportError("socket: errno \(errno)") }
    return Socket(descriptor)
  }

  /// Listens on a free port, or on the one that is named.
  static func listen(port: Int = 0, backlog: Int32 = 128) throws -> (Socket, port: Int) {
    let made = try make()
    var yes: Int32 = 1
    setsockopt(made.descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard withLoopback(port, { bind(made.descriptor, $0, $1) }) == 0, Glibc.listen(made.descriptor, backlog) == 0
    else { throw TestSupportError("cannot listen on port \(port): errno \(errno)") }
    return (made, try made.localPort())
  }

  static func connect(port: Int) throws -> Socket {
    let made = try make()
    guard withLoopback(port, { Glibc.connect(made.descriptor, $0, $1) }) == 0 else {
      throw TestSupportError("cannot connect to port \(port): errno \(errno)")
    }
    return made
  }

  /// A port that nobody uses at this moment.
  static func freePort() throws -> Int { try freePorts(1)[0] }

  /// Different ports that nobody uses at this moment.
  static func freePorts(_ count: Int) throws -> [Int] {
    let all = try (0..<count).map { _ in try listen() }
    for (socket, _) in all { socket.close() }
    return all.map(\.port)
  }

  private func localPort() throws -> Int {
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    guard code == 0 else { throw TestSupportError("getsockname: errno \(errno)") }
    return Int(UInt16(bigEndian: address.sin_port))
  }

  private static func withLoopback(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  /// Waits for a client; nil once this socket is shut down.
  func accept() -> Socket? {
    while true {
      let client = Glibc.accept(descriptor, nil, nil)
      if client >= 0 {
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)  // accept4(2) is not imported
        // What waits for an acknowledgement would be lost where the connection is reset.
        var yes: Int32 = 1
        setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        return Socket(client)
      }
      if errno != EINTR && errno != ECONNABORTED { return nil }
    }
  }

  /// - Returns: bytes that were there; empty at the end, and after a reset.
  func read(upTo count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { room, filled in
      var got = 0
      repeat { got = recv(descriptor, room.baseAddress, count, 0) } while got < 0 && errno == EINTR
      filled = max(got, 0)
    }
  }

  /// - Returns: false when the other side is gone. `sent` is told of each part that the kernel took.
  @discardableResult
  func write(_ bytes: [UInt8], sent: (Int) -> Void = { _ in }) -> Bool {
    bytes.withUnsafeBytes { all in
      var rest = all[...]
      while !rest.isEmpty {
        let done = send(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        if done < 0 && errno == EINTR { continue }
        if done <= 0 { return false }
        sent(done)
        rest = rest.dropFirst(done)
      }
      return true
    }
  }

  /// Waits until the other side has gone, or this one was shut down; reads nothing.
  func waitForEnd() {
    var wanted = pollfd(fd: descriptor, events: Int16(bitPattern: 0x2000), revents: 0)  // POLLRDHUP
    while poll(&wanted, 1, -1) < 0 && errno == EINTR {}
  }

  /// Ends both directions. Any thread may call it.
  func shutDown() { isOpen.withLock { if $0 { _ = shutdown(descriptor, Int32(SHUT_RDWR)) } } }

  /// Ends what we send; the other side may still send.
  func finishWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

  func close() {
    isOpen.withLock { open in
      if open { _ = Glibc.close(descriptor) }
      open = false
    }
  }

  /// Closes so that the other side sees a reset.
  func reset() {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close()
  }
}
