// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// What requests are signed with.
public struct Credentials: Sendable, Equatable {
  public let accessKeyID: Secret
  public let secretAccessKey: Secret
  public let sessionToken: Secret?
  /// When they end; nil for long-lived ones.
  public let expiration: Timestamp?
  /// Where they were found, in words for an operator.
  public let source: String

  public init(
    accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil,
    source: String
  ) {
    self.accessKeyID = Secret(accessKeyID)
    self.secretAccessKey = Secret(secretAccessKey)
    self.sessionToken = sessionToken.map(Secret.init)
    self.expiration = expiration
    self.source = source
  }

  func isExpired(at now: Timestamp) -> Bool { expiration.map { $0 <= now } ?? false }
}

extension Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  public var description: String { "credentials from \(source)" }
  public var debugDescription: String { description }
  public var customMirror: Mirror { Mirror(self, children: ["source": source]) }
}
