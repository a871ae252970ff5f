// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import Cryptography
public import Pipeline
public import RowCodec
public import Signing

/// What names a row, and when it was stamped.
public struct ArchivedRowName: Sendable {
  public let hash: Digest
  public let id: String
  public let createdAt: Timestamp
}

extension Archive {
  /// The rows that a manifest's bundle holds, where `isWanted` says so.
  ///
  /// - Parameter names: the chain's columns.
  public func rowNames(
    _ manifest: Manifest, _ names: ChainColumns, where isWanted: (Timestamp) -> Bool = { _ in true }
  ) throws -> [ArchivedRowName] {
    guard let reader = try bundle(manifest, makesLeaves: false) else { return [] }
    var rows: [ArchivedRowName] = []
    let work = try manifest.source.rowWork(names, keys: KeyRing([]), signatures: .none)
    let identifier = RowIdentifier(work.columns, work.indexes)
    try scanRows(reader, name: manifest.bundle?.key ?? "", work: work) { scan, batch in
      for (index, row) in batch.rows.enumerated() where isWanted(row.createdAt) {
        let id = unsafe identifier.id(batch.line(index))
        rows.append(ArchivedRowName(hash: row.hash, id: id, createdAt: row.createdAt))
      }
      scan.recycle(batch)
    }
    return rows
  }
}

/// Runs through an archived file's rows on threads of its own; `body` gets the batches in order and gives them back.
public func scanRows(
  _ source: any LineSource, name: String, work: RowWork, workers: Int = coreThreads, stages: Stages = Stages(),
  _ body: (BundleScan, RowBatch) throws -> Void
) throws {
  do {
    let scan = BundleScan(stages, source, name: name, work: work, workers: workers)
    while let batch = try scan.next() { try body(scan, batch) }
  } catch { try stages.abandon(error) }
  try stages.join()
}

extension Manifest.Source {
  /// The archived columns, as the codec knows them.
  public var rowColumns: [Column] {
    columns.map { Column(name: $0.name, type: $0.type, isNotNull: $0.isNotNull, isGenerated: $0.isGenerated) }
  }

  /// What has to be done with rows of this source.
  public func rowWork(_ names: ChainColumns, keys: KeyRing, signatures: SignaturePolicy) throws(Failure) -> RowWork {
    do throws(ChainColumnIndexes.Missing) {
      return RowWork(
        columns: rowColumns, indexes: try ChainColumnIndexes(rowColumns, names), keys: keys, signatures: signatures)
    } catch {
      throw Failure(
        .configuration, "\(error)", on: table, remedy: "name the chain's columns by --column-…", cause: error)
    }
  }
}
