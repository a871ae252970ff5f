// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import HTTPTransport

/// Sorts what servers answer.
///
/// - SeeAlso: Amazon S3 API Reference, "Error responses".
enum S3ErrorKind {
  static func of(_ error: AWSError, region: String) -> S3Error.Kind {
    if let kind = codes[error.code] { return kind }
    if isElsewhere(error, region) { return .wrongRegion }
    if saysLocked(error) { return .locked }
    switch error.status {
    case 401, 403: return .denied
    case 404: return .noSuchObject
    case 405, 501: return .unsupported
    case 409: return .conflict
    case 412: return .changed
    case 416: return .outOfRange
    default: break
    }
    if error.isThrottling || error.isTransient { return .unavailable }
    return .other
  }

  static func of(_ error: AWSCallError) -> S3Error.Kind {
    switch error {
    case .service: .other
    case .failure: .other
    case .transport(let error):
      switch error.kind {
      case .cancelled: .cancelled
      case .tooLarge: .tooLarge
      case .badURL, .badRequest, .badCertificateFile, .bodyUnreadable, .system: .other
      default: .unavailable
      }
    }
  }

  private static let codes: [String: S3Error.Kind] = [
    "NoSuchKey": .noSuchObject, "NoSuchVersion": .noSuchObject, "NoSuchBucket": .noSuchBucket,
    "InvalidObjectState": .coldStorage, "ConditionalRequestConflict": .conflict, "OperationAborted": .conflict,
    "PreconditionFailed": .changed, "InvalidRange": .outOfRange, "NotImplemented": .unsupported,
    "MethodNotAllowed": .unsupported, "BadDigest": .damaged, "XAmzContentSHA256Mismatch": .damaged,
    "XAmzContentChecksumMismatch": .damaged, "PermanentRedirect": .wrongRegion, "TemporaryRedirect": .wrongRegion,
    "IllegalLocationConstraintException": .wrongRegion, "BucketAlreadyExists": .nameTaken,
    "ExpiredToken": .denied, "InvalidToken": .denied,
    "ObjectLocked": .locked, "AllAccessDisabled": .denied,
  ]

  /// Redirects, and refusals of a signature for another region; a HEAD's have nothing but status and header.
  private static func isElsewhere(_ error: AWSError, _ region: String) -> Bool {
    if (300...399).contains(error.status) { return true }
    if error.code == "AuthorizationHeaderMalformed" { return error.bucketRegion != nil }
    return error.status == 400 && error.bucketRegion.map { $0 != region } ?? false
  }

  /// AWS: "object protected by object lock", Ceph: "forbidden by object lock", MinIO: "WORM protected".
  private static func saysLocked(_ error: AWSError) -> Bool {
    let message = error.message.lowercased()
    return (400...403).contains(error.status)
      && (message.contains("by object lock") || message.contains("worm protected"))
  }

  /// Whether rights are missing, rather than a good signature; a HEAD's refusal has no code of its own.
  static func isAboutPermission(_ error: AWSError) -> Bool {
    error.status == 403 && (error.code.hasPrefix("AccessDenied") || error.code == "Forbidden") && !saysLocked(error)
  }

  /// The action in "… is not authorized to perform: s3:PutObject on resource …".
  static func permission(in message: String) -> String? {
    guard let phrase = message.ranges(of: "to perform: ").first else { return nil }
    let action = message[phrase.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ":") }
    let parts = action.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } ? String(action) : nil
  }
}
