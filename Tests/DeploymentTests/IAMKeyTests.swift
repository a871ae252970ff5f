// SPDX-License-Identifier: Apache-2.0
import AuditCore
import TestSupport
import Testing

/// Who may use which key, by its own policy and by those of roles.
@Suite("Policies of docs/iam: keys")
struct IAMKeyTests {
  private static let digest = ["kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256", "kms:MessageType": "DIGEST"]

  private func allowed(
    _ key: String, _ role: String, _ action: String, _ context: [String: String] = digest, own: [Policy] = []
  ) throws -> Bool {
    try PolicyRequest(principal: Policy.role(role), action: action, resource: Policy.key, context: context)
      .isAllowed(own: own, keyPolicy: Policy("\(key).json"))
  }

  @Test("manifests: jobs sign digests, readers verify, and no policy of the account makes anybody else sign")
  func manifests() throws {
    for role in ["archiver", "drill", "verifier"] {
      #expect(try allowed("kms-manifest-key", "memoryctl-\(role)", "kms:Sign"), "\(role)")
    }
    let message = ["kms:SigningAlgorithm": "RSASSA_PSS_SHA_256", "kms:MessageType": "DIGEST"]
    #expect(try !allowed("kms-manifest-key", "memoryctl-archiver", "kms:Sign", message))
    for role in ["memoryctl-reader", "memoryctl-break-glass", "memory-layer", "admin"] {
      #expect(try !allowed("kms-manifest-key", role, "kms:Sign", own: [.allowing("kms:*")]), "\(role)")
    }
    for action in ["kms:DescribeKey", "kms:GetPublicKey", "kms:Verify"] {
      #expect(try allowed("kms-manifest-key", "memoryctl-reader", action), "\(action)")
    }
    #expect(try allowed("kms-manifest-key", "admin", "kms:DisableKey", own: [.allowing("kms:*")]))
    #expect(try !allowed("kms-manifest-key", "admin", "kms:DisableKey"))
  }

  @Test("events: the service signs, jobs verify")
  func events() throws {
    for action in ["kms:Sign", "kms:GenerateMac"] {
      #expect(try allowed("kms-events-key", "memory-layer", action))
      for role in ["memoryctl-archiver", "memoryctl-drill", "admin"] {
        #expect(try !allowed("kms-events-key", role, action, own: [.allowing("kms:*")]), "\(role)")
      }
    }
    for action in ["kms:Verify", "kms:VerifyMac"] {
      #expect(try allowed("kms-events-key", "memoryctl-archiver", action))
    }
  }

  @Test("encryption: through S3, for objects of the bucket, and the key stays")
  func encryption() throws {
    let through = [
      "kms:ViaService": "s3.eu-central-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn": Policy.bucket,
    ]
    #expect(try allowed("kms-encryption-key", "memoryctl-archiver", "kms:GenerateDataKey", through))
    #expect(try allowed("kms-encryption-key", "memoryctl-reader", "kms:Decrypt", through))
    #expect(try !allowed("kms-encryption-key", "memoryctl-reader", "kms:GenerateDataKey", through))
    let elsewhere = through.merging(["kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::another/x"]) { $1 }
    for wrong in [[:], elsewhere, through.merging(["kms:ViaService": "ec2.eu-central-1.amazonaws.com"]) { $1 }] {
      #expect(try !allowed("kms-encryption-key", "memoryctl-archiver", "kms:GenerateDataKey", wrong))
      #expect(try !allowed("kms-encryption-key", "memoryctl-reader", "kms:Decrypt", wrong))
    }
    for action in ["kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:Decrypt"] {
      #expect(try !allowed("kms-encryption-key", "admin", action, through, own: [.allowing("kms:*")]), "\(action)")
    }
  }

  @Test(
    "a KMS that goes by policies: signer.json signs, signature-checker.json does not",
    .enabled(if: Ministack.isUsable, "scripts/dependencies test installs ministack"),
    arguments: [
      ("RSA_2048", "SIGN_VERIFY"), ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC"),
    ])
  func real(spec: String, usage: String) throws {
    let server = try Ministack.shared()
    let key = try server.createKey(spec: spec, usage: usage)
    func test(_ policy: String) throws -> CommandOutput {
      let text = try Policy(policy).text.replacingOccurrences(of: Policy.key, with: key)
      // This server hands no condition keys of KMS to its policies, so that conditions would never hold.
      let statements = (try JSONValue(parsing: Array(text.utf8))["Statement"]?.array ?? []).map { statement in
        JSONValue.object((statement.members ?? []).filter { $0.name != "Condition" })
      }
      let allowing = statements.map { String(decoding: $0.canonicalBytes, as: UTF8.self) }.joined(separator: ",")
      let variables: [String: String?] = try server.environment(allowing: allowing).mapValues { $0 }
      return try Command.run(
        Fixtures.product("memoryctl"), ["signer", "test"],
        environment: variables.merging(["AUDIT_SIGNING_KMS_KEY_ID": key]) { $1 }, inheritsEnvironment: false)
    }
    let signer = try test("signer.json")
    #expect(signer.status == 0, "\(signer.text)\(signer.errorText)")
    let checker = try test("signature-checker.json")
    #expect(checker.status == 77, "\(checker.text)\(checker.errorText)")
    #expect(checker.text.contains(spec == "HMAC_256" ? "kms:GenerateMac" : "kms:Sign"), "\(checker.text)")
  }
}
