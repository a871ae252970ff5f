// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore
internal import Bytes
internal import HTTPTransport

extension S3Client {
  /// Opens an object for reading from its beginning to its end (GetObject).
  ///
  /// - Parameter versionID: nil for the newest one.
  /// - Returns: nil for what is not there, or is a delete marker.
  /// - Throws: ``S3Error/Kind/coldStorage`` for an object that has to be restored first.
  public func open(_ key: String, versionID: String?) throws(S3Error) -> S3ObjectReader? {
    try existing { () throws(S3Error) in try S3ObjectReader(self, key, versionID: versionID, range: nil) }
  }

  /// Reads a small object whole.
  ///
  /// - Parameter limit: bytes that it may have; more is an error before they are read.
  /// - Returns: nil for what is not there, or is a delete marker.
  public func read(_ key: String, versionID: String?, limit: Int) throws(S3Error) -> [UInt8]? {
    guard let reader = try open(key, versionID: versionID) else { return nil }
    guard reader.size <= limit else {
      reader.close()
      throw refusal(
        .tooLarge, S3Operation.get("GetObject", versionID: versionID), .integrity,
        "it has \(reader.size) bytes, more than the \(limit) that such an object may have",
        on: name(key, versionID: versionID), remedy: "look at who wrote it")
    }
    return try reader.rest()
  }

  /// Reads a part of an object.
  ///
  /// - Parameter range: offsets, within the object: ``S3Error/Kind/outOfRange`` is thrown where it is shorter.
  /// - Returns: as many bytes as the range has; nil for what is not there, or is a delete marker.
  public func read(_ key: String, versionID: String?, range: Range<Int>) throws(S3Error) -> [UInt8]? {
    precondition(range.lowerBound >= 0)
    guard !range.isEmpty else { return try head(key, versionID: versionID, checksum: false).map { _ in [] } }
    guard let reader = try open(key, versionID: versionID, range: range) else { return nil }
    return try reader.rest()
  }

  /// Opens a part of an object for reading from its beginning to its end.
  ///
  /// - Parameter range: offsets, at least one byte: ``S3Error/Kind/outOfRange`` is thrown where the object is shorter.
  /// - Returns: nil for what is not there, or is a delete marker.
  public func open(_ key: String, versionID: String?, range: Range<Int>) throws(S3Error) -> S3ObjectReader? {
    try existing { () throws(S3Error) in
      let reader = try S3ObjectReader(self, key, versionID: versionID, range: range)
      guard reader.range == range else {
        reader.close()
        throw refusal(
          .outOfRange, S3Operation.get("GetObject", versionID: versionID), .integrity,
          "it has \(reader.size) bytes and ends before \(range.upperBound)", on: name(key, versionID: versionID),
          remedy: "find out who wrote it")
      }
      return reader
    }
  }

  /// What S3 knows of an object (HeadObject).
  ///
  /// - Parameter checksum: whether to ask for the digest; for an object under KMS that takes `kms:Decrypt`.
  /// - Returns: nil for what is not there, or is a delete marker; for a bucket that is not there as well, because a
  ///   HEAD's answer does not say what is missing.
  public func head(
    _ key: String, versionID: String?, checksum: Bool = true
  ) throws(S3Error) -> S3ObjectHead? {
    let operation = S3Operation.get("HeadObject", versionID: versionID)
    let object = name(key, versionID: versionID)
    var request = S3Request("HEAD", key: key)
    request.ask(versionID: versionID)
    if checksum { request.set("x-amz-checksum-mode", "ENABLED") }
    return try existing { () throws(S3Error) in
      let response = try send(operation, request, on: object).response
      do throws(AnswerFault) {
        guard let bytes = response.contentLength, bytes >= 0 else { throw AnswerFault("no length of the object") }
        return try S3ObjectHead(response, bytes: bytes)
      } catch { throw badAnswer(operation, error.reason, on: object) }
    }
  }

  /// Runs a call about an object; nil where the object is not there.
  ///
  /// A delete marker that is asked for by its own id is answered 405 by AWS, which no other GET or HEAD is.
  private func existing<Reply>(_ call: () throws(S3Error) -> Reply) throws(S3Error) -> Reply? {
    do throws(S3Error) { return try call() } catch {
      if error.kind == .noSuchObject || error.answer?.status == 405 { return nil }
      throw error
    }
  }
}
