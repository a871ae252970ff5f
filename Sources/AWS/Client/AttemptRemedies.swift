// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import HTTPTransport

/// What is done about a failed attempt before the next; each thing that can be mended is mended once a call.
struct AttemptRemedies {
  let operation: AWSOperation
  let clock: ServiceClock
  let credentials: RenewingCredentials?
  /// What the last attempt was signed with.
  var used: Credentials?
  private var hasSetClock = false
  private var hasRenewed = false

  init(operation: AWSOperation, clock: ServiceClock, credentials: RenewingCredentials?) {
    self.operation = operation
    self.clock = clock
    self.credentials = credentials
  }

  mutating func verdict(_ error: AWSCallError) -> RetryVerdict {
    switch error {
    case .failure: .stop
    case .transport(let error): verdict(error)
    case .service(let error): verdict(error)
    }
  }

  private func verdict(_ error: HTTPError) -> RetryVerdict {
    guard operation.isRepeatable || !error.wasSent, let reason = error.reasonToRetry else { return .stop }
    return .later(reason, after: nil)
  }

  private mutating func verdict(_ error: AWSError) -> RetryVerdict {
    if mendsClock(error) || renews(error) { return .now }
    // Refused before anything was done: safe to repeat whatever it is.
    if error.isThrottling { return .later(.throttling, after: error.retryAfter) }
    guard error.isTransient, operation.isRepeatable else { return .stop }
    return .later(error.status == 504 ? .timeout : .transient, after: error.retryAfter)
  }

  private mutating func mendsClock(_ error: AWSError) -> Bool {
    guard !hasSetClock, used != nil, let time = error.serverTime else { return false }
    let isSuspicious = error.refusesSignature && clock.skew(from: time) > ServiceClock.suspiciousSkew
    guard error.saysClockIsWrong || isSuspicious else { return false }
    hasSetClock = true
    clock.correct(to: time)
    return true
  }

  private mutating func renews(_ error: AWSError) -> Bool {
    guard !hasRenewed, error.saysCredentialsExpired, let credentials, let used else { return false }
    hasRenewed = true
    return credentials.renew(replacing: used)
  }
}
