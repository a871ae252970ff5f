// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Threads for tests that mostly wait: for pauses between attempts, and for servers that say nothing.
enum Lanes {
  private static let free = DispatchSemaphore(value: 10)
  /// Where tests wait for a thread, so that they keep none of those that run all tests.
  private static let queue = DispatchQueue(label: "lanes")

  /// Runs a body that blocks, a few of them at a time.
  static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
      queue.async {
        free.wait()
        Thread.detachNewThread {
          defer { free.signal() }
          continuation.resume(with: Result { try body() })
        }
      }
    }
  }
}
