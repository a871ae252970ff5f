// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Foundation
import Postgres
import S3Client
import TestSupport

/// Surroundings of one job, that can be brought back to what they were before its first run.
///
/// One thread at a time uses it, on whichever lane its next point is tested.
final class CrashWorld: @unchecked Sendable {
  let job: CrashJob
  let kind: StoreKind
  private let site: Site
  private let arguments: [String]
  private let signer: CrashSigner
  private let signersFile: String?
  private let source: PostgresSession
  private let staging: PostgresSession
  /// Of the archive in the bucket; another one after each reset, for what is locked stays.
  private var prefix = ""

  init(_ job: CrashJob, _ kind: StoreKind) throws {
    (self.job, self.kind) = (job, kind)
    signer = try CrashSigner(CrashSigner.service(of: job, on: kind))
    switch job {
    case .archive, .drill:
      site = try Site()
      signersFile = nil
      try site.makeChain(rows: 5, days: 2)
      arguments = job == .archive ? ["audit", "archive", "--max-rows", "2"] : ["audit", "drill", "--select", "all"]
    case .registry, .multisig:
      let keys = try KeySite.founded(rows: 4)
      (site, signersFile) = (keys.site, keys.file)
      arguments = try job == .registry ? keys.promotion() : keys.publication()
    }
    source = try PostgresSession(site.source, application: "crash matrix")
    staging = try PostgresSession(site.staging, application: "crash matrix")
    try source.executeScript(
      "CREATE SCHEMA undisturbed; CREATE TABLE undisturbed.events AS TABLE public.audit_events")
    guard job == .drill else { return }
    let output = try site.run("audit", "archive", "--max-rows", "2", change: signer.environment(of: job))
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
  }

  func path(_ name: String) -> String { site.directory("work/" + name) }
  private var bucket: LockedBucket { get throws { try LockedBucket.shared() } }

  /// Brings back what was there before the job.
  func reset() throws {
    let files = FileManager.default
    try? files.removeItem(atPath: site.directory("work"))
    try files.createDirectory(atPath: path("tmp"), withIntermediateDirectories: true)
    if let signersFile { try files.copyItem(atPath: signersFile, toPath: path("signers.json")) }
    try source.execute("DELETE FROM public.audit_events WHERE hash NOT IN (SELECT hash FROM undisturbed.events)")
    prefix = "crash\(UInt64.random(in: 0 ... .max))"
    let base = site.directory("archive")
    guard files.fileExists(atPath: base) else { return }
    guard kind == .s3 else { return try files.copyItem(atPath: base, toPath: path("archive")) }
    let lock = ObjectLock(mode: .compliance, until: Timestamp.now().advanced(bySeconds: 401 * 86_400))
    for name in try Self.files(base) where !name.contains("/.") && !name.hasPrefix(".") {
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: base + "/" + name)))
      _ = try bucket.client.put(
        "\(prefix)/\(name)", .bytes(bytes), sha256: SHA256.hash(bytes), lock: lock, legalHold: false, ifAbsent: true)
    }
  }

  private func environment() throws -> [String: String?] {
    var environment = site.environment
    environment["TMPDIR"] = path("tmp")
    environment["AUDIT_ARCHIVE_URL"] = "file://" + path("archive")
    if signersFile != nil {
      environment["AUDIT_SIGNERS_FILE"] = path("signers.json")
      environment["AUDIT_MANIFEST_SIGNER"] = "local:" + site.directory("archive.pem")
    }
    if kind == .s3 {
      let server = try SeaweedS3.shared()
      environment.merge(try LockedBucket.environment()) { $1 }
      environment["S3_ACCESS_KEY"] = server.accessKey
      environment["S3_SECRET"] = server.secretKey
      environment["AUDIT_ARCHIVE_URL"] = try "s3://\(bucket.client.bucket)/\(prefix)"
    }
    return try environment.merging(signer.environment(of: job)) { $1 }
  }

  private func tracer() throws -> CrashTracer {
    var tracer = CrashTracer(aliases: ["@": site.directory("work"), "@prefix": prefix])
    tracer.ports = signer.ports
    tracer.ports["postgres"] = try TemporaryPostgres.shared().port
    if kind == .s3 { tracer.ports["s3"] = try SeaweedS3.shared().port }
    return tracer
  }

  func run(killingAt point: CrashPoint? = nil) throws -> CrashTracer.Run {
    try tracer().run(arguments, environment: environment(), killingAt: point)
  }

  /// Waits until the servers have noticed that a killed run is gone.
  func waitForServers() throws {
    for _ in 0..<2000 {
      let left = try source.execute(
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'memoryctl' AND datname IN ($1, $2)",
        [site.source, site.staging].map { $0.split(separator: "/").last.map(String.init) })
      if left.isEmpty { return }
      usleep(5000)
    }
    throw TestSupportError("a killed run's sessions do not end")
  }

  /// What a run that was cut off may leave in no case: an archive that does not verify, or an object without its lock.
  func faultsOfTheDead() throws -> [String] {
    let verified = try command(["audit", "verify"])
    let isSound = signersFile != nil || job.soundStatuses.contains(verified.status)
    return try (isSound ? [] : ["what it left: \(verified.text)\(verified.errorText)"]) + unlocked()
  }

  /// What the commands say against the job once it is done.
  func faultsAtTheEnd() throws -> [String] {
    try unlocked()
      + job.checks.compactMap { words in
        let output = try command(words)
        return output.status == 0 ? nil : "\(words): \(output.text)\(output.errorText)"
      }
  }

  private func command(_ words: [String]) throws -> CommandOutput {
    var words = words
    let environment = try environment()
    switch words.last {
    case "--both":
      words = words.dropLast() + ["--archive", environment["AUDIT_ARCHIVE_URL"]!!, "--database", site.source]
    case "--database": words.append(site.source)
    default: break
    }
    return try Command.run(CrashTracer.underTest, words, environment: environment, inheritsEnvironment: false)
  }

  private func unlocked() throws -> [String] {
    guard kind == .file else {
      let image = try ArchiveImage(bucket, below: prefix, isHeld: false)
      return image.unlocked + image.odd.map { "\($0) has further versions" }
    }
    let names = Set(try Self.files(path("archive")))
    return names.filter { !$0.contains("/.") && !$0.hasPrefix(".") && !names.contains(".retention/\($0).json") }
      .map { "\($0) has no lock" }
  }

  /// What there is now.
  func image() throws -> CrashImage {
    var image = CrashImage()
    for name in try Self.files(site.directory("work")) {
      try image.add(name, [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(name)))))
    }
    if kind == .s3 {
      let archive = try ArchiveImage(bucket, below: prefix, isHeld: false)
      for (name, bytes) in archive.objects { try image.add("archive/" + name, bytes) }
      for fault in archive.unlocked + archive.odd { image.things["at fault: " + fault] = "" }
    }
    let events = try source.execute(
      """
      SELECT event_type, payload::text FROM public.audit_events
      WHERE hash NOT IN (SELECT hash FROM undisturbed.events) ORDER BY created_at
      """)
    for (index, event) in events.enumerated() { image.things["event \(index)"] = "\(event)" }
    let tables = try staging.execute(
      """
      SELECT nspname, relname, relkind, reltuples FROM pg_namespace n LEFT JOIN pg_class c ON relnamespace = n.oid
      WHERE nspname LIKE 'memoryctl%' ORDER BY relname
      """)
    for table in tables { image.things["in staging: \(table.dropFirst())"] = "" }
    return image
  }

  /// Files below a directory, by their paths in it.
  private static func files(_ directory: String) throws -> [String] {
    let walk = FileManager.default.enumerator(atPath: directory)
    var files: [String] = []
    while let name = walk?.nextObject() as? String {
      if walk?.fileAttributes?[.type] as? FileAttributeType == .typeRegular { files.append(name) }
    }
    return files
  }
}

extension KeySite {
  /// Arguments that promote a candidate, as three operators have approved.
  fileprivate func promotion() throws -> [String] {
    try add("new", use: "manifests")
    let payload = try propose("promote", ["new"], ["--reason", "the matrix"])
    return try ["keys", "promote", "new", "--payload", payload, "--proof", approve(payload)]
  }

  /// Arguments that publish an upgrade, as three operators have approved.
  fileprivate func publication() throws -> [String] {
    let payload = fresh("json")
    let words = ["--id", "upgrade", "--type", "upgrade", "--target", "memory-layer 2.1", "--rationale", "a fix"]
    try must(["multisig", "propose"] + words + ["--impact", "none", "--proposer", "alice", "--out", payload])
    return try ["multisig", "publish", "--payload", payload, "--proof", approve(payload)]
  }
}
