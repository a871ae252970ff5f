// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import Postgres
import TestSupport
import Testing

/// A site whose archive has a signer registry: five operators with PEM files, three of whom decide, and a key of manifests.
struct KeySite {
  let site: Site
  static let operators = ["op1", "op2", "op3", "op4", "op5"]

  init(rows: Int = 30) throws {
    site = try Site()
    try site.makeChain(rows: rows, days: 2)
    for kid in Self.operators + ["archive", "new", "thief"] {
      try Data(PrivateKey.generateEd25519().pem.utf8).write(to: URL(fileURLWithPath: pem(kid)))
    }
    try Data(#"{"signers":[]}"#.utf8).write(to: URL(fileURLWithPath: file))
  }

  /// One whose registry is founded.
  static func founded(rows: Int = 30) throws -> KeySite {
    let site = try KeySite(rows: rows)
    for kid in operators { try site.add(kid, use: "multisig") }
    try site.add("archive", use: "manifests", "--not-before", "2026-01-01T00:00:00Z")
    try site.change("promote", operators + ["archive"], "--threshold", "3")
    return site
  }

  func pem(_ kid: String) -> String { site.directory("\(kid).pem") }
  var file: String { site.directory("signers.json") }
  func path(_ name: String) -> String { site.directory(name) }

  var change: [String: String?] {
    ["AUDIT_SIGNERS_FILE": file, "AUDIT_MANIFEST_SIGNER": "local:" + pem("archive")]
  }

  func run(_ arguments: String..., with more: [String: String?] = [:]) throws -> CommandOutput {
    try run(arguments, with: more)
  }

  func run(_ arguments: [String], with more: [String: String?] = [:]) throws -> CommandOutput {
    try site.run(arguments, change: change.merging(more) { $1 })
  }

  /// Runs what must succeed.
  @discardableResult
  func must(_ arguments: [String], with more: [String: String?] = [:]) throws -> CommandOutput {
    let output = try run(arguments, with: more)
    guard output.status == 0 else {
      throw TestSupportError("\(arguments): \(output.status) \(output.text)\(output.errorText)")
    }
    return output
  }

  @discardableResult
  func must(_ arguments: String..., with more: [String: String?] = [:]) throws -> CommandOutput {
    try must(arguments, with: more)
  }

  func add(_ kid: String, use: String, _ more: String...) throws {
    try must(["keys", "add", "--kid", kid, "--signer", "local:" + pem(kid), "--use", use] + more)
  }

  /// A new name for a file of the site's.
  func fresh(_ end: String) -> String { path("\(UInt64.random(in: 0 ... .max)).\(end)") }

  /// Proposes a change of the registry.
  ///
  /// - Returns: the proposal's file.
  func propose(_ command: String, _ kids: [String], _ more: [String]) throws -> String {
    let payload = fresh("json")
    try must(["keys", command] + kids + more + ["--propose", payload])
    return payload
  }

  /// Proposes an upgrade.
  ///
  /// - Returns: the proposal's file.
  func proposeUpgrade() throws -> String {
    let payload = fresh("json")
    try must(
      "multisig", "propose", "--id", "u1", "--type", "upgrade", "--target", "t", "--rationale", "r", "--impact", "i",
      "--proposer", "p", "--out", payload)
    return payload
  }

  /// Has signers approve a proposal, each by an approval file.
  ///
  /// - Returns: the combined proof's file.
  func approve(_ payload: String, by kids: [String] = ["op1", "op2", "op3"]) throws -> String {
    var approvals: [String] = []
    for kid in kids {
      approvals.append(fresh("approval.json"))
      try must("multisig", "sign", "--payload", payload, "--signer", "local:" + pem(kid), "--out", approvals.last!)
    }
    let proof = fresh("proof")
    try must(["multisig", "combine", "--payload", payload, "--out", proof] + approvals)
    return proof
  }

  /// Proposes, approves and makes a change of the registry.
  func change(_ command: String, _ kids: [String], _ more: String..., by approvers: [String] = ["op1", "op2", "op3"])
    throws
  {
    let payload = try propose(command, kids, more)
    let proof = try approve(payload, by: approvers)
    try must(["keys", command] + kids + ["--payload", payload, "--proof", proof])
  }

  /// Payloads of the chain's events of a type, in their order.
  func events(_ type: String) throws -> [JSONValue] {
    let session = try PostgresSession(site.source)
    return try session.execute(
      "SELECT payload::text FROM public.audit_events WHERE event_type = $1 ORDER BY created_at", [type]
    ).map { try JSONValue(parsing: $0[0] ?? "") }
  }

  func registry(_ version: Int) -> String { path("archive/memory-layer/signers/\(version).json") }

  /// Reads, changes and writes a file of the archive, as somebody with the file system's rights could.
  func alter(_ path: String, _ body: (String) throws -> String) throws {
    let text = try body(String(contentsOfFile: path, encoding: .utf8))
    try FileManager.default.removeItem(atPath: path)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }
}
