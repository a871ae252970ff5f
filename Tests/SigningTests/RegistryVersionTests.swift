// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing
import TestSupport
import Testing

@Suite("What may follow a version of the registry")
struct RegistryVersionTests {
  private let operators: Operators
  private let first: RegistryVersion
  private static let later = Timestamp("2026-02-01T00:00:00Z")!

  init() throws {
    operators = try Operators()
    let founded = try operators.founded()
    let renewed = try SignerRegistry(
      stream: founded.stream, version: 1, previous: nil, createdAt: Self.later, change: founded.change,
      policy: founded.policy, signers: founded.signers)
    first = try operators.signed(renewed)
  }

  /// What is wrong with a version that enough signers have signed.
  private func fault(
    stream: String = "memory-layer", version: Int = 2, previous: Digest? = nil, at time: Timestamp = later
  ) throws -> String? {
    let registry = try SignerRegistry(
      stream: stream, version: version, previous: previous ?? first.digest, createdAt: time,
      change: SignerRegistry.Change(event: "signer.promoted", signers: [], reason: ""), policy: first.registry.policy,
      signers: first.registry.signers)
    return try operators.signed(registry).fault(after: first)
  }

  @Test("its stream, number, predecessor and time are looked at, whoever signed it")
  func place() throws {
    #expect(try fault() == nil)
    #expect(try fault(stream: "other") == "it is the registry of another stream")
    #expect(try fault(version: 3) == "it is not the version behind 1")
    #expect(try fault(previous: SHA256.hash([1])) == "previousRegistry is not the digest of version 1")
    #expect(try fault(at: Self.later.advanced(bySeconds: -1)) == "it is older than version 1")
    #expect(try fault(at: Self.later.advanced(bySeconds: 1)) == nil)
  }

  @Test("a proof may ask for all of its signatures, and for no more")
  func threshold() throws {
    let digest = first.digest
    func fault(_ kids: [String], _ threshold: Int) throws -> String? {
      RegistryVersion(first.registry, proof: try operators.proof(kids, over: digest, threshold: threshold))
        .signatureFault(after: nil)
    }
    #expect(try fault(["op1", "op2", "op3"], 3) == nil)
    #expect(try fault(["op1", "op2", "op3", "op4"], 4) == nil)
    #expect(try fault(["op1", "op2", "op3"], 4)?.contains("more signatures than it has") == true)
    #expect(try fault(["op1", "op2", "op3"], 2)?.contains("asks for 2 signatures where") == true)
    #expect(try fault(["op1", "op2"], 3)?.contains("2 of its own signers") == true)
  }
}
