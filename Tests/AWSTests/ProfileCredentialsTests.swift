// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import Testing
import TestSupport

@testable import AWS

/// A pair of files, and what they lead to.
struct ProfileRow: Sendable, CustomTestStringConvertible {
  let name: String
  let config: String
  var credentials = ""
  var variables: [String: String] = [:]
  /// The key that is used at last.
  var key: String?
  /// `role by key` of each call to STS.
  var roles: [String] = []
  /// Words of the failure, with status `configuration`.
  var failure: String?

  var testDescription: String { name }

  static let keys = "aws_access_key_id = BASE\naws_secret_access_key = S\n"
  static let role = "role_arn = arn:aws:iam::1:role/"
  static let process = #"credential_process = echo '{"Version":1,"AccessKeyId":"PROC","SecretAccessKey":"S"}'"#

  static let found: [ProfileRow] = [
    ProfileRow(name: "keys in the config file", config: "[default]\n\(keys)", key: "BASE"),
    ProfileRow(name: "keys in the credentials file", config: "", credentials: "[default]\n\(keys)", key: "BASE"),
    ProfileRow(
      name: "keys in both", config: "[default]\naws_access_key_id = OTHER\naws_secret_access_key = O\n",
      credentials: "[default]\n\(keys)", key: "BASE"),
    ProfileRow(
      name: "a named profile", config: "[profile p]\n\(keys)", variables: ["AWS_PROFILE": "p"], key: "BASE"),
    ProfileRow(name: "a program", config: "[default]\n\(process)", key: "PROC"),
    ProfileRow(name: "keys before a program", config: "[default]\n\(process)\n\(keys)", key: "BASE"),
    ProfileRow(
      name: "a role of another profile", config: "[default]\n\(role)r1\nsource_profile = base\n[profile base]\n\(keys)",
      key: "AK-r1", roles: ["r1 by BASE"]),
    ProfileRow(
      name: "a role whose source is in the credentials file", config: "[default]\n\(role)r1\nsource_profile = base\n",
      credentials: "[base]\n\(keys)", key: "AK-r1", roles: ["r1 by BASE"]),
    ProfileRow(
      name: "a role of a role",
      config: "[default]\n\(role)r2\nsource_profile = a\n[profile a]\n\(role)r1\nsource_profile = base\n"
        + "[profile base]\n\(keys)",
      key: "AK-r2", roles: ["r1 by BASE", "r2 by AK-r1"]),
    ProfileRow(
      name: "a role of a program", config: "[default]\n\(role)r1\nsource_profile = a\n[profile a]\n\(process)\n",
      key: "AK-r1", roles: ["r1 by PROC"]),
    ProfileRow(
      name: "a role of its own keys", config: "[default]\n\(role)r1\nsource_profile = default\n\(keys)", key: "AK-r1",
      roles: ["r1 by BASE"]),
    ProfileRow(
      name: "a source's keys before its role",
      config: "[default]\n\(role)r2\nsource_profile = a\n[profile a]\n\(role)r1\nsource_profile = a\n\(keys)",
      key: "AK-r2", roles: ["r2 by BASE"]),
    ProfileRow(
      name: "a role of the environment",
      config: "[profile p]\n\(role)r1\ncredential_source = environment\n[default]\n"
        + "\(role)r2\nsource_profile = p\n",
      variables: ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S"], key: "ENV"),
    ProfileRow(
      name: "a web identity", config: "[default]\n\(role)web\nweb_identity_token_file = TOKENFILE\n", key: "AK-web",
      roles: ["web by nobody"]),
    ProfileRow(
      name: "a role of a web identity",
      config:
        "[default]\n\(role)r1\nsource_profile = w\n[profile w]\n\(role)web\nweb_identity_token_file = TOKENFILE\n",
      key: "AK-r1", roles: ["web by nobody", "r1 by AK-web"]),
  ]

  static let refused: [ProfileRow] = [
    ProfileRow(name: "half a pair", config: "[default]\naws_access_key_id = A\n", failure: "one of aws_access_key_id"),
    ProfileRow(name: "no source", config: "[default]\n\(role)r\n", failure: "no source_profile"),
    ProfileRow(
      name: "two sources", config: "[default]\n\(role)r\nsource_profile = a\ncredential_source = Environment\n",
      failure: "both source_profile and credential_source"),
    ProfileRow(
      name: "a source that is not there", config: "[default]\n\(role)r\nsource_profile = a\n",
      failure: "source_profile of default names it"),
    ProfileRow(
      name: "a source without credentials",
      config: "[default]\n\(role)r\nsource_profile = a\n[profile a]\nregion = x\n",
      failure: "its source_profile a has no credentials"),
    ProfileRow(name: "itself", config: "[default]\n\(role)r\nsource_profile = default\n", failure: "names itself"),
    ProfileRow(
      name: "a circle",
      config: "[default]\n\(role)r\nsource_profile = a\n[profile a]\n\(role)r\nsource_profile = b\n"
        + "[profile b]\n\(role)r\nsource_profile = a\n",
      failure: "leads back to a"),
    ProfileRow(
      name: "a circle by the first",
      config: "[default]\n\(role)r\nsource_profile = a\n[profile a]\n\(role)r\n"
        + "source_profile = default\n", failure: "leads back to default"),
    ProfileRow(
      name: "an unknown source", config: "[default]\n\(role)r\ncredential_source = Lambda\n",
      failure: "credential_source is unknown"),
    ProfileRow(
      name: "a source with nothing", config: "[default]\n\(role)r\ncredential_source = EcsContainer\n",
      failure: "credential_source EcsContainer has no credentials: not set"),
    ProfileRow(
      name: "a machine's source with nothing", config: "[default]\n\(role)r\ncredential_source = Ec2InstanceMetadata\n",
      failure: "AWS_EC2_METADATA_DISABLED"),
    ProfileRow(
      name: "a code to type", config: "[default]\n\(role)r\nsource_profile = a\nmfa_serial = m\n[profile a]\n\(keys)",
      failure: "mfa_serial"),
    ProfileRow(
      name: "no duration",
      config: "[default]\n\(role)r\nsource_profile = a\nduration_seconds = long\n[profile a]\n\(keys)",
      failure: "duration_seconds"),
    ProfileRow(
      name: "Identity Center",
      config: "[default]\nsso_session = s\nsso_account_id = 1\n[sso-session s]\nsso_region = x\n",
      failure: "sso_"),
    ProfileRow(name: "a console login", config: "[default]\nlogin_session = s\n", failure: "login_session"),
  ]
}

@Suite("Credentials by profile")
struct ProfileCredentialsTests {
  private func around(_ row: ProfileRow, _ sts: FaultServer) throws -> Surroundings {
    var around = try Surroundings()
    let token = try around.file("token", "WEBTOKEN")
    try around.profiles(config: row.config.replacing("TOKENFILE", with: token), credentials: row.credentials)
    around.variables["AWS_ENDPOINT_URL_STS"] = sts.url
    around.variables.merge(row.variables) { $1 }
    return around
  }

  /// `role by key` of a request to STS.
  private func call(_ request: ServedRequest) -> String {
    let role = fields(request)["RoleArn"]?.split(separator: "/").last ?? "?"
    let signature = request.header("authorization")
    let key = signature?.split(separator: "Credential=").last?.prefix { $0 != "/" }
    return "\(role) by \(key ?? "nobody")"
  }

  @Test("what files lead to", arguments: ProfileRow.found)
  func found(_ row: ProfileRow) throws {
    let sts = try tokenServer()
    let credentials = try around(row, sts).credentials()
    #expect(credentials.accessKeyID.text == row.key)
    #expect(sts.requests.map(call) == row.roles)
  }

  @Test("what files are refused, with the profile and why", arguments: ProfileRow.refused)
  func refused(_ row: ProfileRow) throws {
    let sts = try tokenServer()
    let around = try around(row, sts)
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.status == .configuration && failure?.object?.hasPrefix("profile ") == true)
    #expect(failure.map { "\($0)".contains(row.failure ?? "-") } == true, "\(failure.map { "\($0)" } ?? "")")
    #expect(failure?.remedy != nil && sts.requests.isEmpty)
  }

  @Test("a role's settings become the request's")
  func settings() throws {
    let sts = try tokenServer()
    let row = ProfileRow(
      name: "",
      config: "[default]\n\(ProfileRow.role)r\nsource_profile = a\nrole_session_name = me\nexternal_id = ext\n"
        + "duration_seconds = 900\n[profile a]\n\(ProfileRow.keys)")
    _ = try around(row, sts).credentials()
    let request = try #require(sts.requests.first)
    #expect(
      fields(request) == [
        "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/r", "RoleSessionName": "me",
        "ExternalId": "ext", "DurationSeconds": "900",
      ])
    #expect(request.header("authorization")?.contains("/20261123/eu-west-1/sts/aws4_request") == true)
  }

  @Test("a role of the environment's keys")
  func environment() throws {
    let sts = try tokenServer()
    var around = try Surroundings()
    try around.profiles(config: "[default]\n\(ProfileRow.role)r\ncredential_source = Environment\n")
    around.variables.merge([
      "AWS_ENDPOINT_URL_STS": sts.url, "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S",
    ]) { $1 }
    let context = CredentialContext(
      variables: AWSVariables(around.variables), exchange: HTTPClient(HTTPSettings(proxy: .none)),
      metadata: ScriptedExchange(.error(.connect)), retrier: .immediate(), clock: ServiceClock { .now() })
    guard case .found(let credentials) = try ProfileCredentials(context: context).load() else {
      Issue.record("nothing was found")
      return
    }
    #expect(credentials.accessKeyID.text == "AK-r" && sts.requests.map(call) == ["r by ENV"])
  }

  @Test("keys that somebody exchanges in the file come into use when the old ones are refused")
  func exchanged() throws {
    var around = try Surroundings()
    try around.profiles(config: "", credentials: "[default]\naws_access_key_id = OLD\naws_secret_access_key = S\n")
    let session = try around.session()
    let old = try session.credentials.current()
    #expect(!session.credentials.renew(replacing: old))
    _ = try around.file("credentials", "[default]\naws_access_key_id = NEW\naws_secret_access_key = S\n")
    #expect(session.credentials.renew(replacing: old))
    #expect(try session.credentials.current().accessKeyID.text == "NEW")
  }
}
