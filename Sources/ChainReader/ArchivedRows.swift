// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import Crypto
internal import Pipeline
public import RowCodec
internal import Signing

/// Hashes and times of the rows that a bundle holds.
public enum ArchivedRows {
  public static func read(
    _ archive: Archive, _ manifest: Manifest, names: ChainColumns = ChainColumns()
  ) throws -> [(hash: Digest, createdAt: Timestamp)] {
    guard let reader = try archive.bundle(manifest) else { return [] }
    var rows: [(hash: Digest, createdAt: Timestamp)] = []
    rows.reserveCapacity(manifest.rowCount)
    try scanBundle(reader, manifest, names: names, keys: KeyRing([]), signatures: .none, makesLines: false) { batch in
      for row in batch.rows { rows.append((row.hash, row.createdAt)) }
    }
    return rows
  }
}

/// Runs through a bundle's rows on its own threads; `body` gets the batches in order.
func scanBundle(
  _ reader: BundleReader, _ manifest: Manifest, names: ChainColumns, keys: KeyRing, signatures: SignaturePolicy,
  makesLines: Bool, _ body: (RowBatch) throws -> Void
) throws {
  let columns = manifest.source.columns.map {
    Column(name: $0.name, type: $0.type, isNotNull: $0.isNotNull, isGenerated: $0.isGenerated)
  }
  var work = RowWork(
    columns: columns, indexes: try ChainColumnIndexes(columns, names), keys: keys, signatures: signatures)
  work.makesLines = makesLines
  let stages = Stages()
  do {
    let scan = BundleScan(stages, reader, name: manifest.bundle?.key ?? "", work: work)
    while let batch = try scan.next() {
      try body(batch)
      scan.recycle(batch)
    }
  } catch {
    stages.fail(error)
    try stages.join()
    throw error
  }
  try stages.join()
}

