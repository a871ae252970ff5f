// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore

extension KMSClient {
  func call(_ operation: String, on object: String, _ body: JSONValue) throws(Failure) -> JSONValue {
    do throws(AWSCallError) { return try exchange(operation, body) } catch {
      throw failure(error, operation, on: object)
    }
  }

  func exchange(_ operation: String, _ body: JSONValue) throws(AWSCallError) -> JSONValue {
    try client.call(Self.operation(operation), target: "TrentService.\(operation)", body, timeout: timeout)
  }

  private static func operation(_ name: String) -> AWSOperation {
    AWSOperation(name, permission: "kms:\(name)", isRepeatable: true)
  }

  /// How a run ends that cannot go on without a call.
  func failure(_ error: AWSCallError, _ operation: String, on object: String) -> Failure {
    guard let answer = error.service, let (problem, remedy) = Self.words(answer.code) else {
      return client.failure(error, Self.operation(operation), on: object)
    }
    return Failure(.configuration, "\(problem) (\(answer))", on: object, remedy: remedy, cause: answer)
  }

  /// What codes of KMS mean that nobody but an operator can mend.
  private static func words(_ code: String) -> (problem: String, remedy: String)? {
    switch code {
    case "NotFoundException":
      (
        "KMS has no such key in this account and region",
        "check the key's name, the credentials' account and AWS_REGION"
      )
    case "DisabledException": ("the key is disabled", "enable it, or name another")
    case "KMSInvalidStateException":
      ("the key's state does not allow it", "see what aws kms describe-key says of it")
    case "InvalidKeyUsageException": ("the key is for another use or algorithm", "name another key")
    case "InvalidArnException": ("KMS takes this for no key's ARN", "correct the key's name")
    case "UnsupportedOperationException": ("KMS cannot do this with the key", "name another key")
    default: nil
    }
  }

  func unreadable(_ operation: String, _ object: String) -> Failure {
    Failure(
      .unavailable, "kms \(operation) was answered by what is no answer about this key", on: object,
      remedy: "check that \(client.endpoint.endpoint.url) is KMS")
  }
}
