// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore

/// A way of forging.
public enum ForgeryKind: String, CaseIterable, Sendable {
  case bit, swap, removal, truncation, duplicate, older, member, layout, signature, keyless, insider, onTop, random
}

/// Tries forgeries of one archive, and counts what became of each.
public struct Trial {
  public struct Count: Sendable {
    public var tried = 0
    /// Forgeries that change nothing of what the archive says, or that nothing in an archive can show, by reason.
    public var excused: [Excuse: Int] = [:]
    public var audited = 0
  }

  public let base: Objects
  public let baseline: Verdict
  public private(set) var counts: [ForgeryKind: Count] = [:]
  /// Forgeries that passed for sound, or that the program itself failed on.
  public private(set) var missed: [String] = []
  private var verifier: Verifier
  /// Of so many forgeries that a quick look found, one is looked at whole, too.
  private let auditEvery: Int
  private var quick = 0
  /// Of the forgeries that ``Forger`` does not thin out by itself, each so many-th is looked at.
  private let share: Int
  private var seen = 0
  private let mostMissed: Int

  /// - Throws: where the archive is not sound to begin with.
  public init(_ site: Site, _ base: Objects, auditEvery: Int, share: Int = 1, mostMissed: Int = .max) throws {
    (self.base, self.share, self.mostMissed) = (base, share, mostMissed)
    self.auditEvery = auditEvery
    verifier = Verifier(site)
    baseline = verifier.verdict(base)
    guard baseline.isIntact else { throw Failure(.bug, "the archive is not sound: \(baseline.faults)") }
  }

  /// Nothing more is looked at.
  public var isEnough: Bool { missed.count >= mostMissed }
  public var tried: Int { counts.values.reduce(0) { $0 + $1.tried } }

  /// Looks at a forgery.
  public mutating func look(_ kind: ForgeryKind, _ objects: Objects, _ name: @autoclosure () -> String) {
    if isEnough { return }
    let changed = Set(base.keys).union(objects.keys).filter { base[$0] != objects[$0] }.sorted()
    guard !changed.isEmpty else { return }
    counts[kind, default: Count()].tried += 1
    if verifier.quickFault(objects, changed: changed, of: base) != nil {
      quick += 1
      guard quick % auditEvery == 0 else { return }
      counts[kind, default: Count()].audited += 1
      if verifier.verdict(objects).isIntact { missed.append("\(kind) \(name()): only a quick look finds it") }
      return
    }
    let verdict = verifier.verdict(objects)
    if let bug = verdict.bug { return missed.append("\(kind) \(name()): \(bug)") }
    guard verdict.isIntact else { return }
    guard let excuse = Excuse.of(changed, base, objects, verdict, baseline) else {
      return missed.append("\(kind) \(name())")
    }
    counts[kind, default: Count()].excused[excuse, default: 0] += 1
  }

  /// Looks at a forgery, or leaves it out, where not all are asked for.
  public mutating func lookAtSome(_ kind: ForgeryKind, _ objects: Objects, _ name: @autoclosure () -> String) {
    if isTaken() { look(kind, objects, name()) }
  }

  mutating func isTaken() -> Bool {
    seen += 1
    return seen % share == 0 && !isEnough
  }

  /// Looks at a forgery by who can sign manifests: the rows themselves must tell.
  public mutating func lookAtRows(_ kind: ForgeryKind, _ objects: Objects, _ name: String) {
    counts[kind, default: Count()].tried += 1
    let verdict = verifier.verdict(objects)
    if verdict.bug != nil || verdict.anomalies.isEmpty { missed.append("\(kind) \(name): \(verdict.faults)") }
  }

  /// Looks at a forgery that lies on top of what is locked: it must be told, and hide nothing.
  public mutating func lookOnTop(_ objects: Objects, _ name: @autoclosure () -> String) {
    var stacked = base
    for (key, versions) in objects where base[key] != versions { stacked[key] = (base[key] ?? []) + versions }
    for key in base.keys where objects[key] == nil { stacked[key]?.append(nil) }
    guard stacked != base else { return }
    counts[.onTop, default: Count()].tried += 1
    let verdict = verifier.verdict(stacked, keepsVersions: true)
    let hidesNothing = verdict.rows == baseline.rows && verdict.headHash == baseline.headHash
    if verdict.isIntact || verdict.bug != nil || !hidesNothing { missed.append("onTop \(name()): \(verdict.faults)") }
  }
}

/// Why a forgery need not be found.
public enum Excuse: String, Sendable {
  /// The document's other layout: the same members, values and signatures.
  case layout
  /// A bundle that no manifest names; a note names it.
  case debris
  /// A name that nothing reads.
  case unread
  /// A drill's report again, under another id of the same time.
  case drillAgain
  /// What lies among the drills' reports and counts for none of them.
  case drillJunk
  /// Manifests taken from the end: shown by a head that is known, the database, or the calendar.
  case tail
  /// A version's signatures beyond those that it needs, or their order.
  case surplusSignature

  static func of(
    _ changed: [String], _ base: Objects, _ objects: Objects, _ verdict: Verdict, _ baseline: Verdict
  ) -> Excuse? {
    var excuses: [Excuse] = []
    for key in changed {
      guard let excuse = of(key, base[key]?[0], objects[key]?[0], objects, verdict) else { return nil }
      excuses.append(excuse)
    }
    guard let content = verdict.content, let known = baseline.content else { return nil }
    if excuses.contains(.tail) {
      let count = content.manifests.count
      guard count < known.manifests.count, content.manifests[...] == known.manifests[..<count] else { return nil }
      return (content.registry, content.drillReport) == (known.registry, known.drillReport) ? .tail : nil
    }
    return content == known ? excuses.first : nil
  }

  private static func of(
    _ key: String, _ old: [UInt8]?, _ new: [UInt8]?, _ objects: Objects, _ verdict: Verdict
  ) -> Excuse? {
    let parts = key.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 3, parts[0] == SampleArchive.stream else { return .unread }
    let isRewritten = old != nil && new != nil && isSameDocument(old ?? [], new ?? [])
    switch parts[1] {
    case "manifests":
      if isRewritten { return .layout }
      return old != nil && new == nil ? .tail : nil
    case "bundles":
      if old != nil { return removed(key, objects) ? .tail : nil }
      return verdict.notes.contains { $0.contains(parts[2]) && $0.contains("no manifest names it") } ? .debris : nil
    case "signers":
      if isRewritten { return .layout }
      if let old, let new { return isSameApproval(old, new) ? .surplusSignature : nil }
      return old == nil && !isVersionName(parts[2]) ? .unread : nil
    case "drills":
      if isRewritten { return .layout }
      if old != nil { return nil }
      return isDrillAgain(parts[2], new ?? [], objects) ? .drillAgain : isDrillName(parts[2]) ? .drillJunk : .unread
    case "revocations": return nil
    // Passed over where it does not count, and where it does, nobody asks for one: the manifests' key was not revoked.
    case "countersignatures": return old == nil ? .unread : nil
    default: return .unread
    }
  }

  /// Whether a bundle's manifest is gone, too.
  private static func removed(_ key: String, _ objects: Objects) -> Bool {
    let name = String(key.dropFirst(SampleArchive.stream.utf8.count + 1))
    guard let sequence = Archive.sequence(ofBundle: name) else { return false }
    return objects["\(SampleArchive.stream)/\(Archive.manifestKey(sequence))"] == nil
  }

  private static func isSameDocument(_ old: [UInt8], _ new: [UInt8]) -> Bool {
    guard let old = try? JSONValue(parsing: old), let new = try? JSONValue(parsing: new) else { return false }
    return old == new
  }

  /// Whether both are one registry, and the second has no signature that the first does not have.
  private static func isSameApproval(_ old: [UInt8], _ new: [UInt8]) -> Bool {
    guard let old = try? SignedDocument(parsing: old, .registry), let new = try? SignedDocument(parsing: new, .registry)
    else { return false }
    return old.content == new.content && new.proof.signatures.allSatisfy(old.proof.signatures.contains)
  }

  private static func isVersionName(_ name: String) -> Bool {
    guard name.hasSuffix(".json"), let number = Int(name.dropLast(5)) else { return false }
    return number >= 1 && name == "\(number).json"
  }

  private static func isDrillName(_ name: String) -> Bool { name.utf8.count == 30 && name.hasSuffix(".json") }

  private static func isDrillAgain(_ name: String, _ bytes: [UInt8], _ objects: Objects) -> Bool {
    isDrillName(name)
      && objects.contains { key, versions in
        key.contains("/drills/\(name.prefix(16))") && !key.hasSuffix("/\(name)") && versions == [bytes]
      }
  }
}
