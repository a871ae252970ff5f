// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// A role for a token that the cluster gives a pod (EKS: roles for service accounts).
struct WebIdentityCredentials: CredentialProvider {
  let context: CredentialContext

  var name: String { "web identity (AWS_WEB_IDENTITY_TOKEN_FILE)" }

  func load() throws(Failure) -> CredentialLookup {
    guard let file = try context.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] else { return .absent("not set") }
    guard let role = try context.variables["AWS_ROLE_ARN"] else {
      throw Failure(
        .configuration, "it is not set, but AWS_WEB_IDENTITY_TOKEN_FILE is", on: "AWS_ROLE_ARN",
        remedy: "set it to the role that the token is for")
    }
    let request = RoleRequest(arn: role, sessionName: try context.variables["AWS_ROLE_SESSION_NAME"])
    return .found(try TokenService(context: context).assume(request, webIdentity: file, as: name))
  }
}
