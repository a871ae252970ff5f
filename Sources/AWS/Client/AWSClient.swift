// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography
public import HTTPTransport
internal import Pipeline

/// Calls one service in one region: signs, sends, retries, and makes errors of answers that are none.
public final class AWSClient: Sendable {
  public let endpoint: ServiceEndpoint
  /// nil for calls that are not signed.
  public let credentials: RenewingCredentials?
  let exchange: any HTTPExchange
  let retrier: Retrier
  let clock: ServiceClock
  private let signer: RequestSigner

  public init(
    _ endpoint: ServiceEndpoint, credentials: RenewingCredentials?, exchange: any HTTPExchange, retrier: Retrier,
    clock: ServiceClock
  ) {
    self.endpoint = endpoint
    self.credentials = credentials
    self.exchange = exchange
    self.retrier = retrier
    self.clock = clock
    let rules: SigningRules = endpoint.service == "s3" ? .s3 : .standard
    signer = RequestSigner(service: endpoint.service, region: endpoint.region, rules: rules)
  }

  /// Makes attempts at an operation until one succeeds or another is of no use.
  ///
  /// A fresh signature belongs to each attempt, so `attempt` signs what it sends, whichever way it sends it.
  public func perform<Reply>(
    _ operation: AWSOperation, _ attempt: (AWSAttempt) throws(AWSCallError) -> Reply
  ) throws(AWSCallError) -> Reply {
    var remedies = AttemptRemedies(operation: operation, clock: clock, credentials: credentials)
    return try retrier.run { (number: Int) throws(AWSCallError) -> Reply in
      remedies.used = try currentCredentials()
      let signing = AWSAttempt(
        number: number, operation: operation, signer: signer, credentials: remedies.used, time: clock.now)
      return try attempt(signing)
    } verdict: { error in
      remedies.verdict(error)
    }
  }

  /// Sends a request and takes the whole of a successful answer.
  ///
  /// - Parameters:
  ///   - payload: SHA-256 of the request's body.
  ///   - limit: bytes of a successful answer at most.
  public func send(
    _ request: HTTPRequest, _ operation: AWSOperation, payload: Digest, limit: Int
  ) throws(AWSCallError) -> (HTTPResponse, [UInt8]) {
    try perform(operation) { (attempt: AWSAttempt) throws(AWSCallError) in
      // An error may say more than a success does.
      let (response, body) = try exchanged(
        attempt.sign(request, payload: payload), limit: max(limit, AWSError.bodyLimit))
      guard (200...299).contains(response.status) else {
        throw AWSCallError.service(attempt.error(response, body: body))
      }
      guard body.count <= limit else {
        throw AWSCallError.transport(
          HTTPError(.tooLarge, "the response has more than \(limit) bytes", wasSent: true))
      }
      return (response, body)
    }
  }

  /// How a run ends that cannot go on without this call.
  public func failure(_ error: AWSCallError, _ operation: AWSOperation, on object: String? = nil) -> Failure {
    switch error {
    case .failure(let failure): failure
    case .service(let error):
      error.failure(on: object, permission: operation.permission, credentials: credentials?.held?.source)
    case .transport(let error): transportFailure(error, operation, on: object)
    }
  }

  private func currentCredentials() throws(AWSCallError) -> Credentials? {
    guard let credentials else { return nil }
    do throws(Failure) { return try credentials.current() } catch { throw .failure(error) }
  }

  private func exchanged(_ request: HTTPRequest, limit: Int) throws(AWSCallError) -> (HTTPResponse, [UInt8]) {
    do throws(HTTPError) { return try exchange.send(request, limit: limit) } catch { throw .transport(error) }
  }

  private func transportFailure(_ error: HTTPError, _ operation: AWSOperation, on object: String?) -> Failure {
    if retrier.cancellation.isCancelled { return .stopped }
    return error.failure("\(endpoint.service) \(operation.name) at \(endpoint.endpoint.url)", on: object)
  }
}
