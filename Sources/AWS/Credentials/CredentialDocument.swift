// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// Credentials as JSON: what credential servers and programs answer with.
enum CredentialDocument {
  /// - Parameters:
  ///   - tokenName: `Token` from servers, `SessionToken` from programs.
  ///   - source: for errors, which show nothing of the document.
  static func parse(_ bytes: [UInt8], tokenName: String, source: String) throws(Failure) -> Credentials {
    func failure(_ problem: String) -> Failure {
      Failure(.unavailable, problem, on: source, remedy: "check what answers there")
    }
    guard let json = try? JSONValue(parsing: bytes) else { throw failure("the answer is no JSON") }
    if let code = json["Code"]?.string ?? json["code"]?.string, code != "Success" {
      throw failure("the answer is an error, \(code.prefix(64))")
    }
    func member(_ name: String) -> String? { json[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
    guard let id = member("AccessKeyId"), let key = member("SecretAccessKey") else {
      throw failure("the answer lacks AccessKeyId or SecretAccessKey")
    }
    let expiration = member("Expiration")
    let end = expiration.flatMap(ISO8601.parse)
    guard expiration == nil || end != nil else { throw failure("the answer's Expiration is no time") }
    return Credentials(
      accessKeyID: id, secretAccessKey: key, sessionToken: member(tokenName), expiration: end, source: source)
  }
}
