// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// One entry of a list of versions: an object, or a mark that it is deleted.
public struct S3ObjectVersion: Equatable, Sendable {
  public let key: String
  /// `null` in a bucket without versions, and for what is older than the versions.
  public let versionID: String
  /// 0 for a delete marker.
  public let bytes: Int
  public let isDeleteMarker: Bool
  public let isLatest: Bool
  /// By the server's clock; AWS counts whole seconds.
  public let modified: Timestamp
  public let etag: String?
  public let storageClass: String?

  public init(
    key: String, versionID: String, bytes: Int, isDeleteMarker: Bool, isLatest: Bool, modified: Timestamp,
    etag: String?, storageClass: String?
  ) {
    self.key = key
    self.versionID = versionID
    self.bytes = bytes
    self.isDeleteMarker = isDeleteMarker
    self.isLatest = isLatest
    self.modified = modified
    self.etag = etag
    self.storageClass = storageClass
  }
}

/// One entry of a list of objects, each by its newest version.
public struct S3Object: Equatable, Sendable {
  public let key: String
  public let bytes: Int
  public let modified: Timestamp
  public let etag: String?
  public let storageClass: String?

  public init(key: String, bytes: Int, modified: Timestamp, etag: String?, storageClass: String?) {
    self.key = key
    self.bytes = bytes
    self.modified = modified
    self.etag = etag
    self.storageClass = storageClass
  }
}
