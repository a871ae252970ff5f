// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Zstandard

/// A bundle of which only parts are read: what it says of itself, and single frames.
///
/// All that its manifest's Merkle root covers is checked against it; the digest of the whole file is not.
public struct PartialBundle: Sendable {
  private let archive: Archive
  private let version: ObjectVersion
  private let bundle: Manifest.Bundle
  public let carried: CarriedManifest
  public let shape: FrameShape
  /// Where each frame begins, and where the last one ends.
  private let bounds: [Int]

  private var name: String { archive.name(bundle.key) }

  /// Reads the end of a manifest's bundle.
  ///
  /// - Returns: nil where the manifest has no rows.
  /// - Throws: an ``ArchiveFinding`` for damage, a ``Failure`` where it could not look.
  public init?(_ archive: Archive, _ manifest: Manifest) throws {
    guard let bundle = manifest.bundle else { return nil }
    (self.archive, self.bundle) = (archive, bundle)
    let name = archive.name(bundle.key)
    version = try archive.version(of: bundle, manifest.sequence)
    guard version.bytes == bundle.bytes else {
      throw ArchiveFinding(name, "it has \(version.bytes) bytes, its manifest says \(bundle.bytes)")
    }
    guard let shape = FrameShape(rows: manifest.rowCount, frames: bundle.frames) else {
      throw ArchiveFinding(name, "its manifest's rows do not fit its frames")
    }
    let (carried, sizes) = try Self.readEnd(archive, version, bundle, frames: shape.frames)
    if let fault = carried.fault(beside: manifest) { throw ArchiveFinding(name, fault) }
    guard carried.frames.indices.allSatisfy({ carried.frames[$0].rows == shape.rows(of: $0).count }) else {
      throw ArchiveFinding(name, "its frames do not share its rows as their numbers say")
    }
    (self.carried, self.shape) = (carried, shape)
    bounds = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
  }

  /// Opens a frame.
  public func frame(_ number: Int) throws -> FrameReader {
    let range = bounds[number]..<bounds[number + 1]
    guard
      let object = try archive.lookingAt(
        bundle.key, { try archive.store.open("\(archive.stream)/\(bundle.key)", version, range: range) })
    else { throw ArchiveFinding(name, "the bundle is missing") }
    return try FrameReader(
      object, name: name, number: number, frame: carried.frames[number], firstRow: shape.rows(of: number).lowerBound)
  }

  /// Reads what stands behind the rows: mostly by one request.
  ///
  /// - Returns: the carried manifest, and each frame's bytes.
  private static func readEnd(
    _ archive: Archive, _ version: ObjectVersion, _ bundle: Manifest.Bundle, frames: Int
  ) throws -> (CarriedManifest, sizes: [Int]) {
    let name = archive.name(bundle.key)
    func finding(_ reason: String) -> ArchiveFinding { ArchiveFinding(name, reason) }
    func read(_ range: Range<Int>) throws -> [UInt8] {
      let bytes = try archive.lookingAt(bundle.key) {
        try archive.store.read("\(archive.stream)/\(bundle.key)", version, range: range)
      }
      guard let bytes, bytes.count == range.count else { throw finding("it ends too early") }
      return bytes
    }
    let tableBytes = SeekTable.byteCount(entries: frames + 1)
    guard tableBytes < bundle.bytes else { throw finding("it is too short for its frames") }
    // A frame takes some 230 bytes of the carried manifest.
    var end = try read(max(0, bundle.bytes - tableBytes - 1024 - frames << 8)..<bundle.bytes)
    let entries: [SeekTable.Entry]
    do {
      entries = try unsafe end.suffix(tableBytes).withUnsafeBytes { try unsafe SeekTable.read($0) }
    } catch { throw finding("\(error)") }
    guard let last = entries.last, entries.count == frames + 1, last.decompressed == 0,
      last.compressed <= 1 << 20 + frames << 10,
      entries.reduce(tableBytes, { $0 + $1.compressed }) == bundle.bytes
    else { throw finding("its seek table does not fit it") }
    let missing = tableBytes + last.compressed - end.count
    if missing > 0 {
      let start = bundle.bytes - end.count
      end = try read(start - missing..<start) + end
    }
    let carried = try carriedManifest(end.suffix(tableBytes + last.compressed).prefix(last.compressed), finding)
    guard
      carried.frames.map({ [$0.bytes, $0.contentBytes] })
        == entries.dropLast().map({ [$0.compressed, $0.decompressed] })
    else { throw finding("its seek table does not fit its carried manifest") }
    return (carried, entries.dropLast().map(\.compressed))
  }

  private static func carriedManifest(
    _ frame: ArraySlice<UInt8>, _ finding: (String) -> ArchiveFinding
  ) throws -> CarriedManifest {
    let length = unsafe frame.withUnsafeBytes {
      unsafe SkippableFrame.contentLength(magic: BundleWriter.carriedMagic, in: $0, at: 0)
    }
    guard length == frame.count - SkippableFrame.headerBytes else { throw finding("its carried manifest is missing") }
    do {
      return try CarriedManifest(json: try JSONValue(parsing: Array(frame.dropFirst(SkippableFrame.headerBytes))))
    } catch { throw finding("its carried manifest cannot be read: \(error)") }
  }
}
