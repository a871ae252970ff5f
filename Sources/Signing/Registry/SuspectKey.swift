// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// A key that may have been in other hands, and since when: what it signed is looked for, whatever the registry says of it.
public struct SuspectKey: Sendable {
  public let key: VerificationKey
  public let since: Timestamp

  public init(key: VerificationKey, since: Timestamp) {
    self.key = key
    self.since = since
  }

  /// Whether a row of that time is one to look at; one that has no time may be of any.
  func mayHaveSigned(at time: Timestamp) -> Bool { time >= since || !time.isFinite }

  /// Whether a document that says it was made then may be from since the theft: its time is to the second.
  public func mayHaveMade(at time: Timestamp, lifetime seconds: Int64 = 0) -> Bool {
    time.advanced(bySeconds: seconds) >= since.wholeSecond
  }

  /// Whether the key made one of a proof's signatures, under whatever id.
  public func signed(_ proof: Proof, over digest: Digest) throws -> Bool {
    try proof.signatures.contains { try key.isValid($0.signature, over: digest) }
  }
}

extension Timestamp {
  /// The beginning of its second, which is all that documents say.
  var wholeSecond: Timestamp {
    guard isFinite else { return self }
    let over = microseconds % 1_000_000
    return Timestamp(microseconds: microseconds - (over < 0 ? over + 1_000_000 : over))
  }
}
