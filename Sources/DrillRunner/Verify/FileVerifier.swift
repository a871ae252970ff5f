// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Bytes
internal import ChainReader
internal import Cryptography
public import Pipeline
internal import RowCodec
internal import Signing

/// Verifies one object by itself: a bundle, a manifest, or an archive that the older tools wrote. It is read once, in
/// bounded memory, whatever its size; of a bundle the beginning twice.
public struct FileVerifier: Sendable {
  /// The manifest that an archive of the older tools is compared with.
  public enum ManifestChoice: Sendable {
    /// One that lies beside a file; a bucket is not asked for it.
    case ifBeside
    /// The one beside the object, which must be there.
    case beside
    case at(SingleObject)
  }

  let settings: VerifySettings
  let object: SingleObject
  let progress: any ProgressListener
  let cancellation: Cancellation
  public var manifest = ManifestChoice.ifBeside

  public init(
    _ settings: VerifySettings, _ object: SingleObject, progress: any ProgressListener = NoProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.object = object
    self.progress = progress
    self.cancellation = cancellation
  }

  private var path: String { object.name }

  public func run() throws -> VerifyReport {
    try run { scan, batch in scan.recycle(batch) }
  }

  /// - Parameters:
  ///   - makesTuples: also make the rows for a COPY.
  ///   - onBatch: gets each batch before it is given back.
  func run(makesTuples: Bool = false, onBatch: (BundleScan, RowBatch) throws -> Void) throws -> VerifyReport {
    var report = VerifyReport()
    report.checksManifestSignatures = false
    report.notes = object.notes
    let reader = try ObservedReader(object)
    let shape = try FileShape(start: reader.peek(FileShape.startLength), name: path)
    // Before the whole file is read: where there is none, nobody has to wait for that.
    let stated = try legacyManifest(shape, &report)
    let findingsBefore = report.findingsTotal
    do {
      switch shape {
      case .bundle: try verifyBundle(reader, &report, makesTuples, onBatch)
      case .legacy: try verifyLegacy(reader, &report, makesTuples, onBatch)
      case .manifest: try verifyManifest(reader, &report)
      }
    } catch let finding as ArchiveFinding { report.add(finding) }
    let digest = try reader.finish()
    let rows = report.findingsTotal == findingsBefore ? report.rows : nil
    let fault = stated?.fault(rows: rows, digest: digest)
    if let fault { report.add(ArchiveFinding(path, fault)) }
    report.file = VerifiedFile(
      name: path, bytes: reader.size, sha256: digest,
      comparison: stated == nil ? .notCompared : fault == nil ? .matches : .differs)
    return report
  }

  /// The older tools' manifest; nil where none is asked for, or it says nothing, which is then a finding.
  private func legacyManifest(_ shape: FileShape, _ report: inout VerifyReport) throws -> LegacyManifest? {
    guard let object = try manifestObject(shape) else { return nil }
    do {
      let manifest = try LegacyManifest(object)
      if !manifest.hasCount {
        report.notes.append("\(object.name) does not say how many rows there are: their number was not compared")
      }
      return manifest
    } catch let finding as ArchiveFinding { report.add(finding) }
    return nil
  }

  /// - Throws: status `nothingToCheck` where one is asked for and not there.
  func manifestObject(_ shape: FileShape) throws -> SingleObject? {
    let isAsked = if case .ifBeside = manifest { false } else { true }
    guard case .legacy = shape else {
      guard isAsked else { return nil }
      throw Failure(
        .usage, "only an archive of the older tools has a manifest of its own to be compared with", on: path,
        remedy: "verify a bundle with its manifest by --archive")
    }
    if case .at(let object) = manifest {
      guard try object.exists() else {
        throw Failure(.nothingToCheck, "there is no such manifest", on: object.name, remedy: "check the path")
      }
      return object
    }
    if !isAsked && object.isInBucket { return nil }
    if let object = try object.beside(LegacyManifest.suffix) { return object }
    guard isAsked else { return nil }
    throw Failure(
      .nothingToCheck, "there is no manifest beside it", on: path + LegacyManifest.suffix,
      remedy: "name it: --compare-manifest FILE, or --compare-manifest s3://bucket/key")
  }

  private func verifyManifest(_ reader: ObservedReader, _ report: inout VerifyReport) throws {
    let bytes = try readWhole(reader, limit: 8 << 20)
    report.checksManifestSignatures = settings.checksManifestSignatures
    let stored: StoredManifest
    do throws(DocumentError) { stored = try StoredManifest(parsing: bytes) } catch {
      throw ArchiveFinding(path, error.reason)
    }
    report.manifests = 1
    report.headHash = stored.manifest.chain.headHash?.hex
    guard settings.checksManifestSignatures else { return }
    switch settings.keys.verify(stored.proof, over: stored.digest, at: stored.manifest.createdAt, for: .manifests) {
    case .valid: break
    case .unverifiable(let reason): report.add(ArchiveFinding(path, "signature-unverifiable: \(reason)"))
    case .invalid(let reason): report.add(ArchiveFinding(path, "its signature is invalid: \(reason)"))
    }
  }

  private func readWhole(_ reader: ObservedReader, limit: Int) throws -> [UInt8] {
    guard reader.size <= limit else { throw ArchiveFinding(path, "it is larger than a manifest may be") }
    var buffer = ByteBuffer(capacity: reader.size)
    while try reader.read(into: &buffer, upTo: 1 << 20) > 0 {}
    return buffer.array()
  }

  /// A bundle without its manifest does not say where its columns are: its first line does.
  private func verifyBundle(
    _ object: ObservedReader, _ report: inout VerifyReport, _ makesTuples: Bool,
    _ onBatch: (BundleScan, RowBatch) throws -> Void
  ) throws {
    let start = try ObservedReader(self.object)
    let columns = try firstLineColumns(try BundleReader(start, name: path, expected: nil))
    let reader = try BundleReader(object, name: path, expected: nil)
    try verify(reader, columns, &report, makesTuples, onBatch)
    guard let carried = reader.carried else { return }
    report.headHash = carried.headHash?.hex
    report.notes.append("sequence \(carried.sequence) of \(carried.stream); only its manifest says who vouches for it")
  }

  private func verifyLegacy(
    _ object: ObservedReader, _ report: inout VerifyReport, _ makesTuples: Bool,
    _ onBatch: (BundleScan, RowBatch) throws -> Void
  ) throws {
    defer {
      report.notes.append("an archive of the older tools: it is unsigned, and its times have lost their microseconds")
    }
    var isFirst = true
    var previous: Digest?
    defer {
      if let previous {
        report.notes.append(
          "it begins in the middle of the chain, behind hash \(previous.hex): rows before it are not checked")
      }
    }
    // The tools' own table: what its payload holds is a value, the word null too.
    let columns = LegacyReader.columnTypes.map { Column(name: $0.key, type: $0.value, isNotNull: $0.key == "payload") }
    try verify(try LegacyReader(object, name: path), columns, &report, makesTuples) { scan, batch in
      if isFirst { previous = batch.rows.first?.previous }
      isFirst = false
      try onBatch(scan, batch)
    }
  }

  private func verify(
    _ source: any LineSource, _ columns: [Column], _ report: inout VerifyReport, _ makesTuples: Bool,
    _ onBatch: (BundleScan, RowBatch) throws -> Void
  ) throws {
    let indexes: ChainColumnIndexes
    do throws(ChainColumnIndexes.Missing) { indexes = try ChainColumnIndexes(columns, settings.columns) } catch {
      throw ArchiveFinding(path, "its rows have no chain: \(error)")
    }
    var work = RowWork(columns: columns, indexes: indexes, keys: settings.keys, signatures: settings.signatures)
    work.makesTuples = makesTuples
    let identifier = RowIdentifier(columns, indexes)
    var head: Digest?
    var rows = 0
    try scanRows(source, name: path, work: work) { scan, batch in
      for (index, row) in batch.rows.enumerated() {
        var fault: PlaceFault?
        // What the first row follows is not in the file.
        if rows > 0 && row.previous != head {
          fault = PlaceFault(kind: .gap, detail: "it does not follow the row before it", isOnChain: true)
        }
        head = row.hash
        rows += 1
        report.signatures.count(row.signature)
        let faults = rowFaults(row, fault, requiresSignatures: settings.requiresSignatures)
        guard !faults.isEmpty else { continue }
        let id = unsafe identifier.id(batch.line(index))
        for (kind, detail) in faults { report.anomalies.append(Anomaly(kind, row: rows - 1, id: id, detail: detail)) }
      }
      progress.advance(rows: batch.rows.count, bytes: batch.lines.count)
      try onBatch(scan, batch)
    }
    report.rows = rows
    report.headHash = head?.hex
  }

  private func firstLineColumns(_ reader: BundleReader) throws -> [Column] {
    let chunk = LineChunk()
    guard try reader.next(chunk), chunk.count > 0 else { throw ArchiveFinding(path, "it has no rows") }
    guard let names = unsafe memberNames(of: chunk.bytes.unsafeBytes(chunk.range(0))) else {
      throw ArchiveFinding(path, "its first line is no row")
    }
    let chain = settings.columns
    return names.map { name in
      switch name {
      case chain.payload: Column(name: name, type: "jsonb", isNotNull: true)
      case chain.createdAt: Column(name: name, type: "timestamp with time zone")
      case chain.hash, chain.previousHash, chain.signature, chain.signerID: Column(name: name, type: "text")
      case chain.id: Column(name: name, type: "uuid")
      // Of any type: each has a JSON value.
      default: Column(name: name, type: "jsonb")
      }
    }
  }
}
