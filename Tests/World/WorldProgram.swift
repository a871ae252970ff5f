// SPDX-License-Identifier: Apache-2.0
import Foundation
import SimulatedWorld

nonisolated(unsafe) private var currentSeed: UInt64 = 0

private func tellSeed(_ kind: Int32) {
  let text = "seed \(currentSeed) ends the process; again: scripts/worlds --verbose \(currentSeed)\n"
  FileHandle.standardOutput.write(Data(text.utf8))
  signal(kind, SIG_DFL)
}

/// Lives through worlds: `world FIRST..LAST [--spool FOLDER] [--verbose]`, or some seeds by their numbers.
@main
struct WorldProgram {
  static func main() {
    var seeds: [ClosedRange<UInt64>] = []
    var spool = "/dev/shm/memoryctl-world-\(getpid())"
    var isVerbose = false
    var arguments = CommandLine.arguments.dropFirst()
    while let argument = arguments.popFirst() {
      switch argument {
      case "--verbose": isVerbose = true
      case "--spool": spool = arguments.popFirst() ?? spool
      default:
        let ends = argument.split(separator: ".", omittingEmptySubsequences: true).compactMap { UInt64($0) }
        guard let first = ends.first, let last = ends.last, first <= last else { stop("world FIRST..LAST", 64) }
        seeds.append(first...last)
      }
    }
    if seeds.isEmpty { stop("world FIRST..LAST [--spool FOLDER] [--verbose]", 64) }
    signal(SIGXFSZ, SIG_IGN)
    for kind in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT] { signal(kind, tellSeed) }
    exit(run(seeds, spool, isVerbose: isVerbose) ? 0 : 65)
  }

  private static func run(_ ranges: [ClosedRange<UInt64>], _ spool: String, isVerbose: Bool) -> Bool {
    let start = ContinuousClock.now
    var totals: [String: Int] = [:]
    var (worlds, failed) = (0, [UInt64]())
    for seed in ranges.joined() {
      // Of a world that ends the process the name is known.
      currentSeed = seed
      let outcome = WorldOutcome(seed: seed, spool: spool, listener: isVerbose ? { say($0) } : nil)
      worlds += 1
      totals.merge(outcome.counts) { $0 + $1 }
      guard let fault = outcome.fault else { continue }
      failed.append(seed)
      say("seed \(seed): \(fault)\n  again: scripts/worlds --verbose \(seed)")
    }
    try? FileManager.default.removeItem(atPath: spool)
    let seconds = Double((ContinuousClock.now - start).components.seconds) + 0.001
    let text = totals.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    say("\(worlds) worlds in \(Int(seconds)) s, \(failed.count) failed; \(text)")
    return failed.isEmpty
  }

  /// At once: what ends the process must not take the words before it along.
  private static func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  private static func stop(_ text: String, _ status: Int32) -> Never {
    FileHandle.standardError.write(Data((text + "\n").utf8))
    exit(status)
  }
}
