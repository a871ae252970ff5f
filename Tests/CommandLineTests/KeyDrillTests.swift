// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Postgres
import TestSupport
import Testing

/// Runs the commands of docs/keys.md as they stand there, with keys of KMS, proxies with mutual TLS and PEM files.
@Suite(
  "The pages on keys",
  .enabled(if: TemporaryPostgres.isUsable && Ministack.isUsable, "scripts/dependencies test installs ministack"))
struct KeyDrillTests {
  private let site: Site
  private let proxies: [ServingProgram]
  private let variables: [String: String?]
  // Their files go with it.
  private let certificates: TestCertificates

  init() throws {
    site = try Site()
    certificates = try TestCertificates()
    let authority = try certificates.authority("ours")
    let server = try certificates.certificate("server", by: authority, names: ["IP:127.0.0.1"])
    let client = try certificates.certificate("client", by: authority, names: ["DNS:client"])
    let tls = ["--tls-cert", server.certificate, "--tls-key", server.key, "--client-ca", authority.certificate]
    let (site, kms) = (site, try Ministack.shared())
    proxies = try (3...4).map { number in
      let pem = site.directory("op\(number).pem")
      try Data(PrivateKey.generateEd25519().pem.utf8).write(to: URL(fileURLWithPath: pem))
      return try ServingProgram(
        ["dev", "signing-proxy", "--key", pem] + tls, environment: [:],
        settings: .init(
          totalTimeout: 60, caBundle: authority.certificate, clientCertificate: client.certificate,
          clientKey: client.key, proxy: .none))
    }
    try Data(PrivateKey.generateRSA(bits: 2048).pem.utf8).write(to: URL(fileURLWithPath: site.directory("op5.pem")))
    let events = try kms.createKey(spec: "ECC_NIST_EDWARDS25519")
    let manifests = "kms:" + (try kms.createKey(spec: "RSA_2048"))
    var variables: [String: String?] = try kms.environment().mapValues { $0 }
    let own: [String: String?] = [
      "OP1": "kms:" + (try kms.createKey(spec: "ECC_NIST_EDWARDS25519")),
      "OP2": "kms:" + (try kms.createKey(spec: "RSA_3072")) + ":rsa-sha256",
      "OP3": "proxy:" + proxies[0].url, "OP4": "proxy:" + proxies[1].url, "OP5": "local:" + site.directory("op5.pem"),
      "EVENTS_KEY": "kms:" + events, "MANIFESTS_KEY": manifests,
      "NEW_KEY": "kms:" + (try kms.createKey(spec: "ECC_NIST_EDWARDS25519")), "AUDIT_SIGNING_KMS_KEY_ID": events,
      "AUDIT_MANIFEST_SIGNER": nil, "AUDIT_SIGNING_KEY": nil, "AUDIT_SIGNERS_FILE": site.directory("signers.json"),
      "SIGNING_PROXY_CA": authority.certificate, "SIGNING_PROXY_CLIENT_CERT": client.certificate,
      "SIGNING_PROXY_CLIENT_KEY": client.key,
      "PATH": URL(fileURLWithPath: site.program).deletingLastPathComponent().path + ":/usr/bin:/bin",
    ]
    variables.merge(site.environment.merging(own) { $1 }) { $1 }
    self.variables = variables
    try Data(#"{"signers":[]}"#.utf8).write(to: URL(fileURLWithPath: site.directory("signers.json")))
    let chain = try run("memoryctl dev chain --rows 30 --days 2")
    guard chain.status == 0 else { throw TestSupportError(chain.errorText) }
  }

  /// The commands of the page's block of that name.
  private func block(_ name: String) throws -> String {
    let root = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("docs/keys.md"), encoding: .utf8)
    let begin = try #require(page.range(of: "```sh \(name)\n"))
    let end = try #require(page.range(of: "```", range: begin.upperBound..<page.endIndex))
    return String(page[begin.upperBound..<end.lowerBound])
  }

  private func run(_ script: String, with more: [String: String?] = [:]) throws -> CommandOutput {
    try Command.run(
      "bash", ["-euo", "pipefail", "-c", script], environment: variables.merging(more) { $1 },
      inheritsEnvironment: false, directory: site.directory.path)
  }

  /// Runs a block of the page, each of whose commands must do.
  private func follow(_ name: String, with more: [String: String?] = [:]) throws {
    let output = try run(try block(name), with: more)
    try #require(output.status == 0, "\(name): \(output.text.suffix(3000))\(output.errorText.suffix(3000))")
  }

  private func events(_ type: String) throws -> [JSONValue] {
    let session = try PostgresSession(site.source)
    return try session.execute(
      "SELECT payload::text FROM public.audit_events WHERE event_type = $1 ORDER BY created_at", [type]
    ).map { try JSONValue(parsing: $0[0] ?? "") }
  }

  private func manifest(_ sequence: Int) throws -> JSONValue {
    try json(try run("memoryctl manifest show \(sequence) --json"))
  }

  @Test("provisioning, then a planned rotation of the manifests' key")
  func rotation() throws {
    try follow("provisioning")
    try follow("rotation")
    let listed = try json(try run("memoryctl keys list --json"))
    #expect(listed["version"] == 3 && listed["findings"] == .array([]))
    let states = (listed["signers"]?.array ?? []).map {
      "\($0["signer_kid"]?.string ?? "") \($0["status"]?.string ?? "")"
    }
    #expect(states.contains("manifests-1 retired") && states.contains("manifests-2 active"), "\(states)")
    #expect(try manifest(0)["proof"]?["signatures"]?.array?.first?["kid"] == "manifests-1")
    #expect(try manifest(2)["proof"]?["signatures"]?.array?.first?["kid"] == "manifests-2")
    #expect(try events("signer.added").count == 8 && events("signer.promoted").count == 8)
    #expect(try events("signer.retired").map { $0["signer_kid"] } == ["manifests-1"])
    // The old key signs nothing any more, the rows of the whole chain verify, and so do both against each other.
    let old = try run("AUDIT_MANIFEST_SIGNER=\"$MANIFESTS_KEY\" memoryctl audit archive --until now")
    #expect(old.status == 78 && old.errorText.contains("manifests-1"), "\(old.errorText)")
    let both = try run(
      "memoryctl audit verify --require-signatures --archive \"$AUDIT_ARCHIVE_URL\" --database \"$DATABASE_URL\"")
    #expect(both.status == 0, "\(both.text)")
  }

  @Test("a stolen key: revoked at once, reported, replaced, ratified, countersigned, and the archive goes on")
  func theft() throws {
    try follow("provisioning")
    // Who countersigns with the stolen key itself, or dates it back, helps nobody: the key is revoked.
    let since = Timestamp(Timestamp.now().advanced(bySeconds: -3600).isoSeconds)!
    try follow("theft", with: ["T": since.isoSeconds])
    let report = try JSONValue(parsing: String(contentsOfFile: site.directory("report.json"), encoding: .utf8))
    #expect(report["report"] == "audit-compromise" && report["verdict"] == "affected")
    #expect(report["signer"]?["kid"] == "manifests-1" && report["since"]?.string == since.iso)
    let toSign = report["toCountersign"]?.array?.compactMap(\.string) ?? []
    #expect(toSign.map { $0.suffix(15) } == ["0000000000.json", "0000000001.json"], "\(toSign)")
    #expect(report["otherFindings"] == .array([]) && report["otherAnomalies"] == .array([]))
    let revoked = try events("signer.revoked")
    #expect(revoked.count == 2 && revoked[0]["ratified"] == false && revoked[1]["proofSha256"] != nil)
    let listed = try json(try run("memoryctl keys list --json"))
    #expect(listed["version"] == 3 && listed["unratified"] == .array([]))
    let folder = site.directory("archive/memory-layer/countersignatures")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["0000000000", "0000000001"])
    let verified = try json(try run("memoryctl audit verify --json"))
    #expect(verified["verdict"] == "intact" && verified["notes"]?.array?.count == 2, "\(verified)")
    let stolen = try run("AUDIT_MANIFEST_SIGNER=\"$MANIFESTS_KEY\" memoryctl manifest countersign --all --reason mine")
    #expect(stolen.status == 78, "\(stolen.errorText)")
  }

  @Test("a stolen key of events: its rows since then are untrusted, row by row, until somebody vouches for them")
  func rows() throws {
    try follow("provisioning")
    let session = try PostgresSession(site.source)
    let day = try #require(
      try session.execute(
        "SELECT max(created_at)::date::text FROM public.audit_events WHERE event_type NOT LIKE 'signer%'")[0][0])
    let since = day + "T00:00:00Z"
    let due = try #require(
      try session.execute(
        "SELECT count(*)::text FROM public.audit_events WHERE created_at >= $1::timestamptz", [since])[0][0])
    let archived = try #require(
      try session.execute(
        "SELECT count(*)::text FROM public.audit_events WHERE created_at >= $1::timestamptz AND event_type NOT LIKE 'signer%'",
        [since])[0][0])
    let words = "memoryctl audit verify --json --since \(since) --signer events-1"
    let table = try run(words + " --database \"$DATABASE_URL\"")
    #expect(table.status == 65)
    #expect(try json(table)["untrustedRows"]?.integer.map(String.init) == due, "\(table.text)")
    #expect(try json(table)["rows"]?.array?.count == Int(due))
    #expect(try json(table)["archivedRows"]?.integer.map(String.init) == archived)
    #expect(try json(table)["verdict"] == "affected" && json(table)["complete"] == true)
    #expect(try json(table)["toCountersign"] == .array([]))
    let archive = try run(words + " --archive \"$AUDIT_ARCHIVE_URL\"", with: ["DATABASE_URL": nil])
    #expect(try json(archive)["untrustedRows"]?.integer.map(String.init) == archived, "\(archive.text)")
    #expect(try json(archive)["complete"] == false)
    #expect(try run("memoryctl audit verify --since \(since) --signer nobody").status == 78)

    let replaced = try run(
      """
      memoryctl keys add --kid events-2 --signer "$NEW_KEY" --use events
      memoryctl keys promote events-2 --propose e2.json
      memoryctl multisig collect --payload e2.json --dir approvals
      memoryctl multisig combine --payload e2.json --dir approvals --out e2.proof
      memoryctl keys promote events-2 --payload e2.json --proof e2.proof
      export AUDIT_SIGNING_KMS_KEY_ID="${NEW_KEY#kms:}"
      memoryctl keys revoke events-1 --compromised-since \(since) --propose e3.json
      memoryctl multisig collect --payload e3.json --dir approvals
      memoryctl multisig combine --payload e3.json --dir approvals --out e3.proof
      memoryctl keys revoke events-1 --payload e3.json --proof e3.proof
      """)
    try #require(replaced.status == 0, "\(replaced.text)\(replaced.errorText)")
    let broken = try json(try run("memoryctl audit verify --json"))
    let untrusted = (broken["anomalies"]?.array ?? []).filter { $0["kind"] == "untrusted" }
    #expect(broken["verdict"] == "broken" && untrusted.count == Int(archived), "\(broken)")
    let vouched = try run(
      "AUDIT_MANIFEST_SIGNER=\"$MANIFESTS_KEY\" memoryctl manifest countersign --json --all --reason 'compared'")
    #expect(try json(vouched)["manifests"]?.array?.count == 1, "\(vouched.text)\(vouched.errorText)")
    let verified = try json(try run("memoryctl audit verify --json"))
    #expect(
      verified["verdict"] == "intact" && verified["signatures"]?["untrusted"]?.integer.map(String.init) == archived)
    let drill = try run("AUDIT_MANIFEST_SIGNER=\"$MANIFESTS_KEY\" memoryctl audit drill --json --select all")
    #expect(drill.status == 0 && drill.text.contains("countersigned since"), "\(drill.text)\(drill.errorText)")
  }
}
