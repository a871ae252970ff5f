// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Postgres
import TestSupport
import Testing

/// A source, a staging database, an archive's folder, and the program itself.
struct Site {
  let source: String
  let staging: String
  let directory: TemporaryDirectory
  let program = Fixtures.product("memoryctl")

  init() throws {
    let server = try TemporaryPostgres.shared()
    source = try server.createDatabase("source")
    staging = try server.createDatabase("staging")
    directory = try TemporaryDirectory("site")
  }

  var environment: [String: String?] {
    [
      "DATABASE_URL": source, "STAGING_DATABASE_URL": staging, "AUDIT_ARCHIVE_URL": "file://" + directory("archive"),
      "AUDIT_SIGNING_KEY": "vector-key", "AUDIT_MANIFEST_SIGNER": "local:" + Fixtures.path("chain/ed25519.pem"),
      "TMPDIR": directory.path,
    ]
  }

  /// Runs the program to its end.
  func run(_ arguments: String..., change: [String: String?] = [:], input: String = "") throws -> CommandOutput {
    try run(arguments, change: change, input: input)
  }

  func run(_ arguments: [String], change: [String: String?] = [:], input: String = "") throws -> CommandOutput {
    try Command.run(
      program, arguments, environment: environment.merging(change) { $1 }, inheritsEnvironment: false,
      input: Array(input.utf8))
  }

  func start(_ arguments: String..., change: [String: String?] = [:]) throws -> Command {
    try Command(program, arguments, environment: environment.merging(change) { $1 }, inheritsEnvironment: false)
  }

  func makeChain(rows: Int, days: Int = 3) throws {
    let output = try run("dev", "chain", "--rows", "\(rows)", "--days", "\(days)")
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
  }

  /// Names of the archived bundles, which carry their digests.
  func bundles() throws -> [String] {
    let folder = directory("archive/memory-layer/bundles")
    return (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { !$0.hasPrefix(".") }.sorted() ?? []
  }

  func removeArchive() throws { try? FileManager.default.removeItem(atPath: directory("archive")) }
}

func json(_ output: CommandOutput) throws -> JSONValue { try JSONValue(parsing: output.standardOutput) }

func names(_ value: JSONValue?) -> [String] { value?.members?.map(\.name) ?? [] }
