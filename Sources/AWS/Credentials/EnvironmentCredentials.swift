// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// Keys in variables.
struct EnvironmentCredentials: CredentialProvider {
  let variables: AWSVariables
  let keyID: String
  let secretKey: String
  let sessionToken: String?

  /// The SDKs' variables.
  static func standard(_ variables: AWSVariables) -> EnvironmentCredentials {
    EnvironmentCredentials(
      variables: variables, keyID: "AWS_ACCESS_KEY_ID", secretKey: "AWS_SECRET_ACCESS_KEY",
      sessionToken: "AWS_SESSION_TOKEN")
  }

  /// This project's own, for the S3 endpoint alone.
  static func s3(_ variables: AWSVariables) -> EnvironmentCredentials {
    EnvironmentCredentials(variables: variables, keyID: "S3_ACCESS_KEY", secretKey: "S3_SECRET", sessionToken: nil)
  }

  var name: String { "variables \(keyID) and \(secretKey)" }

  func load() throws(Failure) -> CredentialLookup {
    switch (try variables[keyID], try variables[secretKey]) {
    case (let id?, let key?):
      let token = try sessionToken.flatMap { (name: String) throws(Failure) in try variables[name] }
      return .found(Credentials(accessKeyID: id, secretAccessKey: key, sessionToken: token, source: name))
    case (nil, nil): return .absent("not set")
    case (let id, _):
      let missing = id == nil ? keyID : secretKey
      throw Failure(
        .configuration, "it is not set, but \(id == nil ? secretKey : keyID) is", on: missing,
        remedy: "set both, or neither")
    }
  }
}
