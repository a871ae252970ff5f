// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite("The status page of serve", .enabled(if: TemporaryPostgres.isUsable))
struct ServePageTests {
  private func answer(
    _ program: ServingProgram, _ method: String = "GET"
  ) throws -> (status: Int, body: String, headers: HTTPResponse) {
    let http = HTTPClient(HTTPSettings(totalTimeout: 60, proxy: .none))
    let (head, body) = try http.send(
      HTTPRequest(method: method, url: program.url + "/", headers: [], body: .none), limit: 4 << 20)
    return (head.status, String(decoding: body, as: UTF8.self), head)
  }

  @Test("it is the page of audit status, shut off from everything; metrics come of the same look")
  func page() throws {
    let site = try Site()
    try site.makeChain(rows: 60)
    #expect(try site.run("audit", "archive").status == 0)
    let program = try ServingProgram(["serve"], environment: site.environment)
    let (status, body, head) = try answer(program)
    #expect(status == 200 && body.contains("<h1>The archive is well</h1>"))
    let wanted = [
      "content-type": "text/html; charset=utf-8", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
      "cache-control": "no-store",
    ]
    for (name, value) in wanted { #expect(head.header(name) == value, "\(name)") }
    let policy = try #require(head.header("content-security-policy"))
    #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-") && policy.hasSuffix("frame-ancestors 'none'"))
    let short = try answer(program, "HEAD")
    #expect(short.status == 200 && short.body.isEmpty)

    let metrics = String(decoding: try program.send("GET", "/metrics").body, as: UTF8.self)
    let json = try json(try site.run("audit", "status", "--json"))
    let end = try #require(json["earliestRetentionEnd"]?.string.flatMap { Timestamp($0) })
    for (name, value) in [
      ("missing_days", 0), ("anomalies", 0), ("problems", 0), ("retention_running_out", 0),
      ("retention_ended", 0),
      ("earliest_retention_end_timestamp_seconds", end.unixSeconds),
    ] {
      let line = "memory_audit_archive_\(name){stream=\"memory-layer\"} \(value)"
      #expect(metrics.contains("\n\(line)\n"), "\(line)")
    }
  }

  @Test("requests share a look: the archive may go away meanwhile")
  func cached() throws {
    let site = try Site()
    try site.makeChain(rows: 60)
    #expect(try site.run("audit", "archive").status == 0)
    let program = try ServingProgram(["serve"], environment: site.environment)
    let first = try answer(program)
    try site.removeArchive()
    let second = try answer(program)
    #expect(first.status == 200 && second.body == first.body)
  }

  @Test("where there is nothing to show it says so, with 503")
  func nothing() throws {
    let site = try Site()
    let empty = try answer(try ServingProgram(["serve"], environment: site.environment))
    #expect(empty.status == 503 && empty.body.contains("there is no manifest"))
    #expect(empty.headers.header("retry-after") == "30")
    let none = try answer(try ServingProgram(["serve"], environment: ["AUDIT_SIGNING_KEY": "a-key"]))
    #expect(none.status == 503 && none.body.contains("No archive is configured"))
  }

  // The port accepts connections and never answers.
  @Test("while the first look is under way nobody is kept waiting for longer than --timeout")
  func hanging() throws {
    let deaf = try DeafServer()
    let program = try ServingProgram(
      ["serve", "--timeout", "1"],
      environment: [
        "AUDIT_SIGNING_KEY": "a-key", "AUDIT_ARCHIVE_URL": "s3://bucket/prefix", "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:\(deaf.port)", "S3_FORCE_PATH_STYLE": "true",
      ])
    let (status, body, head) = try answer(program)
    #expect(status == 503 && body.contains("The archive is being read"), "\(body)")
    #expect(head.header("retry-after") == "5")
    #expect(try program.send("GET", "/metrics").status == 200)
    #expect(!body.contains("a-secret"))
  }
}
