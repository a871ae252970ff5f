// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Cryptography
public import HTTPTransport

/// One attempt at an operation: the credentials and the time that it signs with.
public struct AWSAttempt: Sendable {
  /// 1 for the first. An attempt after a corrected clock or renewed credentials has the number of the one before.
  public let number: Int
  public let operation: AWSOperation
  let signer: RequestSigner
  let credentials: Credentials?
  let time: Timestamp

  /// A request with its signature; as it is where the client has no credentials.
  ///
  /// - Parameter payload: SHA-256 of the body that will be sent.
  public func sign(_ request: HTTPRequest, payload: Digest) -> HTTPRequest {
    guard let credentials else { return request }
    return signer.sign(request, payload: payload, with: credentials, at: time)
  }

  /// Reads an answer that is no success, without what is secret.
  public func error(_ response: HTTPResponse, body: [UInt8]) -> AWSError {
    AWSError(service: signer.service, operation: operation.name, response, body: body)
      .hiding([credentials?.secretAccessKey, credentials?.sessionToken, credentials?.accessKeyID])
  }
}
