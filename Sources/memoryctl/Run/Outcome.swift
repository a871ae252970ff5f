// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Files
import Glibc
import Postgres
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
    switch error {
    case let failure as Failure: failure
    case let error as PostgresError: failure(error)
    case let finding as ArchiveFinding:
      Failure(
        .integrity, finding.reason, on: finding.object, remedy: "do not trust this object; look for another copy of it",
        cause: finding)
    case let error as FileError: Failure.file(error)
    default:
      isOurs(error) ? Failure(.bug, "\(error)", remedy: "report this with the output of --verbose", cause: error) : nil
    }
  }

  private static func isOurs(_ error: any Error) -> Bool {
    let type = String(reflecting: Swift.type(of: error))
    return !type.hasPrefix("ArgumentParser.")
  }

  private static func failure(_ error: PostgresError) -> Failure {
    switch error.kind {
    case .connection:
      Failure(
        .unavailable, "Postgres: \(error)", remedy: "check that the server runs and the URL is right", cause: error)
    case .busy: Failure(.tryLater, "Postgres: \(error)", remedy: "run again later", cause: error)
    case .cancelled: Failure(.tryLater, "Postgres: \(error)", remedy: "run again: nothing is lost", cause: error)
    case .permission: Failure(.permission, "Postgres: \(error)", remedy: "check the role and its grants", cause: error)
    case .server: Failure(.configuration, "Postgres: \(error)", remedy: "check the table and its columns", cause: error)
    case .protocolViolation: Failure(.unavailable, "Postgres: \(error)", remedy: "run again", cause: error)
    }
  }
}
