// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
internal import Cryptography
internal import Zstandard

/// What is wrong with an object of the archive.
public struct ArchiveFinding: Error, Equatable, Sendable, CustomStringConvertible {
  public let object: String
  public let reason: String

  public init(_ object: String, _ reason: String) {
    self.object = object
    self.reason = reason
  }

  public var description: String { "\(object): \(reason)".visible }
}

/// Reads a bundle from its beginning to its end in bounded memory, checking every byte on the way.
///
/// Throws an ``ArchiveFinding`` for damage, a ``Failure`` where it could not look.
// One stage owns it at a time.
public final class BundleReader: LineSource, @unchecked Sendable {
  private enum Place { case betweenFrames, inFrame, behindRows, ended }

  private let name: String
  private let object: any ObjectReader
  /// What the signed manifest says; nil for a bundle that is looked at by itself.
  private let expected: Manifest.Bundle?
  private let decompressor: Decompressor
  private var place = Place.betweenFrames
  private var input = ByteBuffer(capacity: 1 << 20)
  private var consumed = 0
  /// Bytes of `input` that are under the file's digest, at most `consumed`.
  private var digested = 0
  private var carry = ByteBuffer()
  private var fileDigest = SHA256()
  private var contentDigest = SHA256()
  private var lanes = DigestLanes()
  private let makesLeaves: Bool
  private var fileBytes = 0
  private var contentBytes = 0
  private var frames: [(bytes: Int, contentBytes: Int, rows: Int)] = []
  private var frameStart = (bytes: 0, contentBytes: 0, rows: 0)
  private var rows = 0
  private var sequence = 0

  /// Known once the last chunk has been read.
  public private(set) var carried: CarriedManifest?

  private let longestLine: Int

  /// No row of Postgres is longer.
  static let longestLine = 1 << 30
  /// Longest line of a bundle that nobody vouches for: a small file must not be made to fill memory.
  static let longestUnvouchedLine = 64 << 20
  /// Lines that a chunk holds at most before it is passed on: short ones take more room than their bytes.
  private static let mostLines = 1 << 13
  /// No row is shorter: it has a member for each column of the chain.
  private static let shortestLine = 8

  /// - Parameters:
  ///   - makesLeaves: digest each line as a leaf of the Merkle tree.
  ///   - isVouchedFor: a signature that verifies stands behind `expected`.
  public init(
    _ object: any ObjectReader, name: String, expected: Manifest.Bundle?, makesLeaves: Bool = true,
    isVouchedFor: Bool = true
  ) throws {
    longestLine = isVouchedFor && expected != nil ? Self.longestLine : Self.longestUnvouchedLine
    self.makesLeaves = makesLeaves
    self.object = object
    self.name = name
    self.expected = expected
    decompressor = try Decompressor()
    if let expected, object.size != expected.bytes {
      throw ArchiveFinding(name, "it has \(object.size) bytes, its manifest says \(expected.bytes)")
    }
  }

  /// Fills `chunk` with the next lines.
  ///
  /// - Returns: false at the end; then every check has passed.
  public func next(_ chunk: LineChunk) throws -> Bool {
    chunk.removeAll()
    chunk.sequence = sequence
    chunk.firstRow = rows
    do {
      while place == .betweenFrames || place == .inFrame {
        if try fill(chunk) {
          sequence += 1
          return true
        }
      }
      if place == .behindRows { try readTail() }
      return false
    } catch let error as ZstandardError { throw ArchiveFinding(name, "not a sound zstd frame: \(error)") }
  }

  /// Reads on; true when the chunk has lines enough, or has lines and its frame ended.
  private func fill(_ chunk: LineChunk) throws -> Bool {
    if place == .betweenFrames {
      guard try have(4) else { throw ArchiveFinding(name, "it ends before its carried manifest") }
      if unsafe SkippableFrame.isSkippable(input.unsafeBytes(consumed..<input.count)) {
        place = .behindRows
        return false
      }
      place = .inFrame
      frameStart = (fileBytes - (input.count - consumed), contentBytes, rows)
    }
    chunk.frame = frames.count
    chunk.bytes.append(carry)
    carry.clear()
    while true {
      guard try have(1) else { throw ArchiveFinding(name, "it ends within a frame") }
      let before = chunk.bytes.count
      let ended = try unsafe decompressor.decompress(
        input.unsafeBytes, consumed: &consumed, into: &chunk.bytes, room: 1 << 18)
      try account(chunk, from: before)
      if ended {
        try endFrame(chunk)
        return !chunk.ends.isEmpty
      }
      if !chunk.ends.isEmpty && (chunk.bytes.count >= 1 << 20 || chunk.ends.count >= Self.mostLines) {
        chunk.moveTail(to: &carry)
        return true
      }
    }
  }

  private func account(_ chunk: LineChunk, from before: Int) throws {
    contentBytes += chunk.bytes.count - before
    if let expected, contentBytes > expected.contentBytes {
      throw ArchiveFinding(name, "its content is longer than its manifest says")
    }
    if chunk.ends.isEmpty && chunk.bytes.count > longestLine {
      throw ArchiveFinding(
        name,
        longestLine == Self.longestLine
          ? "a line is longer than a row can be"
          : "a line is longer than \(longestLine >> 20) MiB, which only a manifest whose signature verifies can vouch for"
      )
    }
    let known = chunk.ends.count
    chunk.bytes.newlines(from: before, into: &chunk.ends)
    for line in known..<chunk.ends.count where chunk.range(line).count < Self.shortestLine {
      throw ArchiveFinding(name, "a line is shorter than a row can be")
    }
    rows += chunk.ends.count - known
    digest(chunk, from: before, lines: known..<chunk.ends.count)
  }

  /// Content, file and leaves in one go over bytes that are in the processor's cache.
  private func digest(_ chunk: LineChunk, from before: Int, lines: Range<Int>) {
    if makesLeaves {
      for line in lines { unsafe lanes.add(prefix: 0, chunk.bytes.unsafeBytes(chunk.range(line))) }
    }
    unsafe lanes.run(
      &contentDigest, chunk.bytes.unsafeBytes(before..<chunk.bytes.count), &fileDigest,
      input.unsafeBytes(digested..<consumed))
    digested = consumed
    if makesLeaves { chunk.leaves += lanes.digests[2...] }
  }

  private func endFrame(_ chunk: LineChunk) throws {
    // The frame's last lines may have gone with the chunk before, when its end was not yet in sight.
    let endsWithRow = chunk.ends.isEmpty ? chunk.bytes.count == 0 : chunk.ends.last == chunk.bytes.count - 1
    guard endsWithRow, rows > frameStart.rows else {
      throw ArchiveFinding(name, "frame \(frames.count) does not end where a row does")
    }
    let position = fileBytes - (input.count - consumed)
    frames.append((position - frameStart.bytes, contentBytes - frameStart.contentBytes, rows - frameStart.rows))
    place = .betweenFrames
  }

  /// Makes sure that `count` unread bytes are in `input`.
  private func have(_ count: Int) throws -> Bool {
    while input.count - consumed < count {
      unsafe fileDigest.update(input.unsafeBytes(digested..<consumed))
      input.removeFirst(consumed)
      (consumed, digested) = (0, 0)
      let before = input.count
      guard try object.read(into: &input, upTo: 1 << 20) > 0 else { return false }
      fileBytes += input.count - before
    }
    return true
  }

  // MARK: Behind the rows

  private func readTail() throws {
    // A frame takes some 300 bytes of it, so that it cannot be made to fill memory.
    let largest = (1 << 20) + (frames.count << 10)
    while try have(input.count - consumed + 1) {
      guard input.count - consumed <= largest else {
        throw ArchiveFinding(name, "what stands behind its rows is too large")
      }
    }
    place = .ended
    unsafe fileDigest.update(input.unsafeBytes(digested..<input.count))
    let tail = unsafe input.unsafeBytes(consumed..<input.count)
    guard let length = unsafe SkippableFrame.contentLength(magic: BundleWriter.carriedMagic, in: tail, at: 0) else {
      throw ArchiveFinding(name, "its carried manifest is missing")
    }
    let end = SkippableFrame.headerBytes + length
    let carried = try unsafe parseCarried(UnsafeRawBufferPointer(rebasing: tail[SkippableFrame.headerBytes..<end]))
    let entries = try unsafe SeekTable.read(UnsafeRawBufferPointer(rebasing: tail[end...]))
    try compare(carried, entries, carriedBytes: end)
    try compareWithManifest(carried)
    self.carried = carried
  }

  @safe
  private func parseCarried(_ bytes: UnsafeRawBufferPointer) throws -> CarriedManifest {
    do {
      return try CarriedManifest(json: try JSONValue(parsing: unsafe [UInt8](bytes)))
    } catch { throw ArchiveFinding(name, "its carried manifest cannot be read: \(error)") }
  }

  private func compare(_ carried: CarriedManifest, _ entries: [SeekTable.Entry], carriedBytes: Int) throws {
    let read = frames.map { SeekTable.Entry(compressed: $0.bytes, decompressed: $0.contentBytes) }
    guard entries == read + [SeekTable.Entry(compressed: carriedBytes, decompressed: 0)] else {
      throw ArchiveFinding(name, "its seek table does not fit its frames")
    }
    let listed = carried.frames.map { [$0.bytes, $0.contentBytes, $0.rows] }
    guard listed == frames.map({ [$0.bytes, $0.contentBytes, $0.rows] }), carried.rows == rows,
      carried.contentBytes == contentBytes, carried.contentSHA256 == contentDigest.finalize()
    else { throw ArchiveFinding(name, "its carried manifest does not fit its rows") }
    if let fault = carried.fault { throw ArchiveFinding(name, fault) }
  }

  private func compareWithManifest(_ carried: CarriedManifest) throws {
    guard let expected else { return }
    guard fileDigest.finalize() == expected.sha256 else {
      throw ArchiveFinding(name, "its SHA-256 is not the one that its manifest says")
    }
    guard contentBytes == expected.contentBytes, carried.contentSHA256 == expected.contentSHA256,
      frames.count == expected.frames
    else { throw ArchiveFinding(name, "its content is not what its manifest says") }
  }
}
