// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What a provider came up with.
public enum CredentialLookup: Sendable {
  case found(Credentials)
  /// Nothing is set up here; why, for the list of what was looked at.
  case absent(String)
}

/// A place where credentials may be.
public protocol CredentialProvider: Sendable {
  /// In words for an operator.
  var name: String { get }

  /// - Throws: where credentials are set up and cannot be had: the next place is then not asked.
  func load() throws(Failure) -> CredentialLookup
}
