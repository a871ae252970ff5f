// SPDX-License-Identifier: Apache-2.0
import CFibers
import Pipeline
import TestCore

/// Runs the stages of a run one at a time on one thread, in an order that a seed decides.
///
/// A stage goes on until it waits for something, or reaches one of the stand-ins' calls; then any that can go on may be
/// next. Where none can, the run would hang: that ends the process.
final class Turns: StageScheduler, @unchecked Sendable {
  // One thread touches this.

  private final class Fiber: @unchecked Sendable {
    let flow: OpaquePointer
    /// What it waits for; nil where it can go on.
    var isReady: (() -> Bool)?
    var isDone = false

    init(_ flow: OpaquePointer) { self.flow = flow }
    deinit { cfiber_free(flow) }
  }

  private var dice: Dice
  private var fibers: [Fiber]
  private var current: Fiber
  /// Its stack is still in use when it ends.
  private var ended: Fiber?
  /// Stacks are as large as those of threads.
  private static let stackBytes = 1 << 20

  private init(seed: UInt64) {
    dice = Dice(seed: seed)
    current = Fiber(cfiber_thread())
    fibers = [current]
  }

  /// Runs `body`, and every stage that it starts, in turns.
  static func run(seed: UInt64, _ body: () -> Void) {
    let turns = Turns(seed: seed)
    StageSchedulers.with(turns, body)
    precondition(turns.fibers.count == 1, "a stage outlives its run")
  }

  /// Lets another stage go first, perhaps.
  static func pass() { StageSchedulers.current?.wait { true } }

  func start(_ stage: @escaping @Sendable () -> Void) -> @Sendable () -> Bool {
    let work = Work { [unowned self] in
      ended = nil
      stage()
    } end: { [unowned self] in
      end()
    }
    let flow = cfiber_make(Self.stackBytes, { Turns.enter($0!) }, Unmanaged.passRetained(work).toOpaque())
    let fiber = Fiber(flow!)
    fibers.append(fiber)
    return { fiber.isDone }
  }

  /// What a fiber does, and the switch to the next one.
  private final class Work {
    let body: () -> Void
    let end: () -> (from: OpaquePointer, to: OpaquePointer)

    init(_ body: @escaping () -> Void, end: @escaping () -> (from: OpaquePointer, to: OpaquePointer)) {
      (self.body, self.end) = (body, end)
    }
  }

  private static func enter(_ work: UnsafeMutableRawPointer) {
    let (from, to) = finish(work)
    // Nothing is referred to from here on: what this stack holds is never let go.
    cfiber_switch(from, to)
  }

  @inline(never)
  private static func finish(_ work: UnsafeMutableRawPointer) -> (from: OpaquePointer, to: OpaquePointer) {
    let end = run(work)
    return end()
  }

  @inline(never)
  private static func run(_ work: UnsafeMutableRawPointer) -> () -> (from: OpaquePointer, to: OpaquePointer) {
    let work = Unmanaged<Work>.fromOpaque(work).takeRetainedValue()
    work.body()
    return work.end
  }

  private func end() -> (from: OpaquePointer, to: OpaquePointer) {
    let fiber = current
    fiber.isDone = true
    fibers.removeAll { $0 === fiber }
    ended = fiber
    current = next()
    return (fiber.flow, current.flow)
  }

  func wait(until isReady: () -> Bool) {
    withoutActuallyEscaping(isReady) { isReady in
      let fiber = current
      fiber.isReady = isReady
      current = next()
      if current !== fiber {
        cfiber_switch(fiber.flow, current.flow)
        ended = nil
      }
      fiber.isReady = nil
    }
  }

  private func next() -> Fiber {
    let ready = fibers.filter { $0.isReady?() ?? true }
    precondition(!ready.isEmpty, "every stage waits for another")
    return dice.pick(ready)
  }
}
