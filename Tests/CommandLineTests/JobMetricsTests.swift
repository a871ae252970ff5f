// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

/// What a job leaves for those who watch over jobs: `--metrics-file`, `--pushgateway`, and the log's own lines.
@Suite("Metrics and logs of jobs", .enabled(if: TemporaryPostgres.isUsable))
struct JobMetricsTests {
  private func value(_ name: String, _ command: String, in text: String) -> Double? {
    let series = "memory_audit_job_\(name){command=\"\(command)\",stream=\"memory-layer\"} "
    let line = text.split(separator: "\n").first { $0.hasPrefix(series) }
    return line.flatMap { Double($0.dropFirst(series.utf8.count)) }
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  @Test("a file holds what the run came to, and a failure leaves the last success")
  func file() throws {
    let site = try Site()
    try site.makeChain(rows: 300)
    let file = site.directory("archive.prom")
    #expect(try site.run("audit", "archive", "--metrics-file", file).status == 0)
    let first = try text(file)
    #expect(value("exit_status", "archive", in: first) == 0)
    #expect(value("rows", "archive", in: first) == 300)
    #expect(value("anomalies", "archive", in: first) == 0)
    #expect(try #require(value("bytes", "archive", in: first)) > 30_000)
    let success = try #require(value("last_success_timestamp_seconds", "archive", in: first))
    #expect(success == value("last_run_timestamp_seconds", "archive", in: first))
    #expect(first.contains("# TYPE memory_audit_job_exit_status gauge\n"))
    let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    #expect(mode == 0o644)

    let failed = try site.run(
      "audit", "archive", change: ["AUDIT_METRICS_FILE": file, "DATABASE_URL": "postgresql://x@127.0.0.1:1/none"])
    #expect(failed.status == 69)
    let second = try text(file)
    #expect(value("exit_status", "archive", in: second) == 69)
    #expect(value("last_success_timestamp_seconds", "archive", in: second) == success)
    #expect(value("rows", "archive", in: second) == nil)
    let left = try FileManager.default.contentsOfDirectory(atPath: site.directory.path)
    #expect(left.filter { $0.hasPrefix(".archive.prom") }.isEmpty)
  }

  @Test("every job has them, with how the archive stands")
  func jobs() throws {
    let site = try Site()
    try site.makeChain(rows: 200)
    func run(_ arguments: String...) throws -> String {
      let file = site.directory("\(arguments[1]).prom")
      #expect(try site.run(arguments + ["--metrics-file", file]).status == 0, "\(arguments)")
      return try text(file)
    }
    #expect(value("rows", "archive", in: try run("audit", "archive")) == 200)
    #expect(value("rows", "verify", in: try run("audit", "verify")) == 200)
    #expect(value("rows", "replay", in: try run("audit", "replay")) == 200)
    let drill = try run("audit", "drill", "--select", "all")
    #expect(value("rows", "drill", in: drill) == 200)
    #expect(drill.contains("\nmemory_audit_drill_recovery_seconds{command=\"drill\",stream=\"memory-layer\"} "))
    let status = try run("audit", "status")
    for line in [
      "missing_days{stream=\"memory-layer\"} 0", "anomalies{stream=\"memory-layer\"} 0",
      "manifests{stream=\"memory-layer\"} 3", "retention_running_out{stream=\"memory-layer\"} 0",
      "retention_ended{stream=\"memory-layer\"} 0",
    ] { #expect(status.contains("\nmemory_audit_archive_\(line)\n"), "\(line) in \(status)") }
    for name in ["newest_closed_day", "earliest_retention_end", "last_drill", "last_run"] {
      #expect(status.contains("\nmemory_audit_archive_\(name)_timestamp_seconds{stream=\"memory-layer\"} "), "\(name)")
    }
  }

  @Test("a trial tells nobody how the job stands, and a part does not pass for the whole")
  func parts() throws {
    let site = try Site()
    try site.makeChain(rows: 60)
    let file = site.directory("job.prom")
    let metrics = ["--metrics-file", file]
    #expect(try site.run(["audit", "archive", "--dry-run"] + metrics).status == 0)
    #expect(!FileManager.default.fileExists(atPath: file))
    #expect(try site.run("audit", "archive").status == 0)
    let parts = [
      ("verify-shard", ["--shard", "0/1", "--run", "a"]), ("verify", ["--join", "a"]),
      ("verify-file", ["--from-file", Fixtures.path("legacy/array.json")]),
    ]
    for (name, arguments) in parts {
      let output = try site.run(["audit", "verify"] + arguments + metrics)
      #expect(value("exit_status", name, in: try text(file)) == Double(output.status), "\(name)")
    }
  }

  @Test("a place that takes no metrics is said before anything is done")
  func badPlaces() throws {
    let site = try Site()
    let places = [
      (["--metrics-file", site.directory("metrics.txt")], "does not end in .prom"),
      (["--pushgateway", "not a url"], "no URL of a service"),
    ]
    for (arguments, words) in places {
      let output = try site.run(["audit", "archive"] + arguments)
      #expect(output.status == 78)
      #expect(output.errorText.contains(words), "\(output.errorText)")
    }
    #expect(try site.bundles().isEmpty)
  }

  @Test("a gateway that cannot be reached, or a full disk, changes nothing about the run")
  func unreachable() throws {
    let site = try Site()
    try site.makeChain(rows: 50)
    let pushed = try site.run("audit", "archive", "--pushgateway", "http://127.0.0.1:1")
    #expect(pushed.status == 0)
    #expect(pushed.errorText.contains("the metrics could not be pushed"))
    let written = try site.run("audit", "verify", "--metrics-file", site.directory("none/x.prom"))
    #expect(written.status == 0)
    #expect(written.errorText.contains("the metrics could not be written"))
  }

  @Test("a gateway gets them, and keeps the last success of a job that fails")
  func gateway() throws {
    let gateway = try PrometheusPushgateway()
    let site = try Site()
    try site.makeChain(rows: 120)
    let stream = ["AUDIT_ARCHIVE_STREAM": "a/b c", "AUDIT_PUSHGATEWAY_URL": gateway.url]
    #expect(try site.run("audit", "archive", change: ["AUDIT_PUSHGATEWAY_URL": gateway.url]).status == 0)
    let first = try gateway.metrics()
    let group = "{command=\"archive\",instance=\"\",job=\"memoryctl\",stream=\"memory-layer\"}"
    #expect(first.contains("memory_audit_job_rows\(group) 120\n"), "\(first)")
    let success = try #require(line("memory_audit_job_last_success_timestamp_seconds\(group)", in: first))
    let failed = try site.run(
      "audit", "archive",
      change: ["AUDIT_PUSHGATEWAY_URL": gateway.url, "DATABASE_URL": "postgresql://x@127.0.0.1:1/none"])
    #expect(failed.status == 69)
    let second = try gateway.metrics()
    #expect(second.contains("memory_audit_job_exit_status\(group) 69\n"))
    #expect(line("memory_audit_job_last_success_timestamp_seconds\(group)", in: second) == success)
    #expect(try site.run("audit", "verify", change: stream.mapValues { $0 }).status != 0)
    #expect(try gateway.metrics().contains("stream=\"a/b c\""))
  }

  private func line(_ series: String, in text: String) -> Substring? {
    text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
  }

  @Test("each line of the log is JSON with run, stream and trace; the last but one ends the run")
  func log() throws {
    let site = try Site()
    try site.makeChain(rows: 90)
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    let output = try site.run("audit", "archive", change: ["TRACEPARENT": trace])
    let events = try output.errorText.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    #expect(events.first?["msg"]?.string == "started")
    #expect(events.last?["msg"]?.string == "finished")
    #expect(events.last?["rows"]?.integer == 90)
    #expect(Set(events.map { $0["run"]?.string }).count == 1)
    #expect(events.allSatisfy { $0["stream"]?.string == "memory-layer" })
    #expect(events.allSatisfy { $0["trace_id"]?.string == "0af7651916cd43dd8448eb211c80319c" })
    #expect(events.allSatisfy { $0["span_id"]?.string == "b7ad6b7169203331" })
    let committed = events.filter { $0["msg"]?.string == "committed" }
    #expect(committed.map { $0["sequence"]?.integer } == [0, 1, 2])

    let failed = try site.run("audit", "verify", "--archive", "file:///nowhere", "--verbose")
    let last = try JSONValue(parsing: String(try #require(failed.errorText.split(separator: "\n").last)))
    #expect(last["level"]?.string == "error")
    #expect(last["status"]?.integer == Int64(failed.status))
    #expect(last["msg"]?.string?.contains("there is no manifest") == true)

    let misused = try site.run("audit", "drill", "--select", "nonsense")
    #expect(misused.status == 64)
    let word = try JSONValue(parsing: String(try #require(misused.errorText.split(separator: "\n").last)))
    #expect(word["msg"]?.string?.hasPrefix("--select takes latest") == true)
  }
}
