// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import S3Client

/// Makes a bucket that is right for an archive.
public struct BucketSetup: Sendable {
  let client: S3Client
  /// Of the lock that objects get which come without one; nil for none.
  public var retentionDays: Int?
  /// Encrypts objects that do not say how; nil leaves it to the server.
  public var kmsKeyID: String?

  public init(_ client: S3Client) { self.client = client }

  /// Makes the bucket, or goes on with one of ours that has Object Lock: nothing that is set is made weaker.
  ///
  /// - Returns: what was done, a sentence each.
  /// - Throws: status `refused` where the name is taken, or the bucket is there without Object Lock.
  public func run() throws -> [String] {
    try explaining {
      let isNew = try create()
      guard try client.bucketLock()?.isEnabled == true, try client.bucketVersioning() == .enabled else {
        throw isNew ? unfit : unlocked
      }
      var done = [isNew ? "made with versions and Object Lock" : "it is there, with versions and Object Lock"]
      if let days = retentionDays, let line = try setDefaultRetention(days) { done.append(line) }
      if let line = try blockPublicAccess() { done.append(line) }
      if let key = kmsKeyID { done.append(try setEncryption(key)) }
      return done
    }
  }

  private func create() throws(S3Error) -> Bool {
    do throws(S3Error) { return try client.createBucket(objectLock: true) == .created } catch {
      // Some servers say so of one's own bucket as well.
      guard error.kind == .nameTaken, (try? client.bucketVersioning()) != nil else { throw error }
      return false
    }
  }

  private var unlocked: Failure {
    Failure(
      .refused, "the bucket is there and has no Object Lock", on: client.url,
      remedy: "choose another name: most servers lock a bucket only when they make it")
  }

  private var unfit: Failure {
    Failure(
      .configuration, "the server made the bucket without versions and Object Lock", on: client.url,
      remedy: "use a server that has both")
  }

  private func setEncryption(_ key: String) throws(S3Error) -> String {
    if let known = try client.bucketEncryption()?.kmsKeyID { return "objects are encrypted by \(known) already" }
    try client.setEncryption(BucketEncryption(algorithm: "aws:kms", kmsKeyID: key, usesBucketKey: true))
    return "objects are encrypted by \(key)"
  }

  private func setDefaultRetention(_ days: Int) throws(S3Error) -> String? {
    var days = days
    if let found = try client.bucketLock()?.defaultRetention {
      let known =
        switch found.period {
        case .days(let days): days
        case .years(let years): years * 366
        }
      if known >= days, found.mode == .compliance { return nil }
      days = max(days, known)
    }
    try client.setDefaultRetention(.init(mode: .compliance, period: .days(days)))
    return "default retention: COMPLIANCE, \(days) days"
  }

  private func blockPublicAccess() throws(S3Error) -> String? {
    do throws(S3Error) {
      if try client.publicAccessBlock()?.isComplete == true { return nil }
      try client.setPublicAccessBlock(.all)
      return "public access is blocked"
    } catch {
      if error.kind == .unsupported { return "the server has no block of public access" }
      throw error
    }
  }
}
