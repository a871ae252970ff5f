// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Postgres
import Signing
import Synchronization
import TestSupport
import Testing

@Suite("Appending beside others", .enabled(if: TemporaryPostgres.isUsable))
struct AppendTests {
  /// Appends as the service does: the newest row by its stamp, FOR UPDATE, is the predecessor.
  private struct OldWriter {
    let database: String
    let signer = LocalSigner(hmacKey: Array("vector-key".utf8), kid: "local-hmac")

    /// - Parameter pause: seconds between the transaction's beginning and the look for the head.
    func append(pause: Double) throws {
      let session = try PostgresSession(database)
      try session.executeScript("SET lock_timeout = '20s'; BEGIN")
      // The stamp is from here on.
      _ = try session.execute("SELECT now(), pg_sleep(\(pause))")
      let head = try session.execute(
        "SELECT hash FROM public.audit_events ORDER BY created_at DESC LIMIT 1 FOR UPDATE")[0][0]
      let previous = try #require(head.flatMap { Digest(hex: $0) })
      let hash = SHA256.hash(Array("{}".utf8) + previous.bytes)
      _ = try session.execute(
        """
        INSERT INTO public.audit_events (id, event_type, payload, hash, prev_hash, signature)
        VALUES (gen_random_uuid(), 'old', '{}', $1, $2, $3)
        """, [hash.hex, previous.hex, Base64.encode(try signer.sign(hash))])
      try session.executeScript("COMMIT")
    }
  }

  @Test("sixteen processes at once, and the service's writer among them: no fork, nothing lost")
  func crowd() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    let payload = site.directory("payload")
    try #"{"a":1}"#.write(toFile: payload, atomically: true, encoding: .utf8)
    let writer = OldWriter(database: site.source)
    let failures = Mutex<[String]>([])
    let thread = DispatchGroup()
    DispatchQueue.global().async(group: thread) {
      for round in 0..<30 {
        do { try writer.append(pause: round % 3 == 0 ? 0.05 : 0) } catch { failures.withLock { $0.append("\(error)") } }
      }
    }
    for _ in 0..<3 {
      let commands = try (0..<16).map { _ in try site.start("audit", "append", "--type", "t", "--payload", payload) }
      for command in commands {
        let output = try command.wait()
        #expect(output.status == 0, "\(output.errorText)")
      }
    }
    thread.wait()
    #expect(failures.withLock { $0 } == [])
    let verified = try site.run("audit", "verify", "--database", site.source, "--json")
    #expect(verified.status == 0, "\(verified.text)")
    #expect(try json(verified)["rows"] == 98)
  }

  // A role of its own sees when its own transactions began, and of other roles' nothing.
  @Test("under a role that cannot see others' transactions: still no fork")
  func maskedRoles() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    let role = "appender_\(UInt32.random(in: 0 ... .max))"
    let session = try PostgresSession(site.source)
    try session.executeScript(
      "CREATE ROLE \(role) LOGIN; GRANT SELECT, INSERT, UPDATE ON public.audit_events TO \(role)")
    let old = try PostgresSession(site.source)
    try old.executeScript("BEGIN")
    _ = try old.execute("SELECT now()")
    let appended = try site.run(
      "audit", "append", "--type", "t", "--payload", "-", "--database", site.source + "?user=\(role)", input: "{}")
    #expect(appended.status == 0, "\(appended.errorText)")
    #expect(try old.execute("SELECT now() > max(created_at) FROM public.audit_events")[0] == ["t"])
  }

  @Test("who is always late says so, and the table is free all the while")
  func alwaysLate() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: ["AUDIT_SIGNING_KEY": "vector-key"])
    let server = try FaultServer(handler: FaultServer.forwarding(to: proxy.url))
    let writer = OldWriter(database: site.source)
    server.inject(.meanwhile(.beforeEffect) { try? writer.append(pause: 0) }, target: "/sign/*", times: .max)
    let appended = try site.run(
      "audit", "append", "--type", "t", "--payload", "-", change: ["SIGNING_PROXY_URL": server.url], input: "{}")
    #expect(appended.status == 75, "\(appended.errorText)")
    #expect(appended.errorText.contains("nothing was appended"))
  }

  // Its stamp is older than ours would be, and the next writer looks for the newest stamp.
  @Test("a writer whose transaction is older than ours, and that looks for the head behind us, makes no fork")
  func olderTransaction() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    let old = try PostgresSession(site.source)
    try old.executeScript("BEGIN")
    _ = try old.execute("SELECT now()")
    let appended = try site.run("audit", "append", "--type", "t", "--payload", "-", "--json", input: "{}")
    #expect(appended.status == 0)
    let stamp = try old.execute(
      "SELECT now() > max(created_at), max(created_at) > now() - interval '1 second' FROM public.audit_events")[0]
    #expect(stamp == ["t", "t"])
  }

  @Test("while a service signs, others write; the event then goes behind theirs")
  func slowSigner() throws {
    let site = try Site()
    try site.makeChain(rows: 20)
    let proxy = try ServingProgram(["dev", "signing-proxy"], environment: ["AUDIT_SIGNING_KEY": "vector-key"])
    let server = try FaultServer(handler: FaultServer.forwarding(to: proxy.url))
    let failure = Mutex<String?>(nil)
    let writer = OldWriter(database: site.source)
    let meanwhile = Fault.meanwhile(.beforeEffect) {
      do { try writer.append(pause: 0) } catch { failure.withLock { $0 = "\(error)" } }
    }
    server.inject(meanwhile, target: "/sign/*", times: 3)
    let appended = try site.run(
      "audit", "append", "--type", "t", "--payload", "-", change: ["SIGNING_PROXY_URL": server.url], input: "{}")
    #expect(appended.status == 0, "\(appended.errorText)")
    #expect(failure.withLock { $0 } == nil)
    #expect(server.requests.count { $0.target.hasPrefix("/sign/") } == 4)
    let verified = try site.run("audit", "verify", "--database", site.source, "--json")
    #expect(verified.status == 0, "\(verified.text)")
    #expect(try json(verified)["rows"] == 24)
    #expect(try json(verified)["signatures"]?["valid"] == 24)
  }
}
