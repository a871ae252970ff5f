// SPDX-License-Identifier: Apache-2.0
internal import AWS

/// The operations that are called, with the IAM actions that they need and whether they may be made twice.
///
/// - SeeAlso: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
enum S3Operation {
  static func read(_ name: String, _ permission: String) -> AWSOperation {
    AWSOperation(name, permission: permission, isRepeatable: true)
  }

  /// What sets something to a value leads to the same however often it is done.
  static func set(_ name: String, _ permission: String) -> AWSOperation {
    AWSOperation(name, permission: permission, isRepeatable: true)
  }

  /// Without a condition each attempt that arrives makes a version of its own.
  static func put(isLocked: Bool, isHeld: Bool, isKMS: Bool, ifAbsent: Bool) -> AWSOperation {
    var permissions = ["s3:PutObject"]
    if isLocked { permissions.append("s3:PutObjectRetention") }
    if isHeld { permissions.append("s3:PutObjectLegalHold") }
    if isKMS { permissions.append("kms:GenerateDataKey") }
    return AWSOperation("PutObject", permission: list(permissions, "and"), isRepeatable: ifAbsent)
  }

  /// S3 denies knowledge of a missing object to those who may not list, and asks for the key where it checks sums.
  static func get(_ name: String, versionID: String?) -> AWSOperation {
    let action = versionID == nil ? "s3:GetObject" : "s3:GetObjectVersion"
    return read(name, "\(action) (or kms:Decrypt; or s3:ListBucket, without which a missing object is denied too)")
  }

  /// A delete without a version adds a marker each time; with one it does the same each time.
  static func delete(versionID: String?) -> AWSOperation {
    let action = versionID == nil ? "s3:DeleteObject" : "s3:DeleteObjectVersion"
    return AWSOperation("DeleteObject", permission: action, isRepeatable: versionID != nil)
  }

  static let listVersions = read("ListObjectVersions", "s3:ListBucketVersions")
  static let list = read("ListObjectsV2", "s3:ListBucket")
  static let getRetention = read("GetObjectRetention", "s3:GetObjectRetention")
  static let putRetention = set("PutObjectRetention", "s3:PutObjectRetention")
  static let getLegalHold = read("GetObjectLegalHold", "s3:GetObjectLegalHold")
  static let putLegalHold = set("PutObjectLegalHold", "s3:PutObjectLegalHold")
  static let restore = set("RestoreObject", "s3:RestoreObject")

  static let headBucket = read("HeadBucket", "s3:ListBucket")
  static let getVersioning = read("GetBucketVersioning", "s3:GetBucketVersioning")
  static let putVersioning = set("PutBucketVersioning", "s3:PutBucketVersioning")
  static let getLock = read("GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration")
  static let putLock = set("PutObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration")
  static let getEncryption = read("GetBucketEncryption", "s3:GetEncryptionConfiguration")
  static let putEncryption = set("PutBucketEncryption", "s3:PutEncryptionConfiguration")
  static let getPublicAccess = read("GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock")
  static let putPublicAccess = set("PutPublicAccessBlock", "s3:PutBucketPublicAccessBlock")
  static let getPolicyStatus = read("GetBucketPolicyStatus", "s3:GetBucketPolicyStatus")
  static let getLocation = read("GetBucketLocation", "s3:GetBucketLocation")
  static let createBucket = set("CreateBucket", "s3:CreateBucket")
  static let createLockedBucket = set(
    "CreateBucket", "s3:CreateBucket, s3:PutBucketVersioning and s3:PutBucketObjectLockConfiguration")

  private static func list(_ words: [String], _ last: String) -> String {
    guard let end = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " \(last) \(end)"
  }
}
