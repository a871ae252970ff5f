// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Bytes
internal import Cryptography
internal import Files
internal import Signing

/// Rows that wait on disk, in a file without a name: it is gone with the process.
final class SpilledRows {
  private let directory: String
  private var file: File?
  private var end = 0
  private var unwritten = ByteBuffer(capacity: 1 << 20)
  private var record = ByteBuffer()

  /// Bytes of a record before the line: its length, and the row's facts.
  private static let headBytes = 16 * 8

  init(directory: String) { self.directory = directory }

  /// - Returns: where the row can be read again.
  @safe
  func put(_ row: RowFacts, _ line: UnsafeRawBufferPointer) throws(Failure) -> Int {
    let place = end + unwritten.count
    append(line.count)
    append(row.hash)
    append(row.previous ?? ChainOrder.nothing)
    append(row.leaf)
    append(Int(row.createdAt.microseconds))
    append(Int(row.signature.rawValue))
    append((row.previous == nil ? 1 : 0) | (row.hashMatches ? 2 : 0) | (row.isWellFormed ? 4 : 0))
    unsafe unwritten.append(line)
    if unwritten.count >= 1 << 20 { try write() }
    return place
  }

  private func write() throws(Failure) {
    do throws(FileError) {
      if file == nil { file = try File.unnamed(in: directory) }
      try file?.seek(to: end)
      try file?.write(unwritten)
    } catch { throw Failure.file(error, remedy: "name another directory with TMPDIR") }
    end += unwritten.count
    unwritten.clear()
    unwritten.shrink(to: 1 << 20)
  }

  /// Reads a row again, into a batch that then holds it alone.
  func read(_ place: Int, into batch: RowBatch) throws {
    if unwritten.count > 0 { try write() }
    batch.removeAll()
    try fill(place, Self.headBytes)
    let facts = facts()
    let length = word(0)
    try fill(place + Self.headBytes, length)
    unsafe batch.lines.append(record.unsafeBytes)
    batch.rows.append(facts)
    batch.rows[0].line = 0..<length
  }

  /// A row's facts without its line.
  func facts(_ place: Int) throws -> RowFacts {
    if unwritten.count > 0 { try write() }
    try fill(place, Self.headBytes)
    return facts()
  }

  private func fill(_ place: Int, _ count: Int) throws(Failure) {
    record.clear()
    do throws(FileError) {
      try file?.seek(to: place)
      while record.count < count {
        guard try file?.read(into: &record, upTo: count - record.count) ?? 0 > 0 else { break }
      }
    } catch { throw Failure.file(error) }
    guard record.count == count else { throw Failure(.bug, "the spill file lost bytes", on: directory) }
  }

  // MARK: Records

  private func append(_ value: Int) {
    unsafe withUnsafeBytes(of: value) { unsafe unwritten.append($0) }
  }

  private func append(_ digest: Digest) { unsafe digest.withUnsafeBytes { unsafe unwritten.append($0) } }

  private func word(_ index: Int) -> Int {
    unsafe record.unsafeBytes.loadUnaligned(fromByteOffset: index * 8, as: Int.self)
  }

  private func digest(_ index: Int) -> Digest {
    unsafe Digest(record.unsafeBytes(index * 8..<index * 8 + Digest.byteCount))
  }

  private func facts() -> RowFacts {
    let flags = word(15)
    return RowFacts(
      hash: digest(1), previous: flags & 1 == 0 ? digest(5) : nil, createdAt: Timestamp(microseconds: Int64(word(13))),
      leaf: digest(9), line: 0..<0, hashMatches: flags & 2 != 0, isWellFormed: flags & 4 != 0,
      signature: SignatureVerdict(rawValue: UInt8(truncatingIfNeeded: word(14))) ?? .unverifiable)
  }
}
