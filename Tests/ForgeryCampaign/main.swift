// SPDX-License-Identifier: Apache-2.0
// Forges a small archive in every way that there is: forgeries [--random N] [--sound N] [--seed N] [--step N] [--share N]
// [--on-top N] [--audit N] [--until N], where the last one is how many misses are enough
import ArchiveStore
import AuditCore
import Files
import Forgeries
import Glibc

/// - Throws: status `usage` for what it does not know.
func readSize(_ words: [String]) throws -> CampaignSize {
  var size = CampaignSize()
  var arguments = words[...]
  while let name = arguments.popFirst() {
    guard let value = arguments.popFirst().flatMap({ Int($0) }), value >= 0 else {
      throw Failure(.usage, "\(name) takes a number")
    }
    switch name {
    case "--random": size.random = value
    case "--sound": size.sound = value
    case "--seed": size.seed = UInt64(value)
    case "--step": size.step = max(1, value)
    case "--share": size.share = max(1, value)
    case "--on-top": size.onTop = value
    case "--audit": size.auditEvery = max(1, value)
    case "--until": size.mostMissed = max(1, value)
    default: throw Failure(.usage, "\(name) is unknown")
    }
  }
  return size
}

/// At once, so that a long run can be watched.
func tell(_ text: String) { _ = (text + "\n").withCString { write(STDOUT_FILENO, $0, strlen($0)) } }
func say(_ text: String) { tell("\(Timestamp.now().isoSeconds)  \(text)") }

func run(_ size: CampaignSize) throws -> Bool {
  let spool = try Spool(directory: "\(Process.temporaryDirectory)/forgeries")
  var campaign = try Campaign(size, spool)
  say("\(size.sound) sound archives")
  let alarms = try campaign.falseAlarms { say("\($0) sound archives") }
  for alarm in alarms.prefix(20) { tell("FALSE ALARM \(alarm)") }
  say("false alarms: \(alarms.count) of \(size.sound)")
  if size.mostMissed < .max, !alarms.isEmpty { return false }
  try campaign.runThrough()
  say("counted through")
  tell(campaign.trial.report)
  try campaign.runAtRandom { say("\($0) at random, \($1) missed") }
  say("\(size.random) at random, seed \(size.seed)")
  tell(campaign.trial.report)
  return campaign.trial.missed.isEmpty && alarms.isEmpty
}

do { exit(try run(try readSize(Array(CommandLine.arguments.dropFirst()))) ? 0 : 1) } catch {
  tell("\(error)")
  exit(70)
}
