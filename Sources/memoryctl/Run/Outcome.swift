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
    if let code = error as? ExitCode { Glibc.exit(code.rawValue) }
    guard let failure = failure(error) else {
      let code = Memoryctl.exitCode(for: error)
      let text = Memoryctl.fullMessage(for: error)
      Process.write(text + "\n", to: code == .success ? 1 : 2)
      Glibc.exit(code == .success ? 0 : ExitStatus.usage.rawValue)
    }
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

  /// A failure from any error of ours; nil for those of the argument parser.
  private static func failure(_ error: any Error) -> Failure? {
    String(reflecting: Swift.type(of: error)).hasPrefix("ArgumentParser.") ? nil : Failure(from: error)
  }
}
