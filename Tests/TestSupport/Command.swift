// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc
internal import Synchronization

/// What a program left behind.
public struct CommandOutput: Sendable {
  /// Exit status, or the negated number of the signal that ended it.
  public let status: Int32
  public let standardOutput: [UInt8]
  public let standardError: [UInt8]

  public var text: String { String(decoding: standardOutput, as: UTF8.self) }
  public var errorText: String { String(decoding: standardError, as: UTF8.self) }
}

/// A program that runs beside the test; its output goes to files, so that no pipe can fill up.
public final class Command: Sendable {
  public let processID: Int32
  private let files: TemporaryDirectory
  private let ended = Mutex<Int32?>(nil)

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - program: a path, or a name that is looked up in `PATH`.
  ///   - environment: added to the test's own; nil removes a variable.
  ///   - inheritsEnvironment: false leaves nothing of the test's own but `PATH`.
  ///   - input: what the program reads from standard input.
  public init(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    inheritsEnvironment: Bool = true, input: [UInt8] = [], directory: String? = nil
  ) throws {
    let files = try TemporaryDirectory("command")
    self.files = files
    guard FileManager.default.createFile(atPath: files("in"), contents: Data(input)) else {
      throw TestSupportError("cannot write to \(files.path)")
    }
    var variables = ProcessInfo.processInfo.environment
    if !inheritsEnvironment { variables = variables.filter { $0.key == "PATH" } }
    for (name, value) in environment { variables[name] = value }
    let streams = [
      try Self.open(files("in"), O_RDONLY), try Self.open(files("out"), O_WRONLY | O_CREAT),
      try Self.open(files("err"), O_WRONLY | O_CREAT),
    ]
    defer { for stream in streams { close(stream) } }
    processID = try spawn([program] + arguments, environment: variables, streams: streams, directory: directory)
  }

  deinit {
    guard ended.withLock({ $0 == nil }) else { return }
    kill(processID, SIGKILL)
    waitpid(processID, nil, 0)
  }

  /// Runs a program to its end.
  public static func run(
    _ program: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    inheritsEnvironment: Bool = true, input: [UInt8] = [], directory: String? = nil, timeout: Double = 300
  ) throws -> CommandOutput {
    try Command(
      program, arguments, environment: environment, inheritsEnvironment: inheritsEnvironment, input: input,
      directory: directory
    ).wait(timeout: timeout)
  }

  /// Waits for the end.
  ///
  /// - Parameter timeout: seconds, after which the program is killed and an error thrown.
  public func wait(timeout: Double = 300) throws -> CommandOutput {
    let deadline = Date(timeIntervalSinceNow: timeout)
    while true {
      if let status = poll() {
        return CommandOutput(status: status, standardOutput: read("out"), standardError: read("err"))
      }
      if Date() > deadline {
        kill(processID, SIGKILL)
        throw TestSupportError("process \(processID) ran for more than \(timeout) s")
      }
      usleep(1000)
    }
  }

  public var isRunning: Bool { poll() == nil }

  /// Standard output as far as it has been written.
  public var outputSoFar: String { String(decoding: read("out"), as: UTF8.self) }
  public var errorSoFar: String { String(decoding: read("err"), as: UTF8.self) }

  public func signal(_ number: Int32) {
    // Under the lock: once it has been waited for, the number may be somebody else's.
    ended.withLock { if $0 == nil { _ = kill(processID, number) } }
  }

  private func poll() -> Int32? {
    ended.withLock { ended in
      if let ended { return ended }
      var status: Int32 = 0
      guard waitpid(processID, &status, WNOHANG) == processID else { return nil }
      let signal = status & 0x7f
      ended = signal == 0 ? (status >> 8) & 0xff : -signal
      return ended
    }
  }

  private func read(_ name: String) -> [UInt8] {
    FileManager.default.contents(atPath: files(name)).map { [UInt8]($0) } ?? []
  }

  private static func open(_ path: String, _ flags: Int32) throws -> Int32 {
    let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw TestSupportError("open \(path): errno \(errno)") }
    return descriptor
  }
}
