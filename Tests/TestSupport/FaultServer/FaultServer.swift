// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport
internal import Foundation
internal import Glibc
internal import Synchronization

/// An HTTP/1.1 server of a test's own, on a free port of 127.0.0.1, that answers as its handler says and goes wrong as
/// it is told to.
///
/// Each connection has a thread. Requests are recorded as their heads come, those that break off too.
public final class FaultServer: Sendable {
  /// Answers a request that came whole. Calls come from several threads at once.
  public typealias Handler = @Sendable (ServedRequest) throws -> ServedResponse

  private let core: FaultServerCore
  public let port: Int

  /// - Parameters:
  ///   - bodyLimit: bytes of a request's body that are kept, for the handler too; the rest is only digested.
  ///   - answersExpectations: false never sends `100 Continue`, as simple servers do.
  public init(
    bodyLimit: Int = 64 << 20, answersExpectations: Bool = true,
    handler: @escaping Handler = { _ in ServedResponse(200) }
  ) throws {
    let (listener, port) = try Socket.listen()
    self.port = port
    let core = FaultServerCore(
      handler: handler, bodyLimit: bodyLimit, answersExpectations: answersExpectations)
    self.core = core
    core.accept(listener)
  }

  deinit { stop() }

  /// `http://127.0.0.1:port`, without a slash at the end.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// Every request whose head came, in that order.
  public var requests: [ServedRequest] { core.state.withLock(\.requests) }

  /// Connections that were accepted.
  public var connections: Int { core.state.withLock(\.connections) }

  /// Bytes of responses that the kernel has taken.
  public var bytesSent: Int { core.bytesSent.load(ordering: .relaxed) }

  /// Bytes of requests' bodies that were read.
  public var bytesReceived: Int { core.bytesReceived.load(ordering: .relaxed) }

  /// Goes wrong with some requests. Of several faults for one request, the one that was injected first is taken.
  ///
  /// - Parameters:
  ///   - method: nil for any.
  ///   - target: path and query; `*` stands for any run of characters.
  ///   - nth: the first of the requests that match, from now on, that it is for; from 1.
  ///   - times: for how many of them in a row.
  public func inject(
    _ fault: Fault, method: String? = nil, target: String = "*", nth: Int = 1, times: Int = 1
  ) {
    let last = times == .max ? .max : nth + times - 1
    let rule = FaultRule(fault: fault, method: method, target: target, occurrences: nth...last)
    core.state.withLock { $0.rules.append(rule) }
  }

  /// Forgets the faults that were injected.
  public func removeFaults() { core.state.withLock { $0.rules.removeAll() } }

  /// Ends every connection, and listens no more: connections are refused.
  public func stop() { core.stop() }

  /// Listens again, on the same port, after ``stop()``.
  public func resume() throws {
    for _ in 0..<1000 {
      if let (listener, _) = try? Socket.listen(port: port) { return core.accept(listener) }
      usleep(1000)  // the old socket is on its way out
    }
    throw TestSupportError("port \(port) cannot be listened on again")
  }

  /// A port of 127.0.0.1 where connections are refused.
  public static func closedPort() throws -> Int { try Socket.freePort() }
}

/// What a server's threads hold on to, so that the server itself can go before them.
final class FaultServerCore: Sendable {
  struct State {
    var requests: [ServedRequest] = []
    var rules: [FaultRule] = []
    var connections = 0
    var open: [Int: Socket] = [:]
    /// Nil while connections are refused.
    var listener: Socket?
  }

  let state = Mutex(State())
  let bytesSent = Atomic(0)
  let bytesReceived = Atomic(0)
  let handler: FaultServer.Handler
  let bodyLimit: Int
  let answersExpectations: Bool

  init(handler: @escaping FaultServer.Handler, bodyLimit: Int, answersExpectations: Bool) {
    self.handler = handler
    self.bodyLimit = bodyLimit
    self.answersExpectations = answersExpectations
  }

  /// Serves what connects to a socket, on a thread of its own.
  func accept(_ listener: Socket) {
    state.withLock { $0.listener = listener }
    Thread.detachNewThread { [self] in
      while let socket = listener.accept(), let number = begin(socket, of: listener) {
        Thread.detachNewThread {
          FaultConnection(socket, number, self).run()
          self.state.withLock { $0.open[number] = nil }
          socket.close()
        }
      }
      listener.close()
    }
  }

  /// - Returns: the connection's number; nil where it came too late.
  private func begin(_ socket: Socket, of listener: Socket) -> Int? {
    state.withLock { state in
      guard state.listener === listener else { return nil }
      defer { state.connections += 1 }
      state.open[state.connections] = socket
      return state.connections
    }
  }

  func stop() {
    let (listener, open) = state.withLock { state in
      defer { state.listener = nil }
      return (state.listener, Array(state.open.values))
    }
    listener?.shutDown()
    for socket in open { socket.shutDown() }
  }

  /// Records a request.
  ///
  /// - Returns: its index, and what is to go wrong with it.
  func begin(_ request: ServedRequest) -> (index: Int, fault: Fault?) {
    state.withLock { state in
      state.requests.append(request)
      var fault: Fault?
      for index in state.rules.indices where state.rules[index].matches(request) {
        state.rules[index].seen += 1
        if fault == nil && state.rules[index].occurrences.contains(state.rules[index].seen) {
          fault = state.rules[index].fault
        }
      }
      return (state.requests.count - 1, fault)
    }
  }

  /// Records more of a request.
  func update(_ index: Int, _ request: ServedRequest) {
    state.withLock { $0.requests[index] = request }
  }
}
