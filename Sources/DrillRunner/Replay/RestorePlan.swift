// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Postgres
internal import Signing

/// What a selection of manifests asks of a staging database.
///
/// It is made before anything is built there, and checks every manifest's signature: what an unsigned manifest says
/// must not decide what is built.
struct RestorePlan: Sendable {
  /// Manifests whose rows have the same columns, so that one table can hold them.
  struct Stretch: Sendable {
    var sequences: Range<Int>
    /// The first manifest's; NOT NULL and indexes only where every manifest of the stretch has them.
    var source: Manifest.Source
    var rows: Int
  }

  private(set) var stretches: [Stretch] = []
  /// Manifests that are not signed as they must be, the first of them.
  private(set) var faults: [ArchiveFinding] = []
  private(set) var faultsTotal = 0
  private(set) var days: ClosedRange<UTCDay>?
  private var sources: [Manifest.Source] = []

  /// Rows that the manifests speak of; nobody has counted them yet.
  var rows: Int { stretches.reduce(0) { Self.sum($0, $1.rows) } }

  /// - Throws: an ``ArchiveFinding`` where a manifest is missing or damaged.
  init(_ archive: Archive, _ sequences: Range<Int>, _ settings: VerifySettings) throws {
    guard !sequences.isEmpty else {
      throw Failure(.nothingToCheck, "no manifest is selected", on: archive.url, remedy: "select other days")
    }
    for sequence in sequences {
      let stored = try archive.manifest(sequence)
      if settings.checksManifestSignatures,
        let fault = try archive.standing(of: stored, settings.keys).fault
      {
        faultsTotal += 1
        if faults.count < AnomalyLog.limit {
          faults.append(ArchiveFinding(archive.name(Archive.manifestKey(sequence)), fault))
        }
      }
      add(stored.manifest)
    }
  }

  private mutating func add(_ manifest: Manifest) {
    let day = manifest.coverage.day
    days = min(days?.lowerBound ?? day, day)...max(days?.upperBound ?? day, day)
    if !sources.contains(where: { $0.isSameDatabase(as: manifest.source) }) { sources.append(manifest.source) }
    guard var stretch = stretches.last, stretch.source.hasSameColumns(as: manifest.source) else {
      let sequences = manifest.sequence..<manifest.sequence + 1
      stretches.append(Stretch(sequences: sequences, source: manifest.source, rows: manifest.rowCount))
      return
    }
    stretch.sequences = stretch.sequences.lowerBound..<manifest.sequence + 1
    stretch.source.keepCommonConstraints(with: manifest.source)
    stretch.rows = Self.sum(stretch.rows, manifest.rowCount)
    stretches[stretches.count - 1] = stretch
  }

  /// Counts out of manifests may be anything.
  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  /// Refuses a database that any of the manifests came from.
  func refuseSource(_ session: borrowing PostgresSession) throws {
    let identity = try session.identity()
    for source in sources
    where source.systemIdentifier == identity.systemIdentifier && source.database == identity.database {
      throw Failure(
        .refused, "this database is the archive's own source", on: source.database,
        remedy: "give another database by --staging or STAGING_DATABASE_URL")
    }
  }
}

extension Manifest.Source {
  fileprivate func isSameDatabase(as other: Manifest.Source) -> Bool {
    systemIdentifier == other.systemIdentifier && database == other.database
  }

  /// Whether rows of both have the same shape; constraints may differ.
  func hasSameColumns(as other: Manifest.Source) -> Bool {
    columns.elementsEqual(other.columns) { $0.name == $1.name && $0.type == $1.type }
  }

  fileprivate mutating func keepCommonConstraints(with other: Manifest.Source) {
    for (index, column) in other.columns.enumerated() where !column.isNotNull { columns[index].isNotNull = false }
    if let theirs = other.indexes { indexes = (indexes ?? theirs).filter(theirs.contains) }
  }
}
