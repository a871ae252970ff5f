// SPDX-License-Identifier: Apache-2.0

/// Whether a bucket keeps what is overwritten.
public enum BucketVersioning: String, Sendable {
  case enabled = "Enabled"
  case suspended = "Suspended"
  /// It was never switched on.
  case off = ""
}

/// A bucket's Object Lock.
public struct BucketLock: Equatable, Sendable {
  public enum Period: Equatable, Sendable {
    case days(Int)
    case years(Int)
  }

  /// The lock of objects that are written without one.
  public struct DefaultRetention: Equatable, Sendable {
    public let mode: ObjectLock.Mode
    public let period: Period

    public init(mode: ObjectLock.Mode, period: Period) {
      self.mode = mode
      self.period = period
    }
  }

  public let isEnabled: Bool
  public let defaultRetention: DefaultRetention?

  public init(isEnabled: Bool, defaultRetention: DefaultRetention?) {
    self.isEnabled = isEnabled
    self.defaultRetention = defaultRetention
  }
}

/// How objects are encrypted that are written without saying how.
public struct BucketEncryption: Equatable, Sendable {
  /// `AES256`, `aws:kms` or `aws:kms:dsse`.
  public let algorithm: String
  /// nil for AWS's own key.
  public let kmsKeyID: String?
  public let usesBucketKey: Bool

  public init(algorithm: String, kmsKeyID: String? = nil, usesBucketKey: Bool = false) {
    self.algorithm = algorithm
    self.kmsKeyID = kmsKeyID
    self.usesBucketKey = usesBucketKey
  }
}

/// What a bucket refuses of public access.
public struct PublicAccessBlock: Equatable, Sendable {
  public let blocksACLs: Bool
  public let ignoresACLs: Bool
  public let blocksPolicies: Bool
  public let restrictsBuckets: Bool

  public init(blocksACLs: Bool, ignoresACLs: Bool, blocksPolicies: Bool, restrictsBuckets: Bool) {
    self.blocksACLs = blocksACLs
    self.ignoresACLs = ignoresACLs
    self.blocksPolicies = blocksPolicies
    self.restrictsBuckets = restrictsBuckets
  }

  public static let all = PublicAccessBlock(
    blocksACLs: true, ignoresACLs: true, blocksPolicies: true, restrictsBuckets: true)

  /// Whether all of it is refused.
  public var isComplete: Bool { self == .all }
}

/// Whether a bucket was made.
public enum BucketCreation: Equatable, Sendable {
  case created
  /// One of this name is ours already, with whatever settings.
  case alreadyOurs
}

/// What came of asking for an archived object.
public enum RestoreOutcome: Equatable, Sendable {
  case started
  case inProgress
  /// A copy can be read; its end was put off to the days asked for.
  case alreadyRestored
  /// The object is in no archive tier and can be read as it is.
  case notArchived
}
