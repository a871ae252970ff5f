// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc
internal import Synchronization

/// A running server and the shell that watches over it.
///
/// The shell waits on a socket whose other end only this process holds. When that closes, because the test asked for it
/// or because the process is gone, the shell ends the server by its process id and removes its directory.
final class ServerProcess: Sendable {
  private let watchdog: Int32
  private let lifeline: Mutex<Int32?>

  private init(watchdog: Int32, lifeline: Int32) {
    self.watchdog = watchdog
    self.lifeline = Mutex(lifeline)
  }

  /// Arguments: the signal that ends the server, its directory and its command line. The word `keep` on the socket spares the directory.
  private static let script = """
    signal=$1; directory=$2; shift 2
    "$@" >>"$directory/log" 2>&1 </dev/null &
    server=$!
    word=
    read -r word
    kill -"$signal" "$(head -n 1 "$directory/data/postmaster.pid" 2>/dev/null || echo "$server")" 2>/dev/null
    wait "$server"
    [ ! -f "$directory/leftovers" ] || xargs rm -f -- <"$directory/leftovers"
    [ "$word" = keep ] || rm -rf -- "$directory"
    """

  /// Starts the server whose cluster is in `directory/data`, and waits until it takes connections.
  static func start(
    _ programs: PostgresPrograms, directory: String, settings: [String: String]
  ) throws -> (ServerProcess, port: Int) {
    for _ in 0..<5 {
      let port = try Socket.freePort()
      let process = try launch(programs, directory: directory, port: port, settings: settings)
      if try waitUntilReady(directory) { return (process, port) }
      process.stop(keepingFiles: true)  // somebody else took the port meanwhile
    }
    throw TestSupportError("no port of 127.0.0.1 stayed free")
  }

  private static func launch(
    _ programs: PostgresPrograms, directory: String, port: Int, settings: [String: String]
  ) throws -> ServerProcess {
    var all = [
      "port": "\(port)", "listen_addresses": "127.0.0.1", "fsync": "off", "full_page_writes": "off",
      "max_prepared_transactions": "10", "max_connections": "100", "shared_buffers": "64MB",
      // A socket's path has little room.
      "unix_socket_directories": directory.utf8.count < 80 ? directory : "",
    ]
    all.merge(settings) { $1 }
    let server = programs.command(
      "postgres", ["-D", directory + "/data"] + all.flatMap { ["-c", "\($0.key)=\($0.value)"] })
    return try watch(directory, command: server)
  }

  /// Starts a command, and a shell that ends it and removes `directory` when this process ends.
  ///
  /// - Parameter signal: what ends it. Postgres stops at once, and cleans up, at QUIT.
  static func watch(_ directory: String, command: [String], signal: String = "QUIT") throws -> ServerProcess {
    var ends: [Int32] = [-1, -1]
    // A pair of sockets, because only these come with the flag that keeps them from other children.
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw TestSupportError("socketpair: errno \(errno)") }
    let null = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer {
      close(null)
      close(ends[0])
    }
    let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }
    let words = ["/bin/sh", "-c", script, "watchdog", signal, directory] + command
    do {
      let watchdog = try spawn(
        words, environment: environment, streams: [ends[0], null, null], directory: "/", isDetached: true)
      return ServerProcess(watchdog: watchdog, lifeline: ends[1])
    } catch {
      close(ends[1])
      throw error
    }
  }

  /// - Returns: false when the server could not have its port.
  private static func waitUntilReady(_ directory: String) throws -> Bool {
    func read(_ name: String) -> String {
      String(decoding: FileManager.default.contents(atPath: directory + "/" + name) ?? Data(), as: UTF8.self)
    }
    for _ in 0..<6000 {
      // The server's own file tells its state; asking the port could reach somebody else's server.
      let lines = read("data/postmaster.pid").split(separator: "\n", omittingEmptySubsequences: false)
      if lines.count > 7, lines[7].hasPrefix("ready") { return true }
      if read("log").contains("FATAL:  could not create any TCP/IP sockets") { return false }
      if read("log").contains("FATAL:  ") && !read("log").contains("the database system is starting up") { break }
      usleep(10_000)
    }
    throw TestSupportError("the server did not start: \(read("log"))")
  }

  func stop(keepingFiles: Bool = false) {
    lifeline.withLock { end in
      guard let descriptor = end else { return }
      if keepingFiles { _ = write(descriptor, "keep\n", 5) }
      close(descriptor)
      waitpid(watchdog, nil, 0)
      end = nil
    }
  }
}
