// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore
internal import HTTPTransport

extension S3Client {
  /// `s3://bucket/key`, with a version where one is asked for.
  func name(_ key: String, versionID: String? = nil) -> String {
    "\(url)/\(key)" + (versionID.map { "?versionId=\($0)" } ?? "")
  }

  /// Makes a failed call's error, with the sentence that a run ends with.
  func explain(_ error: AWSCallError, _ operation: AWSOperation, on object: String) -> S3Error {
    let answer = error.service
    let kind = answer.map { S3ErrorKind.of($0, region: region) } ?? S3ErrorKind.of(error)
    var named = operation
    var permission: String?
    if let answer, S3ErrorKind.isAboutPermission(answer) {
      permission = S3ErrorKind.permission(in: answer.message) ?? operation.permission
      named = AWSOperation(
        operation.name, permission: permission ?? operation.permission, isRepeatable: operation.isRepeatable)
    }
    let general = service.failure(error, named, on: object)
    return S3Error(
      kind: kind, operation: operation.name, object: object, answer: answer, missingPermission: permission,
      failure: failure(kind, answer, object) ?? general)
  }

  /// An answer that contradicts itself or the request.
  func badAnswer(_ operation: AWSOperation, _ reason: String, on object: String) -> S3Error {
    S3Error(
      kind: .badAnswer, operation: operation.name, object: object, answer: nil, missingPermission: nil,
      failure: Failure(
        .unavailable, "s3 \(operation.name) was answered with \(reason)", on: object,
        remedy: "check that \(service.endpoint.endpoint.url) is an S3 server, and what is between here and there"))
  }

  /// What this client refuses by itself, without asking.
  func refusal(
    _ kind: S3Error.Kind, _ operation: AWSOperation, _ status: ExitStatus, _ problem: String, on object: String,
    remedy: String
  ) -> S3Error {
    S3Error(
      kind: kind, operation: operation.name, object: object, answer: nil, missingPermission: nil,
      failure: Failure(status, problem, on: object, remedy: remedy))
  }

  /// Sentences for what AWS's services in general do not know; nil for all else.
  private func failure(_ kind: S3Error.Kind, _ answer: AWSError?, _ object: String) -> Failure? {
    guard let answer else { return nil }
    func made(_ status: ExitStatus, _ remedy: String) -> Failure {
      Failure(status, "\(answer)", on: object, remedy: remedy, cause: answer)
    }
    switch kind {
    case .noSuchObject: return made(.integrity, "find out who removed it, or whether the credentials see all versions")
    case .noSuchBucket: return made(.configuration, "check the bucket's name and the endpoint")
    case .nameTaken: return made(.refused, "choose another name: this one is another account's")
    case .coldStorage: return made(.tryLater, "ask for its restore, and run again once it is there")
    case .locked: return made(.refused, "wait for the lock's end; that is what it is for")
    case .conflict: return made(.tryLater, "run it again: another writer was at work on the same key")
    case .changed: return made(.integrity, "find out who writes to this key, then run it again")
    case .outOfRange: return made(.integrity, "the object is shorter than it must be: find out who wrote it")
    case .unsupported: return made(.configuration, "this server cannot do it; see what is required of one")
    case .damaged: return made(.unavailable, "run it again: what arrived differs from what was sent")
    case .wrongRegion: return made(.configuration, wrongRegionRemedy(answer))
    default: return nil
    }
  }

  private func wrongRegionRemedy(_ answer: AWSError) -> String {
    guard let region = answer.bucketRegion, region != self.region else {
      return "the bucket is not in \(region): set AWS_REGION to where it is; a new one takes some minutes to be known"
    }
    return "the bucket is in \(region), not in \(self.region): set AWS_REGION=\(region)"
  }
}
