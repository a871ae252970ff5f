// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Bytes
internal import ChainReader
internal import Cryptography
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

  /// Runs the drill. What fails once the selected manifests are known is a failed step of the stored report.
  ///
  /// - Throws: a ``Failure`` where nothing is selected, or where staging cannot be used or is the archive's own source:
  ///   then there was no drill.
  public func run(_ selection: Selection) throws -> DrillReport {
    let started = Process.monotonicSeconds()
    var report = DrillReport()
    report.stream = archive.stream
    report.startedAt = .now()
    do {
      let plan = try plan(selection, &report)
      let schema = try DrillSchema(schema, for: plan, staging: conninfo, progress: progress)
      defer { schema.end(keeps: keepsSchema) }
      try perform(plan, &report, started)
    } catch is StepFailed {}
    try store(&report)
    return report
  }

  /// A step failed so that the next ones have nothing to stand on; the report has it.
  private struct StepFailed: Error {}

  private func plan(_ selection: Selection, _ report: inout DrillReport) throws -> RestorePlan {
    let name = "check the manifests"
    let plan: RestorePlan
    let started = Process.monotonicSeconds()
    do {
      report.manifests = try archive.sequences(selection, progress: progress)
      plan = try RestorePlan(archive, report.manifests, settings)
    } catch let finding as ArchiveFinding {
      fail(name, finding, since: started, &report)
      throw StepFailed()
    }
    report.days = plan.days.map { "\($0.lowerBound)..\($0.upperBound)" } ?? ""
    report.findings += plan.faults.map(\.description)
    let count = report.manifests.count
    let checked = settings.checksManifestSignatures ? "the signatures of" : "without their signatures,"
    let fault = plan.faults.first.map { "\(plan.faultsTotal) manifests are not signed as they must be: \($0)" }
    try step(name, &report) { _ in ((), fault, "\(checked) \(count) manifests") }
    guard fault == nil else { throw StepFailed() }
    guard plan.rows > 0 else {
      throw Failure(.nothingToCheck, "the selected days have no rows", on: archive.url, remedy: "select other days")
    }
    return plan
  }

  private func perform(_ plan: RestorePlan, _ report: inout DrillReport, _ started: Double) throws {
    let replay = ReplayJob(settings, archive, staging: conninfo, progress: progress, cancellation: cancellation)
    for (index, stretch) in plan.stretches.enumerated() {
      let isOnly = plan.stretches.count == 1
      let place = isOnly ? "" : ", manifests \(stretch.sequences.lowerBound) to \(stretch.sequences.upperBound - 1)"
      let table = TableName(
        schema: schema,
        name: Self.tableName(StagingTable.originalName(stretch.source), isOnly ? nil : index + 1))
      let restored = try step("restore, check and replay" + place, &report) { report in
        let result = try replay.load(stretch, into: table, isLogged: keepsSchema)
        note(result, &report)
        let fault = result.report.isIntact ? nil : "the archive does not verify: \(Self.firstFault(result.report))"
        let untrusted = result.report.signatures.untrusted
        let vouched = untrusted == 0 ? "" : "; \(untrusted) of them signed by a revoked key and countersigned since"
        return (result, fault, "\(result.report.rows) rows of \(result.report.manifests) manifests\(vouched)")
      }
      try step("build indexes" + place, &report) { _ in
        let nullable = try replay.buildIndexes(restored.table)
        let rest = nullable.isEmpty ? "" : "; NULLs in columns that are NOT NULL in the source: "
        return ((), nil, "\(restored.table.indexStatements().count) indexes\(rest)\(nullable.joined(separator: ", "))")
      }
      guard restored.report.rows > 0 else { continue }
      try verifyStaging(restored, replay, place, &report)
      report.recoverySeconds = Process.monotonicSeconds() - started
      try step("negative control" + place, &report) { _ in
        let outcome = try NegativeControl(settings: settings, conninfo: conninfo, table: restored.table.name).run()
        return ((), outcome.isFound ? nil : outcome.detail, "row \(outcome.id): \(outcome.detail)")
      }
    }
  }

  /// The archived table's own name; where several tables are needed, with a number, in the 63 bytes that a name may have.
  static func tableName(_ original: String, _ number: Int?) -> String {
    guard let number else { return original }
    let suffix = "_\(number)"
    var name = original
    while name.utf8.count + suffix.utf8.count > 63 { name.removeLast() }
    return name + suffix
  }

  private func note(_ result: ReplayJob.Result, _ report: inout DrillReport) {
    report.rows += result.report.rows
    report.findings += result.report.findings.map(\.description)
    report.signatures += result.report.signatures
    report.anomalies.append(result.report.anomalies)
    report.headHash = result.report.headHash
    report.recoveryPoint = [report.recoveryPoint, result.newest].compactMap { $0 }.max()
  }

  private func verifyStaging(
    _ restored: ReplayJob.Result, _ replay: ReplayJob, _ place: String, _ report: inout DrillReport
  ) throws {
    try step("verify chain and signatures in staging" + place, &report) { _ in
      let found = try replay.verifyTable(restored)
      let fault = found.isIntact ? nil : "the staged chain does not verify: \(Self.firstFault(found))"
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
    let (result, fault, detail): (R, String?, String)
    do { (result, fault, detail) = try body(&report) } catch {
      fail(name, error, since: started, &report)
      throw StepFailed()
    }
    let seconds = Process.monotonicSeconds() - started
    report.steps.append(DrillReport.Step(name: name, seconds: seconds, isPassed: fault == nil, detail: fault ?? detail))
    progress.event("step", ["name": .string(name), "ok": .bool(fault == nil)])
    return result
  }

  private func fail(_ name: String, _ error: any Error, since started: Double, _ report: inout DrillReport) {
    let failure = Failure(from: error)
    report.failureStatus = failure.status
    if let finding = error as? ArchiveFinding { report.findings.append(finding.description) }
    let seconds = Process.monotonicSeconds() - started
    report.steps.append(
      DrillReport.Step(name: name, seconds: seconds, isPassed: false, detail: String(failure.description.prefix(1000))))
    progress.event("step", ["name": .string(name), "ok": false])
  }

  /// Stores the report; a drill that passed and has no report did not pass.
  private func store(_ report: inout DrillReport) throws {
    do {
      let document = try signer.sign(.report, report.signed)
      report.document = document
      let key = "drills/\(report.startedAt.compact)-\(document.digest.hex.prefix(8)).json"
      let until = Timestamp.now().advanced(bySeconds: Int64(retentionDays) * 86_400)
      let retention = Manifest.Retention(until: until, hasLegalHold: false)
      guard try archive.put(document.bytes, at: key, retention: retention) else {
        throw Failure(
          .refused, "another report is there", on: archive.name(key), remedy: "look at who wrote it, then run it again")
      }
      report.key = key
    } catch {
      if report.isPassed { throw error }
      progress.event("the report could not be stored", ["reason": .string(Failure(from: error).description)])
    }
  }
}
