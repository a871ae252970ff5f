// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// How a bucket becomes part of a URL.
public struct S3Addressing: Sendable, Equatable {
  public let endpoint: Endpoint
  /// `S3_FORCE_PATH_STYLE`, or the profile's `s3` setting `addressing_style = path`.
  public let forcesPathStyle: Bool

  public init(_ endpoint: Endpoint, forcesPathStyle: Bool) {
    self.endpoint = endpoint
    self.forcesPathStyle = forcesPathStyle
  }

  public init(_ profile: AWSProfile) throws(Failure) {
    let endpoint = try profile.endpoint(of: "s3").endpoint
    guard let answer = try profile.variables["S3_FORCE_PATH_STYLE"]?.lowercased() else {
      self.init(endpoint, forcesPathStyle: profile.section.nested["s3"]?["addressing_style"] == "path")
      return
    }
    self.init(endpoint, forcesPathStyle: ["true", "1", "yes", "on"].contains(answer))
  }

  /// Where a bucket's objects are: what a slash and an encoded key are put behind.
  ///
  /// The bucket is a label of the host, unless that cannot be: path style is asked for, the endpoint is an address or
  /// this machine, or the name is no label that a wildcard certificate covers.
  public func bucket(_ name: String) -> Endpoint {
    let isHost = !forcesPathStyle && !endpoint.isAddressOrLocal && Self.isHostLabel(name)
    return isHost ? endpoint.prefixed(name) : endpoint.appending(name)
  }

  static func isHostLabel(_ name: String) -> Bool {
    func isLetterOrDigit(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }
    guard (3...63).contains(name.utf8.count), let first = name.utf8.first, let last = name.utf8.last else {
      return false
    }
    return isLetterOrDigit(first) && isLetterOrDigit(last) && name.utf8.allSatisfy { isLetterOrDigit($0) || $0 == 0x2d }
  }
}
