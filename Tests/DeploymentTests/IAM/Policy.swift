// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport

/// A policy of `docs/iam`, with names in the place of its placeholders.
struct Policy {
  struct Statement {
    let sid: String
    let allows: Bool
    /// ARNs, or `*`; empty in a policy of a role's own.
    let principals: [String]
    let actions: [String]
    let resources: [String]
    /// By operator and key.
    let conditions: [(operator: String, key: String, values: [String])]
  }

  static let account = "111122223333"
  static let bucket = "arn:aws:s3:::example-audit"
  static let key = "arn:aws:kms:eu-central-1:\(account):key/1234abcd-12ab-34cd-56ef-1234567890ab"

  /// Names of the files that are policies.
  static let names: [String] = {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: Repository.path("docs/iam"))) ?? []
    return files.filter { $0.hasSuffix(".json") }.sorted()
  }()

  let name: String
  let text: String
  let statements: [Statement]

  init(_ name: String) throws {
    self.name = name
    text = Self.filled(try Repository.text("docs/iam/\(name)"))
    let document = try JSONValue(parsing: Array(text.utf8))
    guard document.members?.map(\.name) == ["Version", "Statement"], document["Version"] == "2012-10-17",
      let list = document["Statement"]?.array
    else { throw TestSupportError("\(name) is no policy") }
    statements = try list.map { try Statement($0, of: name) }
  }

  /// One of a single statement, about everything.
  static func allowing(_ action: String) -> Policy {
    let statement = Statement(
      sid: "Everything", allows: true, principals: [], actions: [action], resources: ["*"], conditions: [])
    return Policy(name: action, text: "", statements: [statement])
  }

  private init(name: String, text: String, statements: [Statement]) {
    (self.name, self.text, self.statements) = (name, text, statements)
  }

  private static func filled(_ text: String) -> String {
    [
      ("KEY_ARN", key), ("ACCOUNT", account), ("REGION", "eu-central-1"), ("BUCKET", "example-audit"),
      ("PREFIX", "archives"), ("STREAM", "memory-layer"),
    ].reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }

  static func role(_ name: String) -> String { "arn:aws:iam::\(account):role/\(name)" }

  func actions(allowed: Bool) -> Set<String> {
    Set(statements.filter { $0.allows == allowed }.flatMap(\.actions))
  }
}

extension Policy.Statement {
  fileprivate init(_ json: JSONValue, of policy: String) throws {
    let known: Set = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]
    guard let sid = json["Sid"]?.string, let effect = json["Effect"]?.string, ["Allow", "Deny"].contains(effect),
      Set((json.members ?? []).map(\.name)).isSubset(of: known)
    else { throw TestSupportError("\(policy) has a statement that is none: \(json)") }
    self.sid = sid
    allows = effect == "Allow"
    principals = texts(json["Principal"]?["AWS"] ?? json["Principal"])
    actions = texts(json["Action"])
    // A role's trust is about that role.
    resources = actions == ["sts:AssumeRole"] ? ["*"] : texts(json["Resource"])
    conditions = (json["Condition"]?.members ?? []).flatMap { condition in
      (condition.value.members ?? []).map { (condition.name, $0.name, texts($0.value)) }
    }
    guard !actions.isEmpty, !resources.isEmpty else { throw TestSupportError("\(policy): \(sid) is about nothing") }
  }
}

/// One text, or a list of them.
private func texts(_ value: JSONValue?) -> [String] {
  value?.string.map { [$0] } ?? value?.array?.compactMap(\.string) ?? []
}
