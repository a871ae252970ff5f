// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Testing

@testable import AWS

/// Everything that printing could make of a value.
func printed(_ value: Any) -> String {
  var dumped = ""
  dump(value, to: &dumped)
  return "\(value) \(String(reflecting: value)) \(dumped)"
}

@Suite("Nothing secret is printed")
struct RedactionTests {
  static let credentials = Credentials(
    accessKeyID: "AKIDSECRET", secretAccessKey: "KEYSECRET", sessionToken: "TOKENSECRET", source: "a test")

  static let values: [(name: String, value: any Sendable)] = [
    ("a secret", Secret("THESECRET")), ("credentials", credentials),
    ("optional credentials", Optional(credentials) as any Sendable), ("a list", [credentials]),
    ("a signing scope", SigningKeyCache.Scope(secret: Secret("THESECRET"), day: "d", region: "r", service: "s")),
  ]

  @Test("descriptions, mirrors and dumps", arguments: values)
  func hides(row: (name: String, value: any Sendable)) {
    #expect(!printed(row.value).contains("SECRET"))
  }

  @Test("credentials say where they are from")
  func source() {
    #expect("\(Self.credentials)" == "credentials from a test")
    #expect(printed(Self.credentials).contains("a test"))
  }

  @Test("the probe itself would find a leak")
  func probe() {
    struct Leaky { let text: String }
    #expect(printed(Leaky(text: "SECRET")).contains("SECRET"))
  }
}
