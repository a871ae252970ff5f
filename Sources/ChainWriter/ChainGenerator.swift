// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
internal import CanonicalJSON
internal import Cryptography
public import Signing

/// A fault that a generated chain is given, for demonstrations and tests.
public enum GeneratedFault: String, Sendable, CaseIterable {
  /// A payload altered behind the hash.
  case hash
  /// A row left out.
  case delete
  /// A second row on the same predecessor.
  case fork
  /// A row whose predecessor does not exist.
  case orphan
  /// A signature over something else.
  case sig
}

/// What kind of chain is made.
public struct ChainShape: Sendable {
  public var rows = 1000
  public var days = 1
  public var lastDay: UTCDay
  /// The same seed makes the same chain.
  public var seed: UInt64 = 1
  /// One row in so many shares the time of the row before; 0 for none.
  public var tieEvery = 50
  /// One row in so many is stamped up to half a second before the row before; 0 for none.
  public var skewEvery = 97
  public var fault: GeneratedFault?
  /// Number of the row at fault, from 1.
  public var faultRow = 58

  public init(lastDay: UTCDay) { self.lastDay = lastDay }
}

/// One generated row.
public struct GeneratedRow: Sendable {
  public var id: UInt128 = 0
  public var eventType = ""
  public var nodeID: UInt128 = 0
  public var payload: [UInt8] = []
  public var hash = ""
  public var previous: String?
  public var signature: String?
  public var createdAt = Timestamp(microseconds: 0)
}

/// Makes the rows of a chain, one behind the other.
public struct ChainGenerator: ~Copyable {
  private let shape: ChainShape
  private let signer: (any Signer)?
  private var random: SplitMix64
  private var payloads: PayloadGenerator
  private var canonicalizer = Canonicalizer()
  private var canonical = ByteBuffer(capacity: 4096)
  private var head: Digest?
  private var time: Timestamp
  private var number = 0
  /// Rows that stand in front of the next one of the chain.
  private var extra: [GeneratedRow] = []

  /// - Parameter signer: nil makes an unsigned chain.
  public init(_ shape: ChainShape, signer: (any Signer)?) {
    self.shape = shape
    self.signer = signer
    random = SplitMix64(state: shape.seed)
    payloads = PayloadGenerator(seed: shape.seed ^ 0x5eed)
    time = shape.lastDay.advanced(by: 1 - shape.days).start
  }

  /// The next row; nil behind the last one.
  public mutating func next() throws -> GeneratedRow? {
    if let row = extra.popLast() { return row }
    guard number < shape.rows else { return nil }
    number += 1
    let before = head
    var row = try makeRow(previous: head, createdAt: nextTime())
    head = Digest(hex: row.hash)
    guard number == shape.faultRow, let fault = shape.fault else { return row }
    switch fault {
    case .hash: row.payload = Array(#"{"altered": true}"#.utf8)
    case .delete: return try next()
    case .sig: row.signature = try signer.map { Base64.encode(try $0.sign(SHA256.hash(row.payload))) }
    case .fork: extra = [try makeRow(previous: before, createdAt: row.createdAt)]
    case .orphan: extra = [try makeRow(previous: SHA256.hash(row.payload), createdAt: row.createdAt)]
    }
    return row
  }

  private mutating func nextTime() -> Timestamp {
    let start = shape.lastDay.advanced(by: 1 - shape.days).start.microseconds
    let step = Int64(shape.days) * Timestamp.microsecondsPerDay / Int64(max(shape.rows, 1))
    let regular = Timestamp(microseconds: start + Int64(number - 1) * step + step / 2)
    if number > 1 {
      if shape.tieEvery > 0 && number % shape.tieEvery == 0 { return time }
      if shape.skewEvery > 0 && number % shape.skewEvery == 0 {
        return Timestamp(microseconds: regular.microseconds - Int64(random.next() % 500_000) - step)
      }
    }
    time = regular
    return regular
  }

  private mutating func makeRow(previous: Digest?, createdAt: Timestamp) throws -> GeneratedRow {
    var row = GeneratedRow()
    row.id = randomUUID()
    row.nodeID = randomUUID()
    row.eventType = ["memory.node.created", "memory.node.updated", "memory.ttl.deleted"][Int(random.next() % 3)]
    row.payload = payloads.next()
    row.createdAt = createdAt
    canonical.clear()
    try canonicalizer.canonicalize(row.payload.span, into: &canonical)
    var sha = SHA256()
    canonical.withSpan { sha.update($0) }
    if let previous { sha.update(previous) }
    let digest = sha.finalize()
    row.hash = digest.hex
    row.previous = previous?.hex
    row.signature = try signer.map { Base64.encode(try $0.sign(digest)) }
    return row
  }

  private mutating func randomUUID() -> UInt128 {
    let value = UInt128(random.next()) << 64 | UInt128(random.next())
    return value & ~(0xf000 << 64) | 0x4000 << 64 & ~(0xc0 << 56) | 0x80 << 56
  }
}

/// A small generator of numbers that are the same everywhere.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}
