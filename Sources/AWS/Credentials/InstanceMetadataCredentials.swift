// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import HTTPTransport

/// The role of an EC2 machine, by its metadata service, version 2 alone: each session begins with a token.
///
/// - SeeAlso: Amazon EC2 User Guide, "Use the Instance Metadata Service".
struct InstanceMetadataCredentials: CredentialProvider {
  let context: CredentialContext

  private static let rolePath = "/latest/meta-data/iam/security-credentials/"
  /// Where the service has nothing newer than what has ended, it asks to go on with that for a while.
  private static let extensionSeconds: Int64 = 900

  var name: String { "instance metadata" }

  func load() throws(Failure) -> CredentialLookup {
    if try context.variables["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" {
      return .absent("switched off by AWS_EC2_METADATA_DISABLED")
    }
    let service = try InstanceMetadata(AWSProfile(context.variables), context)
    do throws(MetadataError) {
      guard let token = try service.token() else {
        return .absent("no token arrived; in a container, raise the machine's metadata hop limit to 2")
      }
      let list = try service.get(Self.rolePath, token)
      guard let role = String(decoding: list, as: UTF8.self).split(whereSeparator: \.isNewline).first else {
        return .absent("the machine has no role")
      }
      let document = try service.get(Self.rolePath + PercentEncoding.encode(role), token)
      return .found(extended(try parse(document, "instance metadata (role \(role))")))
    } catch {
      switch error {
      case .noService(let reason): return .absent(reason)
      case .status(404): return .absent("the machine has no role")
      default: throw error.failure(on: "instance metadata at \(service.base)")
      }
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

/// The metadata service itself.
private struct InstanceMetadata {
  let base: String
  private let exchange: any HTTPExchange
  private let retrier: Retrier
  private let seconds: Double

  private static let tokenSeconds = 21_600

  init(_ profile: AWSProfile, _ context: CredentialContext) throws(Failure) {
    base = try Self.endpoint(profile).url
    exchange = context.metadata
    func number(_ variable: String, _ setting: String, _ standard: Int) throws(Failure) -> Int {
      guard let text = try profile.value(variable, setting) else { return standard }
      guard let number = Int(text), (1...60).contains(number) else {
        throw Failure(.configuration, "this is no number from 1 to 60", on: variable, remedy: "correct it")
      }
      return number
    }
    seconds = Double(try number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout", 1))
    retrier = context.retrier.again(
      maxAttempts: try number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts", 3))
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

  /// A session's token; nil where the request went out and its answer does not come this far.
  ///
  /// - Throws: ``MetadataError/noService(_:)`` where this is no EC2 machine, or one that gives no tokens.
  func token() throws(MetadataError) -> Secret? {
    let request = HTTPRequest(
      method: "PUT", url: base + "/latest/api/token",
      headers: [HTTPHeader("x-aws-ec2-metadata-token-ttl-seconds", "\(Self.tokenSeconds)")], body: .bytes([]))
    do throws(MetadataError) {
      let text = String(decoding: try body(request), as: UTF8.self)
      guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw .empty }
      return Secret(text)
    } catch {
      switch error {
      case .status(400): throw error
      case .transport(let transport) where transport.kind == .cancelled: throw error
      case .transport(let transport) where transport.wasSent && transport.reasonToRetry == .timeout: return nil
      default: throw .noService(error.words)
      }
    }
  }

  func get(_ path: String, _ token: Secret) throws(MetadataError) -> [UInt8] {
    try body(
      HTTPRequest(method: "GET", url: base + path, headers: [HTTPHeader("x-aws-ec2-metadata-token", token.text)]))
  }

  private func body(_ request: HTTPRequest) throws(MetadataError) -> [UInt8] {
    try retrier.run { (_: Int) throws(MetadataError) in
      try MetadataError.exchange(request, exchange, seconds: seconds)
    } verdict: {
      $0.isWorthRepeating ? .later(.transient, after: nil) : .stop
    }
  }
}
