// SPDX-License-Identifier: Apache-2.0

/// What knows its place in a stream.
public protocol Sequenced: Sendable {
  /// 0, 1, 2 and so on, without holes.
  var sequence: Int { get }
}

/// Several threads between a producer and a consumer; what comes out keeps the order of what went in.
public final class ParallelMap<Input: Sequenced, Output: Sequenced>: Sendable {
  private let output: OrderedQueue<Output>

  /// - Parameters:
  ///   - input: elements in the order of their sequence, from 0.
  ///   - makeWorker: makes what one thread runs on each input; called on that thread. Its results have their inputs'
  ///     sequences.
  public init(
    _ stages: Stages, name: String, workers: Int, input: BoundedQueue<Input>,
    makeWorker: @escaping @Sendable () throws -> (Input) throws -> Output
  ) {
    let output = OrderedQueue<Output>(window: workers + 1, producers: workers)
    self.output = output
    stages.onFailure { output.stop() }
    for _ in 0..<workers {
      stages.start(name) {
        let work = try makeWorker()
        while let element = try input.pop() { try output.push(try work(element)) }
        output.finish()
      }
    }
  }

  /// The next result in order, waiting for it; nil at the end.
  public func pop() throws(PipelineStopped) -> Output? { try output.pop() }
}
