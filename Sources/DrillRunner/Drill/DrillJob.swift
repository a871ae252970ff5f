// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Bytes
internal import ChainReader
internal import Crypto
internal import Files
public import Pipeline
internal import Postgres
public import Signing

/// The quarterly drill: restore, check, replay, verify in staging, prove that the check can fail, report.
public struct DrillJob: Sendable {
  let settings: VerifySettings
  let archive: Archive
  let conninfo: String
  let signer: any Signer
  let progress: any ProgressListener
  let cancellation: Cancellation
  /// Leave the staged schema for looking at.
  public var keepsSchema = false
  public var schema: String
  /// Days that the signed report is locked.
  public var retentionDays = 400

  public init(
    _ settings: VerifySettings, _ archive: Archive, staging conninfo: String, signer: any Signer,
    progress: any ProgressListener = NoProgress(), cancellation: Cancellation = Cancellation()
  ) {
    self.settings = settings
    self.archive = archive
    self.conninfo = conninfo
    self.signer = signer
    self.progress = progress
    self.cancellation = cancellation
    schema =
      "memoryctl_drill_\(Timestamp.now().compact.lowercased())_\(String(UInt32.random(in: 0 ... .max), radix: 16))"
  }

  public func run(_ selection: Selection) throws -> DrillReport {
    let started = Process.monotonicSeconds()
    var report = DrillReport()
    report.stream = archive.stream
    report.startedAt = .now()
    do {
      report.manifests = try archive.sequences(selection)
      try perform(&report, started)
    } catch let finding as ArchiveFinding {
      report.findings.append(finding.description)
      report.steps.append(
        DrillReport.Step(
          name: "restore", seconds: Process.monotonicSeconds() - started, isPassed: false, detail: finding.description))
    }
    try store(&report)
    return report
  }

  private func perform(_ report: inout DrillReport, _ started: Double) throws {
    let replay = ReplayJob(settings, archive, staging: conninfo, progress: progress, cancellation: cancellation)
    let restored = try step("restore, check and replay", &report) { report in
      let result = try replay.load(report.manifests, schema: schema, isLogged: keepsSchema)
      note(result, &report)
      let fault = result.report.isIntact ? nil : "the archive does not verify: \(Self.firstFault(result.report))"
      return (result, fault, "\(result.report.rows) rows of \(result.report.manifests) manifests")
    }
    defer { if !keepsSchema { dropSchema() } }
    try step("build indexes", &report) { _ in
      try replay.buildIndexes(restored.table)
      return ((), nil, "\(restored.table.indexStatements().count) indexes")
    }
    guard report.rows > 0 else {
      throw Failure(.nothingToCheck, "the selected days have no rows", on: archive.url, remedy: "select other days")
    }
    try verifyStaging(restored, &report)
    report.recoverySeconds = Process.monotonicSeconds() - started
    try step("negative control", &report) { _ in
      let outcome = try NegativeControl(settings: settings, conninfo: conninfo, table: restored.table.name).run()
      return ((), outcome.isFound ? nil : outcome.detail, "row \(outcome.id): \(outcome.detail)")
    }
  }

  private func note(_ result: ReplayJob.Result, _ report: inout DrillReport) {
    report.rows = result.report.rows
    report.findings += result.report.findings.map(\.description)
    report.signatures = result.report.signatures
    report.anomalies.append(result.report.anomalies)
    report.headHash = result.report.headHash
    report.recoveryPoint = result.last.rows?.lastCreatedAt
    report.days = "\(result.first.coverage.day)..\(result.last.coverage.day)"
  }

  private func verifyStaging(_ restored: ReplayJob.Result, _ report: inout DrillReport) throws {
    try step("verify chain and signatures in staging", &report) { _ in
      let verifier = DatabaseVerifier(
        settings, conninfo: conninfo, table: restored.table.name, progress: progress, cancellation: cancellation)
      let (found, leaves) = try verifier.verify(head: restored.first.chain.previousHash, makesLeaves: true)
      var fault: String?
      if !found.isIntact { fault = "the staged chain does not verify: \(Self.firstFault(found))" }
      if found.headHash != restored.last.chain.headHash?.hex { fault = "the staged chain ends in another row" }
      if leaves != restored.leaves { fault = "the staged rows are not the archived ones" }
      return ((), fault, "\(found.rows) rows, byte for byte those of the archive")
    }
  }

  static func firstFault(_ report: VerifyReport) -> String {
    if let finding = report.findings.first { return finding.description }
    guard let anomaly = report.anomalies.listed.first else { return "no fault" }
    return "\(anomaly.kind.rawValue) \(anomaly.id): \(anomaly.detail)"
  }

  @discardableResult
  private func step<R>(
    _ name: String, _ report: inout DrillReport,
    _ body: (inout DrillReport) throws -> (R, fault: String?, detail: String)
  ) throws -> R {
    let started = Process.monotonicSeconds()
    let (result, fault, detail) = try body(&report)
    let seconds = Process.monotonicSeconds() - started
    report.steps.append(DrillReport.Step(name: name, seconds: seconds, isPassed: fault == nil, detail: fault ?? detail))
    progress.event("step", ["name": name, "ok": fault == nil ? "true" : "false"])
    return result
  }

  private func dropSchema() {
    do throws(PostgresError) {
      try PostgresSession(conninfo).executeScript("DROP SCHEMA IF EXISTS \(quoteIdentifier(schema)) CASCADE")
    } catch { progress.event("the schema could not be dropped", ["schema": schema, "reason": error.message]) }
  }

  private func store(_ report: inout DrillReport) throws {
    let document = try signer.sign(.report, report.signed)
    let key = "drills/\(report.startedAt.compact)-\(document.digest.hex.prefix(8)).json"
    let until = Timestamp.now().advanced(bySeconds: Int64(retentionDays) * 86_400)
    _ = try archive.store.create(
      "\(archive.stream)/\(key)", .bytes(document.bytes),
      retention: Manifest.Retention(until: until, hasLegalHold: false))
    report.key = key
  }
}
