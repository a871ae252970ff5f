// SPDX-License-Identifier: Apache-2.0
import Pipeline
import Testing

@Suite("Stages")
struct StagesTests {
  private struct Broken: Error {}

  @Test("a group ends when the group that it hands results to has stopped, and says so")
  func outerGroupStopped() {
    let stages = Stages()
    let queue = stages.queue(BoundedQueue<Int>(capacity: 1))
    stages.start("endless") { while true { try queue.push(1) } }
    #expect(throws: PipelineStopped.self) { try stages.abandon(PipelineStopped()) }
  }

  @Test("a failure of the group's own goes before that of its caller")
  func ownFailureFirst() throws {
    let stages = Stages()
    stages.start("broken") { throw Broken() }
    #expect(throws: Broken.self) { try stages.join() }
    #expect(throws: Broken.self) { try stages.abandon(PipelineStopped()) }
  }

  @Test("what is to be stopped is stopped also where it comes late")
  func lateStopper() {
    let stages = Stages()
    #expect(throws: PipelineStopped.self) { try stages.abandon(PipelineStopped()) }
    let queue = stages.queue(BoundedQueue<Int>(capacity: 1))
    #expect(throws: PipelineStopped.self) { try queue.push(1) }
  }

  @Test("results that nobody takes any more end the work that makes them")
  func mapHandsOnToStoppedGroup() {
    let outer = BoundedQueue<Int>(capacity: 1)
    outer.stop()
    #expect(throws: PipelineStopped.self) {
      try mapInOrder(0..<1000, name: "work", workers: 2, cancellation: Cancellation(), stopped: Broken(), { $0 }) {
        try outer.push($0)
      }
    }
  }
}
