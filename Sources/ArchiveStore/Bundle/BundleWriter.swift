// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
public import Cryptography
internal import Files
internal import Zstandard

/// How bundles are made; the same settings and rows give the same bytes.
public struct BundleSettings: Equatable, Sendable {
  public var rowsPerFrameLog2 = 12
  public var compressionLevel = 2
  public var maxRows = 1 << 20
  public var maxContentBytes = 1 << 30

  public init() {}

  public var rowsPerFrame: Int { 1 << rowsPerFrameLog2 }
}

/// A finished bundle in the spool, not yet in the store.
public struct SealedBundle: Sendable {
  public let file: SpoolFile
  public let manifest: Manifest.Bundle
  public let carried: CarriedManifest
}

/// Compresses frames into a spool file and digests both sides on the way.
public final class BundleWriter {
  static let carriedMagic: UInt32 = 0x184D_2A50

  private let stream: String
  private let sequence: Int
  private let settings: BundleSettings
  private let compressor: Compressor
  private let file: SpoolFile
  private var fileDigest = SHA256()
  private var contentDigest = SHA256()
  private var lanes = DigestLanes()
  private var bytes = 0
  private var contentBytes = 0
  private var rows = 0
  private var frames: [CarriedManifest.Frame] = []
  private var out = ByteBuffer(capacity: 1 << 20)

  public init(stream: String, sequence: Int, settings: BundleSettings, spool: Spool) throws(Failure) {
    self.stream = stream
    self.sequence = sequence
    self.settings = settings
    do {
      compressor = try Compressor(level: settings.compressionLevel)
      file = try spool.makeFile()
    } catch { throw Failure.file(error) }
  }

  /// Adds a frame; all but the last must be full.
  public func append(_ frame: FrameContent) throws {
    precondition(rows & (settings.rowsPerFrame - 1) == 0 && frame.rows > 0 && frame.rows <= settings.rowsPerFrame)
    let before = bytes
    do {
      if let spilled = frame.spilled {
        try appendSpilled(frame, spilled)
      } else {
        _ = try unsafe compressor.compress(frame.content.unsafeBytes, into: &out)
        unsafe lanes.run(&contentDigest, frame.content.unsafeBytes, &fileDigest, out.unsafeBytes)
        try write()
      }
    } catch let error as FileError { throw Failure.file(error) }
    frames.append(
      CarriedManifest.Frame(
        bytes: bytes - before, contentBytes: frame.contentBytes, rows: frame.rows, merkleRoot: frame.merkleRoot,
        firstCreatedAt: frame.firstCreatedAt, lastCreatedAt: frame.lastCreatedAt))
    rows += frame.rows
    contentBytes += frame.contentBytes
  }

  private func appendSpilled(_ frame: FrameContent, _ spilled: SpoolFile) throws {
    try compressor.begin(contentBytes: frame.contentBytes)
    try spilled.file.seek(to: 0)
    var piece = ByteBuffer(capacity: 1 << 20)
    var rest = frame.spilledBytes
    while rest > 0 {
      piece.clear()
      while piece.count < min(1 << 20, rest) {
        guard try spilled.file.read(into: &piece, upTo: min(1 << 20, rest) - piece.count) > 0 else {
          throw Failure(.bug, "the spool lost bytes", on: spilled.file.path)
        }
      }
      rest -= piece.count
      unsafe contentDigest.update(piece.unsafeBytes)
      try unsafe compressor.add(piece.unsafeBytes, isLast: false, into: &out)
      try flush()
    }
    unsafe contentDigest.update(frame.content.unsafeBytes)
    try unsafe compressor.add(frame.content.unsafeBytes, isLast: true, into: &out)
    try flush()
  }

  private func flush() throws(FileError) {
    unsafe fileDigest.update(out.unsafeBytes)
    try write()
  }

  private func write() throws(FileError) {
    try file.file.write(out)
    bytes += out.count
    out.clear()
    out.shrink(to: 32 << 20)
  }

  /// Writes what stands behind the rows, and brings the file to disk.
  public func finish(previousHash: Digest?, headHash: Digest?) throws -> SealedBundle {
    let contentSHA256 = contentDigest.finalize()
    let carried = CarriedManifest(
      stream: stream, sequence: sequence, rows: rows, contentBytes: contentBytes, contentSHA256: contentSHA256,
      merkleRoot: merkleRoot(
        frames: frames.map { ($0.merkleRoot, $0.rows) }, rowsPerFrameLog2: settings.rowsPerFrameLog2),
      previousHash: previousHash, headHash: headHash, rowsPerFrameLog2: settings.rowsPerFrameLog2, frames: frames)
    var text = ByteBuffer()
    text.append(utf8: carried.json.compactText)
    SkippableFrame.append(magic: Self.carriedMagic, text, to: &out)
    var entries = frames.map { SeekTable.Entry(compressed: $0.bytes, decompressed: $0.contentBytes) }
    entries.append(SeekTable.Entry(compressed: out.count, decompressed: 0))
    try SeekTable.append(entries, to: &out)
    do {
      try flush()
      try file.file.synchronize()
    } catch { throw Failure.file(error) }
    let sha256 = fileDigest.finalize()
    let key = "bundles/\(Manifest.sequenceText(sequence))-\(sha256.hex.prefix(16)).ndjson.zst"
    let manifest = Manifest.Bundle(
      key: key, bytes: bytes, sha256: sha256, contentBytes: contentBytes, contentSHA256: contentSHA256,
      frames: frames.count)
    return SealedBundle(file: file, manifest: manifest, carried: carried)
  }
}
