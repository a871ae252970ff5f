// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// Why a program gave no result.
public enum ChildProcessError: Error, Equatable, CustomStringConvertible {
  /// With `errno`.
  case notStarted(Int32)
  case tooMuchOutput(limit: Int)
  case tookTooLong(seconds: Double)
  case cancelled

  public var description: String {
    switch self {
    case .notStarted(let code): "cannot be started: \(String(cString: strerror(code)))"
    case .tooMuchOutput(let limit): "printed more than \(limit) bytes"
    case .tookTooLong(let seconds): "ran for more than \(Int(seconds)) s"
    case .cancelled: "was stopped"
    }
  }
}

/// A program that is run for what it prints.
///
/// It gets our variables, nothing on standard input, and a process group of its own, so that it can be ended with all
/// that it started.
public enum ChildProcess {
  public struct Result: Sendable {
    /// Exit status, or the negated number of the signal that ended it.
    public let status: Int32
    public let output: [UInt8]
  }

  /// Runs a program to its end, without a shell.
  ///
  /// - Parameters:
  ///   - words: the program, by path or by a name in `PATH`, and its arguments.
  ///   - outputLimit: bytes on standard output, after which it is ended. Standard error goes nowhere.
  ///   - isCancelled: asked several times a second.
  public static func run(
    _ words: [String], outputLimit: Int, timeoutSeconds: Double, isCancelled: () -> Bool = { false }
  ) throws(ChildProcessError) -> Result {
    precondition(!words.isEmpty)
    var ends: [Int32] = [-1, -1]
    // A pair of sockets, because only these come with the flag that keeps them from other children.
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw .notStarted(errno) }
    defer { close(ends[0]) }
    let child: pid_t
    do throws(ChildProcessError) { child = try spawn(words, output: ends[1]) } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    let deadline = Process.monotonicSeconds() + timeoutSeconds
    do throws(ChildProcessError) {
      var output: [UInt8] = []
      while try readOn(ends[0], into: &output, limit: outputLimit) {
        if isCancelled() { throw .cancelled }
        if Process.monotonicSeconds() > deadline { throw .tookTooLong(seconds: timeoutSeconds) }
      }
      // It may close its output and run on.
      while true {
        if let status = ended(child, options: WNOHANG) { return Result(status: status, output: output) }
        if isCancelled() { throw .cancelled }
        if Process.monotonicSeconds() > deadline { throw .tookTooLong(seconds: timeoutSeconds) }
        usleep(2000)
      }
    } catch {
      kill(-child, SIGKILL)
      _ = ended(child, options: 0)
      throw error
    }
  }

  /// Waits a little for output.
  ///
  /// - Returns: false at its end.
  private static func readOn(
    _ descriptor: Int32, into output: inout [UInt8], limit: Int
  ) throws(ChildProcessError) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&request, 1, 100) > 0 else { return true }
    var piece = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &piece, piece.count)
    if count < 0 { return errno == EINTR }
    output += piece[..<count]
    if output.count > limit { throw .tooMuchOutput(limit: limit) }
    return count > 0
  }

  private static func ended(_ child: pid_t, options: Int32) -> Int32? {
    var status: Int32 = 0
    while true {
      let result = waitpid(child, &status, options)
      if result < 0 && errno == EINTR { continue }
      // ECHILD: somebody ignores SIGCHLD, and the status is lost.
      if result < 0 { return -1 }
      if result == 0 { return nil }
      let signal = status & 0x7f
      return signal == 0 ? (status >> 8) & 0xff : -signal
    }
  }

  private static func spawn(_ words: [String], output: Int32) throws(ChildProcessError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Our threads block the signals that end a run, and ignore SIGPIPE; a child would inherit both.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let arguments = words.map { strdup($0) } + [nil]
    defer { for pointer in arguments { free(pointer) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, words[0], &actions, &attributes, arguments, environ)
    guard code == 0 else { throw .notStarted(code) }
    return child
  }
}
