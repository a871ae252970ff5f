// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import ChainReader
internal import Cryptography
internal import Pipeline
internal import Synchronization

/// Where a run's frames and bundles go.
protocol PartOutput: AnyObject {
  /// Where the next run has to begin, known at the walk's end.
  var resumeFrom: Timestamp? { get set }
  var report: ArchiveReport { get }
  func start(_ stages: Stages)
  func takeFrame() throws -> FrameContent
  func emit(_ part: BundlePart, resumeFrom: Timestamp?) throws
  func end()
}

/// Compresses, uploads and commits behind the walk: some bundles go up at once while the next is made, and their manifests
/// follow in order.
final class SpoolOutput: PartOutput, @unchecked Sendable {
  // `publisher` is its thread's own until that has ended; `resumeFrom` the walk's.
  private let job: ArchiveJob
  private let spool: Spool
  private let publisher: BundlePublisher
  private let parts = BoundedQueue<PartBox>(capacity: 2)
  private let sealed = BoundedQueue<SealedBox>(capacity: 1)
  private let free = BoundedQueue<FrameContent>(capacity: 8)
  private let firstSequence: Int
  var resumeFrom: Timestamp?

  private struct PartBox: @unchecked Sendable { let part: BundlePart }
  private struct SealedBox: Sequenced, @unchecked Sendable {
    let sequence: Int
    let facts: BundleFacts
    let bundle: SealedBundle?
  }

  init(_ job: ArchiveJob, _ plan: ArchivePlan, _ spool: Spool) {
    self.job = job
    self.spool = spool
    firstSequence = plan.last.map { $0.manifest.sequence + 1 } ?? 0
    let now = job.archive.now()
    publisher = BundlePublisher(
      job.archive, job.signer, after: plan.last, source: plan.source,
      retention: Manifest.Retention(
        until: now.advanced(bySeconds: Int64(job.settings.retentionDays) * 86_400),
        hasLegalHold: job.settings.hasLegalHold),
      createdAt: now, progress: job.progress)
  }

  var report: ArchiveReport {
    var report = ArchiveReport()
    report.sequences = publisher.committed
    report.anomalies = publisher.anomalies
    report.signatures = publisher.signatures
    report.head = publisher.last?.manifest.chain.headHash?.hex
    return report
  }

  func start(_ stages: Stages) {
    stages.queue(parts)
    stages.queue(sealed)
    stages.start("compress") { [self] in try compress() }
    let uploaded = ParallelMap<SealedBox, SealedBox>(
      stages, name: "upload", workers: job.settings.uploads, input: sealed
    ) { [archive = job.archive, retention = publisher.retention, progress = job.progress] in
      { sealed in
        if let bundle = sealed.bundle { try archive.upload(bundle, retention: retention, progress: progress) }
        return sealed
      }
    }
    stages.start("commit") { [self] in
      while let next = try uploaded.pop() { try publisher.publish(next.facts, next.bundle) }
    }
  }

  private func compress() throws {
    var sequence = firstSequence
    var writer: BundleWriter?
    while let next = try parts.pop() {
      switch next.part {
      case .frame(let frame):
        let open =
          try writer
          ?? BundleWriter(stream: job.archive.stream, sequence: sequence, settings: job.settings.bundles, spool: spool)
        writer = open
        try open.append(frame)
        frame.removeAll()
        free.pushIfRoom(frame)
      case .seal(let facts):
        let bundle = try writer?.finish(previousHash: facts.previousHash, headHash: facts.headHash)
        try sealed.push(SealedBox(sequence: sequence - firstSequence, facts: facts, bundle: bundle))
        writer = nil
        sequence += 1
      }
    }
    sealed.finish()
  }

  func takeFrame() -> FrameContent { free.popIfAny() ?? FrameContent(spool: spool) }

  func emit(_ part: BundlePart, resumeFrom: Timestamp?) throws {
    var part = part
    if case .seal(var facts) = part {
      // Before the walk's end it is not known which rows are left to later days: the next run reads what this one read.
      facts.resumeFrom = self.resumeFrom ?? resumeFrom ?? .distantPast
      part = .seal(facts)
    }
    try parts.push(PartBox(part: part))
  }

  func end() { parts.finish() }
}

/// Counts what a run would do.
final class DryRunOutput: PartOutput {
  var resumeFrom: Timestamp?
  private(set) var report = ArchiveReport()
  private let frame = FrameContent(spool: nil)

  func start(_ stages: Stages) {}

  func takeFrame() -> FrameContent { frame }

  func emit(_ part: BundlePart, resumeFrom: Timestamp?) {
    switch part {
    case .frame(let frame): frame.removeAll()
    case .seal(let facts):
      report.sequences.append(report.sequences.count)
      report.anomalies.append(facts.anomalies)
      report.signatures += facts.signatures
      report.head = facts.headHash?.hex
    }
  }

  func end() {}
}
