// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore
internal import HTTPTransport

extension S3ObjectHead {
  /// Reads the headers of GetObject and HeadObject.
  ///
  /// - Parameter bytes: of the whole object.
  init(_ response: HTTPResponse, bytes: Int) throws(AnswerFault) {
    self.bytes = bytes
    versionID = response.header("x-amz-version-id")
    lock = try Self.lock(response)
    hasLegalHold = response.header("x-amz-object-lock-legal-hold") == "ON"
    // A checksum of parts is no digest of the whole.
    let isOfParts = response.header("x-amz-checksum-type") == "COMPOSITE"
    sha256 = isOfParts ? nil : response.header("x-amz-checksum-sha256").flatMap(ObjectChecksum.init)?.digest
    etag = response.header("etag")
    storageClass = response.header("x-amz-storage-class")
    archiveStatus = response.header("x-amz-archive-status")
    restore = Self.restore(response.header("x-amz-restore"))
    serverSideEncryption = response.header("x-amz-server-side-encryption")
    kmsKeyID = response.header("x-amz-server-side-encryption-aws-kms-key-id")
    modified = response.header("last-modified").flatMap(HTTPDate.parse)
  }

  /// A lock that cannot be read is no missing lock.
  private static func lock(_ response: HTTPResponse) throws(AnswerFault) -> ObjectLock? {
    let mode = response.header("x-amz-object-lock-mode") ?? ""
    let until = response.header("x-amz-object-lock-retain-until-date") ?? ""
    return mode.isEmpty && until.isEmpty ? nil : try ObjectLock(mode: mode, until: until)
  }

  /// Reads `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`.
  static func restore(_ text: String?) -> RestoreState {
    guard let text else { return .none }
    if text.contains("ongoing-request=\"true\"") { return .inProgress }
    guard text.contains("ongoing-request=\"false\"") else { return .none }
    let date = text.ranges(of: "expiry-date=\"").first.map { text[$0.upperBound...].prefix { $0 != "\"" } }
    return .restored(until: date.flatMap { HTTPDate.parse(String($0)) })
  }
}

extension ObjectLock {
  /// As S3 writes it.
  init(mode: String, until: String) throws(AnswerFault) {
    guard let mode = Mode(rawValue: mode), let time = S3Time.parse(until) else {
      throw AnswerFault("a lock that cannot be read: mode \(mode.prefix(40)), until \(until.prefix(40))")
    }
    // What is less than a second says nothing for the lock.
    self.init(mode: mode, until: Timestamp(microseconds: time.microseconds - time.microsecondOfDay % 1_000_000))
  }
}
