// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import HTTPTransport

/// The credential server of a container: ECS, EKS Pod Identity.
///
/// - SeeAlso: AWS SDKs and Tools Reference Guide, "Container credential provider".
struct ContainerCredentials: CredentialProvider {
  let context: CredentialContext

  var name: String { "container (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI)" }

  func load() throws(Failure) -> CredentialLookup {
    guard let url = try url() else { return .absent("not set") }
    let source = "container credentials at \(url)"
    let retrier = context.retrier.again(maxAttempts: 3)
    do throws(MetadataError) {
      return .found(
        try retrier.run { (_: Int) throws(MetadataError) in
          var headers = [HTTPHeader("accept", "application/json")]
          // Read anew: the agent exchanges the token's file.
          if let token = try token() { headers.append(HTTPHeader("authorization", token.text)) }
          let request = HTTPRequest(method: "GET", url: url, headers: headers)
          let body = try MetadataError.exchange(request, context.metadata, seconds: 2)
          do throws(Failure) {
            return try CredentialDocument.parse(body, tokenName: "Token", source: source)
          } catch { throw .failure(error) }
        } verdict: {
          $0.isWorthRepeating ? .later(.transient, after: nil) : .stop
        })
    } catch { throw error.failure(on: source) }
  }

  private func url() throws(Failure) -> String? {
    if let path = try context.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
      guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw Failure(
          .configuration, "it does not begin with a slash", on: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          remedy: "correct it")
      }
      return "http://169.254.170.2\(path)"
    }
    let variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    guard let url = try context.variables[variable] else { return nil }
    let query = url.firstIndex(of: "?") ?? url.endIndex
    let endpoint = try Endpoint(String(url[..<query]), from: variable)
    guard endpoint.scheme == "https" || Self.isTrusted(endpoint.host) else {
      throw Failure(
        .configuration,
        "credentials are taken over plain http only from this machine and from the agents of ECS and EKS",
        on: variable, remedy: "use https, a loopback address, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]")
    }
    return url
  }

  static func isTrusted(_ host: String) -> Bool {
    let agents = ["localhost", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]", "[0:0:0:0:0:0:0:1]"]
    if agents.contains(host) { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  private func token() throws(MetadataError) -> Secret? {
    do throws(Failure) {
      if let file = try context.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
        return try SecretFile.read(file, of: "container credentials")
      }
      let variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
      guard let token = try context.variables[variable] else { return nil }
      guard token.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) else {
        throw Failure(.configuration, "this cannot stand in a header", on: variable, remedy: "correct it")
      }
      return Secret(token)
    } catch { throw .failure(error) }
  }
}
