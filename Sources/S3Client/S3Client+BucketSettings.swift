// SPDX-License-Identifier: Apache-2.0
internal import AWS

extension S3Client {
  /// Makes the bucket, in the region that requests are signed for (CreateBucket).
  ///
  /// - Parameter objectLock: also switches versions on. AWS can do it later, most servers only now.
  /// - Returns: ``BucketCreation/created`` too for one of our own in `us-east-1`, where AWS says nothing of it.
  public func createBucket(objectLock: Bool) throws(S3Error) -> BucketCreation {
    var request = S3Request("PUT")
    if objectLock { request.set("x-amz-bucket-object-lock-enabled", "true") }
    if region != "us-east-1" {
      request.setDocument(
        RequestDocument.root(
          "CreateBucketConfiguration", RequestDocument.element("LocationConstraint", text: region)))
    }
    let operation = objectLock ? S3Operation.createLockedBucket : S3Operation.createBucket
    do throws(S3Error) { _ = try send(operation, request, on: url) } catch {
      if error.answer?.code == "BucketAlreadyOwnedByYou" { return .alreadyOurs }
      throw error
    }
    return .created
  }

  /// Switches Object Lock on, with a lock for objects that come without one (PutObjectLockConfiguration).
  ///
  /// - Parameter retention: nil for none.
  public func setDefaultRetention(_ retention: BucketLock.DefaultRetention?) throws(S3Error) {
    let enabled = RequestDocument.element("ObjectLockEnabled", text: "Enabled")
    let rule = retention.map { retention in
      let period =
        switch retention.period {
        case .days(let days): RequestDocument.element("Days", text: "\(days)")
        case .years(let years): RequestDocument.element("Years", text: "\(years)")
        }
      let mode = RequestDocument.element("Mode", text: retention.mode.rawValue)
      return RequestDocument.element("Rule", RequestDocument.element("DefaultRetention", mode, period))
    }
    try put(S3Operation.putLock, "object-lock", RequestDocument.root("ObjectLockConfiguration", enabled, rule ?? ""))
  }

  /// PutBucketVersioning.
  public func enableVersioning() throws(S3Error) {
    let status = RequestDocument.element("Status", text: BucketVersioning.enabled.rawValue)
    try put(S3Operation.putVersioning, "versioning", RequestDocument.root("VersioningConfiguration", status))
  }

  /// PutPublicAccessBlock.
  public func setPublicAccessBlock(_ block: PublicAccessBlock = .all) throws(S3Error) {
    let document = RequestDocument.root(
      "PublicAccessBlockConfiguration", RequestDocument.element("BlockPublicAcls", block.blocksACLs),
      RequestDocument.element("IgnorePublicAcls", block.ignoresACLs),
      RequestDocument.element("BlockPublicPolicy", block.blocksPolicies),
      RequestDocument.element("RestrictPublicBuckets", block.restrictsBuckets))
    try put(S3Operation.putPublicAccess, "publicAccessBlock", document)
  }

  /// PutBucketEncryption.
  public func setEncryption(_ encryption: BucketEncryption) throws(S3Error) {
    let key = encryption.kmsKeyID.map { RequestDocument.element("KMSMasterKeyID", text: $0) }
    let way = RequestDocument.element(
      "ApplyServerSideEncryptionByDefault", RequestDocument.element("SSEAlgorithm", text: encryption.algorithm),
      key ?? "")
    let rule = RequestDocument.element(
      "Rule", way, RequestDocument.element("BucketKeyEnabled", encryption.usesBucketKey))
    try put(
      S3Operation.putEncryption, "encryption", RequestDocument.root("ServerSideEncryptionConfiguration", rule))
  }

  private func put(_ operation: AWSOperation, _ name: String, _ document: String) throws(S3Error) {
    var request = S3Request("PUT")
    request.ask(name)
    request.setDocument(document)
    _ = try send(operation, request, on: url)
  }
}
