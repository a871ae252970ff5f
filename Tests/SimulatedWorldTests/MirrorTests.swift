// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import Archiver
import AuditCore
import ChainReader
import TestCore
import TestSupport
import Testing

@testable import SimulatedWorld

@Suite("The simulated database against a real one", .enabled(if: TemporaryPostgres.isUsable))
struct MirrorTests {
  private struct Different: Error, CustomStringConvertible { let description: String }

  @Test("the archives of both are the same, byte for byte", arguments: UInt64(1)...UInt64(24))
  func sameArchives(seed: UInt64) throws {
    var dice = Dice(seed: seed)
    var traits = Traits(&dice)
    // What goes wrong goes wrong in the stand-ins alone, and a real server lets nobody in between its statements.
    (traits.hasFaults, traits.hasStrangers, traits.hasCold) = (false, false, false)
    let spool = try TemporaryDirectory("world").path
    let world = World(seed: seed, spool: spool, traits: traits)
    let url = try TemporaryPostgres.shared().createDatabase("world")
    world.database = try MirroredDatabase(world.simulated, url)
    world.isQuiet = true
    let other = SimulatedStore(world.clock, keepsVersions: traits.keepsVersions)
    var nights = 0
    world.onNight = { settings in
      var settings = settings
      settings.source = MirroredSource(url: url, simulated: world.simulated)
      let end = world.run(settings, other, Faults())
      nights += 1
      try compare(world.store, other, "\(end.status) \(end.text)")
    }
    world.clock.stopTicking()
    Turns.run(seed: seed) {
      #expect(throws: Never.self) { try world.live() }
    }
    #expect(nights >= 2)
  }

  /// Every object that runs wrote; the operator's changes of locks are one store's alone.
  private func compare(_ one: SimulatedStore, _ other: SimulatedStore, _ end: String) throws {
    guard one.objects.keys == other.objects.keys else {
      throw Different(description: "other objects, and the run against the real server ended with \(end)")
    }
    for (key, versions) in one.objects where versions.map(\.bytes) != other.objects[key]?.map(\.bytes) {
      let texts = [versions, other.objects[key]!].map { String(decoding: $0.last!.bytes, as: UTF8.self) }
      throw Different(description: "\(key) differs: \(texts[0]) and \(texts[1])")
    }
  }
}
