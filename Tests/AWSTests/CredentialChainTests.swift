// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import Signing
import Synchronization
import Testing
import TestSupport

@testable import AWS

@Suite("Where credentials are found")
struct CredentialChainTests {
  /// Everything is set up; then the first place is taken away, and so on.
  @Test("the order of places")
  func order() throws {
    let sts = try tokenServer()
    let container = try FaultServer { _ in ServedResponse(200, text: document("CONTAINER")) }
    let machine = try metadataServer()
    var around = try Surroundings()
    try around.webIdentity(sts)
    try around.profiles(config: "", credentials: "[default]\naws_access_key_id = FILE\naws_secret_access_key = S\n")
    around.variables["AWS_ACCESS_KEY_ID"] = "ENV"
    around.variables["AWS_SECRET_ACCESS_KEY"] = "S"
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = container.url + "/creds"
    around.variables["AWS_EC2_METADATA_DISABLED"] = "false"
    around.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = machine.url

    let places: [(id: String, takeAway: [String])] = [
      ("ENV", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]), ("AK-web", ["AWS_WEB_IDENTITY_TOKEN_FILE"]),
      ("FILE", ["AWS_SHARED_CREDENTIALS_FILE"]), ("CONTAINER", ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]),
      ("MACHINE", ["AWS_EC2_METADATA_SERVICE_ENDPOINT"]),
    ]
    for place in places {
      #expect(try around.credentials().accessKeyID.text == place.id)
      for name in place.takeAway { around.variables[name] = nil }
    }
    around.variables["AWS_EC2_METADATA_DISABLED"] = "TRUE"
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.status == .configuration)
    let text = failure.map { "\($0)" } ?? ""
    for word in [
      "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "no profile default",
      around.directory("home/.aws/credentials"),
      "AWS_CONTAINER_CREDENTIALS", "AWS_EC2_METADATA_DISABLED",
    ] { #expect(text.contains(word), "\(word) is not in: \(text)") }
  }

  @Test("this project's keys for S3 go first, for S3 alone")
  func s3Keys() throws {
    var around = try Surroundings()
    around.variables.merge(["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "S"]) { $1 }
    let shared = try around.session()
    #expect(try shared.client(of: "s3").credentials === shared.credentials)
    #expect(try shared.client(of: "s3").credentials?.current().accessKeyID.text == "ENV")
    around.variables.merge(["S3_ACCESS_KEY": "OWN", "S3_SECRET": "S"]) { $1 }
    let session = try around.session()
    #expect(try session.client(of: "s3").credentials?.current().accessKeyID.text == "OWN")
    #expect(try session.client(of: "kms").credentials?.current().accessKeyID.text == "ENV")
  }

  static let halves: [(set: String, missing: String)] = [
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ("S3_ACCESS_KEY", "S3_SECRET"), ("S3_SECRET", "S3_ACCESS_KEY"),
  ]

  @Test("half a pair of keys is a slip, and names the other half", arguments: halves)
  func half(row: (set: String, missing: String)) throws {
    var around = try Surroundings()
    around.variables[row.set] = "x"
    let failure = #expect(throws: Failure.self) { try around.session().client(of: "s3").credentials?.current() }
    #expect(failure?.status == .configuration && failure?.object == row.missing)
  }

  @Test("a session token comes with the variables' keys")
  func sessionToken() throws {
    var around = try Surroundings()
    around.variables.merge(["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T"]) { $1 }
    #expect(try around.credentials().sessionToken?.text == "T")
  }

  @Test("secrets from files, as the run's environment has them")
  func secretFiles() throws {
    let around = try Surroundings()
    let environment = Environment([
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY_FILE": try around.file("secret", "FROMFILE\n"),
    ])
    let variables = AWSVariables { (name: String) throws(Failure) in try environment.value(name) }
    guard case .found(let credentials) = try EnvironmentCredentials.standard(variables).load() else {
      Issue.record("nothing was found")
      return
    }
    #expect(credentials.secretAccessKey.text == "FROMFILE")
  }

  @Test("a place that is set up and fails ends the search")
  func failing() throws {
    let sts = try FaultServer { _ in
      ServedResponse(403, text: "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
    }
    var around = try Surroundings()
    try around.webIdentity(sts)
    try around.profiles(config: "", credentials: "[default]\naws_access_key_id = FILE\naws_secret_access_key = S\n")
    let failure = #expect(throws: Failure.self) { try around.credentials() }
    #expect(failure?.status == .permission && failure?.object?.contains("web identity") == true)
    #expect(failure?.remedy?.contains("sts:AssumeRoleWithWebIdentity") == true)
  }

  @Test("the place that was found is asked ever after, in the middle of a run too")
  func renewal() throws {
    let count = Mutex(0)
    let container = try FaultServer { _ in
      let number = count.withLock { count in
        count += 1
        return count
      }
      return ServedResponse(200, text: document("C\(number)", expiration: "2026-11-23T0\(2 + number):00:00Z"))
    }
    var around = try Surroundings()
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = container.url
    let session = try around.session()
    #expect(try session.credentials.current().accessKeyID.text == "C1")
    around.time.advance(3500)
    #expect(try session.credentials.current().accessKeyID.text == "C2")
    around.time.advance(3500)
    container.stop()
    #expect(try session.credentials.current().accessKeyID.text == "C2")
    around.time.advance(3600)
    let failure = #expect(throws: Failure.self) { try session.credentials.current() }
    #expect(failure?.status == .unavailable && failure?.object?.contains(container.url) == true)
  }
}
