// SPDX-License-Identifier: Apache-2.0

/// Works on several elements at a time, and hands the results over in the order of what they came from.
///
/// - Parameters:
///   - workers: threads that run `work`; few results wait for an earlier one.
///   - cancellation: ends it, with `stopped` as its error.
///   - body: runs on the caller's thread.
/// - Throws: the first error of any of them.
public func mapInOrder<Input: Sendable, Output: Sendable>(
  _ inputs: some Collection<Input> & Sendable, name: String, workers: Int, cancellation: Cancellation,
  stopped: any Error, _ work: @escaping @Sendable (Input) throws -> Output, _ body: (Output) throws -> Void
) throws {
  let stages = Stages()
  let token = cancellation.register { stages.fail(stopped) }
  defer { cancellation.unregister(token) }
  let queue = stages.queue(BoundedQueue<Numbered<Input>>(capacity: workers))
  stages.start("list") {
    for (place, input) in inputs.enumerated() { try queue.push(Numbered(sequence: place, value: input)) }
    queue.finish()
  }
  let lanes = ParallelMap<Numbered<Input>, Numbered<Output>>(stages, name: name, workers: workers, input: queue) {
    { input in Numbered(sequence: input.sequence, value: try work(input.value)) }
  }
  do { while let output = try lanes.pop() { try body(output.value) } } catch { try stages.abandon(error) }
  try stages.join()
}

private struct Numbered<Value: Sendable>: Sequenced {
  let sequence: Int
  let value: Value
}
