// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite("Policies of docs/iam: what they grant")
struct IAMTests {
  private static let lookAtObjects: Set = ["s3:GetObjectVersion", "s3:GetObjectRetention", "s3:GetObjectLegalHold"]
  private static let list: Set = ["s3:ListBucket", "s3:ListBucketVersions"]
  private static let settings: Set = [
    "s3:GetBucketVersioning", "s3:GetBucketObjectLockConfiguration", "s3:GetEncryptionConfiguration",
    "s3:GetBucketPublicAccessBlock", "s3:GetBucketPolicyStatus",
  ]
  private static let write: Set = ["s3:PutObject", "s3:PutObjectRetention"]

  /// Who is granted what, and nothing else.
  private static let grants: [String: Set<String>] = [
    "archiver": list.union(settings).union(lookAtObjects).union(write).union(["s3:PutObjectLegalHold"]),
    "drill": list.union(lookAtObjects).union(write).union(["s3:RestoreObject"]),
    "verifier": list.union(lookAtObjects).union(write),
    "keys": list.union(lookAtObjects).union(write),
    "reader": list.union(lookAtObjects).union(["s3:GetObject"]),
    "break-glass": list.union(lookAtObjects).union(["s3:PutObjectRetention", "s3:PutObjectLegalHold"]),
    "bucket-creator": settings.union([
      "s3:ListBucket", "s3:CreateBucket", "s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration",
      "s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration",
    ]),
    "signer": ["kms:Sign", "kms:GenerateMac", "kms:VerifyMac", "kms:DescribeKey", "kms:GetPublicKey"],
    "signature-checker": ["kms:DescribeKey", "kms:GetPublicKey", "kms:Verify", "kms:VerifyMac"],
  ]

  @Test("each role is granted what its jobs call, and nothing else", arguments: grants)
  func granted(role: String, actions: Set<String>) throws {
    #expect(try Policy("\(role).json").actions(allowed: true) == actions)
  }

  @Test("no policy is left out of these tests, and the page names each")
  func complete() throws {
    let resources = [
      "bucket-policy", "kms-manifest-key", "kms-events-key", "kms-encryption-key", "break-glass-trust",
    ]
    #expect(Set(Policy.names) == Set((Self.grants.keys + resources).map { $0 + ".json" }))
    let page = try Repository.text("docs/iam/README.md")
    for name in Policy.names { #expect(page.contains("(\(name))"), "\(name)") }
  }

  /// Every action that an operation of `folder` is said to need, or that it calls by name.
  private func actions(in folder: String, _ pattern: String) throws -> Set<String> {
    let files = FileManager.default.enumerator(atPath: Repository.path(folder))?.compactMap { $0 as? String } ?? []
    let expression = try NSRegularExpression(pattern: pattern)
    return try files.filter { $0.hasSuffix(".swift") }.reduce(into: []) { found, file in
      let text = try Repository.text("\(folder)/\(file)")
      for match in expression.matches(in: text, range: NSRange(text.startIndex..., in: text)) {
        if let range = Range(match.range(at: 1), in: text) { found.insert(String(text[range])) }
      }
    }
  }

  @Test("what the program calls is granted to somebody, what nobody is to call to nobody")
  func called() throws {
    let granted = Self.grants.values.reduce(into: Set()) { $0.formUnion($1) }
    let s3 = try actions(in: "Sources/S3Client/Calls", #"(s3:[A-Za-z]+)"#)
    // bucket check tries deletes, which must be refused; no command asks where a bucket is.
    let never: Set = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetBucketLocation"]
    #expect(s3.subtracting(never) == granted.filter { $0.hasPrefix("s3:") })
    #expect(granted.isDisjoint(with: never) && s3.isSuperset(of: never))

    let names = try actions(in: "Sources/KMSClient", #"(?:call\(|isMAC \? "[A-Za-z]+" : )"([A-Z][A-Za-z]+)""#)
    let macs = try actions(in: "Sources/KMSClient", #"isMAC \? "([A-Z][A-Za-z]+)" : "Verify""#)
    let called = names.union(macs).filter { $0 != "SignatureValid" && $0 != "Signature" }.map { "kms:" + $0 }
    #expect(Set(called) == granted.filter { $0.hasPrefix("kms:") })
  }

  @Test(
    "actions, condition keys and operators are those of AWS", .enabled(if: ServiceAuthorization.isUsable),
    arguments: Policy.names)
  func known(name: String) throws {
    let tables = try ServiceAuthorization.shared.get()
    for statement in try Policy(name).statements {
      for action in statement.actions where action != "s3:*" {
        #expect(tables.knows(action), "\(name), \(statement.sid): \(action)")
        for (test, key, _) in statement.conditions {
          #expect(tables.has(action, key), "\(name), \(statement.sid): \(action) has no \(key)")
          #expect(tables.compares(test, key), "\(name), \(statement.sid): \(test) of \(key)")
        }
      }
    }
  }

  @Test("a linter of policies finds nothing", .enabled(if: ServiceAuthorization.isUsable))
  func linted() throws {
    let script = """
      import json, sys
      from parliament import analyze_policy_string
      for name, text in json.load(sys.stdin).items():
          for finding in analyze_policy_string(text).findings:
              # A key's policy is about that key, whose ARN nobody knows before it is made.
              if not (name.startswith("kms-") and finding.issue == "RESOURCE_STAR"):
                  print(name, finding.issue, finding.detail)
      """
    // What a role trusts has no resource, which is all that the linter asks of it.
    let names = Policy.names.filter { !$0.hasSuffix("-trust.json") }
    let texts = try Dictionary(uniqueKeysWithValues: names.map { ($0, try Policy($0).text) })
    func findings(_ texts: [String: String]) throws -> CommandOutput {
      try Command.run(
        Repository.path(".venv/bin/python"), ["-c", script],
        input: Array(try JSONSerialization.data(withJSONObject: texts)))
    }
    let output = try findings(texts)
    #expect(output.status == 0 && output.text.isEmpty, "\(output.text)\(output.errorText)")
    let wrong = texts["reader.json"]?.replacingOccurrences(of: "s3:GetObjectVersion", with: "s3:GetObjektVersion")
    #expect(try findings(["reader.json": try #require(wrong)]).text.contains("UNKNOWN_ACTION"))
  }
}
