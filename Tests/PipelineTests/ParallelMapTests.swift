// SPDX-License-Identifier: Apache-2.0
import Foundation
import Pipeline
import Synchronization
import Testing

private struct Item: Sequenced {
  let sequence: Int
}

@Suite("Several threads between a producer and a consumer")
struct ParallelMapTests {
  private func feed(_ stages: Stages, _ count: Int) -> BoundedQueue<Item> {
    let input = stages.queue(BoundedQueue<Item>(capacity: 2))
    stages.start("feed") {
      for sequence in 0..<count { try input.push(Item(sequence: sequence)) }
      input.finish()
    }
    return input
  }

  @Test("what comes out keeps the order of what went in", arguments: [1, 2, 5])
  func order(workers: Int) throws {
    let stages = Stages()
    let map = ParallelMap<Item, Item>(stages, name: "work", workers: workers, input: feed(stages, 500)) {
      { item in
        if item.sequence % 7 == 0 { usleep(UInt32.random(in: 0..<300)) }
        return item
      }
    }
    var seen: [Int] = []
    while let item = try map.pop() { seen.append(item.sequence) }
    try stages.join()
    #expect(seen == Array(0..<500))
  }

  @Test("a slow worker holds the others back instead of letting results pile up")
  func bound() throws {
    let stages = Stages()
    let begun = Mutex(0)
    let map = ParallelMap<Item, Item>(stages, name: "work", workers: 2, input: feed(stages, 200)) {
      { item in
        begun.withLock { $0 += 1 }
        // The first result is late by as long as it takes the other worker to be held back.
        if item.sequence == 0 {
          var (before, now) = (-1, 0)
          while before != now {
            usleep(100_000)
            (before, now) = (now, begun.withLock { $0 })
          }
        }
        return item
      }
    }
    let first = try map.pop()
    let ahead = begun.withLock { $0 }
    #expect(first?.sequence == 0)
    // The window's three, one in hand, and what the first pop has let in.
    #expect(ahead <= 8)
    var rest = 1
    while try map.pop() != nil { rest += 1 }
    try stages.join()
    #expect(rest == 200)
  }

  @Test("the first failure stops everyone, also who waits for room")
  func failure() throws {
    struct Broken: Error {}
    let stages = Stages()
    let map = ParallelMap<Item, Item>(stages, name: "work", workers: 3, input: feed(stages, 1000)) {
      { item in
        if item.sequence == 10 { throw Broken() }
        return item
      }
    }
    #expect(throws: PipelineStopped.self) { while try map.pop() != nil {} }
    #expect(throws: Broken.self) { try stages.join() }
  }
}
