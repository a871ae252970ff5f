// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Pipeline
import Postgres
import TestCore

/// What goes wrong during a run, and when.
final class Faults: @unchecked Sendable {
  // Threads take turns: one at a time touches this.

  /// What can fail: each has failures of its own.
  enum Place: String, CaseIterable { case database, read, write, signer }

  private var dice: Dice
  /// In a thousand calls so many fail.
  private let rate: [Place: Int]
  /// The call at which a signal comes; nil for none.
  private let stopAt: Int?
  /// So many faults at most.
  private var left: Int
  var cancellation: Cancellation?
  private(set) var calls = 0
  /// Statuses with which the run may end for what has happened to it.
  private(set) var expected: Set<ExitStatus> = []
  private(set) var log: [String] = []

  /// No faults.
  init() {
    dice = Dice(seed: 0)
    (rate, stopAt, left) = ([:], nil, 0)
  }

  init(_ dice: inout Dice) {
    var own = dice.branch()
    var rate: [Place: Int] = [:]
    for place in Place.allCases where own.chance(40) { rate[place] = own.pick([8, 30, 120]) }
    stopAt = own.chance(12) ? own.below(60) : nil
    left = own.within(1...4)
    self.rate = rate
    self.dice = own
  }

  var hasFired: Bool { !expected.isEmpty }

  /// Whether this call fails.
  func strikes(_ place: Place, _ call: @autoclosure () -> String) -> Bool {
    calls += 1
    if calls - 1 == stopAt, let cancellation {
      note(.tryLater, "stopped at \(call())")
      cancellation.cancel()
    }
    guard let rate = rate[place], left > 0, dice.below(1000) < rate else { return false }
    left -= 1
    log.append("\(place.rawValue): \(call())")
    return true
  }

  func note(_ status: ExitStatus, _ text: String) {
    expected.insert(status)
    log.append("\(text) -> \(status.rawValue)")
  }

  func chance(_ percent: Int) -> Bool { dice.chance(percent) }

  func pick<Element>(_ elements: [Element]) -> Element { dice.pick(elements) }
}
