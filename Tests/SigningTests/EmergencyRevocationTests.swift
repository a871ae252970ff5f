// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Signing
import TestSupport
import Testing

@Suite("Emergency revocations")
struct EmergencyRevocationTests {
  @Test("an emergency revocation whose time is a whole second counts; one with a member that nobody knows does not")
  func wholeSecond() throws {
    let (day2, day3) = (Timestamp("2026-02-01T00:00:00Z")!, Timestamp("2026-03-01T00:00:00Z")!)
    let operators = try Operators()
    let first = try operators.signed(operators.founded())
    let made = EmergencyRevocation(
      stream: "memory-layer", registry: first.digest, createdAt: day2, kid: "archive",
      compromisedSince: day2, reason: "lost")
    func content(_ since: JSONValue, _ more: [JSONValue.Member] = []) -> JSONValue {
      .object(
        (made.json.members ?? []).map { $0.name == "compromisedSince" ? JSONValue.Member($0.name, since) : $0 } + more)
    }
    let plain = content("2026-02-01T00:00:00Z")
    #expect(plain != made.json)
    let read = try EmergencyRevocation(json: plain)
    let proof = try operators.proof(["op2"], over: SignedDocument.digest(of: plain), threshold: 1)
    #expect(read.digest == proof.digest && read.compromisedSince == day2)
    #expect(read.fault(proof, beside: first.registry, now: day3) == nil)
    #expect(try EmergencyRevocation(json: made.json) == made)
    #expect(throws: DocumentError.self) {
      try EmergencyRevocation(
        json: content("2026-02-01T00:00:00Z", [JSONValue.Member("until", "2026-03-01T00:00:00Z")]))
    }
  }
}
