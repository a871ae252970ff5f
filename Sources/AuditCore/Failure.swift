// SPDX-License-Identifier: Apache-2.0

/// What a run exits with; the numbers of sysexits.h, so that schedulers can tell failures apart.
public enum ExitStatus: Int32, Sendable {
  case success = 0
  case usage = 64
  /// Something does not verify.
  case integrity = 65
  /// There was nothing to check, and checking nothing is never success.
  case nothingToCheck = 66
  /// A service stayed unreachable after retries.
  case unavailable = 69
  /// Our own fault.
  case bug = 70
  /// Refused: would overwrite, shorten retention, or replay into what is not staging.
  case refused = 73
  /// Try later.
  case tryLater = 75
  case permission = 77
  case configuration = 78
}

/// Why a run stops: what failed, on which object, what to do about it, and what caused it.
///
/// Made where the remedy is known; one place prints it as one sentence and exits with its status.
public struct Failure: Error, CustomStringConvertible {
  public let status: ExitStatus
  public let problem: String
  public let object: String?
  public let remedy: String?
  public let cause: (any Error)?

  public init(
    _ status: ExitStatus, _ problem: String, on object: String? = nil, remedy: String? = nil,
    cause: (any Error)? = nil
  ) {
    self.status = status
    self.problem = problem
    self.object = object
    self.remedy = remedy
    self.cause = cause
  }

  public var description: String {
    var text = object.map { "\($0): \(problem)" } ?? problem
    if let remedy { text += "; \(remedy)" }
    return text.visible
  }
}
