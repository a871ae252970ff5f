// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
public import AuditCore
internal import ChainReader
internal import Cryptography
public import RowCodec
public import Signing

/// Checks inclusion proofs by keys at hand, with nothing else at hand.
public struct ProofCheck: Sendable {
  private let keys: KeyRing
  private let columns: ChainColumns
  private let requiresSignatures: Bool

  /// - Parameters:
  ///   - columns: names of the chain's columns.
  ///   - requiresSignatures: a row that is unsigned, or that no key at hand can verify, is an anomaly.
  public init(_ keys: KeyRing, columns: ChainColumns = ChainColumns(), requiresSignatures: Bool = false) {
    (self.keys, self.columns, self.requiresSignatures) = (keys, columns, requiresSignatures)
  }

  /// - Throws: a ``Failure`` where a service has a key and does not answer; keys at hand need none.
  public func check(_ proof: InclusionProof) throws -> ProofReport {
    let stored = StoredManifest(proof.manifest, signed: proof.document)
    var report = ProofReport(
      manifest: proof.manifest, manifestDigest: stored.digest, index: proof.index,
      standing: keys.standing(of: stored) { despite in
        proof.countersignature.map { keys.countersigners($0, of: stored, despite: despite) } ?? []
      })
    if let fault = report.standing.fault {
      var hint = ""
      if case .unverifiable = report.standing { hint = "; AUDIT_SIGNERS_FILE or AUDIT_SIGNING_PUBLIC_KEY name keys" }
      report.problems.append("manifest: \(fault)\(hint)")
    }
    if let document = proof.countersignature, keys.countersigners(document, of: stored, despite: []).isEmpty {
      report.problems.append("its countersignature does not count by the keys at hand")
    }
    if let fault = proof.treeFault { report.problems.append(fault) }
    try checkRow(proof, stored, &report)
    return report
  }

  private func checkRow(_ proof: InclusionProof, _ stored: StoredManifest, _ report: inout ProofReport) throws {
    let work: RowWork
    do throws(Failure) {
      work = try proof.manifest.source.rowWork(columns, keys: keys, signatures: .all)
    } catch {
      return report.problems.append(
        "its columns hold no chain: \(error.problem); where they have other names, give them by --column-…")
    }
    let facts: RowFacts
    do { facts = try ChainReader.checkRow(proof.line, work) } catch let error as RowFormatError {
      return report.problems.append("its row: \(error)")
    }
    report.row = ProofReport.Row(proof.line, work, facts)
    var faults = rowFaults(facts, nil, requiresSignatures: requiresSignatures)
    if vouchesForRows(proof, stored) { faults.removeAll { $0.0 == .untrusted } }
    noteAnomalies(faults, proof, &report)
    if let fault = linkFault(proof, facts) { report.problems.append(fault) }
  }

  /// Whether somebody has countersigned the manifest in spite of every key of events that was revoked.
  private func vouchesForRows(_ proof: InclusionProof, _ stored: StoredManifest) -> Bool {
    guard let document = proof.countersignature else { return false }
    return !keys.countersigners(document, of: stored, despite: keys.revoked(for: .events)).isEmpty
  }

  /// What the manifest says of the row, and what a look at it shows besides.
  private func noteAnomalies(_ faults: [(AnomalyKind, String)], _ proof: InclusionProof, _ report: inout ProofReport) {
    let log = proof.manifest.chain.anomalies
    report.anomalies = log.listed.filter { $0.row == proof.index }
    for (kind, detail) in faults where !report.anomalies.contains(where: { $0.kind == kind }) {
      report.anomalies.append(Anomaly(kind, row: proof.index, id: report.row?.id ?? "", detail: detail))
    }
    if log.total > log.listed.count {
      report.notes.append(
        "the manifest names \(log.listed.count) of its \(log.total) anomalies: whether this row has its place on the chain "
          + "is said of those alone")
    }
  }

  /// The ends of a bundle without anomalies are those of its stretch of the chain.
  private func linkFault(_ proof: InclusionProof, _ facts: RowFacts) -> String? {
    let (index, manifest) = (proof.index, proof.manifest)
    guard manifest.chain.isIntact, manifest.chain.acceptedRewind == nil else { return nil }
    if index == 0, facts.previous != manifest.chain.previousHash {
      return "its row is the bundle's first, and does not follow where the manifest's chain begins"
    }
    if index == manifest.rowCount - 1, facts.hash != manifest.chain.headHash {
      return "its row is the bundle's last, and not where the manifest's chain ends"
    }
    return nil
  }
}

extension ProofReport.Row {
  fileprivate init(_ line: String, _ work: RowWork, _ facts: RowFacts) {
    func text(_ column: Int) -> String { RowIdentifier(work.columns, column: column).id(line) }
    let signature =
      switch facts.signature {
      case .valid: "valid"
      case .unsigned: "unsigned"
      case .invalid: "invalid"
      case .untrusted, .suspect: "untrusted"
      case .unverifiable, .skipped, .deferred: "unverifiable"
      }
    let previous = text(work.indexes.previousHash)
    self.init(
      id: text(work.indexes.id), hash: text(work.indexes.hash), previousHash: previous.isEmpty ? nil : previous,
      createdAt: text(work.indexes.createdAt), signature: signature)
  }
}
