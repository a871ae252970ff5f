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

  static func showCauses() { isVerbose.withLock { $0 = true } }

  static func exit(_ error: any Error) -> Never {
    Console.clearLine()
    if let code = error as? ExitCode { Glibc.exit(code.rawValue) }
    guard let failure = failure(error) else {
      let code = Memoryctl.exitCode(for: error)
      let text = Memoryctl.fullMessage(for: error)
      guard code == .success else {
        Process.write(withoutSecrets(text) + "\n", to: 2)
        Glibc.exit(ExitStatus.usage.rawValue)
      }
      do { try Results.check(Process.write(text + "\n", to: 1)) } catch { exit(error) }
      Glibc.exit(0)
    }
    // Who closed the pipe does not want to hear of it; it was no success all the same.
    if (failure.cause as? FileError)?.isBrokenPipe == true { Glibc.exit(failure.status.rawValue) }
    Process.write("memoryctl: \(failure)\n", to: 2)
    if isVerbose.withLock({ $0 }) {
      var cause = failure.cause
      while let current = cause {
        Process.write("  caused by: \(current)\n", to: 2)
        cause = (current as? Failure)?.cause
      }
    }
    Glibc.exit(failure.status.rawValue)
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
