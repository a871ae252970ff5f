// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// A later signature under a manifest whose own one is not trusted any more.
public struct Countersignature: Equatable, Sendable {
  public static var format: String { "audit-countersignature/v1" }

  public let stream: String
  public let sequence: Int
  public let manifest: Digest
  public let createdAt: Timestamp
  /// Ids of the revoked keys in spite of whose signatures somebody vouches for the manifest and its rows.
  public let despite: [String]
  public let reason: String

  public init(stream: String, sequence: Int, manifest: Digest, createdAt: Timestamp, despite: [String], reason: String)
  {
    self.stream = stream
    self.sequence = sequence
    self.manifest = manifest
    self.createdAt = createdAt
    self.despite = despite
    self.reason = reason
  }

  public init(json: JSONValue) throws(DocumentError) {
    let reader = try DocumentReader(json, "countersignature")
    guard try reader.string("format") == Self.format else { throw reader.error("format", "is not \(Self.format)") }
    self.init(
      stream: try reader.string("stream"), sequence: try reader.count("sequence"),
      manifest: try reader.digest("manifestDigest"), createdAt: try reader.time("createdAt"),
      despite: try reader.strings("despite"), reason: try reader.string("reason"))
  }

  public var json: JSONValue {
    .object([
      "format": .string(Self.format), "stream": .string(stream), "sequence": .count(sequence),
      "manifestDigest": .digest(manifest), "createdAt": .string(createdAt.isoSeconds),
      "despite": .array(despite.map { .string($0) }), "reason": .string(reason),
    ])
  }
}
