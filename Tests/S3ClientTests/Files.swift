// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

/// Runs a closure on so many threads at once.
func concurrently<Reply: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Reply) -> [Reply] {
  let results = SharedResults<Reply>()
  let group = DispatchGroup()
  for number in 0..<count {
    group.enter()
    Thread.detachNewThread {
      let reply = body(number)
      results.replies.withLock { $0.append(reply) }
      group.leave()
    }
  }
  group.wait()
  return results.replies.withLock { $0 }
}

private final class SharedResults<Reply: Sendable>: Sendable { let replies = Mutex<[Reply]>([]) }
