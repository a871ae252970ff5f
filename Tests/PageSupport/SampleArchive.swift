// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
internal import Cryptography
public import Signing

/// Nights of an archive as the archiver leaves them, without their rows: manifests that join and are signed.
public struct SampleArchive {
  /// What one night is.
  public struct Night {
    public var rows = 0
    public var anomalies: [Anomaly] = []
    public var isLast = true
    public var isHeld = false
    /// Days of retention.
    public var retention: Int
    /// The night leaves no manifest.
    public var isSkipped = false
    /// Digest of another manifest than the one before.
    public var isMisplaced = false
  }

  public static let stream = "memory-layer"

  public private(set) var ledger = ArchiveLedger()
  public private(set) var manifests: [StoredManifest] = []
  /// The manifests as a store holds them.
  public private(set) var documents: [[UInt8]] = []
  private let signers: [LocalSigner]
  public let keys: KeyRing
  /// When the second signer takes over.
  public var rotation: UTCDay?
  private var total = 0
  private var random: UInt64 = 7

  public init() throws {
    signers = try ["manifests-2021", "manifests-2024"].map {
      LocalSigner(privateKey: try PrivateKey.generateEd25519(), kid: $0)
    }
    keys = signers.reduce(KeyRing([])) { $0.adding($1) }
  }

  /// Adds a night for each day.
  ///
  /// - Parameter change: makes a night another one than usual.
  public mutating func add(
    _ days: ClosedRange<UTCDay>, retention: Int, _ change: (UTCDay, inout Night) -> Void = { _, _ in }
  ) throws {
    var day = days.lowerBound
    while day <= days.upperBound {
      var night = Night(retention: retention)
      night.rows = usualRows(day)
      change(day, &night)
      if !night.isSkipped { try add(day, night) }
      day = day.next
    }
  }

  /// Grows over the years, less at weekends, none now and then.
  private mutating func usualRows(_ day: UTCDay) -> Int {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let noise = Int(random >> 40) % 9000
    let isWeekend = (Int(day.number) + 3) % 7 > 4
    if isWeekend, noise < 900 { return 0 }
    return (isWeekend ? 9000 : 31_000) + noise + max(0, Int(day.number) - 18_900) * 12
  }

  private mutating func add(_ day: UTCDay, _ night: Night) throws {
    let previous = manifests.last
    let made = day.next.start.advanced(bySeconds: 2 * 3600 + 40)
    let isEmpty = night.rows == 0
    let hash = SHA256.hash(Array("rows of \(day)".utf8))
    let head = isEmpty ? previous?.manifest.chain.headHash : hash
    total += night.rows
    var log = AnomalyLog()
    for anomaly in night.anomalies { log.append(anomaly) }
    var counts = SignatureCounts()
    counts.valid = night.rows - night.anomalies.count
    counts.invalid = night.anomalies.count
    let number = manifests.count
    let bundle = Manifest.Bundle(
      key: "bundles/\(Manifest.sequenceText(number))-\(hash.hex.prefix(16)).ndjson.zst", bytes: night.rows * 23 + 4000,
      sha256: hash, contentBytes: night.rows * 922, contentSHA256: hash, frames: night.rows / 4096 + 1)
    let manifest = Manifest(
      stream: Self.stream, sequence: number, previousManifest: night.isMisplaced ? hash : previous?.digest,
      createdAt: made, tool: Tool.name,
      coverage: Manifest.Coverage(day: day, part: 0, isLast: night.isLast), source: Self.source(made),
      bundle: isEmpty ? nil : bundle, rowCount: night.rows, rowTotal: total,
      rows: isEmpty ? nil : Manifest.RowSpan(id: "row", createdAt: day.start),
      chain: Manifest.Chain(
        previousHash: previous?.manifest.chain.headHash, headHash: head, anomalies: log, signatures: counts),
      merkleRoot: isEmpty ? MerkleTree().root : hash,
      retention: Manifest.Retention(
        until: made.advanced(bySeconds: Int64(night.retention) * 86_400), hasLegalHold: night.isHeld))
    let signer = signers[rotation.map { day >= $0 ? 1 : 0 } ?? 0]
    let document = try signer.sign(.manifest, manifest.json)
    let stored = try StoredManifest(parsing: document.bytes)
    documents.append(document.bytes)
    manifests.append(stored)
    ledger.add(
      stored,
      ManifestStanding(keys.verify(stored.proof, over: stored.digest, at: made, for: .manifests)))
  }

  private static func source(_ made: Timestamp) -> Manifest.Source {
    Manifest.Source(
      systemIdentifier: "7300000000000000001", database: "audit", table: "public.audit_events", timeline: 1,
      lsn: "0/1000000", oldestTransactionStart: made, resumeFrom: made,
      columns: [Manifest.Column(name: "id", type: "uuid", isNotNull: true, isGenerated: false)], indexes: nil)
  }

  /// A drill's report, signed, as the store would give it back.
  ///
  /// - Parameter fault: why its restore failed; nil for one that passed.
  public func drill(_ start: Timestamp, seconds: Int, fault: String? = nil) throws -> StoredDrill {
    func step(_ name: String, _ share: Int, _ detail: String, isPassed: Bool = true) -> JSONValue {
      .object([
        "name": .string(name), "milliseconds": .count(seconds * share * 10), "ok": .bool(isPassed),
        "detail": .string(detail),
      ])
    }
    let day = start.day.advanced(by: -1)
    var steps = [step("check the manifests", 3, "the signatures of 1 manifests")]
    if let fault {
      steps.append(step("restore, check and replay", 22, fault, isPassed: false))
    } else {
      steps += [
        step("restore, check and replay", 52, "48211 rows of 1 manifests"), step("build indexes", 17, "4 indexes"),
        step("verify chain and signatures in staging", 28, "48211 rows, byte for byte those of the archive"),
        step(
          "negative control", 4,
          "row 0190f3c2-77aa-7c31-9e02-5d1b3f0c2a44: the altered row was found by its hash, and no other"),
      ]
    }
    let isPassed = fault == nil
    let content = JSONValue.object([
      "format": "audit-drill/v1", "stream": .string(Self.stream), "tool": .string(Tool.name),
      "startedAt": .string(start.isoSeconds), "verdict": isPassed ? "passed" : "failed",
      "days": .string("\(day)..\(day)"), "manifests": .object(["first": 100, "last": 100]),
      "rows": .count(isPassed ? 48_211 : 20_480), "headHash": .string(SHA256.hash(Array("head \(day)".utf8)).hex),
      "steps": .array(steps), "recoveryMilliseconds": .count(isPassed ? seconds * 1000 : 0),
      "recoveryPoint": isPassed ? .string(start.day.start.advanced(bySeconds: -2).iso) : .null,
      "anomalies": .array(
        isPassed
          ? []
          : [
            Anomaly(
              .hashMismatch, row: 20_479, id: "0190f3c2-0000-7c31-9e02-5d1b3f0c2a44",
              detail: "the payload hashes to another digest"
            ).json
          ]),
      "anomaliesTotal": .count(isPassed ? 0 : 1),
      "findings": .array(fault.map { [.string($0)] } ?? []),
      "signatures": .object([
        "valid": .count(isPassed ? 48_211 : 20_479), "unsigned": 0, "invalid": 0, "unverifiable": 0,
      ]),
    ])
    let document = try signers[rotation.map { start.day >= $0 ? 1 : 0 } ?? 0].sign(.report, content)
    let read = try SignedDocument(parsing: document.bytes, .report)
    return try StoredDrill(read.content, proof: read.proof, stream: Self.stream)
  }
}
