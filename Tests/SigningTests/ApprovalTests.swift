// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing
import TestSupport
import Testing

@Suite("Approvals of a multisig")
struct ApprovalTests {
  private let operators: Operators
  private let registry: SignerRegistry
  private static let time = Timestamp("2026-02-01T00:00:00Z")!

  init() throws {
    operators = try Operators()
    registry = try operators.founded()
  }

  private func payload(
    stream: String = "memory-layer", kind: MultisigPayload.Kind = .upgrade, at time: Timestamp = ApprovalTests.time
  ) -> Proposal {
    .payload(
      MultisigPayload(
        stream: stream, id: "2026-02-upgrade", kind: kind, target: "memory-layer 2.1", rationale: "why",
        impact: "none", preconditions: ["backup taken"], patch: SHA256.hash([1]), createdAt: time, proposer: "alice"))
  }

  private func check(_ proposal: Proposal, _ registry: SignerRegistry? = nil, now: Timestamp = ApprovalTests.time)
    -> ApprovalCheck
  { ApprovalCheck(proposal, registry ?? self.registry, now: now) }

  /// The proof is not accepted, and the reason is given in these words.
  private func expectRefused(
    _ proof: Proof, _ words: String, _ check: ApprovalCheck? = nil, _ location: SourceLocation = #_sourceLocation
  ) {
    let verdict = (check ?? self.check(payload())).verdict(proof)
    let reasons = verdict.problems + verdict.refused.map(\.description)
    #expect(!verdict.isReached, sourceLocation: location)
    #expect(reasons.contains { $0.contains(words) }, "\(reasons)", sourceLocation: location)
  }

  @Test("three of five, any three, and all five")
  func sound() throws {
    let digest = payload().digest
    for kids in [["op1", "op2", "op3"], ["op5", "op3", "op1"], ["op1", "op2", "op3", "op4", "op5"]] {
      let verdict = check(payload()).verdict(try operators.proof(kids, over: digest))
      #expect(verdict.isReached && verdict.approved == kids, "\(verdict)")
    }
  }

  @Test("one key under two ids counts once, whichever way it is presented")
  func twins() throws {
    let digest = payload().digest
    let twice = try ["op1", "op2"].map { try operators.signature($0, over: digest) }
    let again = Proof(digest: digest, threshold: 3, signatures: twice + [twice[0]])
    expectRefused(again, "\"op1\" is listed twice")
    let renamed = Proof(
      digest: digest, threshold: 3, signatures: twice + [try operators.signature("op1", over: digest, as: "op3")])
    expectRefused(renamed, "\"op3\" did not make this signature")
    let torn = Proof.Signature(signerID: "op3", kid: "op1", algorithm: "ed25519", signature: twice[0].signature)
    expectRefused(Proof(digest: digest, threshold: 3, signatures: twice + [torn]), "\"op1\" is listed twice")
    expectRefused(Proof(digest: digest, threshold: 3, signatures: [torn] + twice), "goes by another id")
    // Even a plain list that holds one key under two ids is no registry.
    let one = try operators.entry("op1").json.compactText
    let two = try operators.entry("twin", key: "op1").json.compactText
    #expect(throws: Failure.self) { try KeyRegistry(parsing: Array("{\"signers\":[\(one),\(two)]}".utf8), name: "x") }
  }

  @Test("the threshold is the registry's: lowering it inside the proof helps nobody")
  func threshold() throws {
    let digest = payload().digest
    expectRefused(try operators.proof(["op1"], over: digest, threshold: 1), "1 distinct signers approved, 3 are needed")
    expectRefused(try operators.proof(["op1", "op2", "op3"], over: digest, threshold: 1), "asks for 1 signatures")
    expectRefused(try operators.proof(["op1", "op2"], over: digest, threshold: 2), "2 distinct signers approved")
  }

  @Test("a proof for another digest, another type, another stream")
  func others() throws {
    let rollback = try operators.proof(["op1", "op2", "op3"], over: payload(kind: .rollback).digest)
    expectRefused(rollback, "the proof is over")
    let elsewhere = payload(stream: "other")
    let proof = try operators.proof(["op1", "op2", "op3"], over: elsewhere.digest)
    expectRefused(proof, "the proof is over")
    expectRefused(proof, "for the stream \"other\"", check(elsewhere))
    // What was signed for a registry is worth nothing as a payload, whatever the digest says.
    let version = try registry.retiring(
      ["op5"], at: Self.time, threshold: nil, reason: "leaves", now: Self.time)
    expectRefused(try operators.proof(["op1", "op2", "op3"], over: version.digest), "the proof is over")
    #expect(throws: DocumentError.self) { try MultisigPayload(json: version.json) }
    let relabelled = Proof(
      digest: payload().digest, threshold: 3,
      signatures: try ["op1", "op2", "op3"].map { try operators.signature($0, over: version.digest) })
    expectRefused(relabelled, "did not make this signature")
  }

  @Test("an old approval that is replayed, and a proposal from the future")
  func stale() throws {
    let digest = payload().digest
    let proof = try operators.proof(["op1", "op2", "op3"], over: digest)
    let last = Self.time.advanced(bySeconds: 14 * 86_400)
    #expect(check(payload(), now: last).verdict(proof).isReached)
    expectRefused(proof, "stale", check(payload(), now: last.advanced(bySeconds: 1)))
    expectRefused(proof, "from the future", check(payload(), now: Self.time.advanced(bySeconds: -301)))
  }

  @Test("unknown, unlisted, candidate, retired and revoked keys, and one for another use, are each named")
  func standing() throws {
    let digest = payload().digest
    let newer = Self.time.advanced(bySeconds: 60)
    expectRefused(try operators.proof(["op1", "op2", "stranger"], over: digest), "\"stranger\" is unknown")
    expectRefused(try operators.proof(["op1", "op2", "op3", "stranger"], over: digest), "\"stranger\" is unknown")
    expectRefused(try operators.proof(["op1", "op2", "archive"], over: digest), "\"archive\" may not sign multisig")
    let small = try operators.founded(threshold: 2, ["op1", "op2", "op3"])
    let withCandidate = try SignerRegistry(
      stream: small.stream, version: 1, previous: nil, createdAt: Operators.start, change: small.change,
      policy: small.policy,
      signers: small.signers + [operators.entry("new"), operators.entry("op4", ["status": "active"])])
    let proof = { (kid: String) in try operators.proof(["op1", "op2", kid], over: digest, threshold: 2) }
    expectRefused(try proof("new"), "\"new\" is a candidate", check(payload(), withCandidate))
    expectRefused(try proof("op4"), "\"op4\" is no signer of the multisig", check(payload(), withCandidate))
    let retired = try registry.retiring(["op3"], at: Self.time, threshold: nil, reason: "", now: Self.time)
    expectRefused(
      try operators.proof(["op1", "op2", "op3"], over: digest), "\"op3\" was not valid",
      check(payload(), retired, now: newer))
    // Revoked since the approval was given: it is not used any more.
    let revoked = try registry.revoking(["op3"], compromisedSince: nil, threshold: nil, reason: "", now: newer)
    expectRefused(
      try operators.proof(["op1", "op2", "op3"], over: digest), "\"op3\" is revoked",
      check(payload(), revoked, now: newer))
  }

  @Test("approval files: round trip, and what makes one useless")
  func files() throws {
    let signer = LocalSigner(privateKey: operators.keys["op1"]!, kid: "op1")
    let approval = try Approval(payload(), by: signer, at: Self.time)
    #expect(try Approval(parsing: approval.bytes) == approval)
    #expect(check(payload()).fault(of: approval) == nil)
    #expect(check(payload(kind: .rollback)).fault(of: approval)?.contains("another document") == true)
    #expect(check(payload(stream: "other")).fault(of: approval)?.contains("another stream") == true)
    let version = try registry.retiring(["op5"], at: Self.time, threshold: nil, reason: "", now: Self.time)
    #expect(check(.registry(version)).fault(of: approval)?.contains("another type") == true)
    let late = check(payload(), now: Self.time.advanced(bySeconds: 15 * 86_400))
    #expect(late.fault(of: approval)?.contains("stale") == true)
    let stranger = LocalSigner(privateKey: operators.keys["stranger"]!, kid: "op2")
    let forged = try Approval(payload(), by: stranger, at: Self.time)
    #expect(check(payload()).fault(of: forged)?.contains("\"op2\" did not make this signature") == true)
  }

  @Test("proposals are read as they are written, and no other way")
  func proposals() throws {
    for proposal in [payload(), .registry(registry)] {
      #expect(try Proposal(parsing: proposal.bytes).digest == proposal.digest)
      #expect(SHA256.hash(Array(proposal.bytes.dropLast())) == proposal.digest)
      #expect(throws: DocumentError.self) { try Proposal(parsing: proposal.json.prettyBytes) }
      #expect(throws: DocumentError.self) { try Proposal(parsing: Array(proposal.bytes.dropLast())) }
    }
    let more = JSONValue.object((payload().json.members ?? []) + [JSONValue.Member("unseen", "clause")])
    #expect(throws: DocumentError.self) { try Proposal(parsing: more.canonicalBytes + [0x0a]) }
    for text in ["", "[]", "{}", #"{"format":"audit-archive/v1"}"#] {
      #expect(throws: DocumentError.self) { try Proposal(parsing: Array((text + "\n").utf8)) }
    }
  }

  @Test("a registry's next version is approved by old and new signers, and only on top of the newest one")
  func versions() throws {
    let next = try registry.promoting([operators.entry("new")], threshold: nil, reason: "rotation", at: Self.time)
    let check = check(.registry(next))
    #expect(check.verdict(try operators.proof(["op1", "op2", "op3"], over: next.digest)).isReached)
    expectRefused(try operators.proof(["op1", "op2", "new"], over: next.digest), "2 distinct signers approved", check)
    let later = try next.retiring(["op5"], at: Self.time, threshold: nil, reason: "", now: Self.time)
    expectRefused(
      try operators.proof(["op1", "op2", "op3"], over: next.digest), "does not follow version 2, which is the newest",
      ApprovalCheck(.registry(next), next, now: Self.time))
    #expect(ApprovalCheck(.registry(later), registry, now: Self.time).verdict([]).problems.count == 2)
    let founding = ApprovalCheck(.registry(registry), nil, now: Operators.start)
    #expect(founding.verdict(try operators.proof(["op1", "op2", "op3"], over: registry.digest)).isReached)
    #expect(founding.verdict([]).problems.count == 1)
  }
}
