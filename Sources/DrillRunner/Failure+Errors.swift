// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
public import AuditCore
internal import Files
internal import Postgres

extension Failure {
  /// What any error means for a run: its status, and what to do.
  public init(from error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as PostgresError: self.init(from: error)
    case let finding as ArchiveFinding:
      self.init(
        .integrity, finding.reason, on: finding.object, remedy: "do not trust this object; look for another copy of it",
        cause: finding)
    case let error as FileError: self = .file(error)
    default: self.init(.bug, "\(error)", remedy: "report this with the output of --verbose", cause: error)
    }
  }

  private init(from error: PostgresError) {
    let (status, remedy): (ExitStatus, String) =
      switch error.kind {
      case .connection: (.unavailable, "check that the server runs and the URL is right")
      case .configuration:
        (.configuration, "write postgresql://user@host/database with the name of a database that exists")
      case .busy: (.tryLater, "run again later")
      case .cancelled: (.tryLater, "run again: nothing is lost")
      case .permission: (.permission, "check the role and its grants")
      case .server: (.configuration, "check the table and its columns")
      case .protocolViolation: (.unavailable, "run again")
      }
    self.init(status, "Postgres: \(error)", remedy: remedy, cause: error)
  }
}
