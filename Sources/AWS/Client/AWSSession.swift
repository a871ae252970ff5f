// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import HTTPTransport
public import Pipeline

/// What the clients of a run share: settings, credentials, clock, and the quota of retries.
public final class AWSSession: Sendable {
  public let profile: AWSProfile
  public let clock: ServiceClock
  public let retrier: Retrier
  /// Of every service but S3, where that has its own.
  public let credentials: RenewingCredentials
  private let s3Credentials: RenewingCredentials
  private let exchange: any HTTPExchange

  /// - Parameters:
  ///   - exchange: for services; trusts what ``AWSProfile/caBundle()`` names.
  ///   - metadata: for the credential servers of containers and machines: no proxy, and a second to answer in.
  public convenience init(
    _ variables: AWSVariables, exchange: any HTTPExchange, metadata: any HTTPExchange,
    cancellation: Cancellation = Cancellation(), clock: ServiceClock = ServiceClock()
  ) throws(Failure) {
    let profile = try AWSProfile(variables)
    let retrier = Retrier(maxAttempts: try profile.maxAttempts(), cancellation: cancellation)
    self.init(profile, exchange: exchange, metadata: metadata, retrier: retrier, clock: clock)
  }

  /// One that speaks to the world.
  ///
  /// - Parameter cancellation: ends requests that are under way, too.
  /// - Returns: the session and its client for services, for bodies that are streamed.
  public static func connected(
    _ variables: AWSVariables, cancellation: Cancellation
  ) throws(Failure) -> (session: AWSSession, http: HTTPClient) {
    let agent = "memoryctl/\(Tool.version)"
    let profile = try AWSProfile(variables)
    let stall = HTTPSettings.Stall(bytesPerSecond: 1024, seconds: try profile.stallSeconds())
    let http = HTTPClient(HTTPSettings(stall: stall, caBundle: try profile.caBundle(), userAgent: agent))
    let metadata = HTTPClient(HTTPSettings(connectTimeout: 1, proxy: .none, userAgent: agent))
    _ = cancellation.register {
      http.cancelAll()
      metadata.cancelAll()
    }
    return (try AWSSession(variables, exchange: http, metadata: metadata, cancellation: cancellation), http)
  }

  init(
    _ profile: AWSProfile, exchange: any HTTPExchange, metadata: any HTTPExchange, retrier: Retrier,
    clock: ServiceClock
  ) {
    self.profile = profile
    self.exchange = exchange
    self.retrier = retrier
    self.clock = clock
    let context = CredentialContext(
      variables: profile.variables, exchange: exchange, metadata: metadata, retrier: retrier, clock: clock)
    let chain = CredentialChain(Self.places(context))
    credentials = RenewingCredentials(clock: clock) { () throws(Failure) in try chain.load() }
    let s3Chain = CredentialChain([EnvironmentCredentials.s3(profile.variables)])
    s3Credentials = RenewingCredentials(clock: clock) { () throws(Failure) in try s3Chain.load() }
  }

  /// The order of the SDKs for Java and Go: what a run is given for itself goes before what the machine has.
  ///
  /// botocore differs in one point: it takes a profile with `role_arn` and `source_profile` before the web identity.
  private static func places(_ context: CredentialContext) -> [any CredentialProvider] {
    [
      EnvironmentCredentials.standard(context.variables), WebIdentityCredentials(context: context),
      ProfileCredentials(context: context), ContainerCredentials(context: context),
      InstanceMetadataCredentials(context: context),
    ]
  }

  /// A client of `s3`, `kms` or `sts`.
  public func client(of service: String) throws(Failure) -> AWSClient {
    let ownKeys = service == "s3" ? try profile.variables.first("S3_ACCESS_KEY", "S3_SECRET") : nil
    return AWSClient(
      try profile.endpoint(of: service), credentials: ownKeys == nil ? credentials : s3Credentials, exchange: exchange,
      retrier: retrier, clock: clock)
  }
}
