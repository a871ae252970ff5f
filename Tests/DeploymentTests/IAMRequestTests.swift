// SPDX-License-Identifier: Apache-2.0
import Testing

/// Requests, and what comes of them, by policies of roles, of the bucket and of keys.
@Suite("Policies of docs/iam: who may do what")
struct IAMRequestTests {
  private static let folder = "\(Policy.bucket)/archives/memory-layer"
  private static let bundle = "\(folder)/bundles/0000000042-0123456789abcdef.ndjson.zst"
  private static let manifest = "\(folder)/manifests/0000000042.json"
  private static let report = "\(folder)/drills/20261123T020000Z-01234567.json"
  private static let verdict = "\(folder)/checks/night/0-of-4.json"
  private static let signerDocuments = [
    "signers/3.json", "revocations/0123.json", "proofs/0123.json", "countersignatures/0000000042/0123.json",
    "signoffs/20261123T020000Z-01234567.json",
  ].map { "\(folder)/\($0)" }
  private static let probe = "\(Policy.bucket)/archives/.check/20261123T020000Z-1"

  /// A PUT as the program makes it: what is nil is left out.
  private static func lock(
    _ mode: String? = "COMPLIANCE", days: Int? = 400, onlyIfAbsent: Bool = true, hold: String? = nil
  ) -> [String: String] {
    var context = ["aws:SecureTransport": "true"]
    context["s3:object-lock-mode"] = mode
    context["s3:object-lock-remaining-retention-days"] = days.map { "\($0)" }
    context["s3:if-none-match"] = onlyIfAbsent ? "*" : nil
    context["s3:object-lock-legal-hold"] = hold
    return context
  }

  struct Case: CustomTestStringConvertible {
    let role: String
    let actions: [String]
    let object: String
    var context = lock()
    let isAllowed: Bool
    var isByBucketToo = true
    var testDescription: String { "\(role): \(actions) \(object) \(context)" }
  }

  private static let put = ["s3:PutObject", "s3:PutObjectRetention"]
  private static let extend = ["s3:PutObjectRetention"]
  private static let hold = ["s3:PutObjectLegalHold"]

  /// What each role is there for.
  private static let needed =
    [
      Case(role: "archiver", actions: put, object: bundle, isAllowed: true),
      Case(role: "archiver", actions: put, object: manifest, isAllowed: true),
      Case(role: "archiver", actions: put, object: manifest, context: lock(onlyIfAbsent: false), isAllowed: true),
      Case(role: "archiver", actions: put + hold, object: bundle, context: lock(hold: "ON"), isAllowed: true),
      Case(role: "archiver", actions: extend, object: bundle, context: lock(days: 730), isAllowed: true),
      Case(role: "archiver", actions: put, object: probe, context: lock(days: 0), isAllowed: true),
      Case(role: "archiver", actions: hold, object: probe, context: lock(hold: "OFF"), isAllowed: true),
      Case(role: "drill", actions: ["s3:GetObjectVersion"], object: bundle, isAllowed: true),
      Case(role: "drill", actions: ["s3:RestoreObject"], object: bundle, isAllowed: true),
      Case(role: "drill", actions: put, object: report, isAllowed: true),
      Case(role: "verifier", actions: put, object: verdict, isAllowed: true),
      Case(role: "reader", actions: ["s3:GetObject", "s3:GetObjectVersion"], object: manifest, isAllowed: true),
      Case(role: "break-glass", actions: extend, object: manifest, context: lock(days: 30), isAllowed: true),
      Case(role: "break-glass", actions: hold, object: manifest, context: lock(hold: "OFF"), isAllowed: true),
    ] + signerDocuments.map { Case(role: "keys", actions: put, object: $0, isAllowed: true) }

  /// What no role may, by its own policy and by the bucket's.
  private static let refused = ["archiver", "drill", "verifier", "keys", "reader", "break-glass"].flatMap { role in
    [
      Case(role: role, actions: ["s3:DeleteObjectVersion"], object: bundle, isAllowed: false),
      Case(role: role, actions: ["s3:DeleteObject"], object: manifest, isAllowed: false),
      Case(role: role, actions: ["s3:BypassGovernanceRetention"], object: bundle, isAllowed: false),
      Case(role: role, actions: put, object: bundle, context: lock(nil, days: nil), isAllowed: false),
      Case(role: role, actions: put, object: bundle, context: lock("GOVERNANCE"), isAllowed: false),
      Case(role: role, actions: put, object: manifest, context: lock(days: 100), isAllowed: false),
      Case(role: role, actions: extend, object: manifest, context: lock("GOVERNANCE"), isAllowed: false),
    ]
  }

  /// What one role may not though another may.
  private static let apart = [
    Case(role: "archiver", actions: hold, object: bundle, context: lock(hold: "OFF"), isAllowed: false),
    Case(role: "archiver", actions: put, object: report, isAllowed: false, isByBucketToo: false),
    Case(role: "archiver", actions: put, object: signerDocuments[0], isAllowed: false, isByBucketToo: false),
    Case(
      role: "archiver", actions: extend, object: bundle, context: lock(days: 4000), isAllowed: false,
      isByBucketToo: false),
    Case(role: "drill", actions: put, object: manifest, isAllowed: false),
    Case(role: "drill", actions: put, object: report, context: lock(onlyIfAbsent: false), isAllowed: false),
    Case(role: "drill", actions: extend, object: manifest, isAllowed: false, isByBucketToo: false),
    Case(role: "verifier", actions: put, object: report, isAllowed: false, isByBucketToo: false),
    Case(role: "keys", actions: put, object: manifest, isAllowed: false),
    Case(role: "reader", actions: put, object: manifest, isAllowed: false),
    Case(role: "reader", actions: hold, object: manifest, context: lock(hold: "ON"), isAllowed: false),
    Case(role: "break-glass", actions: put, object: manifest, isAllowed: false),
  ]

  /// Whether all actions of a request pass; a PUT with a lock needs that of the lock, too.
  private func passes(_ test: Case, own: [Policy], bucket: Policy?) throws -> Bool {
    try test.actions.allSatisfy { action in
      try PolicyRequest(
        principal: Policy.role("memoryctl-\(test.role)"), action: action, resource: test.object,
        context: test.context
      ).isAllowed(own: own, resourcePolicy: bucket)
    }
  }

  @Test("roles, with and without the bucket's policy", arguments: needed + refused + apart)
  func roles(test: Case) throws {
    let own = [try Policy("\(test.role).json")]
    #expect(try passes(test, own: own, bucket: nil) == test.isAllowed)
    #expect(try passes(test, own: own, bucket: Policy("bucket-policy.json")) == test.isAllowed)
  }

  @Test(
    "the bucket's policy refuses by itself what an administrator has let a role do", arguments: needed + refused + apart
  )
  func bucketAlone(test: Case) throws {
    guard test.isAllowed || test.isByBucketToo else { return }
    let everything = [Self.everything]
    #expect(try passes(test, own: everything, bucket: Policy("bucket-policy.json")) == test.isAllowed)
  }

  @Test("strangers with all rights, plain http, and whoever would change the bucket")
  func strangers() throws {
    let bucket = try Policy("bucket-policy.json")
    func allowed(_ role: String, _ action: String, _ resource: String, _ context: [String: String] = Self.lock()) throws
      -> Bool
    {
      try PolicyRequest(principal: Policy.role(role), action: action, resource: resource, context: context)
        .isAllowed(own: [Self.everything], resourcePolicy: bucket)
    }
    #expect(try !allowed("admin", "s3:PutObject", Self.bundle))
    #expect(try !allowed("admin", "s3:GetObjectVersion", Self.bundle))
    #expect(try !allowed("admin", "s3:PutObjectAcl", Self.bundle))
    #expect(try !allowed("admin", "s3:PutBucketPolicy", Policy.bucket))
    #expect(try !allowed("admin", "s3:PutLifecycleConfiguration", Policy.bucket))
    #expect(try !allowed("memoryctl-bucket-admin", "s3:DeleteBucket", Policy.bucket))
    #expect(try allowed("memoryctl-bucket-admin", "s3:PutBucketPolicy", Policy.bucket))
    #expect(try allowed("memoryctl-reader", "s3:GetObjectVersion", Self.bundle))
    #expect(try !allowed("memoryctl-reader", "s3:GetObjectVersion", Self.bundle, ["aws:SecureTransport": "false"]))
    #expect(try !allowed("memoryctl-reader", "s3:ListBucket", Policy.bucket, ["aws:SecureTransport": "false"]))
  }

  @Test("break-glass is assumed by people of the account, with a second factor that is not old")
  func secondFactor() throws {
    func trusts(_ context: [String: String], account: String = Policy.account) throws -> Bool {
      try PolicyRequest(
        principal: "arn:aws:iam::\(account):root", action: "sts:AssumeRole",
        resource: Policy.role("memoryctl-break-glass"), context: context
      ).isAllowed(own: [], resourcePolicy: Policy("break-glass-trust.json"))
    }
    let fresh = ["aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "60"]
    #expect(try trusts(fresh))
    #expect(try !trusts(fresh, account: "444455556666"))
    #expect(try !trusts([:]))
    #expect(try !trusts(fresh.merging(["aws:MultiFactorAuthPresent": "false"]) { $1 }))
    #expect(try !trusts(fresh.merging(["aws:MultiFactorAuthAge": "7200"]) { $1 }))
  }

  /// What an administrator has by mistake or by intent.
  private static let everything = Policy.allowing("*")
}
