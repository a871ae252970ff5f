// SPDX-License-Identifier: Apache-2.0
import AuditCore
import TestSupport
import Testing

@Suite("Exit statuses and sentences", .enabled(if: TemporaryPostgres.isUsable))
struct ExitStatusTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    var change: [String: String?] = [:]
    let status: Int32
    let words: String
    var testDescription: String { arguments.joined(separator: " ") + " → \(status)" }
  }

  private static let mostInt = "9223372036854775807"

  static let cases = [
    Case(arguments: ["--version"], status: 0, words: "1.0.0"),
    Case(arguments: ["audit", "archive", "--help"], status: 0, words: "Variables: DATABASE_URL"),
    Case(arguments: ["audit", "nonsense"], status: 64, words: "Unexpected argument"),
    Case(arguments: ["audit", "verify", "--signatures", "some"], status: 64, words: "all, sample:N with N"),
    Case(arguments: ["audit", "drill", "--select", "day:2026-02-30"], status: 64, words: "--select takes"),
    Case(arguments: ["audit", "archive"], status: 78, words: "there is no such table"),
    Case(
      arguments: ["audit", "archive"], change: ["DATABASE_URL": nil], status: 78, words: "no database is configured"),
    Case(
      arguments: ["audit", "archive"], change: ["AUDIT_ARCHIVE_URL": nil], status: 78, words: "no archive is configured"
    ),
    Case(
      arguments: ["audit", "archive"], change: ["AUDIT_ARCHIVE_URL": "s3:///p"], status: 78, words: "no URL"),
    Case(
      arguments: ["audit", "archive"], change: ["AUDIT_ARCHIVE_URL": "relative"], status: 78,
      words: "no URL of an archive"),
    Case(arguments: ["audit", "archive", "--retention-days", "364"], status: 78, words: "at least 365"),
    Case(
      arguments: ["audit", "archive"], change: ["DATABASE_URL": "postgresql://postgres@127.0.0.1:1/x"], status: 69,
      words: "Connection refused"),
    Case(
      arguments: ["audit", "archive"],
      change: ["AUDIT_MANIFEST_SIGNER": nil, "AUDIT_SIGNING_KEY": nil, "REQUIRE_KMS": "true"],
      status: 78, words: "Audit signing is required but no signer is configured"),
    Case(
      arguments: ["audit", "drill"],
      change: ["AUDIT_MANIFEST_SIGNER": nil, "AUDIT_SIGNING_KEY": nil, "NODE_ENV": "production"],
      status: 78, words: "Audit signing is required but no signer is configured"),
    Case(
      arguments: ["audit", "append", "--type", "t", "--payload", "/dev/null"],
      change: ["AUDIT_MANIFEST_SIGNER": nil, "AUDIT_SIGNING_KEY": nil, "NODE_ENV": "production"], status: 78,
      words: "Audit signing is required but no signer is configured"),
    Case(
      arguments: ["audit", "archive"],
      change: ["AUDIT_SIGNING_KMS_KEY_ID": "alias/audit", "AUDIT_MANIFEST_SIGNER": nil],
      status: 78, words: "no region is configured"),
    Case(
      arguments: ["audit", "archive"], change: ["AUDIT_SIGNING_KEY_FILE": "/nonexistent", "AUDIT_SIGNING_KEY": nil],
      status: 78,
      words: "AUDIT_SIGNING_KEY_FILE"),
    Case(arguments: ["audit", "verify"], status: 66, words: "there is no manifest"),
    Case(arguments: ["audit", "status"], status: 66, words: "there is no manifest"),
    Case(arguments: ["audit", "drill"], status: 66, words: "there is no manifest"),
    Case(arguments: ["audit", "verify", "/nonexistent"], status: 78, words: "/nonexistent"),
    Case(arguments: ["manifest", "show", "7"], status: 66, words: "there is no manifest 7"),
    Case(arguments: ["manifest", "list", "--from", "yesterday"], status: 64, words: "no day"),
    Case(
      arguments: ["audit", "verify", "--signatures", "none", "--require-signatures"], status: 64, words: "cannot be met"
    ),
    Case(
      arguments: ["audit", "verify", "--no-signatures", "--require-signatures"], status: 64, words: "cannot be met"),
    Case(arguments: ["audit", "archive", "--overlap", mostInt], status: 64, words: "from 0 to 87600"),
    Case(arguments: ["audit", "archive", "--max-rows", mostInt], status: 64, words: "from 1 to 16777216"),
    Case(arguments: ["audit", "archive", "--max-rows", "0"], status: 64, words: "from 1 to 16777216"),
    Case(
      arguments: ["audit", "archive", "--max-content-bytes", mostInt], status: 64, words: "from 1 to 1099511627776"),
    Case(arguments: ["audit", "archive", "--retention-days", mostInt], status: 78, words: "from 365 to 36500"),
    Case(arguments: ["audit", "drill", "--select", "random:2147483647"], status: 64, words: "from 1 to 36500"),
    Case(arguments: ["audit", "drill", "--select", "random:9999999999"], status: 64, words: "from 1 to 36500"),
    Case(arguments: ["audit", "replay", "--select", "random:0"], status: 64, words: "from 1 to 36500"),
    Case(
      arguments: ["audit", "verify", "--signatures", "sample:\(mostInt)"], status: 64, words: "from 1 to 1000000000"),
    Case(arguments: ["audit", "status", "--max-age", mostInt], status: 64, words: "from 1 to 36500"),
    Case(arguments: ["audit", "status", "--max-drill-age", mostInt], status: 64, words: "from 1 to 36500"),
    Case(arguments: ["dev", "chain", "--rows", mostInt, "--days", mostInt], status: 64, words: "from 1 to 1000000000"),
    Case(arguments: ["dev", "chain", "--days", mostInt], status: 64, words: "from 1 to 36500"),
    Case(arguments: ["dev", "chain", "--at", mostInt], status: 64, words: "from 1 to 1000000000"),
    Case(arguments: ["dev", "chain", "--last-day", "0001-01-01"], status: 64, words: "before the year 1"),
    Case(arguments: ["manifest", "show", mostInt], status: 64, words: "from 0 to 9999999999"),
    Case(arguments: ["manifest", "verify", mostInt], status: 64, words: "from 0 to 9999999999"),
    Case(arguments: ["signer", "check"], status: 0, words: "ok"),
    Case(arguments: ["signer", "test"], status: 0, words: "ok"),
  ]

  @Test("each is the documented one, and the words say what to do", arguments: cases)
  func status(_ example: Case) throws {
    let site = try Site()
    let output = try Command.run(
      site.program, example.arguments, environment: site.environment.merging(example.change) { $1 },
      inheritsEnvironment: false)
    #expect(output.status == example.status, "\(output.errorText)")
    #expect(output.errorText.contains(example.words) || output.text.contains(example.words), "\(output.errorText)")
  }

  @Test("secrets are in no output")
  func secrets() throws {
    let site = try Site()
    let change: [String: String?] = [
      "DATABASE_URL": "postgresql://postgres:s3cr3t-w0rd@127.0.0.1:1/x", "AUDIT_SIGNING_KEY": "s3cr3t-w0rd",
    ]
    for arguments in [
      ["audit", "archive", "--verbose"], ["audit", "verify", "--verbose"], ["signer", "test", "--verbose"],
    ] {
      let output = try Command.run(
        site.program, arguments, environment: site.environment.merging(change) { $1 }, inheritsEnvironment: false)
      #expect(!output.text.contains("s3cr3t-w0rd"))
      #expect(!output.errorText.contains("s3cr3t-w0rd"))
    }
  }
}
