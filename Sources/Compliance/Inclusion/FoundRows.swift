// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import ChainReader
internal import RowCodec
internal import Signing

/// What a search for a row came to.
public struct FoundRows: Sendable {
  /// A row that is meant.
  public struct Match: Equatable, Sendable {
    public let sequence: Int
    public let day: UTCDay
    /// In its bundle, from 0.
    public let row: Int
    public let id: String
    public let hash: String
  }

  /// The first of them.
  public private(set) var matches: [Match] = []
  public private(set) var total = 0
  private static let listed = 100
  /// Of the first match.
  public private(set) var proof: InclusionProof?
  /// What could not be looked into: a row may be there that is not among the matches.
  public internal(set) var findings: [ArchiveFinding] = []
  public internal(set) var notes: [String] = []
  /// How much was looked into.
  public internal(set) var manifests = 0
  public internal(set) var frames = 0

  /// - Parameter reader: has read the row's frame to its end.
  mutating func add(
    _ row: Int, _ line: String, _ frame: Int, _ reader: FrameReader, _ bundle: PartialBundle,
    _ document: ManifestDocument, _ work: RowWork, _ job: ProofJob
  ) throws {
    let manifest = document.stored.manifest
    total += 1
    guard total <= Self.listed else { return }
    matches.append(
      Match(
        sequence: manifest.sequence, day: manifest.coverage.day, row: row,
        id: RowIdentifier(work.columns, work.indexes).id(line),
        hash: RowIdentifier(work.columns, column: work.indexes.hash).id(line)))
    guard total == 1 else { return }
    let first = bundle.shape.rows(of: frame).lowerBound
    do {
      let signed = try SignedDocument(parsing: document.bytes, .manifest)
      let made = try InclusionProof(
        index: row, line: line, path: MerkleTree.path(of: row - first, in: reader.leaves),
        frameRoots: bundle.carried.frames.map(\.merkleRoot), document: signed)
      proof = try job.vouched(made, document.stored)
    } catch let error as DocumentError {
      throw ArchiveFinding(job.archive.name(Archive.manifestKey(manifest.sequence)), error.reason)
    }
  }
}

extension ProofJob {
  /// The proof with a countersignature beside its manifest, where it needs one: where the key of the manifest or of the row
  /// is not trusted any more.
  func vouched(_ proof: InclusionProof, _ stored: StoredManifest) throws -> InclusionProof {
    let check = ProofCheck(keys, columns: settings.columns)
    var (best, doubts) = (proof, try check.check(proof).doubts)
    for document in doubts == 0 ? [] : try archive.countersignatures(of: stored) {
      let vouched = try InclusionProof(
        index: proof.index, line: proof.line, path: proof.path, frameRoots: proof.frameRoots, document: proof.document,
        countersignature: document)
      let left = try check.check(vouched).doubts
      if left < doubts { (best, doubts) = (vouched, left) }
    }
    return best
  }
}

extension ProofReport {
  /// How much of it is not trusted for the sake of revoked keys: the manifest more than the row.
  fileprivate var doubts: Int {
    let ofRow = anomalies.count { $0.kind == .untrusted }
    if case .untrusted = standing { return anomalies.count + 1 + ofRow }
    return ofRow
  }
}
