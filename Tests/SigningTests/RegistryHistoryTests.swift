// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing
import TestSupport
import Testing

@Suite("What no version may do to the keys of the one before")
struct RegistryHistoryTests {
  private let operators: Operators
  private let first: RegistryVersion
  /// `op5` has ended, `archive` will.
  private let second: RegistryVersion
  private static let day2 = Timestamp("2026-02-01T00:00:00Z")!
  private static let day3 = Timestamp("2026-03-01T00:00:00Z")!

  init() throws {
    operators = try Operators()
    first = try operators.signed(operators.founded())
    let retired = try first.registry.retiring(["op5"], at: Self.day2, threshold: nil, reason: "", now: Self.day2)
    let ending = try retired.signers.map {
      $0.kid == "archive" ? try $0.changing(["notAfter": "2026-02-15T00:00:00Z"]) : $0
    }
    second = try operators.signed(
      SignerRegistry(
        stream: "memory-layer", version: 2, previous: first.digest, createdAt: Self.day2, change: retired.change,
        policy: retired.policy, signers: ending))
  }

  private func third(_ kid: String, _ members: [String: JSONValue?]) throws -> RegistryVersion {
    let signers = try second.registry.signers.map { $0.kid == kid ? try $0.changing(members) : $0 }
    return try operators.signed(
      SignerRegistry(
        stream: "memory-layer", version: 3, previous: second.digest, createdAt: Self.day3,
        change: SignerRegistry.Change(event: "signer.promoted", signers: [], reason: ""),
        policy: second.registry.policy,
        signers: signers))
  }

  @Test(
    "a key that has ended ends no later, and none begins earlier",
    arguments: [
      ("op5", ["retiredAt": "2099-01-01T00:00:00Z"], "counted until 2026-02-01T00:00:00Z, and does not come back"),
      ("op5", ["status": "active", "retiredAt": nil], "was retired, and does not come back"),
      ("archive", ["notAfter": "2099-01-01T00:00:00Z"], "counted until 2026-02-15T00:00:00Z"),
      ("archive", ["notAfter": nil], "counted until 2026-02-15T00:00:00Z"),
      ("archive", ["notBefore": "2020-01-01T00:00:00Z"], "and is not dated back"),
      ("op1", ["notBefore": "2020-01-01T00:00:00Z"], "and is not dated back"),
      ("op1", ["deployedAt": nil], "and is not dated back"),
      ("archive", ["status": "candidate"], "is no candidate again"),
    ] as [(String, [String: JSONValue?], String)])
  func refused(kid: String, members: [String: JSONValue?], words: String) throws {
    let fault = try third(kid, members).fault(after: second)
    #expect(fault?.contains(words) == true, "\(fault ?? "none")")
    let check = ApprovalCheck(.registry(try third(kid, members).registry), second.registry, now: Self.day3)
    #expect(try check.verdict(third(kid, members).proof).reasons.contains { $0.contains(words) })
  }

  @Test("a stored version has no members that nobody knows; signers of old lists may keep theirs")
  func unknownMembers() throws {
    let json = first.registry.json
    let more = [JSONValue.Member("comment", "unseen")]
    func changed(_ name: String, _ body: (JSONValue) -> JSONValue) -> JSONValue {
      .object((json.members ?? []).map { $0.name == name ? JSONValue.Member(name, body($0.value)) : $0 })
    }
    func adding(_ value: JSONValue) -> JSONValue { .object((value.members ?? []) + more) }
    for odd in [adding(json), changed("change", adding), changed("multisig", adding)] {
      let error = #expect(throws: DocumentError.self) { try SignerRegistry(json: odd) }
      #expect(error?.reason.contains("does not name: \"comment\"") == true, "\(error?.reason ?? "")")
    }
    let listed = changed("signers") { .array(($0.array ?? []).map(adding)) }
    #expect(try SignerRegistry(json: listed).signers.count == first.registry.signers.count)
    #expect(throws: DocumentError.self) { try Proposal(parsing: listed.canonicalBytes + [0x0a]) }
  }

  @Test("what ends earlier, is revoked, or has not ended yet")
  func allowed() throws {
    for (kid, members) in [
      ("op5", ["retiredAt": "2026-01-15T00:00:00Z"]),
      ("op5", ["status": "revoked", "revokedAt": "2026-03-01T00:00:00Z"]),
      ("op1", ["notAfter": "2027-01-01T00:00:00Z"]), ("op1", ["source": "local:/op1.pem"]),
    ] as [(String, [String: JSONValue?])] {
      #expect(try third(kid, members).fault(after: second) == nil, "\(kid) \(members)")
    }
  }
}

extension ApprovalCheck.Verdict {
  fileprivate var reasons: [String] { problems + refused.map(\.description) }
}
