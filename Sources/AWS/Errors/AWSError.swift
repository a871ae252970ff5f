// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What a service answered instead of what it was asked for.
public struct AWSError: Error, Equatable, Sendable {
  public let service: String
  public let operation: String
  public let status: Int
  /// The service's own, such as `NoSuchKey`; derived from the status where the answer has none.
  public let code: String
  /// The first line of the service's words, without anything secret; empty where there are none.
  public internal(set) var message: String
  public let requestID: String?
  /// S3's second id, which its support asks for.
  public let hostID: String?
  /// Seconds that the service asks to wait.
  public let retryAfter: Double?
  /// Where the bucket is, when S3 says that it is not here.
  public let bucketRegion: String?
  /// The service's clock.
  public let serverTime: Timestamp?
}

extension AWSError: CustomStringConvertible {
  public var description: String {
    var text = "\(service) \(operation) was answered \(status) \(code)"
    if !message.isEmpty { text += ": \(message)" }
    let ids = [requestID.map { "request id \($0)" }, hostID.map { "host id \($0)" }].compactMap(\.self)
    return ids.isEmpty ? text : text + " (\(ids.joined(separator: ", ")))"
  }
}

extension AWSError {
  private static let throttlingCodes: Set<String> = [
    "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException", "RequestThrottled",
    "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
    "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
    "EC2ThrottledException",
  ]
  private static let transientCodes: Set<String> = [
    "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure", "ServiceUnavailable",
    "KMSInternalException", "DependencyTimeoutException", "IDPCommunicationError",
    // The body came as another than was signed, and nothing was done with it.
    "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch",
  ]
  private static let skewCodes: Set<String> = [
    "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture",
  ]
  /// Codes that mean a wrong key or a missing permission just as well as a wrong clock; HEAD has no better one.
  private static let signatureCodes: Set<String> = [
    "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "AccessDenied", "Forbidden",
  ]
  private static let expiryCodes: Set<String> = [
    "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired",
  ]

  /// The service refused to begin, for now.
  public var isThrottling: Bool { Self.throttlingCodes.contains(code) || status == 429 }

  /// The service failed and may not fail again.
  public var isTransient: Bool { Self.transientCodes.contains(code) || [500, 502, 503, 504].contains(status) }

  /// The service took a date in the signature for a wrong one.
  var saysClockIsWrong: Bool { Self.skewCodes.contains(code) }

  /// The service refused a signature, for which a wrong clock is one of the reasons.
  var refusesSignature: Bool { Self.signatureCodes.contains(code) && (400...403).contains(status) }

  /// The session token is past its end, whatever our clock says.
  var saysCredentialsExpired: Bool { Self.expiryCodes.contains(code) || isBareRefusal }

  /// A HEAD's 400 has no words: S3 gives it for a token that has ended, and for little else that can be the case here.
  private var isBareRefusal: Bool {
    status == 400 && code == "BadRequest" && operation.hasPrefix("Head") && bucketRegion == nil
  }

  /// The error with what is secret taken out of its message, which may quote the request.
  func hiding(_ secrets: [Secret?]) -> AWSError {
    var error = self
    for case let secret? in secrets where secret.text.utf8.count >= 4 {
      error.message = error.message.replacing(secret.text, with: secret.description)
      // The message may have been cut in the middle of it.
      let cut = (4..<secret.text.utf8.count).reversed().first { error.message.hasSuffix(secret.text.prefix($0)) }
      if let cut { error.message.removeLast(cut) }
    }
    return error
  }
}
