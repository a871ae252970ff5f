// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
public import AuditCore
internal import Bytes
internal import ChainReader
internal import Cryptography
public import Pipeline
internal import RowCodec
internal import Signing

/// Verifies one file by itself: a bundle, or an archive that the older tools wrote.
public struct FileVerifier: Sendable {
  let settings: VerifySettings
  let path: String
  let progress: any ProgressListener
  let cancellation: Cancellation

  public init(
    _ settings: VerifySettings, path: String, progress: any ProgressListener = NoProgress(),
    cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.path = path.hasPrefix("file://") ? String(path.dropFirst(7)) : path
    self.progress = progress
    self.cancellation = cancellation
  }

  public func run() throws -> VerifyReport {
    try run { scan, batch in scan.recycle(batch) }
  }

  /// - Parameters:
  ///   - makesTuples: also make the rows for a COPY.
  ///   - onBatch: gets each batch before it is given back.
  func run(makesTuples: Bool = false, onBatch: (BundleScan, RowBatch) throws -> Void) throws -> VerifyReport {
    var report = VerifyReport()
    report.checksManifestSignatures = false
    do {
      switch try FileShape.sniff(path) {
      case .bundle: try verifyBundle(&report, makesTuples, onBatch)
      case .legacy: try verifyLegacy(&report, makesTuples, onBatch)
      case .manifest: try verifyManifest(&report)
      }
    } catch let finding as ArchiveFinding { report.add(finding) }
    return report
  }

  private func verifyManifest(_ report: inout VerifyReport) throws {
    guard let bytes = try readWhole(limit: 8 << 20) else { return }
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

  private func readWhole(limit: Int) throws -> [UInt8]? {
    let reader = try FileReader(path: path)
    guard reader.size <= limit else { throw ArchiveFinding(path, "it is larger than a manifest may be") }
    var buffer = ByteBuffer(capacity: reader.size)
    while try reader.read(into: &buffer, upTo: 1 << 20) > 0 {}
    return buffer.array()
  }

  /// A bundle without its manifest does not say where its columns are: its first line does.
  private func verifyBundle(
    _ report: inout VerifyReport, _ makesTuples: Bool, _ onBatch: (BundleScan, RowBatch) throws -> Void
  ) throws {
    let reader = try BundleReader(try FileReader(path: path), name: path, expected: nil)
    let columns = try firstLineColumns(try BundleReader(try FileReader(path: path), name: path, expected: nil))
    try verify(reader, columns, &report, makesTuples, onBatch)
    guard let carried = reader.carried else { return }
    report.headHash = carried.headHash?.hex
    report.notes.append("sequence \(carried.sequence) of \(carried.stream); only its manifest says who vouches for it")
  }

  private func verifyLegacy(
    _ report: inout VerifyReport, _ makesTuples: Bool, _ onBatch: (BundleScan, RowBatch) throws -> Void
  ) throws {
    try verify(
      try LegacyReader(try FileReader(path: path), name: path),
      // The tools' own table: what its payload holds is a value, the word null too.
      LegacyReader.columnTypes.map { Column(name: $0.key, type: $0.value, isNotNull: $0.key == "payload") }, &report,
      makesTuples, onBatch)
    report.notes.append("an archive of the older tools: it is unsigned, and its times have lost their microseconds")
    let sidecar = path + ".manifest.json"
    guard let fault = try LegacyManifest.fault(path: path, sidecar: sidecar, rows: report.rows) else { return }
    report.add(ArchiveFinding(path, fault))
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
