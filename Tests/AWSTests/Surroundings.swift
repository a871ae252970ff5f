// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import TestSupport

@testable import AWS

/// What a run finds around it: variables, files, and servers on loopback that are spoken to by real HTTP.
struct Surroundings {
  let directory: TemporaryDirectory
  let time = FakeTime()
  let pauses = Pauses()
  var variables: [String: String]
  /// In place of real HTTP.
  var scripted: ScriptedExchange?

  /// Nothing but a region; the metadata service is switched off.
  init() throws {
    directory = try TemporaryDirectory()
    variables = ["HOME": directory("home"), "AWS_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"]
  }

  func session() throws(Failure) -> AWSSession {
    let clock = ServiceClock { [time] in time.now }
    let profile = try AWSProfile(AWSVariables(variables))
    let http = HTTPClient(HTTPSettings(proxy: .none))
    return AWSSession(
      profile, exchange: scripted ?? http, metadata: scripted ?? http, retrier: .immediate(pauses), clock: clock)
  }

  func credentials() throws(Failure) -> Credentials { try session().credentials.current() }

  func file(_ name: String, _ text: String) throws -> String {
    try writeFile(directory(name), text)
    return directory(name)
  }

  mutating func profiles(config: String, credentials: String = "") throws {
    variables["AWS_CONFIG_FILE"] = try file("config", config)
    variables["AWS_SHARED_CREDENTIALS_FILE"] = try file("credentials", credentials)
  }

  mutating func webIdentity(_ sts: FaultServer, token: String = "WEBTOKEN") throws {
    variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = try file("token", token + "\n")
    variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/web"
    variables["AWS_ENDPOINT_URL_STS"] = sts.url
  }
}

/// The fields of a form, decoded as far as tests have them.
func fields(_ request: ServedRequest) -> [String: String] {
  let pairs = String(decoding: request.body, as: UTF8.self).split(separator: "&").map { pair in
    let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return (parts[0], parts[1].replacing("%3A", with: ":").replacing("%2F", with: "/").replacing("%20", with: " "))
  }
  return Dictionary(pairs) { first, _ in first }
}

/// An STS that gives out keys named after the role, which hold for an hour.
func tokenServer(expiration: String = "2026-11-23T03:00:00Z") throws -> FaultServer {
  try FaultServer { request in
    let form = fields(request)
    let action = form["Action"] ?? ""
    let role = form["RoleArn"]?.split(separator: "/").last ?? ""
    return ServedResponse(
      200,
      text: """
        <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result><Credentials>
        <AccessKeyId>AK-\(role)</AccessKeyId><SecretAccessKey>SK-\(role)</SecretAccessKey>
        <SessionToken>ST-\(role)</SessionToken><Expiration>\(expiration)</Expiration>
        </Credentials></\(action)Result></\(action)Response>
        """)
  }
}

/// Credentials as the servers of containers and machines give them.
func document(_ id: String, expiration: String = "2026-11-23T08:00:00Z") -> String {
  #"{"Code":"Success","AccessKeyId":"\#(id)","SecretAccessKey":"S","Token":"T","Expiration":"\#(expiration)"}"#
}
