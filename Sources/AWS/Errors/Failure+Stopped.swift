// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

extension Failure {
  /// A signal asked the run to end.
  static var stopped: Failure {
    Failure(.tryLater, "stopped by a signal", remedy: "run it again: nothing is lost")
  }
}
