// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing
import TestSupport
import Testing

@Suite("The way from a pinned registry to the newest one")
struct RegistryWalkTests {
  private let operators: Operators
  private let first: RegistryVersion
  private let second: RegistryVersion
  private let third: RegistryVersion
  private static let day2 = Timestamp("2026-02-01T00:00:00Z")!
  private static let day3 = Timestamp("2026-03-01T00:00:00Z")!

  init() throws {
    operators = try Operators()
    first = try operators.signed(operators.founded())
    let promoted = try first.registry.promoting(
      [operators.entry("new")], threshold: nil, reason: "rotation", at: Self.day2)
    second = try operators.signed(promoted, by: ["op1", "op2", "op3"])
    let revoked = try promoted.revoking(
      ["op1"], compromisedSince: Timestamp("2026-02-10T00:00:00Z"), threshold: nil, reason: "stolen", now: Self.day3)
    third = try operators.signed(revoked, by: ["op2", "op3", "new"])
  }

  private func walk(
    from start: RegistryVersion? = nil, _ stored: [Int: [RegistryWalk.Stored]], pin: RegistryPin? = nil
  ) -> RegistryWalk { RegistryWalk(from: start ?? first, stored, pin: pin, now: Self.day3) }

  private var all: [Int: [RegistryWalk.Stored]] {
    [1: [.version(first)], 2: [.version(second)], 3: [.version(third)]]
  }

  /// The walk found just one thing, at that version, in these words, and trusts no later version.
  private func expect(
    _ walk: RegistryWalk, at version: Int, trusted: Int, _ words: String, _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(walk.newest.registry.version == trusted, sourceLocation: location)
    #expect(walk.findings.count == 1, "\(walk.findings)", sourceLocation: location)
    #expect(
      walk.findings.first?.version == version && walk.findings.first?.reason.contains(words) == true,
      "\(walk.findings)", sourceLocation: location)
  }

  @Test("three versions, each approved by the one before, from any of them")
  func sound() throws {
    for start in [first, second, third] {
      let walk = walk(from: start, all, pin: RegistryPin("3:\(third.digest.hex)"))
      #expect(walk.findings.isEmpty, "\(walk.findings)")
      #expect(walk.newest.digest == third.digest)
      #expect(walk.trusted.count == 4 - start.registry.version)
    }
    let read = try RegistryVersion(parsing: third.document.bytes)
    #expect(read.digest == third.digest && read.proof == third.proof)
    #expect(third.registry.policy.signers == ["op2", "op3", "op4", "op5", "new"])
    #expect(third.registry.signer("new")?.key.validity.lowerBound == Self.day2)
    #expect(third.registry.signer("op1")?.untrustedSince == Timestamp("2026-02-10T00:00:00Z"))
  }

  @Test("rolled back: fewer versions than are known")
  func rollback() throws {
    expect(walk(from: third, [1: [.version(first)], 2: [.version(second)]]), at: 3, trusted: 3, "rolled back")
    expect(walk(from: first, [1: [.version(first)]], pin: RegistryPin("2")), at: 2, trusted: 1, "rolled back")
    expect(walk(from: first, [:]), at: 1, trusted: 1, "rolled back")
    let pinned = walk(from: first, [1: [.version(first)]], pin: RegistryPin(third.digest.hex))
    expect(pinned, at: 1, trusted: 1, "no trusted version has the pinned digest")
  }

  @Test("a gap ends the trust")
  func gap() throws {
    expect(walk([1: [.version(first)], 3: [.version(third)]]), at: 2, trusted: 1, "a gap")
    expect(walk(from: first, [2: [.version(second)], 3: [.version(third)]]), at: 1, trusted: 3, "a gap")
  }

  @Test("forked: two approved versions of one number")
  func fork() throws {
    let other = try operators.signed(
      first.registry.retiring(["op5"], at: Self.day2, threshold: nil, reason: "leaves", now: Self.day2))
    let both = walk([1: [.version(first)], 2: [.version(second), .version(other)]])
    expect(both, at: 2, trusted: 2, "a fork")
    #expect(both.newest.digest == second.digest && both.findings[0].isFork && !both.findings[0].isJunk)
    let mine = walk(from: second, [1: [.version(first)], 2: [.version(other)]])
    expect(mine, at: 2, trusted: 2, "a fork")
  }

  @Test("re-signed by fewer, by strangers, by one key several times, with a lower threshold in the proof")
  func fewer() throws {
    let next = second.registry
    func expectRefused(_ proof: Proof, _ words: String, _ location: SourceLocation = #_sourceLocation) {
      let version = RegistryVersion(next, proof: proof)
      expect(walk([1: [.version(first)], 2: [.version(version)]]), at: 2, trusted: 1, words, location)
    }
    expectRefused(try operators.proof(["op1", "op2"], over: next.digest, threshold: 2), "2 of its predecessor's")
    expectRefused(
      try operators.proof(["op1", "op2", "new"], over: next.digest), "2 of its predecessor's signers signed it, 3")
    expectRefused(
      try operators.proof(["op1", "op2", "op3", "stranger"], over: next.digest), "\"stranger\" is unknown")
    expectRefused(try operators.proof(["op1", "op2", "archive"], over: next.digest), "\"archive\" does not count")
    expectRefused(
      try operators.proof(["op1", "op2", "op3"], over: next.digest, threshold: 2), "asks for 2 signatures where")
    let twice = Proof(
      digest: next.digest, threshold: 3,
      signatures: try ["op1", "op2"].map { try operators.signature($0, over: next.digest) } + [
        operators.signature("op1", over: next.digest, as: "op3")
      ])
    expectRefused(twice, "\"op3\" did not make this signature")
    let same = try operators.signature("op1", over: next.digest)
    expectRefused(
      Proof(digest: next.digest, threshold: 3, signatures: [same, same, same]), "1 of its predecessor's")
    expectRefused(try operators.proof(["op1", "op2", "op3"], over: first.digest), "the proof is over another digest")
  }

  @Test("a new roster must have agreed itself")
  func roster() throws {
    let entries = ["a", "b", "c"]
    let more = try Operators(entries + Array(operators.keys.keys))
    let founded = try more.signed(more.founded())
    var taken = try founded.registry.promoting(
      entries.map { try more.entry($0) }, threshold: 5, reason: "take over", at: Self.day2)
    let byOld = try more.signed(taken, by: ["op1", "op2", "op3", "op4"], threshold: 4)
    let walk = RegistryWalk(from: founded, [1: [.version(founded)], 2: [.version(byOld)]], now: Self.day3)
    expect(walk, at: 2, trusted: 1, "4 of its own signers signed it, 5 are needed")
    let byBoth = try more.signed(taken, by: ["op1", "op2", "op3", "a", "b"], threshold: 5)
    #expect(
      RegistryWalk(from: founded, [1: [.version(founded)], 2: [.version(byBoth)]], now: Self.day3).findings.isEmpty)
    taken = byBoth.registry
    #expect(taken.policy == MultisigPolicy(threshold: 5, signers: ["op1", "op2", "op3", "op4", "op5", "a", "b", "c"]))
  }

  @Test("history stays: no key vanishes, is swapped, comes back, or is cleared of a theft")
  func history() throws {
    func next(_ signers: [SignerEntry], after: RegistryVersion, _ by: [String]) throws -> RegistryVersion {
      let policy = MultisigPolicy(
        threshold: 3, signers: after.registry.policy.signers.filter { kid in signers.contains { $0.kid == kid } })
      return try operators.signed(
        SignerRegistry(
          stream: "memory-layer", version: after.registry.version + 1, previous: after.digest, createdAt: Self.day3,
          change: SignerRegistry.Change(event: "signer.promoted", signers: [], reason: ""), policy: policy,
          signers: signers), by: by)
    }
    func reason(_ version: RegistryVersion, after: RegistryVersion) -> String { version.fault(after: after) ?? "" }
    let without = try next(first.registry.signers.filter { $0.kid != "archive" }, after: first, ["op1", "op2", "op3"])
    #expect(reason(without, after: first).contains("\"archive\" is missing"))
    let swapped = try next(
      first.registry.signers.map {
        $0.kid == "archive" ? try operators.entry("archive", key: "new", ["status": "active"]) : $0
      },
      after: first, ["op1", "op2", "op3"])
    #expect(reason(swapped, after: first).contains("\"archive\" is another key"))
    for change: [String: JSONValue?] in [
      ["status": "active", "revokedAt": nil, "compromisedSince": nil], ["compromisedSince": "2026-02-20T00:00:00Z"],
    ] {
      let cleared = try next(
        third.registry.signers.map { $0.kid == "op1" ? try $0.changing(change) : $0 }, after: third,
        ["op2", "op3", "new"])
      #expect(reason(cleared, after: third).contains("\"op1\" was revoked, and stays so"), "\(change)")
    }
  }

  @Test("a revoked signer approves nothing any more; junk beside a sound version is named and hides nothing")
  func revoked() throws {
    let next = try third.registry.retiring(["op5"], at: Self.day3, threshold: nil, reason: "leaves", now: Self.day3)
    let fault = try operators.signed(next, by: ["op1", "op2", "op3"]).fault(after: third)
    #expect(fault?.contains("\"op1\" does not count: \"op1\" is revoked") == true, "\(fault ?? "")")
    var stored = all
    stored[2] = [.unreadable("not a JSON document"), .version(second)]
    expect(walk(stored), at: 2, trusted: 3, "not a JSON document")
    #expect(walk(stored).findings.map(\.isJunk) == [true])
    // Far behind the newest version anybody may write; what enough signers signed is no stranger's.
    let far = try operators.signed(third.registry, by: ["stranger"], threshold: 1)
    #expect(walk([1: [.version(first)], 9: [.unreadable("junk")]]).findings.map(\.isJunk) == [true])
    #expect(walk([1: [.version(first)], 3: [.version(far)]]).findings.map(\.isJunk) == [true])
    let ours = try operators.signed(third.registry, by: ["op2", "op3", "op4"])
    #expect(walk([1: [.version(first)], 3: [.version(ours)]]).findings.map(\.isJunk) == [false])
  }

  @Test("a signer who leaves may have approved that: who trusts that version by itself is told of no fault")
  func leaving() throws {
    let retired = try operators.signed(
      first.registry.retiring(["op5"], at: Self.day2, threshold: nil, reason: "leaves", now: Self.day2),
      by: ["op1", "op2", "op3", "op5"])
    let revoked = try operators.signed(
      first.registry.revoking(
        ["op5"], compromisedSince: Self.day2, threshold: nil, reason: "lost", now: Self.day2),
      by: ["op1", "op2", "op3", "op5"])
    for version in [retired, revoked] {
      let stored: [Int: [RegistryWalk.Stored]] = [1: [.version(first)], 2: [.version(version)]]
      #expect(walk(stored).findings == [] && walk(stored).newest.digest == version.digest)
      #expect(walk(from: version, stored).findings == [])
      var signatures = version.proof.signatures
      signatures[3] = try operators.signature("stranger", over: version.digest, as: "op5")
      let forged = RegistryVersion(
        version.registry, proof: Proof(digest: version.digest, threshold: 3, signatures: signatures))
      expect(walk(from: forged, stored), at: 2, trusted: 2, "did not make this signature")
    }
  }

  @Test("of a version at hand the archive's copy is signed as well: who pins its digest alone goes by that one")
  func copy() throws {
    var bent = first.proof.signatures
    bent[1] = try operators.signature("stranger", over: first.digest, as: "op2")
    let copy = RegistryVersion(first.registry, proof: Proof(digest: first.digest, threshold: 3, signatures: bent))
    expect(walk([1: [.version(copy)]]), at: 1, trusted: 1, "of the archive's copy: \"op2\" did not make")
    #expect(walk([1: [.version(copy), .version(first)]]).findings == [])
  }

  @Test("an operator's id in another spelling of Unicode is nobody's")
  func spellings() throws {
    let more = try Operators(["Kay", "op2", "archive"])
    let founded = try more.founded(threshold: 2, ["Kay", "op2"])
    let signatures = try ["Kay", "\u{212a}ay"].map { try more.signature("Kay", over: founded.digest, as: $0) }
    let second = try more.signature("op2", over: founded.digest)
    func fault(_ first: Proof.Signature) -> String? {
      RegistryVersion(founded, proof: Proof(digest: founded.digest, threshold: 2, signatures: [first, second]))
        .signatureFault(after: nil)
    }
    #expect(fault(signatures[0]) == nil)
    #expect(fault(signatures[1])?.contains("is unknown to the registry") == true)
  }

  @Test("an entry that goes by the id of one who has signed is not carried along", arguments: [1, 2])
  func listedTwice(number: Int) throws {
    let version = number == 1 ? first : second
    let again = try operators.signature("stranger", over: version.digest, as: "op1")
    let proof = Proof(digest: version.digest, threshold: 3, signatures: version.proof.signatures + [again])
    let fault = RegistryVersion(version.registry, proof: proof).signatureFault(
      after: number == 1 ? nil : first.registry)
    #expect(fault == "\"op1\" is listed twice")
  }

  @Test("registries that do not hold together are refused")
  func unsound() throws {
    let signers = first.registry.signers
    func error(_ policy: MultisigPolicy, _ signers: [SignerEntry]) -> String {
      do throws(DocumentError) {
        _ = try SignerRegistry(
          stream: "s", version: 1, previous: nil, createdAt: Operators.start,
          change: SignerRegistry.Change(event: "signer.promoted", signers: [], reason: ""), policy: policy,
          signers: signers)
        return ""
      } catch { return error.reason }
    }
    let roster = ["op1", "op2", "op3"]
    #expect(error(MultisigPolicy(threshold: 3, signers: roster), signers) == "")
    #expect(error(MultisigPolicy(threshold: 0, signers: roster), signers).contains("threshold"))
    #expect(error(MultisigPolicy(threshold: 4, signers: roster), signers).contains("only 3"))
    #expect(error(MultisigPolicy(threshold: 2, signers: ["op1", "op1"]), signers).contains("twice"))
    #expect(error(MultisigPolicy(threshold: 1, signers: ["nobody"]), signers).contains("no signer of the registry"))
    #expect(error(MultisigPolicy(threshold: 1, signers: ["archive"]), signers).contains("uses"))
    let twin = try operators.entry("twin", key: "op1", ["status": "active"])
    #expect(error(MultisigPolicy(threshold: 3, signers: roster), signers + [twin]).contains("are one key"))
    #expect(error(MultisigPolicy(threshold: 3, signers: roster), signers + [signers[0]]).contains("occurs twice"))
    let silent = try operators.entry("new", ["status": nil])
    #expect(error(MultisigPolicy(threshold: 3, signers: roster), signers + [silent]).contains("status of \"new\""))
  }

  @Test("pins", arguments: ["", "0", "-1", "x", "1:", ":", "1:2", "1:00:00"])
  func noPins(text: String) { #expect(RegistryPin(text) == nil) }
}
