// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Compliance
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

@Suite("Inclusion proofs")
struct InclusionTests {
  private func prove(_ wanted: WantedRow, in archive: SignedArchive, manifest: Int? = nil) throws -> FoundRows {
    var settings = ProofJob.Settings(wanted)
    settings.sequence = manifest
    return try ProofJob(settings, archive.archive, keys: archive.keys).run()
  }

  /// The independent checker's line for each file.
  private func python(_ files: [String], _ key: SignedArchive.Key = .ed25519) throws -> [String] {
    let root = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent().deletingLastPathComponent().path
    let output = try Command.run(
      "\(root)/.venv/bin/python",
      ["\(root)/Tests/Inclusion/check_proof.py", "vector-\(key)=\(Fixtures.path("chain/\(key).pub.pem"))"] + files)
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
    return output.text.split(separator: "\n").map(String.init)
  }

  @Test("each row of an archive that another program made: proved here and by an independent checker")
  func everyRow() throws {
    let archive = try SignedArchive()
    let directory = try TemporaryDirectory("proofs")
    let check = ProofCheck(archive.keys)
    var files: [String] = []
    for (manifest, rows) in [(0, 136), (1, 64)] {
      for row in 0..<rows {
        let found = try prove(.index(row), in: archive, manifest: manifest)
        let proof = try #require(found.proof)
        #expect(found.total == 1 && found.frames == 1 && found.findings.isEmpty)
        #expect(try InclusionProof(parsing: proof.bytes) == proof)
        let report = try check.check(proof)
        #expect(report.verdict == .proved, "row \(row) of manifest \(manifest): \(report.text)")
        #expect(report.signers == ["vector-ed25519"] && report.row?.signature == "valid")
        #expect(report.row?.id == found.matches[0].id && report.row?.hash == found.matches[0].hash)
        files.append(directory("\(manifest)-\(row).json"))
        try Data(proof.bytes).write(to: URL(fileURLWithPath: files.last!))
      }
    }
    #expect(try python(files) == files.map { "proved \($0)" })
  }

  @Test("by id and by hash, in both stores; an unknown one after all was looked into", arguments: StoreKind.usable)
  func searches(kind: StoreKind) throws {
    let archive = try SignedArchive(.rsa, kind)
    let some = try prove(.index(33), in: archive, manifest: 1)
    let match = try #require(some.matches.first)
    let byID = try prove(.id(match.id.uppercased()), in: archive)
    #expect(byID.total == 1 && byID.proof == some.proof && byID.manifests == 2 && byID.frames == 7)
    let hash = try #require(Digest(hex: match.hash))
    #expect(try prove(.hash(hash), in: archive).proof == some.proof)
    let none = try prove(.id("00000000-0000-4000-8000-000000000000"), in: archive)
    #expect(none.total == 0 && none.proof == nil && none.frames == 7 && none.findings.isEmpty)
    // A day without rows holds none, whatever it is asked for.
    #expect(try prove(.index(0), in: archive, manifest: 2).total == 0)
    #expect(try prove(.index(64), in: archive, manifest: 1).total == 0)
    #expect(#expect(throws: Failure.self) { try prove(.index(0), in: archive, manifest: 4) }?.status == .nothingToCheck)
    let file = archive.place.directory("proof.json")
    try Data(#require(some.proof).bytes).write(to: URL(fileURLWithPath: file))
    #expect(try python([file], .rsa) == ["proved \(file)"])
  }

  @Test("times of frames, which nobody signs, lead to a row, and do not hide one")
  func frameTimes() throws {
    let archive = try SignedArchive()
    let match = try #require(try prove(.index(40), in: archive, manifest: 1).matches.first)
    let proof = try #require(try prove(.id(match.id), in: archive).proof)
    let row = try #require(try ProofCheck(archive.keys).check(proof).row)
    let time = try #require(Timestamp(row.createdAt))
    var settings = ProofJob.Settings(.id(match.id))
    settings.times = time..<time.advanced(bySeconds: 1)
    let job = ProofJob(settings, archive.archive, keys: archive.keys)
    let found = try job.run()
    #expect(found.total == 1 && found.frames == 1)
    // The same bundle with other times in its carried manifest, as somebody with the folder's rights can make it.
    let bundle = try #require(try archive.archive.manifest(1).manifest.bundle)
    var bytes = try Fixtures.bytes("golden-archive/memory-layer/\(bundle.key)")
    let text = Array("At\":\"2026-".utf8)
    var bent = 0
    for start in 0..<bytes.count - text.count where bytes[start..<start + text.count].elementsEqual(text) {
      bytes[start + 7] = 0x33
      bent += 1
    }
    #expect(bent == 4)
    try archive.place.overwrite("memory-layer/\(bundle.key)", bytes)
    let again = try job.run()
    #expect(again.total == 1 && again.proof == found.proof && again.frames == 2)
  }

  @Test("every member changed, removed, doubled, moved or added is found, here and by the independent checker")
  func mutations() throws {
    let archive = try SignedArchive()
    let directory = try TemporaryDirectory("bent")
    let check = ProofCheck(archive.keys)
    let proof = try #require(try prove(.index(70), in: archive, manifest: 0).proof)
    let whole = try JSONValue(parsing: proof.bytes)
    let mutations = whole.mutations
    #expect(mutations.count > 500)
    for (number, mutation) in mutations.enumerated() {
      let bytes = mutation.value.prettyBytes
      #expect(bytes != proof.bytes, "\(mutation.name)")
      if let read = try? InclusionProof(parsing: bytes) {
        #expect(try check.check(read).verdict == .notProved, "\(mutation.name)")
      }
      guard mutation.kind != .moved else { continue }
      try Data(bytes).write(to: URL(fileURLWithPath: directory("\(number).json")))
    }
    let files = mutations.indices.filter { mutations[$0].kind != .moved }
    let lines = try python(files.map { directory("\($0).json") })
    #expect(lines.count == files.count)
    for (line, number) in zip(lines, files) {
      #expect(line.hasPrefix("refused "), "\(mutations[number].name): \(line)")
    }
  }

  @Test("another layout, other escapes, trailing bytes and other documents are refused")
  func layout() throws {
    let archive = try SignedArchive()
    let proof = try #require(try prove(.index(0), in: archive, manifest: 0).proof)
    let text = String(decoding: proof.bytes, as: UTF8.self)
    let manifest = try Fixtures.bytes("golden-archive/memory-layer/manifests/0000000000.json")
    for bent in [
      text + " ", text + "\n", text + "{}", String(text.dropLast()), text.replacing("\n", with: "\r\n"),
      try JSONValue(parsing: proof.bytes).compactText, text.replacing("\"path\"", with: "\"p\\u0061th\""), "", "{}",
      "[]",
      "null", String(decoding: manifest, as: UTF8.self),
      text.replacing("audit-inclusion/v1", with: "audit-inclusion/v2"),
      "\u{feff}" + text, String(repeating: "[", count: 100_000),
    ] {
      #expect(throws: DocumentError.self, "\(bent.prefix(40))") { try InclusionProof(parsing: Array(bent.utf8)) }
    }
    for offset in stride(from: 0, to: proof.bytes.count, by: 13) {
      var bytes = proof.bytes
      bytes[offset] ^= 1
      guard let read = try? InclusionProof(parsing: bytes) else { continue }
      #expect(try ProofCheck(archive.keys).check(read).verdict == .notProved, "byte \(offset)")
    }
  }

  @Test("by whom and when: keys that are unknown, for other uses, not valid then, revoked or candidates prove nothing")
  func registry() throws {
    let archive = try SignedArchive()
    let proof = try #require(try prove(.index(5), in: archive, manifest: 1).proof)
    let key = try #require(archive.keys.key("vector-ed25519"))
    let made = proof.manifest.createdAt
    func verdict(_ change: (VerificationKey) -> VerificationKey?) throws -> ProofReport {
      let others = archive.keys.keys.filter { $0.kid != key.kid }
      return try ProofCheck(KeyRing(others + [change(key)].compactMap(\.self))).check(proof)
    }
    func with(
      kid: String? = nil, validity: ClosedRange<Timestamp> = .distantPast ... .distantFuture,
      uses: Set<KeyUse> = [.manifests], standing: KeyStanding = .active
    ) -> VerificationKey {
      VerificationKey(
        kid: kid ?? key.kid, algorithm: key.algorithm, material: key.material, validity: validity, uses: uses,
        standing: standing)
    }
    let before = made.advanced(bySeconds: -1)
    #expect(try verdict { _ in with() }.verdict == .proved)
    #expect(try verdict { _ in with(standing: .revoked(since: made.advanced(bySeconds: 1))) }.verdict == .proved)
    for (bent, words) in [
      (nil, "signature-unverifiable"), (with(kid: "other"), "signature-unverifiable"),
      (with(uses: [.events]), "may not sign manifests"), (with(validity: .distantPast...before), "was not valid"),
      (with(standing: .candidate), "candidate"), (with(standing: .revoked(since: made)), "untrusted"),
    ] {
      let report = try verdict { _ in bent }
      #expect(report.verdict == .notProved && report.problems.contains { $0.contains(words) }, "\(report.text)")
      #expect(report.json["id"] == .null && report.json["verdict"] == "not proved")
    }
    let strange = try PrivateKey.generateEd25519().publicKey
    let other = VerificationKey(kid: key.kid, algorithm: .ed25519, material: .published(strange))
    #expect(try verdict { _ in other }.problems.contains { $0.contains("does not verify") })
  }

  @Test("a manifest that contradicts its row is no proof of it, whoever signed it")
  func contradictions() throws {
    for (row, change) in [
      (0, { (manifest: inout Manifest) in manifest.chain.previousHash = SHA256.hash([9]) }),
      (63, { (manifest: inout Manifest) in manifest.chain.headHash = SHA256.hash([9]) }),
    ] {
      let sound = try #require(try prove(.index(row), in: SignedArchive(), manifest: 1).proof)
      var manifest = sound.manifest
      change(&manifest)
      let signed = try SignedArchive.signer(.ed25519).sign(.manifest, manifest.json)
      let proof = try InclusionProof(
        index: row, line: sound.line, path: sound.path, frameRoots: sound.frameRoots, document: signed)
      let keys = try SignedArchive().keys
      #expect(try ProofCheck(keys).check(proof).verdict == .notProved, "row \(row)")
      // Where the manifest itself names anomalies, or an accepted rewind, its ends may be others.
      manifest.chain.acceptedRewind = SHA256.hash([9])
      let rewound = try SignedArchive.signer(.ed25519).sign(.manifest, manifest.json)
      let accepted = try InclusionProof(
        index: row, line: sound.line, path: sound.path, frameRoots: sound.frameRoots, document: rewound)
      #expect(try ProofCheck(keys).check(accepted).verdict == .proved, "row \(row)")
    }
  }

  @Test("a row that is an anomaly by its manifest is proved as one")
  func anomalies() throws {
    let archive = try SignedArchive { manifest in
      guard manifest.sequence == 1 else { return }
      var log = AnomalyLog()
      log.append(Anomaly(.fork, row: 7, id: "x", detail: "two rows follow one"))
      manifest.chain.anomalies = log
    }
    let check = ProofCheck(archive.keys)
    let fork = try check.check(#require(try prove(.index(7), in: archive, manifest: 1).proof))
    #expect(fork.verdict == .anomalous && fork.anomalies.map(\.kind) == [.fork])
    let other = try check.check(#require(try prove(.index(8), in: archive, manifest: 1).proof))
    #expect(other.verdict == .proved && other.anomalies.isEmpty)
    // The key of the rows is at hand for manifests alone: nobody can verify them then.
    let manifestKeys = archive.keys.keys.filter { $0.kid == "vector-ed25519" }.map {
      VerificationKey(kid: $0.kid, algorithm: $0.algorithm, material: $0.material, uses: [.manifests])
    }
    let strict = ProofCheck(KeyRing(manifestKeys), requiresSignatures: true)
    let proof = try #require(try prove(.index(8), in: archive, manifest: 1).proof)
    #expect(try strict.check(proof).anomalies.map(\.kind) == [.signatureUnverifiable])
    #expect(try ProofCheck(KeyRing(manifestKeys)).check(proof).verdict == .proved)
  }
}
