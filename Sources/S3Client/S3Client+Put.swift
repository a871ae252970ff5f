// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore
public import Cryptography
internal import HTTPTransport

extension S3Client {
  /// Writes an object with its lock, checksum and condition in one request (PutObject): it is never there without.
  ///
  /// With `ifAbsent` an attempt whose reply is lost is made again. Where the lost one took effect, the next is answered
  /// 412 by the object of this very call: that comes out as ``S3PutOutcome/exists``, and the caller compares what is
  /// there with what it meant to write. A server that ignores the condition in a bucket with versions, as Ceph's did
  /// up to 16, makes a second version of the same instead. Without `ifAbsent` no attempt is made again that may have
  /// taken effect.
  ///
  /// That the object got its lock is for the caller to read back, by the version's id: servers without Object Lock
  /// ignore the headers without a word.
  ///
  /// - Parameters:
  ///   - sha256: of the whole body. It is signed, and the server compares it with what it gets.
  ///   - kmsKeyID: the key that encrypts the object; nil leaves it to the bucket's default.
  ///   - onSent: hears how many bytes of the body are on their way.
  public func put(
    _ key: String, _ body: S3Body, sha256: Digest, lock: ObjectLock?, legalHold: Bool, ifAbsent: Bool,
    kmsKeyID: String? = nil, onSent: (@Sendable (Int) -> Void)? = nil
  ) throws(S3Error) -> S3PutOutcome {
    let operation = S3Operation.put(
      isLocked: lock != nil, isHeld: legalHold, isKMS: kmsKeyID != nil, ifAbsent: ifAbsent)
    var request = S3Request("PUT", key: key)
    request.setBody(body, sha256)
    request.onSent = onSent
    if let lock {
      request.set("x-amz-object-lock-mode", lock.mode.rawValue)
      request.set("x-amz-object-lock-retain-until-date", lock.until.isoSeconds)
    }
    if legalHold { request.set("x-amz-object-lock-legal-hold", "ON") }
    if let kmsKeyID {
      request.set("x-amz-server-side-encryption", "aws:kms")
      request.set("x-amz-server-side-encryption-aws-kms-key-id", kmsKeyID)
    }
    guard ifAbsent else { return try created(send(operation, request, on: name(key)), operation, sha256, name(key)) }
    request.set("if-none-match", "*")
    do throws(S3Error) {
      return try created(sendThroughConflicts(operation, request, on: name(key)), operation, sha256, name(key))
    } catch {
      if error.kind == .changed { return .exists }
      throw error
    }
  }

  /// 409 says that another write of the key is under way; once that is over, the condition decides.
  ///
  /// - SeeAlso: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
  private func sendThroughConflicts(
    _ operation: AWSOperation, _ request: S3Request, on object: String
  ) throws(S3Error) -> S3Answer {
    try session.retrier.run { (_: Int) throws(S3Error) in
      try send(operation, request, on: object)
    } verdict: { error in
      error.kind == .conflict ? .later(.throttling, after: error.answer?.retryAfter) : .stop
    }
  }

  private func created(
    _ answer: S3Answer, _ operation: AWSOperation, _ sha256: Digest, _ object: String
  ) throws(S3Error) -> S3PutOutcome {
    let response = answer.response
    let echo = response.header("x-amz-checksum-sha256").flatMap(ObjectChecksum.init)?.digest
    if let echo, echo != sha256 {
      throw badAnswer(operation, "the checksum \(echo.hex) for a body of \(sha256.hex)", on: object)
    }
    return .created(
      versionID: response.header("x-amz-version-id"), etag: response.header("etag"), sha256: echo)
  }
}

extension S3Request {
  fileprivate mutating func setBody(_ content: S3Body, _ sha256: Digest) {
    switch content {
    case .bytes(let bytes): body = .bytes(bytes)
    case .file(let path, let count): body = .file(path: path, bytes: count)
    }
    digest = sha256
    set("x-amz-checksum-sha256", Base64.encode(sha256.bytes))
  }
}
