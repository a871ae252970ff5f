// SPDX-License-Identifier: Apache-2.0
import Testing

/// A call to S3 that a command makes, as its requests look.
struct S3Call: Sendable, CustomTestStringConvertible {
  enum Kind: Sendable {
    /// Asks for a document.
    case document
    /// Asks for an object.
    case object
    /// Asks for an object's head.
    case head
    case write
  }

  /// As S3 calls it.
  let operation: String
  let about: String
  let kind: Kind
  let target: String
  /// Which of the run's calls goes wrong first: a later one where there are several, so that something is there by then.
  let nth: Int

  private init(_ operation: String, _ about: String, _ kind: Kind, _ target: String, nth: Int = 1) {
    (self.operation, self.about, self.kind, self.target, self.nth) = (operation, about, kind, target, nth)
  }

  var method: String {
    switch kind {
    case .document, .object: "GET"
    case .head: "HEAD"
    case .write: "PUT"
    }
  }

  var testDescription: String { "\(operation) of \(about)" }

  static let versioning = S3Call("GetBucketVersioning", "the bucket", .document, "*?versioning*")
  static let bucketLock = S3Call("GetObjectLockConfiguration", "the bucket", .document, "*?object-lock*")
  static let listManifests = S3Call("ListObjectVersions", "manifests", .document, "*?versions*manifests%2F")
  static let listBundles = S3Call("ListObjectVersions", "bundles", .document, "*?versions*bundles%2F")
  static let listManifest = S3Call("ListObjectVersions", "a manifest", .document, "*?versions*.json", nth: 2)
  static let putBundle = S3Call("PutObject", "a bundle", .write, "*/bundles/*", nth: 2)
  static let putManifest = S3Call("PutObject", "a manifest", .write, "*/manifests/*", nth: 2)
  static let headBundle = S3Call("HeadObject", "a bundle", .head, "*/bundles/*", nth: 2)
  static let headManifest = S3Call("HeadObject", "a manifest", .head, "*/manifests/*", nth: 2)
  static let retention = S3Call("GetObjectRetention", "a manifest", .document, "*/manifests/*?retention*", nth: 2)
  static let legalHold = S3Call("GetObjectLegalHold", "a manifest", .document, "*/manifests/*?legal-hold*", nth: 2)
  static let getManifest = S3Call("GetObject", "a manifest", .object, "*/manifests/*?versionId=*", nth: 2)
  static let getLastManifest = S3Call("GetObject", "the last manifest", .object, "*/manifests/*?versionId=*")
  static let getBundle = S3Call("GetObject", "a bundle", .object, "*/bundles/*?versionId=*")

  static let putReport = S3Call("PutObject", "a drill's report", .write, "*/drills/*")

  /// Those of `audit archive`.
  static let archiving = [
    versioning, bucketLock, listManifests, listManifest, putBundle, putManifest, headBundle, headManifest, retention,
    legalHold, getManifest,
  ]

  /// Those of a night that finds an archive, where they are others.
  static let archivingAgain = [listManifests, getLastManifest]
}
