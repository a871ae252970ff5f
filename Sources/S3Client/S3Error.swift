// SPDX-License-Identifier: Apache-2.0
public import AWS
public import AuditCore

/// Why a call to S3 did not do what it was to do, after its retries.
public struct S3Error: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// No such key, or no such version of it.
    case noSuchObject
    case noSuchBucket
    /// A bucket of this name is there: another account's, or, on some servers, our own.
    case nameTaken
    /// The object lies in an archive tier; ``S3Client/restore(_:versionID:days:tier:)`` asks for it.
    case coldStorage
    /// A permission is missing, or the object is locked: servers give both the same code, and few say which.
    case denied
    /// The server says that a lock is in the way.
    case locked
    /// Another writer of the same key was always at work (409).
    case conflict
    /// The object changed while it was read, or a condition did not hold.
    case changed
    /// The object has no such bytes.
    case outOfRange
    /// The server does not know the call.
    case unsupported
    /// The bucket is elsewhere.
    case wrongRegion
    /// The body did not come to the server as it was sent.
    case damaged
    /// A retention or a mode that is weaker than what the object has.
    case wouldShorten
    /// More bytes than the caller allows.
    case tooLarge
    /// The answer is none that S3 may give.
    case badAnswer
    /// No answer, or one that says to come back later.
    case unavailable
    /// The run was stopped.
    case cancelled
    case other
  }

  public let kind: Kind
  /// As S3 calls it, such as `PutObject`.
  public let operation: String
  /// `s3://bucket/key`, with the version where one was asked for.
  public let object: String
  /// What the server answered, with code, request id and host id; nil where nothing readable came.
  public let answer: AWSError?
  /// The IAM action whose lack the server told of, or else all that the call needs; nil for other kinds.
  public let missingPermission: String?
  /// How a run ends that cannot do without the call.
  public let failure: Failure

  public var description: String { failure.description }

  /// The same, known better by whoever made the call.
  func about(_ kind: Kind, remedy: String) -> S3Error {
    S3Error(
      kind: kind, operation: operation, object: object, answer: answer, missingPermission: missingPermission,
      failure: Failure(
        .configuration, failure.problem, on: object, remedy: remedy, cause: failure.cause))
  }
}
