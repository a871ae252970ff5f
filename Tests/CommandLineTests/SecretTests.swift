// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("Secrets in what a user gets wrong", .enabled(if: TemporaryPostgres.isUsable))
struct SecretTests {
  private static let secret = "S3cr3tPW"

  @Test(
    "a connection string that cannot be one is refused and not repeated",
    arguments: [
      "postgresql://u:S3cr3tPW%zz@h/d", "mysql://u:S3cr3tPW@h/d", "mysql://u:S3cr3tPW@h/d?x=y",
      "postgres//u:S3cr3tPW@h/d",
      "host=h password=abc S3cr3tPW", "host=h password=abc S3cr3t=PW", "postgresql://u:pa/S3cr3tPW@h/d",
      "postgresql://u:pa@S3cr3tPW@h/d", "postgresql://u:S3cr3tPW:h/d", "postgresql://u:S3cr3tPW", "S3cr3tPW",
      "postgresql://u@127.0.0.1:1/d?sslmode=S3cr3tPW", "port=S3cr3tPW dbname=d",
    ])
  func connectionString(text: String) throws {
    let site = try Site()
    for output in [
      try site.run("audit", "verify", "--verbose", "--database", text),
      try site.run("audit", "archive", change: ["DATABASE_URL": text]),
      try site.run("audit", "drill", "--staging=\(text)"),
    ] where output.status != 66 {  // the drill has nothing to restore and does not come to its staging database
      #expect(output.status == 78, "\(output.errorText)")
      #expect(!output.errorText.contains("S3cr3t") && !output.text.contains("S3cr3t"), "\(output.errorText)")
      #expect(output.errorText.contains("connection string"), "\(output.errorText)")
    }
  }

  @Test("other inputs that may hold a secret are not repeated")
  func others() throws {
    let site = try Site()
    let key = try Fixtures.text("chain/ed25519.pem")
    for (output, status) in [
      (try site.run("audit", "status", "--archive", "https://u:S3cr3tPW@h/p"), 78),
      (try site.run("audit", "archive", change: ["AUDIT_MANIFEST_SIGNER": "local:" + key]), 78),
      (try site.run("audit", "archive", change: ["AUDIT_SIGNERS_FILE": key]), 78),
      (try site.run("audit", "archive", "postgresql://u:S3cr3tPW@h/d"), 64),
      (try site.run("audit", "archive", "--overlap=postgresql://u:S3cr3tPW@h/d"), 64),
      (try site.run("audit", "verify", "postgresql://u:S3cr3tPW@h/d"), 64),
      (try site.run("audit", "verify", "host=h password=S3cr3tPW"), 64),
      (try site.run("audit", "replay", "postgresql://u:S3cr3tPW@h/d"), 64),
      (try site.run("audit", "append", "--type", "t", "--payload", #"{"password": "S3cr3tPW"}"#), 64),
      (try site.run("audit", "verify", "--database", site.source, "--table", "a..S3cr3tPW"), 78),
    ] as [(CommandOutput, Int32)] {
      #expect(output.status == status, "\(output.errorText)")
      for secret in [Self.secret, "PRIVATE KEY", String(key.split(separator: "\n")[1])] {
        #expect(!output.errorText.contains(secret) && !output.text.contains(secret), "\(output.errorText)")
      }
    }
  }

  @Test("a database that does not exist is configuration; a role that may not enter is permission")
  func refusals() throws {
    let server = try TemporaryPostgres.shared()
    let site = try Site()
    try server.execute("CREATE ROLE needs_password")
    try server.execute("CREATE ROLE with_password LOGIN PASSWORD 'right' IN ROLE needs_password")
    let urls = [
      (server.url(database: "nowhere"), 78), (server.url(user: "nobody_here"), 77),
      (server.url(user: "with_password", password: "S3cr3tPW"), 77), (server.url(user: "with_password"), 77),
    ]
    for (url, status) in urls {
      let output = try site.run("audit", "verify", "--database", url)
      #expect(output.status == Int32(status), "\(output.errorText)")
      #expect(!output.errorText.contains("S3cr3tPW"))
    }
  }
}

@Suite("Checking nothing, and results that nobody gets", .enabled(if: TemporaryPostgres.isUsable))
struct NothingTests {
  @Test("a file without rows is nothing to check", arguments: ["[]", #"{"events":[]}"#])
  func empty(text: String) throws {
    let site = try Site()
    try text.write(toFile: site.directory("f.json"), atomically: false, encoding: .utf8)
    #expect(try site.run("audit", "verify", site.directory("f.json")).status == 66)
    #expect(try site.run("audit", "replay", site.directory("f.json")).status == 66)
  }

  @Test("results that cannot be written are no success")
  func unwritten() throws {
    let site = try Site()
    try site.makeChain(rows: 50)
    #expect(try site.run("audit", "archive").status == 0)
    func run(_ arguments: String, _ tail: String, wait: Double = 0) throws -> CommandOutput {
      try Command.run(
        "bash", ["-c", "{ sleep \(wait); exec \"$0\" \(arguments); } \(tail)", site.program],
        environment: site.environment,
        inheritsEnvironment: false)
    }
    for arguments in [
      "audit verify", "audit verify --json", "manifest list", "audit status", "signer test", "--help", "--version",
      "dev chain --tsv",
    ] {
      let full = try run(arguments, "> /dev/full")
      #expect(full.status == 69 && full.errorText.contains("could not be written"), "\(arguments): \(full.errorText)")
      let closed = try run(arguments, "> >(:)", wait: 0.3)
      #expect(closed.status != 0 && !closed.errorText.contains("could not be"), "\(arguments): \(closed.errorText)")
    }
    let broken = try run("audit verify --database \(site.source) --table public.nowhere", "> /dev/full")
    #expect(broken.status == 78)
  }
}
