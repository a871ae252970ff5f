// SPDX-License-Identifier: Apache-2.0
public import AuditCore

extension AWSError {
  /// How a run ends that cannot go on after this answer.
  ///
  /// - Parameters:
  ///   - object: what the call was about: a bucket, a key.
  ///   - permission: the IAM action that the call needs, such as `s3:PutObject`.
  ///   - source: where the credentials are from.
  public func failure(on object: String?, permission: String, credentials source: String?) -> Failure {
    let (status, remedy) = ending(permission, source ?? "the environment")
    return Failure(status, description, on: object, remedy: remedy, cause: self)
  }

  private func ending(_ permission: String, _ source: String) -> (ExitStatus, String) {
    if isThrottling || isTransient { return (.unavailable, "run it again later") }
    if saysClockIsWrong { return (.configuration, "set this machine's clock") }
    if saysCredentialsExpired { return (.permission, "renew the credentials from \(source)") }
    if Self.unknownKeyCodes.contains(code) { return (.permission, "check the credentials from \(source)") }
    if Self.regionCodes.contains(code) || bucketRegion != nil && status < 400 {
      let region = bucketRegion.map { "AWS_REGION=\($0)" } ?? "AWS_REGION to where the bucket is"
      return (.configuration, "set \(region)")
    }
    switch status {
    case 401, 403: return (.permission, "the permission \(permission) is missing from the credentials from \(source)")
    case 404: return (.configuration, "check its name and the region")
    case 501: return (.configuration, "this server cannot do it; see what is required of one")
    default:
      // Codes of KMS and STS that mean missing permission come with 400.
      if code.hasPrefix("AccessDenied") || code.hasPrefix("UnauthorizedOperation") {
        return (.permission, "the permission \(permission) is missing from the credentials from \(source)")
      }
      return (.configuration, "check the settings that the message is about")
    }
  }

  private static let unknownKeyCodes: Set<String> = [
    "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
    "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken", "InvalidIdentityToken",
    "MissingAuthenticationTokenException", "IncompleteSignature", "IncompleteSignatureException",
  ]
  private static let regionCodes: Set<String> = [
    "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "IllegalLocationConstraintException",
  ]
}
