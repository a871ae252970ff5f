// SPDX-License-Identifier: Apache-2.0
public import CoreMetrics
internal import Synchronization

/// Metrics of this process in memory, and as the text that Prometheus reads.
///
/// - SeeAlso: Prometheus, "Exposition formats", text-based format 0.0.4.
public final class PrometheusRegistry: MetricsFactory {
  struct Key: Hashable, Comparable {
    let name: String
    let labels: String

    static func < (a: Key, b: Key) -> Bool { (a.name, a.labels) < (b.name, b.labels) }
  }

  private let series = Mutex<[Key: Series]>([:])
  private let help: [String: String]

  /// - Parameter help: a line for each name that is worth one.
  public init(help: [String: String] = [:]) { self.help = help }

  private func find(_ kind: Series.Kind, _ label: String, _ dimensions: [(String, String)]) -> Series {
    let key = Key(name: Self.name(label, kind), labels: Self.labels(dimensions))
    return series.withLock { series in
      if let found = series[key] { return found }
      let made = Series(kind)
      series[key] = made
      return made
    }
  }

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    find(.counter, label, dimensions)
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    find(.gauge, label, dimensions)
  }

  /// A gauge where it is not to aggregate, else count and sum.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    find(aggregate ? .summary : .gauge, label, dimensions)
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    find(.timer, label, dimensions)
  }

  // Series stay for as long as the process runs: a counter that went away would come back as zero.
  public func destroyCounter(_ handler: any CounterHandler) {}
  public func destroyMeter(_ handler: any MeterHandler) {}
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  public func destroyTimer(_ handler: any TimerHandler) {}

  /// What Prometheus scrapes.
  public var text: String {
    let all = series.withLock { $0 }
    var text = ""
    var last = ""
    for (key, series) in all.sorted(by: { $0.key < $1.key }) {
      if key.name != last {
        if let help = help[key.name] { text += "# HELP \(key.name) \(help)\n" }
        text += "# TYPE \(key.name) \(series.kind.typeName)\n"
        last = key.name
      }
      text += series.lines(key)
    }
    return text
  }

  /// Dots and the like become underscores; what is timed is in seconds.
  private static func name(_ label: String, _ kind: Series.Kind) -> String {
    let name = String(
      label.unicodeScalars.map { scalar in
        let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        return isPlain || scalar == "_" || scalar == ":" ? Character(scalar) : "_"
      })
    return kind == .timer && !name.hasSuffix("_seconds") ? name + "_seconds" : name
  }

  private static func labels(_ dimensions: [(String, String)]) -> String {
    guard !dimensions.isEmpty else { return "" }
    let pairs = dimensions.map { name, value in
      let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
      return "\(Self.name(name, .gauge))=\"\(escaped)\""
    }
    return "{\(pairs.joined(separator: ","))}"
  }
}
