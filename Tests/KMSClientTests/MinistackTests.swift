// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import KMSClient
import TestSupport
import Testing

/// A server that checks signatures of requests and users' policies by its own means.
@Suite("KMS calls against ministack", .enabled(if: Ministack.isUsable, "scripts/dependencies test installs ministack"))
struct MinistackTests {
  private let digest = SHA256.hash(Array("event".utf8))

  @Test(
    "what KMS signs verifies offline, and through KMS",
    arguments: [("RSA_2048", KMSAlgorithm.rsaSHA256), ("RSA_3072", .rsaSHA256), ("ECC_NIST_EDWARDS25519", .ed25519)])
  func signatures(spec: String, algorithm: KMSAlgorithm) throws {
    let server = try Ministack.shared()
    let client = try KMSClient(server.environment())
    let key = try client.describe(try server.createKey(spec: spec))
    #expect(key.spec == spec && key.state == "Enabled")
    #expect(try key.algorithm(on: "key") == algorithm)
    try key.requireUsable(on: "key")
    let publicKey = try client.publicKey(of: key)
    let signature = try client.sign(digest, with: key, algorithm)
    #expect(publicKey.isValid(signature, over: digest))
    #expect(try client.isValid(signature, over: digest, with: key, algorithm))
    #expect(try !client.isValid(signature, over: SHA256.hash([]), with: key, algorithm))
    var bent = signature
    bent[bent.count / 2] ^= 1
    #expect(!publicKey.isValid(bent, over: digest))
    #expect(try !client.isValid(bent, over: digest, with: key, algorithm))
  }

  @Test("MACs")
  func macs() throws {
    let server = try Ministack.shared()
    let client = try KMSClient(server.environment())
    let key = try client.describe(try server.createKey(spec: "HMAC_256", usage: "GENERATE_VERIFY_MAC"))
    #expect(try key.algorithm(on: "key") == .hmacSHA256)
    let mac = try client.sign(digest, with: key, .hmacSHA256)
    #expect(mac.count == 32)
    #expect(try client.isValid(mac, over: digest, with: key, .hmacSHA256))
    #expect(try !client.isValid(mac, over: SHA256.hash([]), with: key, .hmacSHA256))
    let other = try client.describe(try server.createKey(spec: "HMAC_256", usage: "GENERATE_VERIFY_MAC"))
    #expect(try !client.isValid(mac, over: digest, with: other, .hmacSHA256))
    #expect(try failure { _ = try client.publicKey(of: key) }?.status == .configuration)
  }

  @Test("a key by its id, its ARN, its alias and the alias's ARN")
  func names() throws {
    let server = try Ministack.shared()
    let client = try KMSClient(server.environment())
    let arn = try server.createKey(spec: "HMAC_256", usage: "GENERATE_VERIFY_MAC")
    let id = try #require(arn.split(separator: "/").last)
    let alias = "alias/audit-\(UInt64.random(in: 0 ... .max))"
    try server.call("CreateAlias", .object(["AliasName": .string(alias), "TargetKeyId": .string(String(id))]))
    let aliasARN = arn.replacing("key/\(id)", with: alias)
    for name in [arn, String(id), alias, aliasARN] { #expect(try client.describe(name).arn == arn) }
    let missing = try failure { _ = try client.describe("alias/nowhere") }
    #expect(missing?.status == .configuration && missing?.problem.contains("no such key") == true)
    #expect(missing?.object == "alias/nowhere")
  }

  @Test("keys that are disabled or to be deleted say so, and do not sign")
  func states() throws {
    let server = try Ministack.shared()
    let client = try KMSClient(server.environment())
    let arn = try server.createKey(spec: "RSA_2048")
    try server.call("DisableKey", .object(["KeyId": .string(arn)]))
    let disabled = try client.describe(arn)
    #expect(try failure { try disabled.requireUsable(on: arn) }?.problem == "the key is disabled")
    let signing = try failure { _ = try client.sign(digest, with: disabled, .rsaSHA256) }
    #expect(signing?.status == .configuration && signing?.problem.hasPrefix("the key is disabled") == true)

    try server.call("EnableKey", .object(["KeyId": .string(arn)]))
    try server.call("ScheduleKeyDeletion", .object(["KeyId": .string(arn), "PendingWindowInDays": 7]))
    let leaving = try client.describe(arn)
    let reason = try failure { try leaving.requireUsable(on: arn) }
    #expect(reason?.problem.wholeMatch(of: /the key is to be deleted on \d{4}-\d\d-\d\d/) != nil)
    let refused = try failure { _ = try client.sign(digest, with: leaving, .rsaSHA256) }
    #expect(refused?.status == .configuration && refused?.problem.contains("pending deletion") == true)

    let empty = try client.describe(try server.createKey(spec: "RSA_2048", origin: "EXTERNAL"))
    #expect(try failure { try empty.requireUsable(on: "key") }?.problem.contains("waits for an import") == true)
  }

  @Test("keys for another use, or of a kind that signs nothing here")
  func kinds() throws {
    let server = try Ministack.shared()
    let client = try KMSClient(server.environment())
    for (spec, usage, words) in [
      ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "a key of spec SYMMETRIC_DEFAULT signs nothing here"),
      ("RSA_2048", "ENCRYPT_DECRYPT", "the key is for ENCRYPT_DECRYPT"),
      ("ECC_NIST_P256", "SIGN_VERIFY", "a key of spec ECC_NIST_P256 signs nothing here"),
      ("HMAC_512", "GENERATE_VERIFY_MAC", "a key of spec HMAC_512 signs nothing here"),
    ] {
      let key = try client.describe(try server.createKey(spec: spec, usage: usage))
      let reason = try failure { _ = try key.algorithm(on: "key") }
      #expect(reason?.status == .configuration && reason?.problem.hasPrefix(words) == true)
    }
    let key = try client.describe(try server.createKey(spec: "RSA_2048", usage: "ENCRYPT_DECRYPT"))
    #expect(try failure { _ = try client.sign(digest, with: key, .rsaSHA256) }?.status == .configuration)
  }

  @Test("a permission that is missing is named; credentials that are wrong are refused")
  func permissions() throws {
    let server = try Ministack.shared()
    let arn = try server.createKey(spec: "RSA_2048")
    let narrow = try server.environment(
      allowing: #"{"Effect":"Allow","Action":["kms:DescribeKey","kms:GetPublicKey"],"Resource":"\#(arn)"}"#)
    let client = try KMSClient(narrow)
    let key = try client.describe(arn)
    _ = try client.publicKey(of: key)
    let denied = try failure { _ = try client.sign(digest, with: key, .rsaSHA256) }
    #expect(denied?.status == .permission)
    #expect(denied?.remedy?.contains("kms:Sign") == true)
    let wrong = try server.environment().merging(["AWS_SECRET_ACCESS_KEY": "WRONGSECRET"]) { $1 }
    let refused = try failure { _ = try KMSClient(wrong).describe(arn) }
    #expect(refused?.status == .permission && refused?.description.contains("WRONGSECRET") == false)
  }
}
