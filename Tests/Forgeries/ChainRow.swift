// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing

/// A row of a chain as an archive's line has it: a JSON literal for each column.
public struct ChainRow: Sendable {
  public var values: [String: String]
  public var hash: Digest
  public var previous: Digest?
  public var createdAt: Timestamp
  public let id: String
  public private(set) var verdict: SignatureVerdict

  /// - Parameters:
  ///   - payload: JSON as Postgres prints jsonb.
  ///   - signer: nil leaves the row unsigned.
  public init(
    id: String, payload: String, after previous: Digest?, createdAt: Timestamp, signer: (any Signer)?,
    values: [String: String] = [:]
  ) throws {
    self.id = id
    self.previous = previous
    self.createdAt = createdAt
    self.values = values
    hash = SHA256.hash([])
    verdict = .unsigned
    self.values["id"] = quoted(id)
    self.values["payload"] = payload
    self.values["created_at"] = quoted(createdAt.literal)
    try rehash()
    try sign(signer)
  }

  public var payload: String { values["payload"] ?? "null" }

  /// Makes the hash anew by what the row now says.
  public mutating func rehash() throws {
    let canonical = try JSONValue(parsing: payload).canonicalBytes
    hash = SHA256.hash(canonical + (previous?.bytes ?? []))
    values["hash"] = quoted(hash.hex)
    values["prev_hash"] = previous.map { quoted($0.hex) } ?? "null"
  }

  public mutating func sign(_ signer: (any Signer)?) throws {
    values["signature"] = try signer.map { quoted(Base64.encode(try $0.sign(hash))) } ?? "null"
    if let signer { values["signer_id"] = quoted(signer.description.kid) }
    verdict = signer == nil ? .unsigned : .valid
  }

  public mutating func set(createdAt: Timestamp) {
    self.createdAt = createdAt
    values["created_at"] = quoted(createdAt.literal)
  }

  /// The row's line, without a newline.
  public func line(_ columns: [Manifest.Column]) -> [UInt8] {
    let members = columns.map { "\(quoted($0.name)):\(values[$0.name] ?? "null")" }
    return Array("{\(members.joined(separator: ","))}".utf8)
  }
}

/// A text as a JSON literal.
func quoted(_ text: String) -> String { JSONValue.string(text).compactText }

extension Timestamp {
  /// As a row has it.
  fileprivate var literal: String {
    switch self {
    case .distantFuture: "infinity"
    case .distantPast: "-infinity"
    default: iso
    }
  }
}
