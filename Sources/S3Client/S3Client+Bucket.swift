// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import HTTPTransport
internal import XML

extension S3Client {
  /// Whether the bucket is there and may be used (HeadBucket).
  ///
  /// - Returns: the region that the server says it is in, nil where it says none.
  /// - Throws: ``S3Error/Kind/noSuchBucket``, ``S3Error/Kind/denied``, ``S3Error/Kind/wrongRegion``.
  @discardableResult
  public func headBucket() throws(S3Error) -> String? {
    do throws(S3Error) {
      return try send(S3Operation.headBucket, S3Request("HEAD"), on: url).response.header("x-amz-bucket-region")
    } catch {
      guard error.kind == .noSuchObject else { throw error }
      throw error.about(.noSuchBucket, remedy: "check the bucket's name and the endpoint")
    }
  }

  /// GetBucketVersioning.
  public func bucketVersioning() throws(S3Error) -> BucketVersioning {
    let root = try setting(S3Operation.getVersioning, "versioning", root: "VersioningConfiguration")
    guard let state = BucketVersioning(rawValue: root.text(at: "Status") ?? "") else {
      throw badAnswer(S3Operation.getVersioning, "a state that is none", on: url)
    }
    return state
  }

  /// GetObjectLockConfiguration.
  ///
  /// - Returns: nil for a bucket without Object Lock.
  public func bucketLock() throws(S3Error) -> BucketLock? {
    let operation = S3Operation.getLock
    guard
      let root = try setting(
        operation, "object-lock", root: "ObjectLockConfiguration", absent: "ObjectLockConfigurationNotFoundError")
    else { return nil }
    let isEnabled = root.text(at: "ObjectLockEnabled") == "Enabled"
    guard let rule = root["Rule"]?["DefaultRetention"] else {
      return BucketLock(isEnabled: isEnabled, defaultRetention: nil)
    }
    func number(_ name: String) -> Int? { rule.text(at: name).flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
    guard let mode = rule.text(at: "Mode").flatMap(ObjectLock.Mode.init),
      let period = number("Days").map(BucketLock.Period.days) ?? number("Years").map(BucketLock.Period.years)
    else { throw badAnswer(operation, "a default retention that cannot be read", on: url) }
    return BucketLock(isEnabled: isEnabled, defaultRetention: .init(mode: mode, period: period))
  }

  /// How objects are encrypted by default (GetBucketEncryption); nil where nothing is set.
  public func bucketEncryption() throws(S3Error) -> BucketEncryption? {
    guard
      let root = try setting(
        S3Operation.getEncryption, "encryption", root: "ServerSideEncryptionConfiguration",
        absent: "ServerSideEncryptionConfigurationNotFoundError"),
      let rule = root["Rule"], let way = rule["ApplyServerSideEncryptionByDefault"],
      let algorithm = way.text(at: "SSEAlgorithm")
    else { return nil }
    return BucketEncryption(
      algorithm: algorithm, kmsKeyID: way.text(at: "KMSMasterKeyID").flatMap { $0.isEmpty ? nil : $0 },
      usesBucketKey: rule.text(at: "BucketKeyEnabled") == "true")
  }

  /// GetPublicAccessBlock; nil where nothing is set.
  public func publicAccessBlock() throws(S3Error) -> PublicAccessBlock? {
    guard
      let root = try setting(
        S3Operation.getPublicAccess, "publicAccessBlock", root: "PublicAccessBlockConfiguration",
        absent: "NoSuchPublicAccessBlockConfiguration")
    else { return nil }
    func isOn(_ name: String) -> Bool { root.text(at: name)?.lowercased() == "true" }
    return PublicAccessBlock(
      blocksACLs: isOn("BlockPublicAcls"), ignoresACLs: isOn("IgnorePublicAcls"),
      blocksPolicies: isOn("BlockPublicPolicy"), restrictsBuckets: isOn("RestrictPublicBuckets"))
  }

  /// Whether the bucket's policy lets everybody in (GetBucketPolicyStatus); nil where there is no policy.
  public func bucketPolicyIsPublic() throws(S3Error) -> Bool? {
    try setting(S3Operation.getPolicyStatus, "policyStatus", root: "PolicyStatus", absent: "NoSuchBucketPolicy")
      .map { $0.text(at: "IsPublic")?.lowercased() == "true" }
  }

  /// The region that the bucket is in (GetBucketLocation): S3 leaves `us-east-1` out, and calls its first European
  /// region `EU`.
  public func location() throws(S3Error) -> String {
    var request = S3Request("GET")
    request.ask("location")
    let root = try document(S3Operation.getLocation, request, on: url, root: nil)
    // SeaweedFS wraps it, as the document that makes a bucket does.
    guard let element = root.first("LocationConstraint") else {
      throw badAnswer(S3Operation.getLocation, "<\(root.name.prefix(40))> for a <LocationConstraint>", on: url)
    }
    switch element.text {
    case "": return "us-east-1"
    case "EU": return "eu-west-1"
    default: return element.text
    }
  }

  private func setting(_ operation: AWSOperation, _ name: String, root: String) throws(S3Error) -> XMLElement {
    var request = S3Request("GET")
    request.ask(name)
    return try document(operation, request, on: url, root: root)
  }

  /// - Parameter absent: the code that stands for a setting that was never made.
  private func setting(
    _ operation: AWSOperation, _ name: String, root: String, absent: String
  ) throws(S3Error) -> XMLElement? {
    do throws(S3Error) { return try setting(operation, name, root: root) } catch {
      if error.answer?.code == absent { return nil }
      throw error
    }
  }
}
