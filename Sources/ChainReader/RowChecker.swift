// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import CanonicalJSON
internal import Cryptography
public import RowCodec
public import Signing

/// What is done with each row on its way.
public struct RowWork: Sendable {
  public var columns: [Column]
  public var indexes: ChainColumnIndexes
  public var keys: KeyRing
  public var signatures: SignaturePolicy
  /// Digest each of a table's rows as a leaf of the Merkle tree; archived rows come with their leaves.
  public var makesLeaves = true
  /// Make the rows for a COPY into another table.
  public var makesTuples = false

  public init(columns: [Column], indexes: ChainColumnIndexes, keys: KeyRing, signatures: SignaturePolicy) {
    self.columns = columns
    self.indexes = indexes
    self.keys = keys
    self.signatures = signatures
  }
}

/// Checks what can be checked of a row by itself: its digest and its signature. One thread's own.
///
/// Digests are made for some rows at a time, two at once: a row's facts hold only when the batch has been settled.
struct RowChecker: ~Copyable {
  private let work: RowWork
  private let encoder: LineEncoder
  private let decoder: LineDecoder
  private let tupleEncoder: TupleEncoder
  private var fields: FieldRanges
  private var canonicalizer = Canonicalizer()
  /// Canonical forms of the payloads that wait to be digested.
  private var canonical = ByteBuffer(capacity: 128 << 10)
  private var waiting: [Waiting] = []
  private var lanes = DigestLanes()
  private var signatures: RowSignatureChecker
  /// Rows whose signatures only a service can verify.
  private var deferred: [Int] = []

  /// A row whose digests are still to be made.
  private struct Waiting {
    let row: Int
    /// Of the payload's canonical form; nil when it does not matter any more.
    let canonical: Range<Int>?
    let makesLeaf: Bool
  }

  /// Bytes that wait at most: what is digested is still in the processor's cache.
  private static let waitingBytes = 48 << 10

  init(_ work: RowWork) {
    self.work = work
    encoder = LineEncoder(work.columns)
    decoder = LineDecoder(work.columns, payload: work.indexes.payload)
    tupleEncoder = TupleEncoder(work.columns)
    fields = FieldRanges(count: work.columns.count)
    signatures = RowSignatureChecker(work.keys, work.signatures)
  }

  /// Adds the tuples of a binary COPY to a batch.
  mutating func add(_ tuples: TupleBatch, to batch: RowBatch) throws {
    var start = 0
    for end in tuples.ends {
      try unsafe add(tuple: tuples.bytes.unsafeBytes(start..<end), to: batch)
      start = end
    }
  }

  /// Adds one tuple.
  @safe
  mutating func add(tuple: UnsafeRawBufferPointer, to batch: RowBatch) throws {
    try unsafe fields.read(tuple: tuple)
    let mark = canonical.count
    var isCanonical = false
    if let payload = unsafe fields.bytes(work.indexes.payload, in: tuple), payload.count > 1, unsafe payload[0] == 1 {
      let text = unsafe UnsafeRawBufferPointer(rebasing: payload[1...])
      isCanonical = (try? unsafe canonicalizer.canonicalize(text, into: &canonical)) != nil
    }
    let start = batch.lines.count
    try unsafe encoder.append(tuple, fields, to: &batch.lines)
    let time = unsafe fields.bytes(work.indexes.createdAt, in: tuple)
    var createdAt = Int64.min
    if let time = unsafe time, time.count == 8 {
      createdAt = unsafe Int64(bigEndian: time.loadUnaligned(as: Int64.self))
    }
    finish(
      tuple, isCanonical ? mark..<canonical.count : nil, Timestamp(microseconds: createdAt), start..<batch.lines.count,
      batch, leaf: nil)
  }

  /// Adds the facts of a line that stands in the batch already.
  mutating func add(line range: Range<Int>, of batch: RowBatch, leaf: Digest?) throws(RowFormatError) {
    let mark = canonical.count
    let line = unsafe batch.lines.unsafeBytes(range)
    let payload = try unsafe decoder.decode(line, into: &fields, &canonicalizer, &canonical)
    let time = unsafe fields.bytes(work.indexes.createdAt, in: line)
    guard let createdAt = unsafe time == nil ? .min : unsafe TimestampText.parse(time!) else {
      throw RowFormatError("a created_at that cannot be read")
    }
    if work.makesTuples { try unsafe tupleEncoder.append(line, fields, to: &batch.tuples) }
    finish(
      line, payload == .canonical ? mark..<canonical.count : nil, Timestamp(microseconds: createdAt), range, batch,
      leaf: leaf ?? Self.noDigest)
  }

  /// - Parameter leaf: nil for one that is still to be made.
  @safe @inline(__always)
  private mutating func finish(
    _ row: UnsafeRawBufferPointer, _ payload: Range<Int>?, _ createdAt: Timestamp, _ line: Range<Int>,
    _ batch: RowBatch, leaf: Digest?
  ) {
    let hash = unsafe Self.digest(fields.bytes(work.indexes.hash, in: row))
    let previousText = unsafe fields.bytes(work.indexes.previousHash, in: row)
    let previous = unsafe previousText == nil ? nil : Self.digest(previousText)
    let isWellFormed = hash.isHex && (previous?.isHex ?? true)
    let verdict = unsafe signatures.check(
      fields.bytes(work.indexes.signature, in: row), over: hash.digest, createdAt: createdAt,
      signerID: fields.bytes(work.indexes.signerID, in: row))
    if verdict == .deferred { deferred.append(batch.rows.count) }
    waiting.append(
      Waiting(
        row: batch.rows.count, canonical: isWellFormed ? payload : nil, makesLeaf: leaf == nil && work.makesLeaves))
    batch.rows.append(
      RowFacts(
        hash: hash.digest, previous: previous?.digest, createdAt: createdAt, leaf: leaf ?? Self.noDigest, line: line,
        hashMatches: false, isWellFormed: isWellFormed, signature: verdict))
    if canonical.count >= Self.waitingBytes { settleDigests(batch) }
  }

  /// Makes the digests that are still to be made, and asks services about signatures that they alone can verify;
  /// called behind a batch's last row.
  ///
  /// - Throws: ``Failure`` where a service does not answer.
  mutating func settle(_ batch: RowBatch) throws {
    settleDigests(batch)
    for (row, verdict) in zip(deferred, try signatures.settle()) { batch.rows[row].signature = verdict }
    deferred.removeAll(keepingCapacity: true)
  }

  private mutating func settleDigests(_ batch: RowBatch) {
    for row in waiting {
      if let range = row.canonical {
        unsafe lanes.add(canonical.unsafeBytes(range), suffix: batch.rows[row.row].previous)
      }
      if row.makesLeaf { unsafe lanes.add(prefix: 0, batch.line(row.row)) }
    }
    lanes.run()
    var next = 0
    for row in waiting {
      if row.canonical != nil {
        batch.rows[row.row].hashMatches = lanes.digests[next] == batch.rows[row.row].hash
        next += 1
      }
      if row.makesLeaf {
        batch.rows[row.row].leaf = lanes.digests[next]
        next += 1
      }
    }
    waiting.removeAll(keepingCapacity: true)
    canonical.clear()
    canonical.shrink(to: 1 << 20)
  }

  private static let noDigest = Digest(words: (0, 0, 0, 0))

  @safe @inline(__always)
  private static func digest(_ text: UnsafeRawBufferPointer?) -> (digest: Digest, isHex: Bool) {
    guard let text = unsafe text else { return (SHA256.hash([]), false) }
    if let digest = unsafe Digest(hex: text) { return (digest, true) }
    return (unsafe SHA256.hash(text), false)
  }
}
