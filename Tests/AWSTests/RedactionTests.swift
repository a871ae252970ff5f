// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
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

  @Test("what holds keys by way of something else")
  func holders() throws {
    let keys = "[default]\naws_secret_access_key = FILESECRET\naws_access_key_id = IDSECRET\ns3 =\n  x = NESTEDSECRET\n"
    let file = try ProfileFile(parsing: Array(keys.utf8), path: "f")
    let variables = AWSVariables(["AWS_ACCESS_KEY_ID": "VARSECRET", "AWS_SECRET_ACCESS_KEY": "VARSECRET"])
    let profile = try AWSProfile(variables, SharedConfig(credentials: file))
    let session = AWSSession(
      profile, exchange: ScriptedExchange(.status(500)), metadata: ScriptedExchange(.status(500)),
      retrier: .immediate(), clock: ServiceClock())
    _ = try session.credentials.current()
    let signer = RequestSigner(service: "s3", region: "r", rules: .s3)
    _ = signer.sign(
      HTTPRequest(method: "GET", url: "https://h/"), payload: SHA256.hash([]), with: Self.credentials, at: .now())
    let attempt = AWSAttempt(
      number: 1, operation: AWSOperation("a", permission: "b", isRepeatable: true), signer: signer,
      credentials: Self.credentials, time: .now())
    for holder: Any in [file, profile, session, signer, attempt, CredentialLookup.found(Self.credentials)] {
      #expect(!printed(holder).contains("SECRET"), "\(type(of: holder))")
    }
    #expect(printed(file).contains("aws_secret_access_key"))
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
