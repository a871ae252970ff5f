// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Server
import Testing

@Suite("Metrics as Prometheus reads them")
struct MetricsTests {
  @Test("each kind, in the order of names, with its help and type once")
  func kinds() {
    let registry = PrometheusRegistry(help: ["b_total": "How many."])
    let counter = Counter(label: "b.total", dimensions: [("use", "events")], factory: registry)
    counter.increment()
    counter.increment(by: 4)
    Counter(label: "b.total", dimensions: [("use", "manifests")], factory: registry).increment(by: 2)
    Gauge(label: "c", factory: registry).record(0.5)
    let timer = Timer(label: "a.time", factory: registry)
    timer.recordNanoseconds(1_500_000_000)
    timer.recordNanoseconds(500_000_000)
    Recorder(label: "d", dimensions: [], aggregate: true, factory: registry).record(7)
    #expect(
      registry.text == """
        # TYPE a_time_seconds summary
        a_time_seconds_sum 2
        a_time_seconds_count 2
        # HELP b_total How many.
        # TYPE b_total counter
        b_total{use="events"} 5
        b_total{use="manifests"} 2
        # TYPE c gauge
        c 0.5
        # TYPE d summary
        d_sum 7
        d_count 1

        """)
  }

  @Test("the same label and dimensions are one series; what cannot stand in a label is escaped")
  func identity() {
    let registry = PrometheusRegistry()
    for _ in 0..<3 {
      Counter(label: "x", dimensions: [("p.q", "a\"b\\c\nd")], factory: registry).increment()
    }
    let meter = Meter(label: "m", factory: registry)
    meter.set(5)
    meter.increment()
    meter.decrement(by: 2.5)
    #expect(
      registry.text == "# TYPE m gauge\nm 3.5\n# TYPE x counter\nx{p_q=\"a\\\"b\\\\c\\nd\"} 3\n")
  }

  @Test("threads that count at once lose nothing")
  func concurrency() async {
    let registry = PrometheusRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 { Counter(label: "n", factory: registry).increment() }
        }
      }
    }
    #expect(registry.text.hasSuffix("\nn 8000\n"))
  }
}
