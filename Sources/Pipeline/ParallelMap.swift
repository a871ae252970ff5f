// SPDX-License-Identifier: Apache-2.0

/// What knows its place in a stream.
public protocol Sequenced: Sendable {
  /// 0, 1, 2 and so on, without holes.
  var sequence: Int { get }
}

/// Several threads between a producer and a consumer; what comes out keeps the order of what went in.
public final class ParallelMap<Input: Sequenced, Output: Sequenced>: @unchecked Sendable {
  private let output: BoundedQueue<Output>
  // Touched by the consumer's thread alone.
  private var early: [Int: Output] = [:]
  private var next = 0

  /// - Parameter makeWorker: makes what one thread runs on each input; called on that thread.
  public init(
    _ stages: Stages, name: String, workers: Int, input: BoundedQueue<Input>,
    makeWorker: @escaping @Sendable () throws -> (Input) throws -> Output
  ) {
    let output = stages.queue(BoundedQueue<Output>(capacity: workers + 1, producers: workers))
    self.output = output
    for _ in 0..<workers {
      stages.start(name) {
        let work = try makeWorker()
        while let element = try input.pop() { try output.push(try work(element)) }
        output.finish()
      }
    }
  }

  /// The next result in order, waiting for it; nil at the end.
  public func pop() throws(PipelineStopped) -> Output? {
    while true {
      if let element = early.removeValue(forKey: next) {
        next += 1
        return element
      }
      guard let element = try output.pop() else { return nil }
      early[element.sequence] = element
    }
  }
}
