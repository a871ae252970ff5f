// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// What somebody asks of AWS, with as much of its evaluation as our policies need.
///
/// - SeeAlso: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition operators".
struct PolicyRequest {
  /// A role's ARN, or the account's root.
  let principal: String
  let action: String
  let resource: String
  /// Condition keys that the request has.
  var context: [String: String] = [:]

  /// Whether a statement somewhere allows it, and none denies it.
  ///
  /// - Parameters:
  ///   - own: what is attached to the principal.
  ///   - resourcePolicy: the bucket's; nil where it has none.
  func isAllowed(own: [Policy], resourcePolicy: Policy? = nil) throws -> Bool {
    let statements = (own + (resourcePolicy.map { [$0] } ?? [])).flatMap(\.statements)
    let fitting = try statements.filter(matches)
    return fitting.contains(where: \.allows) && fitting.allSatisfy(\.allows)
  }

  /// The same for a KMS key, whose policy must let in the principal, or the account, which hands it on to its roles.
  func isAllowed(own: [Policy], keyPolicy: Policy) throws -> Bool {
    let ownAllows = try isAllowed(own: own)
    let fitting = try keyPolicy.statements.filter(matches)
    let account = PolicyRequest(
      principal: "arn:aws:iam::\(Policy.account):root", action: action, resource: resource, context: context)
    let isHandedOn = try keyPolicy.statements.contains { try $0.allows && account.matches($0) }
    let isDenied = try (own.flatMap(\.statements) + keyPolicy.statements).contains { try !$0.allows && matches($0) }
    return (fitting.contains(where: \.allows) || (isHandedOn && ownAllows)) && !isDenied
  }

  private func matches(_ statement: Policy.Statement) throws -> Bool {
    let isOurs = statement.principals.isEmpty || statement.principals.contains { $0 == "*" || $0 == principal }
    return try isOurs && statement.actions.contains { like(action, $0) }
      && statement.resources.contains { like(resource, $0) } && statement.conditions.allSatisfy(holds)
  }

  private func holds(_ condition: (operator: String, key: String, values: [String])) throws -> Bool {
    let found = condition.key == "aws:PrincipalArn" ? principal : context[condition.key]
    func any(_ test: (String, String) -> Bool) -> Bool {
      found.map { found in condition.values.contains { test(found, $0) } } ?? false
    }
    func number(_ text: String) -> Double { Double(text) ?? .nan }
    // What is negated holds where the key is missing.
    switch condition.operator {
    case "StringEquals", "Bool": return any(==)
    case "StringNotEquals", "ArnNotEquals": return !any(==)
    case "StringLike": return any(like)
    case "NumericLessThan": return any { number($0) < number($1) }
    case "NumericGreaterThan": return any { number($0) > number($1) }
    case "Null": return condition.values == [found == nil ? "true" : "false"]
    default: throw TestSupportError("this test does not know \(condition.operator)")
    }
  }
}

/// Whether a text fits a pattern with stars.
private func like(_ text: String, _ pattern: String) -> Bool {
  let parts = pattern.components(separatedBy: "*").map(NSRegularExpression.escapedPattern(for:))
  return text.range(of: "^" + parts.joined(separator: ".*") + "$", options: .regularExpression) != nil
}
