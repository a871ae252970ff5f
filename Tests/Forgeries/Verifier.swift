// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import DrillRunner
import Signing

/// Looks at an archive as whoever holds the registry's first version and knows the number of its newest one does.
public struct Verifier {
  private let file: SignersFile
  private let pin: RegistryPin
  private let secret = Environment(["AUDIT_SIGNING_KEY": "events' secret"])
  private let now = Timestamp("2026-02-02T00:00:00Z")!
  /// What followed from the objects of the last registry that was looked at: most forgeries leave it as it is.
  private var known: Known?
  /// The same of the archive that is forged.
  private var base: Known?
  private var manifests: [Int: Manifest] = [:]
  private let chunk = LineChunk()
  private var knownDrills: (objects: Objects, registry: Digest, drill: (Timestamp?, Digest?))?

  private struct Known {
    let objects: Objects
    let registry: TrustedRegistry
    let keys: KeyRing
    let findings: [ArchiveFinding]
  }

  public init(_ site: Site) {
    file = SignersFile(pinned: site.registries[0])
    pin = RegistryPin(version: site.registries.count, digest: nil)
  }

  /// - Parameter signer: a key beside the registry's that may sign.
  public mutating func verdict(
    _ objects: Objects, keepsVersions: Bool = false, alsoBy signer: (any Signer)? = nil
  ) -> Verdict {
    do { return try look(objects, keepsVersions, signer) } catch {
      let isOurs = (error as? Failure).map { $0.status == .bug } ?? !(error is ArchiveFinding)
      var verdict = Verdict(faults: ["\(error)"])
      if isOurs { verdict.bug = "\(error)" }
      return verdict
    }
  }

  private mutating func look(
    _ objects: Objects, _ keepsVersions: Bool, _ signer: (any Signer)?
  ) throws -> Verdict {
    let (registry, known, registryFindings) = try registry(objects)
    let keys = known.adding(signer)
    let store = MemoryStore(objects, keepsVersions: keepsVersions)
    let archive = try Archive(store, stream: SampleArchive.stream, keys: keys)
    let report = try ArchiveVerifier(VerifySettings(keys: keys), archive).run()
    let (drill, drillReport) = try drills(objects, keys, registry.newest.digest)
    var faults = (registryFindings + report.findings).map(\.description)
    faults += report.anomalies.listed.map { "\($0.kind.rawValue) of row \($0.id): \($0.detail)" }
    if !report.isIntact && faults.isEmpty { faults.append("broken") }
    if drill == nil { faults.append("no drill counts") }
    var verdict = Verdict(faults: faults, notes: report.notes)
    (verdict.anomalies, verdict.rows, verdict.headHash) = (report.anomalies, report.rows, report.headHash)
    guard faults.isEmpty else { return verdict }
    var content = Content()
    content.manifests = try archive.sequences().map { try archive.manifest($0).digest }
    (content.headHash, content.rows) = (report.headHash, report.rows)
    (content.registry, content.drill, content.drillReport) = (registry.newest.digest, drill, drillReport)
    verdict.content = content
    return verdict
  }

  private mutating func registry(_ objects: Objects) throws -> (TrustedRegistry, KeyRing, [ArchiveFinding]) {
    let own = objects.filter { Self.isOfRegistry($0.key) }
    for known in [base, known] {
      if let known, known.objects == own { return (known.registry, known.keys, known.findings) }
    }
    let archive = try Archive(MemoryStore(own), stream: SampleArchive.stream)
    guard let found = try archive.trustedRegistry(file, pin: pin, now: now) else {
      throw Failure(.bug, "the registry is pinned, and was not followed")
    }
    let keys = try KeyRing(secret, registry: found.registry.keys)
    known = Known(objects: own, registry: found.registry, keys: keys, findings: found.findings)
    base = base ?? known
    return (found.registry, keys, found.findings)
  }

  private mutating func drills(_ objects: Objects, _ keys: KeyRing, _ registry: Digest) throws -> (Timestamp?, Digest?)
  {
    let own = objects.filter { $0.key.contains("/drills/") }
    if let knownDrills, knownDrills.objects == own, knownDrills.registry == registry { return knownDrills.drill }
    // Manifests are not what this asks about, so that damage among them must not keep it from being answered.
    let alone = try Archive(MemoryStore(own), stream: SampleArchive.stream, keys: keys)
    let drill = try ArchiveFreshness(alone, keys: keys, now: now).lastDrill
    let found = (drill, drill == nil ? nil : try alone.drillReport(nil).drill.digest)
    knownDrills = (own, registry, found)
    return found
  }
}

// MARK: A quick look

extension Verifier {
  private static func isOfRegistry(_ key: String) -> Bool {
    key.hasPrefix("\(SampleArchive.stream)/signers/") || key.hasPrefix("\(SampleArchive.stream)/revocations/")
  }

  /// What is wrong with one of the objects that differ, found as a whole look finds it, by the same functions and without
  /// looking at what is as it was. Nil says nothing.
  ///
  /// - Parameter original: what is forged, which was the first that was looked at.
  public mutating func quickFault(_ objects: Objects, changed: [String], of original: Objects) -> String? {
    guard let base else { return nil }
    do {
      var keys = base.keys
      if changed.contains(where: Self.isOfRegistry) {
        for key in changed where Self.isOfRegistry(key) && original[key] != nil {
          guard let bytes = objects[key]?[0] else { continue }
          _ = try SignedDocument(parsing: bytes, .registry)
        }
        let (_, newer, findings) = try registry(objects)
        if let finding = findings.first { return finding.description }
        keys = newer
      }
      let archive = try Archive(MemoryStore(objects), stream: SampleArchive.stream, keys: keys)
      for key in changed where objects[key] != nil && original[key] != nil {
        if let fault = try fault(key, archive, keys, objects, original) { return fault }
      }
      return nil
    } catch let finding as ArchiveFinding { return finding.description } catch let error as DocumentError {
      return error.reason
    } catch { return nil }
  }

  private mutating func fault(
    _ key: String, _ archive: Archive, _ keys: KeyRing, _ objects: Objects, _ original: Objects
  ) throws -> String? {
    let name = String(key.dropFirst(SampleArchive.stream.utf8.count + 1))
    if name.hasPrefix("manifests/"), let sequence = Int(name.dropFirst(10).prefix(10)) {
      return try archive.standing(of: try archive.manifest(sequence), keys).fault
    }
    if name.hasPrefix("bundles/"), let sequence = Archive.sequence(ofBundle: name) {
      let known = try Archive(MemoryStore(original), stream: SampleArchive.stream)
      let manifest = try manifests[sequence] ?? known.manifest(sequence).manifest
      manifests[sequence] = manifest
      guard let reader = try archive.bundle(manifest, makesLeaves: false) else { return nil }
      while try reader.next(chunk) {}
    }
    guard name.hasPrefix("drills/"), let registry = base?.registry.newest.digest else { return nil }
    return try drills(objects, keys, registry).0 == nil ? "no drill counts" : nil
  }
}
