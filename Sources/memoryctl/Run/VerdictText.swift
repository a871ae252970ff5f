// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import DrillRunner
import Postgres

/// A verification's report, for people.
func verdictText(_ report: VerifyReport) -> String {
  var text = "\(report.isIntact ? "intact" : "broken"): \(report.rows) rows"
  if report.manifests > 0 { text += " in \(report.manifests) manifests" }
  let counts = report.signatures
  text += "\nsignatures: \(counts.valid) valid, \(counts.unsigned) unsigned, \(counts.invalid) invalid, "
  text += "\(counts.unverifiable) unverifiable, \(counts.skipped) not checked"
  if !report.checksManifestSignatures { text += "\nthe manifests' signatures were not checked" }
  if let head = report.headHash { text += "\nhead \(head)" }
  if let file = report.file { text += "\nSHA-256 \(file.digestHex), manifest: \(file.comparison.rawValue)" }
  for finding in report.findings.prefix(20) { text += "\n  \(finding)" }
  if report.findingsTotal > 20 { text += "\n  and \(report.findingsTotal - 20) more findings" }
  text += anomalyText(report.anomalies)
  for note in report.notes.prefix(20) { text += "\nnote: \(note.visible)" }
  return text
}

extension Console {
  /// Ends a run that verified something, and perhaps restored it, and verified a database besides.
  ///
  /// - Parameters:
  ///   - table: where it was restored.
  ///   - database: what verifying that table, or another, found.
  func finish(_ table: StagingTable?, _ report: VerifyReport, _ database: VerifyReport?) throws {
    let bytes = bytesSeen
    measure { $0.note(report, database, bytes: bytes) }
    var members = table.map { [JSONValue.Member("table", .string($0.name.sql))] } ?? []
    members += report.json.members ?? []
    if let database { members.append(JSONValue.Member("database", database.json)) }
    var text = table.map { "restored \(report.rows) rows into \($0.name.sql)\n" } ?? ""
    text += verdictText(report)
    if let database { text += "\nthe database: \(verdictText(database))" }
    let isIntact = report.isIntact && database?.isIntact != false
    try finish(.object(members), text, status: isIntact ? .success : .integrity)
  }

  func finish(_ result: FileReplay.Result) throws {
    try finish(result.isInPlace ? result.table : nil, result.report, result.staged)
  }

  /// Ends a run that only says what it would do.
  func finish(_ plan: FilePlan) throws {
    let verb = plan.table == nil ? "verify" : "verify and restore"
    var text = "would \(verb) \(plan.name): \(plan.bytes) bytes, \(plan.shape.words)"
    text += "\ncompared with \(plan.manifest ?? "no manifest")"
    if let table = plan.table { text += "\nrestored into \(table.sql)" }
    if plan.replacesSchema { text += ", in the place of what an earlier replay left there" }
    for note in plan.notes { text += "\nnote: \(note.visible)" }
    try finish(plan.json, text + "\nnothing was done")
  }
}
