// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import CanonicalJSON
internal import Crypto
public import RowCodec
public import Signing

/// What is done with each row on its way.
public struct RowWork: Sendable {
  public var columns: [Column]
  public var indexes: ChainColumnIndexes
  public var keys: KeyRing
  public var signatures: SignaturePolicy
  /// Digest each row's line as a leaf of the Merkle tree.
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
struct RowChecker: ~Copyable {
  private let work: RowWork
  private let encoder: LineEncoder
  private let decoder: LineDecoder
  private let tupleEncoder: TupleEncoder
  private var fields: FieldRanges
  private var canonicalizer = Canonicalizer()
  private var canonical = ByteBuffer(capacity: 64 << 10)
  private var signatures: RowSignatureChecker

  init(_ work: RowWork) {
    self.work = work
    encoder = LineEncoder(work.columns)
    decoder = LineDecoder(work.columns, payload: work.indexes.payload)
    tupleEncoder = TupleEncoder(work.columns)
    fields = FieldRanges(count: work.columns.count)
    signatures = RowSignatureChecker(work.keys, work.signatures)
  }

  /// Adds a tuple of a binary COPY to a batch.
  @safe
  mutating func add(tuple: UnsafeRawBufferPointer, to batch: RowBatch) throws {
    try unsafe fields.read(tuple: tuple)
    canonical.clear()
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
    finish(tuple, isCanonical, Timestamp(microseconds: createdAt), start..<batch.lines.count, batch)
  }

  /// Adds the facts of a line that stands in the batch already.
  mutating func add(line range: Range<Int>, of batch: RowBatch) throws(RowFormatError) {
    canonical.clear()
    let line = unsafe batch.lines.unsafeBytes(range)
    let payload = try unsafe decoder.decode(line, into: &fields, &canonicalizer, &canonical)
    let time = unsafe fields.bytes(work.indexes.createdAt, in: line)
    guard let createdAt = unsafe time == nil ? .min : unsafe TimestampText.parse(time!) else {
      throw RowFormatError("a created_at that cannot be read")
    }
    if work.makesTuples { try unsafe tupleEncoder.append(line, fields, to: &batch.tuples) }
    finish(line, payload == .canonical, Timestamp(microseconds: createdAt), range, batch)
  }

  @safe @inline(__always)
  private mutating func finish(
    _ row: UnsafeRawBufferPointer, _ isCanonical: Bool, _ createdAt: Timestamp, _ line: Range<Int>, _ batch: RowBatch
  ) {
    let hash = unsafe Self.digest(fields.bytes(work.indexes.hash, in: row))
    let previousText = unsafe fields.bytes(work.indexes.previousHash, in: row)
    let previous = unsafe previousText == nil ? nil : Self.digest(previousText)
    var sha = SHA256()
    unsafe sha.update(canonical.unsafeBytes)
    if let previous { sha.update(previous.digest) }
    let isWellFormed = hash.isHex && (previous?.isHex ?? true)
    let matches = isCanonical && isWellFormed && sha.finalize() == hash.digest
    let verdict = unsafe signatures.check(
      fields.bytes(work.indexes.signature, in: row), over: hash.digest, createdAt: createdAt,
      signerID: fields.bytes(work.indexes.signerID, in: row))
    let leaf = work.makesLeaves ? unsafe Self.leaf(batch.lines.unsafeBytes(line)) : Digest(words: (0, 0, 0, 0))
    batch.rows.append(
      RowFacts(
        hash: hash.digest, previous: previous?.digest, createdAt: createdAt, leaf: leaf, line: line,
        hashMatches: matches,
        signature: verdict))
    canonical.clear()
    canonical.shrink(to: 1 << 20)
  }

  @safe @inline(__always)
  private static func digest(_ text: UnsafeRawBufferPointer?) -> (digest: Digest, isHex: Bool) {
    guard let text = unsafe text else { return (SHA256.hash([]), false) }
    if let digest = unsafe Digest(hex: text) { return (digest, true) }
    return (unsafe SHA256.hash(text), false)
  }

  @safe @inline(__always)
  private static func leaf(_ line: UnsafeRawBufferPointer) -> Digest {
    var sha = SHA256()
    sha.update(byte: 0)
    unsafe sha.update(line)
    return sha.finalize()
  }
}
