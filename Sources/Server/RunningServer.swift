// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Glibc
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import UnixSignals

/// What servers tell of themselves: a message and what it is about.
public typealias ServerLog = @Sendable (_ message: String, _ fields: [(String, String)]) -> Void

/// Runs a server until SIGTERM or SIGINT, then lets what is under way end, for some seconds.
func serve(
  _ router: Router<BasicRequestContext>, at address: ListenAddress, scheme: String, over server: HTTPServerBuilder,
  log: @escaping ServerLog, onReady: @escaping @Sendable (_ url: String) -> Void
) async throws(Failure) {
  let logger = Logger(label: "server") { _ in LineLogHandler(write: log) }
  let application = Application(
    router: router, server: server, configuration: ApplicationConfiguration(address: address.bindAddress),
    onServerRunning: { channel in
      let port = channel.localAddress?.port ?? address.port
      onReady("\(scheme)://\(ListenAddress(host: address.host, port: port))")
    }, logger: logger)
  var configuration = ServiceGroupConfiguration(
    services: [ServiceGroupConfiguration.ServiceConfiguration(service: application)],
    gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
  configuration.maximumGracefulShutdownDuration = .seconds(10)
  do { try await ServiceGroup(configuration: configuration).run() } catch {
    throw failure(error, address)
  }
}

private func failure(_ error: any Error, _ address: ListenAddress) -> Failure {
  guard let error = error as? IOError else {
    return Failure(
      .configuration, "it cannot be listened on: \(error)", on: "\(address)",
      remedy: "give an address of this machine by --listen", cause: error)
  }
  let status: ExitStatus = error.errnoCode == EACCES || error.errnoCode == EPERM ? .permission : .configuration
  return Failure(
    status, "it cannot be listened on: \(words(error.errnoCode))", on: "\(address)",
    remedy: "give another address by --listen", cause: error)
}

/// What the system's refusals of an address mean.
private func words(_ code: CInt) -> String {
  switch code {
  case EADDRINUSE: "another program listens there"
  case EADDRNOTAVAIL: "this machine has no such address"
  case EACCES, EPERM: "this user may not listen there"
  default: "errno \(code)"
  }
}

/// Makes a server's own log lines events of the run: warnings and what is worse.
private struct LineLogHandler: LogHandler {
  let write: ServerLog
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.warning

  init(write: @escaping ServerLog) { self.write = write }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = event.metadata ?? [:]
    write("\(event.message)", fields.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })
  }
}

/// HTTP/1.1 that does not wait for ever for who says nothing.
var patientHTTP: HTTPServerBuilder { .http1(configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(60))) }
