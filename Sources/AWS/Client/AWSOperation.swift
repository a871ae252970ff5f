// SPDX-License-Identifier: Apache-2.0

/// What a request does, for errors and for whether it may be made twice.
public struct AWSOperation: Sendable {
  /// As the service calls it, such as `PutObject`.
  public let name: String
  /// The IAM action that it needs, such as `s3:PutObject`; that is not always the operation's name.
  public let permission: String
  /// Whether a request that may have been carried out can be made again and lead to the same.
  public let isRepeatable: Bool

  public init(_ name: String, permission: String, isRepeatable: Bool) {
    self.name = name
    self.permission = permission
    self.isRepeatable = isRepeatable
  }
}
