// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import HTTPTransport

/// Why a call failed, after its retries.
public enum AWSCallError: Error, Sendable {
  /// The service answered with an error.
  case service(AWSError)
  /// No answer came, or not all of it.
  case transport(HTTPError)
  /// It could not be made: credentials are missing, the run was stopped.
  case failure(Failure)

  public var service: AWSError? { if case .service(let error) = self { error } else { nil } }
}
