// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import DrillRunner
import Files
import Glibc
import Synchronization

/// The one place where a run's failure becomes a sentence and an exit status.
enum Outcome {
  private static let isVerbose = Mutex(false)
  private static let log = Mutex<Console?>(nil)

  static func showCauses() { isVerbose.withLock { $0 = true } }

  /// Has a failure end the run's log.
  static func log(to console: Console) { log.withLock { $0 = console } }

  /// What a run ends with that threw this.
  static func status(of error: any Error) -> ExitStatus {
    if let code = error as? ExitCode { return ExitStatus(rawValue: code.rawValue) ?? .bug }
    return failure(error)?.status ?? .usage
  }

  static func exit(_ error: any Error) -> Never {
    ProgressScreen.clear()
    if let code = error as? ExitCode { Glibc.exit(code.rawValue) }
    guard let failure = failure(error) else {
      let code = Memoryctl.exitCode(for: error)
      let text = Memoryctl.fullMessage(for: error)
      guard code == .success else {
        let message = withoutSecrets(Memoryctl.message(for: error))
        if log.withLock({ $0 })?.fail(message, status: .usage, causes: []) != true {
          Process.write(withoutSecrets(text) + "\n", to: 2)
        }
        Glibc.exit(ExitStatus.usage.rawValue)
      }
      do { try Results.check(Process.write(text + "\n", to: 1)) } catch { exit(error) }
      Glibc.exit(0)
    }
    // Who closed the pipe does not want to hear of it; it was no success all the same.
    if (failure.cause as? FileError)?.isBrokenPipe == true { Glibc.exit(failure.status.rawValue) }
    let causes = isVerbose.withLock { $0 } ? causes(of: failure) : []
    let console = log.withLock { $0 }
    if console?.fail(failure.description, status: failure.status, causes: causes) != true {
      let name = Colour.red.paint("memoryctl:", isTerminal: Process.standardErrorIsTerminal)
      Process.write("\(name) \(failure)\n" + causes.map { "  caused by: \($0)\n" }.joined(), to: 2)
    }
    Glibc.exit(failure.status.rawValue)
  }

  private static func causes(of failure: Failure) -> [String] {
    var causes: [String] = []
    var cause = failure.cause
    while let current = cause {
      causes.append("\(current)")
      cause = (current as? Failure)?.cause
    }
    return causes
  }

  /// The parser's words repeat arguments: one that may hold a secret is left out of them.
  private static func withoutSecrets(_ text: String) -> String {
    CommandLine.arguments.dropFirst().reduce(text) { text, argument in
      let word = argument.hasPrefix("-") ? argument.drop { $0 != "=" }.dropFirst() : Substring(argument)
      let marks = ["://", "//", "@", "-----BEGIN", "password", "PASSWORD"]
      guard !word.isEmpty, marks.contains(where: { word.contains($0) }) else { return text }
      return text.replacing(word, with: "…")
    }
  }

  /// A failure from any error of ours; nil for those of the argument parser.
  private static func failure(_ error: any Error) -> Failure? {
    String(reflecting: Swift.type(of: error)).hasPrefix("ArgumentParser.") ? nil : Failure(from: error)
  }
}
