// SPDX-License-Identifier: Apache-2.0
import Pipeline

/// What became of one seed.
public struct WorldOutcome: Sendable {
  public let seed: UInt64
  /// Nil where all was as it must be.
  public let fault: String?
  public let counts: [String: Int]

  /// Lives through one world.
  ///
  /// - Parameters:
  ///   - spool: a directory for what is on its way to the archive.
  ///   - listener: hears what happens, a line each.
  public init(seed: UInt64, spool: String, listener: ((String) -> Void)? = nil) {
    self.seed = seed
    let world = World(seed: seed, spool: spool)
    world.listener = listener
    var fault: String?
    Turns.run(seed: seed ^ 0x7e57_0f7e_57ed) {
      do { try world.live() } catch { fault = "\(error)" }
    }
    self.fault = fault
    let counts = world.counts
    self.counts = [
      "nights": counts.nights, "disturbed nights": counts.faults, "verifications": counts.verifications,
      "rows": counts.rows, "twins": counts.twins, "undecided": counts.undecided, "anomalies": counts.anomalies,
    ]
  }
}
