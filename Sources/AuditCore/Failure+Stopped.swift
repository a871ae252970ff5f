// SPDX-License-Identifier: Apache-2.0

extension Failure {
  /// A signal asked the run to end.
  public static var stopped: Failure {
    Failure(.tryLater, "stopped by a signal", remedy: "run it again: nothing is lost")
  }
}
