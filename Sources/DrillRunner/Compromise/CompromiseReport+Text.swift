// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import ArchiveStore
internal import Cryptography
internal import Signing

extension CompromiseReport {
  private var uses: [String] { suspect.key.uses.map(\.rawValue).sorted() }
  /// Empty where it has no public half.
  private var fingerprint: String { suspect.key.publicKey?.fingerprint.hex ?? "" }
  private var rows: Int { found.count(.archivedRow) + found.count(.tableRow) }

  public var json: JSONValue {
    .object([
      "report": "audit-compromise", "madeAt": .string(madeAt.isoSeconds), "tool": .string(Tool.name),
      "signer": .object([
        "kid": .string(suspect.key.kid), "publicKeySha256": .string(fingerprint),
        "uses": .array(uses.map { .string($0) }),
      ]), "since": .string(suspect.since.iso), "verdict": .string(verdict.rawValue),
      "complete": .bool(notLookedAt.isEmpty), "lookedAt": lookedAt,
      "notLookedAt": .array(notLookedAt.map { .string($0) }), "untrustedRows": .count(rows),
      "archivedRows": .count(found.count(.archivedRow)), "tableRows": .count(found.count(.tableRow)),
      "untrustedManifests": .count(found.count(.manifest)), "untrustedDocuments": .count(found.count(.document)),
      "rows": entries(.archivedRow, .tableRow), "manifests": entries(.manifest), "documents": entries(.document),
      "list": list.map { .string($0) } ?? .null,
      "toCountersign": .array(toCountersign.map { .string($0.id) }),
      "otherAnomalies": .array(verification.anomalies.listed.map(\.json)),
      "otherFindings": .array(verification.findings.map { .string($0.description) }),
      "verification": verification.json,
    ])
  }

  private var lookedAt: JSONValue {
    .object([
      "archive": look.archive.map { url in
        .object([
          "url": .string(url), "manifests": .count(look.manifests), "rows": .count(look.archivedRows),
          "documents": .count(look.documents),
        ])
      } ?? .null,
      "database": look.table.map { table in
        .object(["table": .string(table), "rows": look.tableRows.map { .count($0) } ?? .null])
      } ?? .null,
    ])
  }

  private func entries(_ kinds: SuspectEntry.Kind...) -> JSONValue {
    .array(kinds.flatMap { found.kept($0) }.map(\.json))
  }

  public var text: String {
    var lines = ["COMPROMISE REPORT, made \(madeAt.isoSeconds) by \(Tool.name)"]
    lines.append("key      \(suspect.key.kid) (\(uses.joined(separator: ", "))), public key SHA-256 \(fingerprint)")
    lines.append("since    \(suspect.since.iso)")
    lines.append("verdict  \(verdict.rawValue)\(notLookedAt.isEmpty ? "" : ", NOT COMPLETE")")
    lines += looked + notLookedAt.map { "NOT LOOKED AT: \($0)" }
    let (archived, inTable) = (found.count(.archivedRow), found.count(.tableRow))
    lines.append(
      "rows that the key signed since then: \(rows), \(archived) in the archive, \(inTable) in the database"
        + (verification.isCompared ? " alone" : ""))
    lines += section(.archivedRow) + section(.tableRow)
    lines.append("manifests that the key signed since then: \(found.count(.manifest))")
    lines += section(.manifest)
    lines.append("of these to look into and to countersign: \(toCountersign.count)")
    lines.append("other documents that the key signed since then: \(found.count(.document))")
    lines += section(.document)
    if let list { lines.append("all of them: \(list)") }
    lines.append("what is wrong besides: \(verification.anomalies.total + verification.findingsTotal)")
    lines += verification.anomalies.listed.prefix(100).map { "  \($0.kind.rawValue)  row \($0.id): \($0.detail)" }
    lines += verification.findings.prefix(100).map { "  \($0)" }
    lines += verification.notes.prefix(20).map { "note: \($0)" }
    lines.append("times are what the signer wrote: what was dated back to before is not listed here")
    return lines.joined(separator: "\n")
  }

  private var looked: [String] {
    var lines: [String] = []
    if let archive = look.archive {
      lines.append(
        "looked at \(archive): \(look.archivedRows) rows, \(look.manifests) manifests, \(look.documents) other documents"
      )
    }
    if let table = look.table, let rows = look.tableRows { lines.append("looked at the table \(table): \(rows) rows") }
    return lines
  }

  private func section(_ kind: SuspectEntry.Kind) -> [String] {
    let kept = found.kept(kind)
    var lines = kept.prefix(100).map { "  \($0.text)" }
    if found.count(kind) > 100 {
      let place = list.map { "see \($0)" } ?? "--list FILE writes all of them"
      lines.append("  and \(found.count(kind) - 100) more: \(place)")
    }
    return lines
  }
}
