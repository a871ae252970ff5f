// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import HTMLPage

extension StatusPage {
  /// The anomalies by the day, and what each kind means.
  var anomalies: HTML {
    let days = status.ledger.anomalousDays
    guard !days.isEmpty else {
      return .section("anomalies", "Anomalies", [.paragraph("No manifest names one.")])
    }
    let rows = days.reversed().map { entry -> [HTML] in
      [
        .day(entry.day), .text("\(entry.sequence)"), .text(Formats.count(entry.total)),
        .element(
          "ul", ["class": "rows f"],
          entry.kinds.map { .element("li", [.text("\(Formats.count($0.count)) \($0.kind.rawValue)")]) }),
        .element("ul", ["class": "rows"], entry.first.map(Self.row)),
      ]
    }
    let table = Table(
      "Days with anomalies, the newest first" + (days.count == 100 ? "; of the first hundred manifests with some" : ""),
      columns: [
        ("Day", .fixed), ("Manifest", .number), ("Rows", .number), ("Kinds", .words), ("The first of them", .words),
      ],
      rows: rows)
    let kinds = AnomalyKind.allCases.filter { kind in days.contains { $0.kinds.contains { $0.kind == kind } } }
    return .section(
      "anomalies", "Anomalies", [table.html, .element("h3", ["What they mean, and what to do"]), Self.meanings(kinds)])
  }

  static func row(_ anomaly: Anomaly) -> HTML {
    .element("li", [.text("\(anomaly.kind.rawValue) "), .code(anomaly.id), .text(": \(anomaly.detail)")])
  }

  static func meanings(_ kinds: [AnomalyKind]) -> HTML {
    .element(
      "dl", ["class": "meanings"],
      kinds.flatMap { kind -> [HTML] in [.element("dt", [.code(kind.rawValue)]), .element("dd", [.text(kind.advice)])] }
    )
  }
}

extension AnomalyKind {
  /// What it means, and what to do.
  var advice: String {
    switch self {
    case .gap:
      "A row names a predecessor that is not there: rows were deleted, or the table was restored without them. Look for them "
        + "in the database's backups, and find out who could delete."
    case .fork:
      "Two rows name the same predecessor: two writers raced, or a row was put in beside another. Compare both; the service's "
        + "log tells which one it wrote."
    case .orphan:
      "No path leads from this row to the chain: it was put in by hand, or what it hung on is gone. Ask who can write to the table."
    case .duplicate:
      "The row's hash occurs twice: it was copied. Compare both rows, and ask who can write to the table."
    case .unsigned: "The row has no signature: the service ran without its signer, or somebody else wrote the row."
    case .rewound:
      "The archive's head is not in the table: it was restored to an earlier point. What the archive has of it is the evidence."
    case .hashMismatch:
      "The payload is not what was hashed: it was changed afterwards. Restore the row as it was archived before, if it was, and "
        + "find out who could change it."
    case .signatureInvalid:
      "The key that is named did not make this signature: the row was forged or re-signed. Tell the security team."
    case .untrusted:
      "The key that signed the row was revoked from before on: it may have been stolen by then. Compare the row with the table, and "
        + "let memoryctl manifest countersign vouch for its manifest if it is sound."
    case .signatureUnverifiable:
      "No key at hand verifies the signature: give its public key in AUDIT_SIGNERS_FILE, then verify again."
    }
  }
}
