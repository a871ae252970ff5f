// SPDX-License-Identifier: Apache-2.0
internal import CoreMetrics
internal import Synchronization

/// One metric with one set of labels.
final class Series: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
  enum Kind {
    case counter, gauge, summary, timer

    var typeName: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .summary, .timer: "summary"
      }
    }
  }

  let kind: Kind
  /// Value or sum; of timers in seconds.
  private let state = Mutex<(value: Double, count: Int)>((0, 0))

  init(_ kind: Kind) { self.kind = kind }

  func increment(by amount: Int64) { add(Double(amount)) }
  func increment(by amount: Double) { add(amount) }
  func decrement(by amount: Double) { add(-amount) }
  func reset() { state.withLock { $0 = (0, 0) } }
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { state.withLock { $0.value = value } }
  func record(_ value: Int64) { record(Double(value)) }
  func record(_ value: Double) { if kind == .gauge { set(value) } else { add(value) } }
  func recordNanoseconds(_ duration: Int64) { add(Double(duration) / 1e9) }

  private func add(_ amount: Double) {
    state.withLock { state in
      state.value += amount
      state.count += 1
    }
  }

  func lines(_ key: PrometheusRegistry.Key) -> String {
    let (value, count) = state.withLock { $0 }
    switch kind {
    case .counter, .gauge: return "\(key.name)\(key.labels) \(Self.text(value))\n"
    case .summary, .timer:
      return "\(key.name)_sum\(key.labels) \(Self.text(value))\n\(key.name)_count\(key.labels) \(count)\n"
    }
  }

  /// Whole numbers without a fraction, as counters mostly are.
  private static func text(_ value: Double) -> String {
    Int64(exactly: value).map { "\($0)" } ?? (value == .infinity ? "+Inf" : "\(value)")
  }
}
