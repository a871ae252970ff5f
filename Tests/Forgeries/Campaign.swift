// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Signing
import TestCore

/// How much of everything is tried.
public struct CampaignSize: Sendable {
  /// Each so many-th of what can be counted through.
  public var step = 1
  /// Of the rest, each so many-th.
  public var share = 1
  public var seed: UInt64 = 1
  public var random = 1_000_000
  public var onTop = 2000
  public var sound = 20_000
  public var auditEvery = 100
  /// So many missed ones are enough to know.
  public var mostMissed = Int.max

  public init() {}
}

/// Forges an archive in every way that there is, and looks whether that is found.
public struct Campaign {
  public private(set) var trial: Trial
  private let site: Site
  private let spool: Spool
  private let size: CampaignSize
  private let sample: SampleArchive
  private let base: Objects

  public init(_ size: CampaignSize, _ spool: Spool) throws {
    (self.size, self.spool) = (size, spool)
    site = try Site()
    sample = try site.sample()
    base = try site.objects(of: sample, spool)
    trial = try Trial(site, base, auditEvery: size.auditEvery, share: size.share, mostMissed: size.mostMissed)
  }

  /// All that can be counted through.
  public mutating func runThrough() throws {
    let forger = Forger(base, step: size.step, offset: Int(size.seed % UInt64(size.step)))
    forger.bits { trial.look(.bit, $0, $1) }
    forger.truncations { trial.look(.truncation, $0, $1) }
    forger.swaps { trial.lookAtSome(.swap, $0, $1) }
    forger.removals { trial.lookAtSome(.removal, $0, $1) }
    forger.duplicates { trial.lookAtSome(.duplicate, $0, $1) }
    try forger.members { trial.look(.member, $0, $1) }
    try forger.layouts { trial.lookAtSome(.layout, $0, $1) }
    try forger.signatures { trial.lookAtSome(.signature, $0, $1) }
    for other in try earlier() { forger.exchanges(with: other) { trial.lookAtSome(.older, $0, $1) } }
    try forgeRows()
    try contradict()
    onTop(forger)
  }

  /// Archives that the same keys once made: with less in their last days, and with other rows.
  private func earlier() throws -> [Objects] {
    var shorter = sample
    for part in shorter.parts.indices { shorter.parts[part].rows = shorter.parts[part].rows.dropLast() }
    try shorter.rehash()
    for part in shorter.parts.indices {
      for row in shorter.parts[part].rows.indices { try shorter.parts[part].rows[row].sign(site.secret) }
    }
    var reopened = sample
    reopened.parts[1].coverage.isLast = false
    reopened.createdAt = sample.createdAt.advanced(bySeconds: -86_400)
    return try [shorter, reopened].map { archive in
      // The last manifest of another archive of the same keys is what its key says; nothing behind it contradicts.
      try site.objects(of: archive, spool).filter { !$0.key.hasSuffix("manifests/0000000003.json") }
    }
  }

  private mutating func forgeRows() throws {
    for forgery in try sample.rowForgeries(site) where trial.isTaken() {
      let objects = try site.objects(of: forgery.archive, spool)
      if forgery.breaksChain { trial.lookAtRows(.insider, objects, forgery.name) }
      for signer in FalseSigner.allCases {
        trial.look(.keyless, try signer.sign(objects, site, like: base), "\(forgery.name), signed by \(signer)")
      }
    }
  }

  /// Manifests that their own key has signed, and that are not true.
  private mutating func contradict() throws {
    for contradiction in Contradiction.all {
      for sequence in sample.parts.indices where trial.isTaken() {
        var applies = true
        let store = MemoryStore()
        try sample.write(to: store, spool, signer: site.manifests) { manifest in
          if manifest.sequence == sequence { applies = contradiction.change(&manifest) }
        }
        guard applies else { continue }
        let objects = try store.objects.merging(site.documents()) { $1 }
        trial.look(.insider, objects, "\(contradiction.name) of manifest \(sequence)")
      }
    }
  }

  /// Forgeries as versions on top of objects under lock.
  private mutating func onTop(_ forger: Forger) {
    forger.removals { if trial.isTaken() { trial.lookOnTop($0, $1) } }
    forger.swaps { if trial.isTaken() { trial.lookOnTop($0, $1) } }
    forger.duplicates { objects, name in
      if trial.isTaken(), name.hasSuffix(".json as manifests/0000000004.json") { trial.lookOnTop(objects, name) }
    }
    var dice = Dice(seed: size.seed &+ 7)
    guard let mutator = try? Mutator(base) else { return }
    let (base, seed) = (base, size.seed)
    for index in 0..<size.onTop where !trial.isEnough {
      let mutated = mutator.mutate(&dice).filter { base[$0.key] != nil && !Forger.isLayout($0.value, base[$0.key]) }
      trial.lookOnTop(base.merging(mutated) { $1 }, "\(index) of seed \(seed)")
    }
  }

  /// - Parameter progress: gets the numbers of forgeries and of missed ones so far, now and then.
  public mutating func runAtRandom(_ progress: (Int, Int) -> Void = { _, _ in }) throws {
    let mutator = try Mutator(base)
    var dice = Dice(seed: size.seed)
    var done = 0
    while done < size.random, !trial.isEnough {
      let before = dice
      let objects = mutator.mutate(&dice)
      if objects == base { continue }
      trial.look(.random, objects, "\(before)")
      done += 1
      if done % 10_000 == 0 { progress(done, trial.missed.count) }
    }
  }

  /// Looks at sound archives.
  ///
  /// - Returns: those that are said to be broken.
  public func falseAlarms(_ progress: (Int) -> Void = { _ in }) throws -> [String] {
    var alarms: [String] = []
    var verifier = Verifier(site)
    let documents = try site.documents()
    let rsa = LocalSigner(privateKey: try PrivateKey.generateRSA(bits: 2048), kid: "rsa")
    let others: [any Signer] = [site.manifests, site.secret, rsa]
    for index in 0..<size.sound where alarms.count < size.mostMissed {
      let seed = size.seed &* 1_000_003 &+ UInt64(index)
      var made = RandomArchive(site, seed: seed)
      let store = MemoryStore()
      let archive = try made.make()
      let signer = others[index % 16 == 0 ? 2 : index % 4 == 1 ? 1 : 0]
      try archive.write(to: store, spool, signer: signer)
      let objects = store.objects.merging(documents) { $1 }
      let verdict = verifier.verdict(objects, keepsVersions: index % 3 == 0, alsoBy: rsa)
      let rows = archive.parts.reduce(0) { $0 + $1.rows.count }
      if !verdict.isIntact || verdict.rows != rows {
        alarms.append("seed \(seed): \(verdict.faults) \(verdict.bug ?? "")")
      }
      if index % 1000 == 999 { progress(index + 1) }
    }
    return alarms
  }
}
