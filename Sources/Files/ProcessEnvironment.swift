// SPDX-License-Identifier: Apache-2.0
public import Bytes
internal import Glibc

/// What the process was started with.
public enum Process {
  public static func environment() -> [String: String] {
    var values: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let pair = String(cString: text)
      if let equals = pair.firstIndex(of: "=") {
        values[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
      }
      entry += 1
    }
    return values
  }

  /// `TMPDIR`, or else `/tmp`.
  public static var temporaryDirectory: String {
    guard let value = getenv("TMPDIR") else { return "/tmp" }
    let path = String(cString: value)
    return path.isEmpty ? "/tmp" : path
  }

  public static var standardErrorIsTerminal: Bool { isatty(2) == 1 }
  /// Columns of the terminal that standard error is; nil where it is none, or does not say.
  public static var standardErrorColumns: Int? {
    var size = winsize()
    guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
  public static var standardOutputIsTerminal: Bool { isatty(1) == 1 }

  /// Writes to standard output (1) or standard error (2).
  ///
  /// - Returns: what kept it from being written whole; nil where it was.
  @discardableResult
  public static func write(_ text: String, to descriptor: Int32) -> FileError? {
    var text = text
    return text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  @discardableResult
  public static func write(_ bytes: borrowing ByteBuffer, to descriptor: Int32) -> FileError? {
    write(bytes.unsafeBytes, to: descriptor)
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> FileError? {
    var rest = bytes
    while !rest.isEmpty {
      let done = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if done < 0 && errno == EINTR { continue }
      guard done > 0 else {
        return FileError("write", descriptor == 1 ? "standard output" : "standard error", code: errno)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[done...])
    }
    return nil
  }

  /// Has a write to a closed pipe fail instead of ending the process.
  public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

  /// Seconds of a clock that is never set.
  public static func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Calls `body` on a thread of its own at the first SIGTERM, SIGINT or SIGHUP; a second one ends the process.
  ///
  /// Call it before any other thread is started: they inherit the signals' being blocked.
  public static func onTermination(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(TerminationBox(body)).toOpaque()
    var set = TerminationBox.signals()
    pthread_sigmask(SIG_BLOCK, &set, nil)
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        let box = Unmanaged<TerminationBox>.fromOpaque(argument!).takeRetainedValue()
        var set = TerminationBox.signals()
        var number: Int32 = 0
        sigwait(&set, &number)
        box.body()
        sigwait(&set, &number)
        _exit(128 + number)
      }, box)
    pthread_detach(thread)
  }
}

private final class TerminationBox: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }

  static func signals() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
    return set
  }
}
