// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import HTTPTransport

/// The role of an EC2 machine, by its metadata service, version 2 alone: each session begins with a token.
///
/// - SeeAlso: Amazon EC2 User Guide, "Use the Instance Metadata Service".
struct InstanceMetadataCredentials: CredentialProvider {
  let context: CredentialContext

  private static let tokenSeconds = 21_600
  private static let rolePath = "/latest/meta-data/iam/security-credentials/"
  /// Where the service has nothing newer than what has ended, it asks to go on with that for a while.
  private static let extensionSeconds: Int64 = 900

  var name: String { "instance metadata" }

  func load() throws(Failure) -> CredentialLookup {
    let profile = try AWSProfile(context.variables)
    if try context.variables["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
      return .absent("switched off by AWS_EC2_METADATA_DISABLED")
    }
    let base = try Self.endpoint(profile).url
    let token: Secret
    switch try self.token(base) {
    case .found(let text): token = text
    case .absent(let reason): return .absent(reason)
    }
    do throws(MetadataError) {
      let list = try get(base + Self.rolePath, token)
      guard let role = String(decoding: list, as: UTF8.self).split(whereSeparator: \.isNewline).first else {
        return .absent("the machine has no role")
      }
      let document = try get(base + Self.rolePath + PercentEncoding.encode(role), token)
      return .found(extended(try parse(document, "instance metadata (role \(role))")))
    } catch {
      if case .status(404) = error { return .absent("the machine has no role") }
      throw error.failure(on: "instance metadata at \(base)")
    }
  }

  private static func endpoint(_ profile: AWSProfile) throws(Failure) -> Endpoint {
    let variable = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    if let url = try profile.value(variable, "ec2_metadata_service_endpoint") {
      return try Endpoint(url, from: variable)
    }
    let mode = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
    switch try profile.value(mode, "ec2_metadata_service_endpoint_mode")?.lowercased() ?? "ipv4" {
    case "ipv4": return try Endpoint("http://169.254.169.254", from: variable)
    case "ipv6": return try Endpoint("http://[fd00:ec2::254]", from: variable)
    default: throw Failure(.configuration, "this is neither IPv4 nor IPv6", on: mode, remedy: "correct it")
    }
  }

  private enum TokenLookup {
    case found(Secret)
    case absent(String)
  }

  /// A session's token; without an answer this is no EC2 machine, or the answer may not come this far.
  private func token(_ base: String) throws(Failure) -> TokenLookup {
    let request = HTTPRequest(
      method: "PUT", url: base + "/latest/api/token",
      headers: [HTTPHeader("x-aws-ec2-metadata-token-ttl-seconds", "\(Self.tokenSeconds)")], body: .bytes([]))
    do throws(MetadataError) {
      let text = String(decoding: try repeated(request), as: UTF8.self)
      guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .empty }
      return .found(Secret(text))
    } catch {
      switch error {
      case .status(400): throw error.failure(on: "instance metadata at \(base)")
      case .transport(let transport) where transport.wasSent && transport.reasonToRetry == .timeout:
        return .absent("no token arrived; in a container, raise the machine's metadata hop limit to 2")
      default: return .absent(error.words)
      }
    }
  }

  private func get(_ url: String, _ token: Secret) throws(MetadataError) -> [UInt8] {
    try repeated(
      HTTPRequest(method: "GET", url: url, headers: [HTTPHeader("x-aws-ec2-metadata-token", token.text)]))
  }

  private func repeated(_ request: HTTPRequest) throws(MetadataError) -> [UInt8] {
    try context.retrier.again(maxAttempts: 3).run { (_: Int) throws(MetadataError) in
      try MetadataError.exchange(request, context.metadata, seconds: 1)
    } verdict: {
      $0.isWorthRepeating ? .later(.transient, after: nil) : .stop
    }
  }

  private func parse(_ document: [UInt8], _ source: String) throws(MetadataError) -> Credentials {
    do throws(Failure) {
      return try CredentialDocument.parse(document, tokenName: "Token", source: source)
    } catch { throw .failure(error) }
  }

  private func extended(_ credentials: Credentials) -> Credentials {
    guard credentials.isExpired(at: context.clock.now) else { return credentials }
    return Credentials(
      accessKeyID: credentials.accessKeyID.text, secretAccessKey: credentials.secretAccessKey.text,
      sessionToken: credentials.sessionToken?.text,
      expiration: context.clock.now.advanced(bySeconds: Self.extensionSeconds), source: credentials.source)
  }
}
