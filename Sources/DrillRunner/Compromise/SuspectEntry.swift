// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// Something that the key of a report after a theft signed, at or after that time.
public struct SuspectEntry: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// A row of the archive.
    case archivedRow = "archived-row"
    /// A row of the table; one that the archive has, too, is listed there alone where both were compared.
    case tableRow = "table-row"
    case manifest
    /// A version of the registry, an approval, a countersignature, a report.
    case document
  }

  public let kind: Kind
  /// The row's id, or the object's name.
  public let id: String
  public let createdAt: Timestamp
  /// The row's hash, or the document's digest.
  public let digest: Digest
  /// Of the manifest that the row is archived in.
  public var sequence: Int?
  /// Ids of the keys that vouch for it in spite of the theft.
  public var countersignedBy: [String] = []
  /// What its signatures are worth without the key.
  public var standing: String?

  public init(_ kind: Kind, id: String, createdAt: Timestamp, digest: Digest) {
    (self.kind, self.id, self.createdAt, self.digest) = (kind, id, createdAt, digest)
  }

  public var json: JSONValue {
    var members = [
      JSONValue.Member("kind", .string(kind.rawValue)),
      JSONValue.Member(kind.isRow ? "id" : "object", .string(id)),
      JSONValue.Member("createdAt", createdAt.isFinite ? .string(createdAt.iso) : .null),
      JSONValue.Member(kind.isRow ? "hash" : "digestHex", .digest(digest)),
    ]
    if let sequence { members.append(JSONValue.Member("sequence", .count(sequence))) }
    if let standing { members.append(JSONValue.Member("standing", .string(standing))) }
    members.append(JSONValue.Member("countersignedBy", .array(countersignedBy.map { .string($0) })))
    return .object(members)
  }

  public var text: String {
    let time = createdAt.isFinite ? createdAt.iso : "no time"
    let place = sequence.map { ", manifest \($0)" } ?? ""
    let word = countersignedBy.isEmpty ? standing.map { ", \($0)" } ?? "" : ""
    let vouched = countersignedBy.isEmpty ? "" : ", countersigned by \(countersignedBy.joined(separator: ", "))"
    return "\(kind.rawValue)  \(id)  \(time)\(place)\(word)\(vouched)"
  }
}

extension SuspectEntry.Kind {
  public var isRow: Bool { self == .archivedRow || self == .tableRow }
}
