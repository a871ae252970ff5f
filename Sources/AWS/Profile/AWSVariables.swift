// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// The variables of a run, however it comes by them.
public struct AWSVariables: Sendable {
  private let lookup: @Sendable (String) throws(Failure) -> String?

  /// - Parameter lookup: gives a variable's value; nil or nothing where it is not set.
  public init(_ lookup: @escaping @Sendable (String) throws(Failure) -> String?) { self.lookup = lookup }

  public init(_ values: [String: String]) {
    self.init { (name: String) throws(Failure) in values[name] }
  }

  /// A variable's value; nil when it is not set, or to nothing.
  public subscript(name: String) -> String? {
    get throws(Failure) {
      guard let value = try lookup(name), !value.isEmpty else { return nil }
      return value
    }
  }

  func first(_ names: String...) throws(Failure) -> String? {
    for name in names {
      if let value = try self[name] { return value }
    }
    return nil
  }
}
