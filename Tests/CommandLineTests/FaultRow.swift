// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// One row of the matrix: a call, what goes wrong with it, and how often.
struct FaultRow: Sendable, CustomTestStringConvertible {
  let call: S3Call
  let fault: S3Fault
  let isForGood: Bool

  var testDescription: String { "\(call.testDescription): \(fault.name)\(isForGood ? ", always" : "")" }
  var status: Int32 { isForGood ? fault.always : fault.once }

  /// What the run gets beside its own variables. What fails for good needs no patience.
  var change: [String: String] {
    isForGood ? fault.change.merging(["AWS_MAX_ATTEMPTS": fault.change.isEmpty ? "2" : "1"]) { $1 } : fault.change
  }

  static func rows(of calls: [S3Call]) -> [FaultRow] {
    calls.flatMap { call in
      S3Fault.all(of: call).flatMap { fault in
        [false, true].map { FaultRow(call: call, fault: fault, isForGood: $0) }
      }
    }
  }

  static let weakLocks =
    [
      (S3Call.retention, S3Fault.weakRetentions), (.legalHold, S3Fault.weakHolds),
      (.versioning, S3Fault.weakBuckets.filter { !$0.name.contains("lock") }),
      (.bucketLock, S3Fault.weakBuckets.filter { $0.name == "no lock" }),
    ].flatMap { call, faults in faults.map { FaultRow(call: call, fault: $0, isForGood: false) } }

  /// Of the second night. A last manifest that comes damaged once is taken for junk, which a stranger may have put there:
  /// the run begins behind the one before, and finds at the commit that the sequence is taken.
  static let secondNight = rows(of: S3Call.archivingAgain).map { row in
    guard !row.isForGood, row.fault.once == 65 else { return row }
    let fault = row.fault.exiting(once: 75, says: "another run has committed")
    return FaultRow(call: row.call, fault: fault, isForGood: false)
  }

  /// Sets the fault up.
  func inject(into server: FaultServer) {
    let times = isForGood ? Int.max : 1
    switch fault.effect {
    case .fault(let fault):
      server.inject(fault(), method: call.method, target: call.target, nth: call.nth, times: times)
    case .refusal:
      let isForGood = isForGood
      let vanish = Fault.meanwhile(.beforeBody) {
        server.stop()
        guard !isForGood else { return }
        Thread.detachNewThread {
          usleep(50_000)
          try? server.resume()
        }
      }
      server.inject(vanish, method: call.method, target: call.target, nth: call.nth)
    }
  }

  /// What is not as it should be about a run: its status, or the one sentence that names the call, the object and what to do.
  func problems(_ output: CommandOutput, on object: String) -> [String] {
    var problems: [String] = []
    if output.status != status { problems.append("it exits \(output.status), not \(status): \(output.errorText)") }
    guard output.status != 0 else { return problems + output.sentences.map { "it says \($0)" } }
    let sentence = output.sentences.first ?? ""
    for words in [fault.says ?? call.operation, object, "; "] where !sentence.contains(words) {
      problems.append("it does not say \(words): \(sentence)")
    }
    return output.sentences.count == 1 ? problems : problems + ["sentences: \(output.sentences)"]
  }
}
