// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import XML

/// A role to take on.
struct RoleRequest: Sendable {
  var arn: String
  var sessionName: String?
  var externalID: String?
  var durationSeconds: Int?
}

/// STS, as far as credentials come from it.
struct TokenService: Sendable {
  let context: CredentialContext

  /// AssumeRole, signed with the source's credentials.
  func assume(_ role: RoleRequest, with source: Credentials, as name: String) throws(Failure) -> Credentials {
    let signing = RenewingCredentials(clock: context.clock) { () throws(Failure) in source }
    return try call("AssumeRole", parameters(role), signedWith: signing, as: name)
  }

  /// AssumeRoleWithWebIdentity, which nothing but the token vouches for.
  ///
  /// - Parameter tokenFile: read anew each time: the cluster exchanges its content.
  func assume(_ role: RoleRequest, webIdentity tokenFile: String, as name: String) throws(Failure) -> Credentials {
    let token = try SecretFile.read(tokenFile, of: name)
    let parameters = parameters(role) + [("WebIdentityToken", token.text)]
    do { return try call("AssumeRoleWithWebIdentity", parameters, signedWith: nil, as: name) } catch {
      throw error.hiding(token)
    }
  }

  private func parameters(_ role: RoleRequest) -> [(name: String, value: String)] {
    let session = role.sessionName ?? "memoryctl-\(context.clock.now.unixSeconds)"
    var parameters = [(name: "RoleArn", value: role.arn), ("RoleSessionName", session)]
    if let id = role.externalID { parameters.append(("ExternalId", id)) }
    if let seconds = role.durationSeconds { parameters.append(("DurationSeconds", "\(seconds)")) }
    return parameters
  }

  private func call(
    _ action: String, _ parameters: [(name: String, value: String)], signedWith signing: RenewingCredentials?,
    as name: String
  ) throws(Failure) -> Credentials {
    let client = AWSClient(
      try AWSProfile(context.variables).endpoint(of: "sts"), credentials: signing, exchange: context.exchange,
      retrier: context.retrier, clock: context.clock)
    // Asking twice gives two sets of credentials, of which one is used.
    let operation = AWSOperation(action, permission: "sts:\(action)", isRepeatable: true)
    do throws(AWSCallError) {
      let answer = try client.call(operation, version: "2011-06-15", parameters)
      guard let credentials = Self.credentials(answer, name) else {
        throw .failure(
          Failure(
            .unavailable, "STS \(action) was answered without credentials", on: name,
            remedy: "check that \(client.endpoint.endpoint.url) is STS"))
      }
      return credentials
    } catch { throw client.failure(error, operation, on: name) }
  }

  static func credentials(_ answer: XMLElement, _ name: String) -> Credentials? {
    guard let element = answer.first("Credentials"), let id = element.text(at: "AccessKeyId"),
      let key = element.text(at: "SecretAccessKey"), let token = element.text(at: "SessionToken"),
      let end = element.text(at: "Expiration").flatMap(ISO8601.parse), !id.isEmpty, !key.isEmpty
    else { return nil }
    return Credentials(accessKeyID: id, secretAccessKey: key, sessionToken: token, expiration: end, source: name)
  }
}
