// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import Cryptography
internal import DrillRunner
public import Pipeline
public import RowCodec
public import Signing

/// Pulls a range of days into a folder that proves itself: manifests, keys, a report, sums, and how to check them.
public struct PullJob: Sendable {
  public struct Settings: Sendable {
    public var from: UTCDay?
    public var to: UTCDay?
    /// Pull the bundles too, and verify their rows.
    public var takesBundles = false
    /// Pull what does not verify, and mark it.
    public var allowsUnverified = false
    public var columns = ChainColumns()
    /// Which rows' signatures are checked.
    public var signatures = SignaturePolicy.all
    /// Rows that are unsigned, or that no key at hand verifies, keep their manifest from verifying.
    public var requiresSignatures = false

    public init() {}
  }

  let settings: Settings
  let archive: Archive
  let keys: KeyRing
  let registry: KeyRegistry?
  let progress: any ProgressListener
  let cancellation: Cancellation
  /// Manifests that are read at once.
  static let lanes = 8

  public init(
    _ settings: Settings, _ archive: Archive, keys: KeyRing, registry: KeyRegistry?,
    progress: any ProgressListener = NoProgress(), cancellation: Cancellation = Cancellation()
  ) {
    (self.settings, self.archive, self.keys, self.registry) = (settings, archive, keys, registry)
    (self.progress, self.cancellation) = (progress, cancellation)
  }

  /// Makes the folder.
  ///
  /// - Parameter announce: is told the SHA-256 of `SHA256SUMS` just before the folder appears under its name, so that it
  ///   is not lost with a result that cannot be written.
  /// - Returns: the report, and the SHA-256 of the folder's `SHA256SUMS`.
  /// - Throws: status `integrity` where something does not verify and that is not allowed, `refused` where the folder
  ///   is there or lies in the archive, `nothingToCheck` where no manifest is of these days. Nothing is left under the folder's name then.
  public func run(
    into directory: String, announcing announce: (Digest) -> Void = { _ in }
  ) throws -> (report: PullReport, sums: Digest) {
    if let store = archive.store as? FileStore { try PullFolder.refuse(directory, within: store.directory) }
    let folder = try PullFolder(for: directory)
    var report = PullReport(
      archive: archive.url, stream: archive.stream, from: settings.from, to: settings.to, keys: PulledKeys(keys))
    report.columns = .object([
      "payload": .string(settings.columns.payload), "hash": .string(settings.columns.hash),
      "prevHash": .string(settings.columns.previousHash),
    ])
    let sequences = try sequences(&report)
    try pullManifests(sequences, folder, &report)
    report.days.finish(today: report.pulledAt.day)
    try refuseUnverified(report)
    if settings.takesBundles {
      try pullBundles(folder, &report)
      try refuseUnverified(report)
    }
    try pullSigners(folder, &report)
    try writeKeys(folder, &report)
    try writeReport(folder, report)
    return (report, try folder.publish(announce))
  }

  private func refuseUnverified(_ report: PullReport) throws(Failure) {
    guard !report.isVerified, !settings.allowsUnverified else { return }
    var words = report.problems(3).joined(separator: "; ")
    if report.faulty > 3 { words += "; and more" }
    throw Failure(
      .integrity,
      "\(report.faulty) of \(report.manifests.count) manifests do not verify, and nothing was pulled: \(words)",
      on: archive.url,
      remedy: "give the keys as for audit verify (AUDIT_SIGNERS_FILE, AUDIT_SIGNING_PUBLIC_KEY); to look at it all the "
        + "same, --allow-unverified pulls it, marked as such")
  }

  /// Ascending, with what may be of the days and does not verify: that is looked at with the rest.
  private func sequences(_ report: inout PullReport) throws -> [Int] {
    var finder = ManifestFinder(archive.trusting(keys), cancellation: cancellation)
    finder.takesDamaged = settings.allowsUnverified
    let found = try finder.find(.days(from: settings.from, to: settings.to))
    report.notes += found.notes
    return found.sequences
  }

  // MARK: The other files

  private func writeKeys(_ folder: PullFolder, _ report: inout PullReport) throws {
    var written: Set<String> = []
    for key in report.keys.keys {
      guard let file = key.file, let pem = key.pem, written.insert(file).inserted else { continue }
      try folder.write(file, Array(pem.utf8))
    }
    try folder.write("keys.json", report.keys.json.prettyBytes)
    if let registry {
      try folder.write("registry.json", registry.publicJSON.prettyBytes)
      report.hasRegistry = true
    }
    for kid in report.keys.unknown.prefix(20) { report.notes.append("no key at hand is called \"\(kid)\"") }
    for key in report.keys.keys where key.pem == nil {
      report.notes.append(
        "\"\(key.key.kid)\" is \(key.kind == "secret" ? "a shared secret" : key.kind): who has no part in it "
          + "cannot check its \(key.manifests) signatures")
    }
  }

  private func writeReport(_ folder: PullFolder, _ report: PullReport) throws {
    if !report.isVerified {
      let lines = ["This pull does not verify:"] + report.problems(10_000).map { "- \($0)" }
      try folder.write("UNVERIFIED.txt", Array((lines.map(\.visible).joined(separator: "\n") + "\n").utf8))
    }
    let names = report.manifests.compactMap { $0.facts?.bundle }.map { "\($0.sha256.hex)  \($0.key.onOneLine)\n" }
    try folder.write("bundles.sha256", Array(names.joined().utf8))
    try folder.write("report.json", report.json.prettyBytes)
    try folder.write("report.html", PullPage(report).bytes)
    try folder.write("VERIFY.md", VerifyGuide(report).bytes)
  }
}

extension String {
  /// With line breaks and other control characters named, so that it can begin no line of its own.
  var onOneLine: String {
    guard unicodeScalars.contains(where: { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) }) else { return self }
    return unicodeScalars.map { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) ? "?" : String($0) }.joined()
  }
}
