// SPDX-License-Identifier: Apache-2.0

/// How services differ in Signature Version 4.
public struct SigningRules: Sendable {
  /// Whether dot segments and double slashes are taken out of the path, and the path as sent is encoded once more.
  public var normalizesPath: Bool
  /// Whether the body's digest is sent in `x-amz-content-sha256`, and so signed twice.
  public var sendsPayloadHash: Bool
  /// Whether the session token is among the signed headers.
  public var signsSessionToken: Bool

  public init(normalizesPath: Bool, sendsPayloadHash: Bool, signsSessionToken: Bool = true) {
    self.normalizesPath = normalizesPath
    self.sendsPayloadHash = sendsPayloadHash
    self.signsSessionToken = signsSessionToken
  }

  /// KMS, STS and nearly all others.
  public static let standard = SigningRules(normalizesPath: true, sendsPayloadHash: false)
  /// An object's key may hold `..` and `//`, which are its own; so S3 takes the path as it is sent.
  public static let s3 = SigningRules(normalizesPath: false, sendsPayloadHash: true)
}
