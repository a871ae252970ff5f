// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// TLS in front of a plain server of 127.0.0.1: a few lines of Python, which the test environment has anyway.
public final class TLSFront: Sendable {
  public let port: Int
  private let command: Command

  /// Whether tests that need it are to run. In CI they always are: a skip there would hide that Python is missing.
  public static let isUsable =
    ProcessInfo.processInfo.environment["CI"] != nil || (try? Command.run("python3", ["-c", "import ssl"]).status) == 0

  private static let script = """
    import socket, ssl, sys, threading
    certificate, key, authority, target, version = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion[version]
    context.load_cert_chain(certificate, key)
    if authority:
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
    def copy(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
    def serve(client):
        try:
            client = context.wrap_socket(client, server_side=True)
        except OSError:
            client.close()
            return
        server = socket.create_connection(("127.0.0.1", int(target)))
        threading.Thread(target=copy, args=(server, client), daemon=True).start()
        copy(client, server)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()
    """

  /// - Parameters:
  ///   - clientAuthority: whose certificates clients must have; nil asks for none.
  ///   - target: the plain server's port.
  ///   - version: the newest that it speaks: `TLSv1_2`, `TLSv1_3`.
  public init(
    _ pair: TestCertificates.Pair, clientAuthority: String? = nil, target: Int, version: String = "TLSv1_3"
  ) throws {
    command = try Command(
      "python3", ["-c", Self.script, pair.certificate, pair.key, clientAuthority ?? "", "\(target)", version])
    port = try Self.waitForPort(command)
  }

  private static func waitForPort(_ command: Command) throws -> Int {
    for _ in 0..<6000 {
      let lines = command.outputSoFar.split(separator: "\n", omittingEmptySubsequences: false)
      if lines.count > 1, let port = Int(lines[0]) { return port }
      guard command.isRunning else { break }
      usleep(10_000)
    }
    throw TestSupportError("the TLS front did not start: \(command.errorSoFar)")
  }
}
