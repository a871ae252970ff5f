// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import Cryptography
import Pipeline
import Signing
import TestCore

/// Why a world is not as it must be.
struct WorldFault: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// A table, an archive and what befalls them, all of it decided by a seed.
final class World: @unchecked Sendable {
  // Threads take turns: one at a time touches this.

  let seed: UInt64
  var dice: Dice
  let traits: Traits
  let clock: WorldClock
  var database: any WorldDatabase
  let simulated: SimulatedDatabase
  let store: SimulatedStore
  let spool: String
  /// Every row that ever was, by its archived line.
  var lines: [String: WorldRow] = [:]
  /// What was read of the archive.
  let known = NaiveArchive.Known()
  /// Hashes of every row that was made, also of those that never were committed.
  var made: Set<Digest> = []
  /// Rows that were stamped before their transactions began.
  var backdated: Set<UInt128> = []
  /// Hashes that the next writer may follow; the last one is the newest.
  var tips: [Digest] = []
  /// What each open transaction has inserted.
  var pending: [Int: [WorldRow]] = [:]
  /// States that the database can be set back to.
  var backups: [[WorldRow]] = []
  /// What the archiving machine's clock is ahead by.
  var hostSkew = 0
  var retentionDays = 400
  var counts = Counts()
  /// The least that each object's lock may be.
  var locks: [String: Timestamp] = [:]
  /// What a stranger did to the archive, which a verification has to report.
  var isJunked = false
  /// Nobody writes while runs read.
  var isQuiet = false

  /// How often what happened.
  struct Counts {
    var nights = 0
    var faults = 0
    var verifications = 0
    var rows = 0
    var twins = 0
    var undecided = 0
    var anomalies = 0

    static func += (a: inout Counts, b: Counts) {
      a.nights += b.nights
      a.faults += b.faults
      a.verifications += b.verifications
      a.rows += b.rows
      a.twins += b.twins
      a.undecided += b.undecided
      a.anomalies += b.anomalies
    }
  }

  init(seed: UInt64, spool: String, traits: Traits? = nil) {
    self.seed = seed
    self.spool = spool
    var dice = Dice(seed: seed)
    self.traits = traits ?? Traits(&dice)
    self.dice = dice
    clock = WorldClock(UTCDay(year: 2026, month: 2, day: 20)!.start.advanced(bySeconds: 36_000))
    simulated = SimulatedDatabase(clock)
    database = simulated
    store = SimulatedStore(clock, keepsVersions: self.traits.keepsVersions)
    simulated.knowsTransactions = self.traits.knowsTransactions
  }

  /// Is told of every night once it is over.
  var onNight: ((ArchiveSettings) throws -> Void)?
  /// Hears what happens as it happens.
  var listener: ((String) -> Void)?

  func note(_ text: String) { listener?("\(WorldRow.iso(clock.now)) \(text)") }

  func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    if !condition { throw WorldFault(text()) }
  }

  /// The archive as runs see it.
  func archive(_ store: SimulatedStore) throws -> Archive {
    try Archive(
      store, stream: NaiveArchive.stream, keys: Self.keys,
      now: { [clock, hostSkew] in clock.now.advanced(bySeconds: Int64(hostSkew)) })
  }

  static let keys = KeyRing([
    VerificationKey(kid: "local-hmac", algorithm: .hmacSHA256, material: .shared(WorldRow.key))
  ])

  /// Lives the world's days from first to last.
  ///
  /// - Throws: a ``WorldFault`` where something is not as it must be.
  func live() throws {
    note("\(traits)")
    try write(dice.within(1...6))
    for _ in 0..<traits.steps { try step() }
    try end()
    try require(store.violations.isEmpty, "\(store.violations)")
  }
}

/// What kind of world it is.
struct Traits {
  var steps = 8
  var keepsVersions = true
  var knowsTransactions = true
  var hasFaults = false
  var hasSkew = false
  var hasForks = false
  var hasTampering = false
  var hasRestores = false
  var hasStrangers = false
  var hasCold = false
  var hasLateCommits = false
  var maxRows = 1 << 20
  var maxContentBytes = 1 << 30
  var rowsPerFrameLog2 = 2
  var uploads = 2

  init(_ dice: inout Dice) {
    steps = dice.within(4...14)
    keepsVersions = dice.chance(60)
    knowsTransactions = dice.chance(85)
    hasFaults = dice.chance(60)
    hasSkew = dice.chance(35)
    hasForks = dice.chance(25)
    hasTampering = dice.chance(20)
    hasRestores = dice.chance(25)
    hasStrangers = keepsVersions && dice.chance(25)
    hasCold = keepsVersions && dice.chance(20)
    hasLateCommits = dice.chance(60)
    if dice.chance(30) { maxRows = dice.within(1...6) }
    if dice.chance(10) { maxContentBytes = dice.within(400...4000) }
    rowsPerFrameLog2 = dice.within(0...4)
    uploads = dice.within(1...3)
  }

  /// Every row follows the one before.
  var isStraight: Bool { !hasForks && !hasTampering && !hasRestores }

  /// Nothing that makes anomalies: the archive of such a world is the same whatever befalls its runs.
  var isSound: Bool { isStraight && !hasSkew }
}
