// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// What S3 tells of one version of an object.
public struct S3ObjectHead: Equatable, Sendable {
  /// Of the whole object.
  public let bytes: Int
  /// nil in a bucket without versions.
  public let versionID: String?
  /// nil where there is none, and where the credentials lack `s3:GetObjectRetention`: S3 then leaves it out.
  public let lock: ObjectLock?
  /// false too where the credentials lack `s3:GetObjectLegalHold`.
  public let hasLegalHold: Bool
  /// SHA-256 of the whole object as the server keeps it; nil where it keeps none, or one of parts.
  public let sha256: Digest?
  public let etag: String?
  /// nil stands for `STANDARD`.
  public let storageClass: String?
  /// Tier of an object of the class `INTELLIGENT_TIERING` that has to be restored first.
  public let archiveStatus: String?
  public let restore: RestoreState
  /// `AES256`, `aws:kms`, `aws:kms:dsse`; nil where the server does not say.
  public let serverSideEncryption: String?
  public let kmsKeyID: String?
  public let modified: Timestamp?

  /// Whether the object has to be restored before it can be read.
  public var isInColdStorage: Bool {
    let isArchived = storageClass == "GLACIER" || storageClass == "DEEP_ARCHIVE" || archiveStatus != nil
    if case .restored = restore { return false }
    return isArchived
  }
}

/// Where an archived object is on its way back.
public enum RestoreState: Equatable, Sendable {
  /// Nobody asked for it, or what was restored has ended.
  case none
  case inProgress
  /// A copy can be read until then; nil where the server does not say.
  case restored(until: Timestamp?)
}
