// SPDX-License-Identifier: Apache-2.0

/// What can be wrong with a row, in the chain's vocabulary.
public enum AnomalyKind: String, Sendable, CaseIterable {
  case gap, fork, orphan, duplicate, unsigned, rewound
  case hashMismatch = "hash-mismatch"
  case signatureInvalid = "signature-invalid"
  /// Only in reports: no key at hand verifies the signature, where one must.
  case signatureUnverifiable = "signature-unverifiable"
  /// Signed by a key that was revoked from before on.
  case untrusted
}

/// A row that the chain does not account for.
public struct Anomaly: Equatable, Sendable {
  public let kind: AnomalyKind
  /// Index of the row in its bundle, from 0.
  public let row: Int?
  /// The row's id as it stands in its line, without quotes.
  public let id: String
  public let detail: String

  public init(_ kind: AnomalyKind, row: Int?, id: String, detail: String) {
    self.kind = kind
    self.row = row
    self.id = id
    self.detail = detail
  }

  public var json: JSONValue {
    .object([
      "kind": .string(kind.rawValue), "row": row.map { .integer(Int64($0)) } ?? .null, "id": .string(id),
      "detail": .string(detail),
    ])
  }
}

/// The first anomalies of a bundle or a run, and how many there are in all.
public struct AnomalyLog: Equatable, Sendable {
  public static var limit: Int { 1000 }
  public private(set) var listed: [Anomaly] = []
  public private(set) var total = 0

  public init() {}

  public mutating func append(_ anomaly: Anomaly) {
    if listed.count < Self.limit { listed.append(anomaly) }
    total += 1
  }

  public mutating func append(_ other: AnomalyLog) {
    listed += other.listed.prefix(Self.limit - listed.count)
    total += other.total
  }

  /// The same without some of those that are listed.
  public func removing(where isKnown: (Anomaly) -> Bool) -> AnomalyLog {
    let kept = listed.filter { !isKnown($0) }
    return AnomalyLog(listed: kept, total: total - listed.count + kept.count)
  }

  public var isEmpty: Bool { total == 0 }

  /// - Parameter total: at least as many as are listed.
  public init(listed: [Anomaly], total: Int) {
    self.listed = listed
    self.total = total
  }
}

/// Rows by what a look at their signature found.
public struct SignatureCounts: Equatable, Sendable {
  public var valid = 0
  public var unsigned = 0
  public var invalid = 0
  public var unverifiable = 0
  /// Of the invalid ones those by keys that were revoked from before on; in reports alone.
  public var untrusted = 0
  /// Left out by the policy; in reports alone.
  public var skipped = 0

  public init() {}

  public static func += (a: inout SignatureCounts, b: SignatureCounts) {
    a.valid += b.valid
    a.unsigned += b.unsigned
    a.invalid += b.invalid
    a.unverifiable += b.unverifiable
    a.skipped += b.skipped
    a.untrusted += b.untrusted
  }

  public var json: JSONValue {
    .object([
      "valid": .integer(Int64(valid)), "unsigned": .integer(Int64(unsigned)), "invalid": .integer(Int64(invalid)),
      "unverifiable": .integer(Int64(unverifiable)),
    ])
  }
}
