// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import XML

/// One page of a list, of versions or of objects.
struct ListingPage {
  let root: XMLElement
  /// Whether keys are percent-encoded: only where the server says so, for some ignore that it was asked for.
  private let isEncoded: Bool

  init(_ body: [UInt8], root name: String) throws(AnswerFault) {
    do throws(XMLError) {
      // 1,000 entries of about a dozen elements.
      root = try XMLElement(parsing: body, limits: XMLLimits(depth: 8, elements: 50_000, textBytes: 8 << 20))
    } catch { throw AnswerFault("a list that cannot be read: \(error)") }
    guard root.name == name else { throw AnswerFault("<\(root.name.prefix(40))> for a <\(name)>") }
    isEncoded = root.text(at: "EncodingType") == "url"
  }

  var isTruncated: Bool { root.text(at: "IsTruncated") == "true" }

  /// A key, or what else the encoding applies to.
  func key(_ element: XMLElement, _ name: String) throws(AnswerFault) -> String? {
    guard let text = element.text(at: name) else { return nil }
    guard isEncoded else { return text }
    guard let decoded = KeyEncoding.decode(text) else { throw AnswerFault("a key that cannot be decoded") }
    return decoded
  }

  /// Versions and delete markers, in the order in which the server sent them.
  func versions(below prefix: String) throws(AnswerFault) -> [S3ObjectVersion] {
    var found: [S3ObjectVersion] = []
    for entry in root.children where entry.name == "Version" || entry.name == "DeleteMarker" {
      let isMarker = entry.name == "DeleteMarker"
      guard let id = entry.text(at: "VersionId"), let isLatest = Self.bool(entry.text(at: "IsLatest")) else {
        throw AnswerFault("a version without an id, or without whether it is the newest")
      }
      found.append(
        S3ObjectVersion(
          key: try entryKey(entry, prefix), versionID: id, bytes: isMarker ? 0 : try Self.size(entry),
          isDeleteMarker: isMarker, isLatest: isLatest, modified: try Self.modified(entry),
          etag: entry.text(at: "ETag"), storageClass: entry.text(at: "StorageClass")))
    }
    return found
  }

  func objects(below prefix: String) throws(AnswerFault) -> [S3Object] {
    var found: [S3Object] = []
    for entry in root.all("Contents") {
      found.append(
        S3Object(
          key: try entryKey(entry, prefix), bytes: try Self.size(entry), modified: try Self.modified(entry),
          etag: entry.text(at: "ETag"), storageClass: entry.text(at: "StorageClass")))
    }
    return found
  }

  private func entryKey(_ entry: XMLElement, _ prefix: String) throws(AnswerFault) -> String {
    guard let key = try key(entry, "Key") else { throw AnswerFault("an entry without a key") }
    guard key.utf8.starts(with: prefix.utf8) else { throw AnswerFault("a key outside of what was asked for") }
    return key
  }

  private static func size(_ entry: XMLElement) throws(AnswerFault) -> Int {
    guard let size = entry.text(at: "Size").flatMap({ Int($0) }), size >= 0 else {
      throw AnswerFault("an entry without a size")
    }
    return size
  }

  private static func modified(_ entry: XMLElement) throws(AnswerFault) -> Timestamp {
    guard let time = entry.text(at: "LastModified").flatMap(S3Time.parse) else {
      throw AnswerFault("an entry without a time")
    }
    return time
  }

  private static func bool(_ text: String?) -> Bool? {
    switch text {
    case "true": true
    case "false": false
    default: nil
    }
  }
}
