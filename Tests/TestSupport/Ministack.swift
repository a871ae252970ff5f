// SPDX-License-Identifier: Apache-2.0
internal import AWS
public import AuditCore
internal import Foundation
internal import Glibc
internal import HTTPTransport
internal import Pipeline
internal import XML

/// A KMS of a test's own, with the IAM that guards it: ministack, on a free port of 127.0.0.1.
///
/// It checks signatures of requests and users' policies. It ends with this object or with the test process, whichever
/// comes first and however that ends.
public final class Ministack: Sendable {
  /// The server that all tests of this process share; each makes itself keys in it.
  public static func shared() throws -> Ministack { try sharedServer.get() }
  private static let sharedServer = Result { try Ministack() }

  /// Whether tests that need a server are to run. In CI they always are: a skip there would hide a missing server.
  public static let isUsable = ProcessInfo.processInfo.environment["CI"] != nil || (try? program()) != nil

  public let region = "us-east-1"
  public let port: Int
  private let directory: String
  private let process: ServerProcess
  /// Of a user who may do everything.
  private let keys: (id: String, secret: String)

  public init() throws {
    let program = try Self.program()
    directory = try TemporaryDirectory.make("ministack")
    do {
      (process, port) = try Self.start(program, directory)
      // The server does not check signatures of its root's key.
      keys = try Self.makeUser(port, "tests", #"{"Effect":"Allow","Action":"*","Resource":"*"}"#)
    } catch {
      try? FileManager.default.removeItem(atPath: directory)
      throw error
    }
  }

  deinit { process.stop() }

  /// `http://127.0.0.1:port`, without a slash at the end.
  public var url: String { "http://127.0.0.1:\(port)" }

  /// Variables that lead a program to the server.
  ///
  /// - Parameters:
  ///   - url: where the server is reached, as through one that fails; nil goes to it directly.
  ///   - statement: what a user of one's own may do, as a statement of a policy; nil takes one who may do everything.
  public func environment(through url: String? = nil, allowing statement: String? = nil) throws -> [String: String] {
    let user = try statement.map { try Self.makeUser(port, "user-\(UInt64.random(in: 0 ... .max))", $0) } ?? keys
    return [
      "AWS_ACCESS_KEY_ID": user.id, "AWS_SECRET_ACCESS_KEY": user.secret, "AWS_REGION": region,
      "AWS_ENDPOINT_URL_KMS": url ?? self.url, "AWS_EC2_METADATA_DISABLED": "true",
    ]
  }

  /// Makes a key.
  ///
  /// - Returns: its ARN.
  public func createKey(spec: String, usage: String = "SIGN_VERIFY", origin: String = "AWS_KMS") throws -> String {
    let body: JSONValue = .object([
      "KeySpec": .string(spec), "KeyUsage": .string(usage), "Origin": .string(origin),
    ])
    guard let arn = try call("CreateKey", body)["KeyMetadata"]?["Arn"]?.string else {
      throw TestSupportError("CreateKey gave no ARN")
    }
    return arn
  }

  /// Calls KMS as the user who may do everything.
  @discardableResult
  public func call(_ operation: String, _ body: JSONValue) throws -> JSONValue {
    let client = try Self.session(try environment(), url).client(of: "kms")
    let call = AWSOperation(operation, permission: "kms:\(operation)", isRepeatable: false)
    return try client.call(call, target: "TrentService.\(operation)", body)
  }

  private static func session(_ variables: [String: String], _ url: String) throws -> AWSSession {
    let all = variables.merging(["AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"]) { $1 }
    return try AWSSession.connected(AWSVariables(all), cancellation: Cancellation()).session
  }

  private static func makeUser(_ port: Int, _ name: String, _ statement: String) throws -> (id: String, secret: String)
  {
    let root = ["AWS_ACCESS_KEY_ID": "rootkey", "AWS_SECRET_ACCESS_KEY": "rootsecret", "AWS_REGION": "us-east-1"]
    let client = try session(root, "http://127.0.0.1:\(port)").client(of: "iam")
    func call(_ action: String, _ parameters: [(name: String, value: String)]) throws -> (id: String?, secret: String?)
    {
      let operation = AWSOperation(action, permission: "iam:\(action)", isRepeatable: false)
      let key = try client.call(operation, version: "2010-05-08", [("UserName", name)] + parameters)[
        "CreateAccessKeyResult"]?["AccessKey"]
      return (key?.text(at: "AccessKeyId"), key?.text(at: "SecretAccessKey"))
    }
    _ = try call("CreateUser", [])
    let policy = #"{"Version":"2012-10-17","Statement":[\#(statement)]}"#
    _ = try call("PutUserPolicy", [("PolicyName", "own"), ("PolicyDocument", policy)])
    guard case (let id?, let secret?) = try call("CreateAccessKey", []) else {
      throw TestSupportError("CreateAccessKey gave no key")
    }
    return (id, secret)
  }

  /// `ministack` of the package's own Python environment, or of `PATH`.
  private static func program() throws -> String {
    let package = URL(fileURLWithPath: Fixtures.directory).deletingLastPathComponent().deletingLastPathComponent().path
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let places = ["\(package)/.venv/bin"] + path.split(separator: ":").map(String.init)
    let found = places.map { $0 + "/ministack" }.first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let found else {
      throw TestSupportError("there is no ministack here; scripts/dependencies test installs it in .venv")
    }
    return found
  }

  private static func start(_ program: String, _ directory: String) throws -> (ServerProcess, port: Int) {
    for _ in 0..<5 {
      let port = try Socket.freePort()
      let settings = [
        "BIND_HOST=127.0.0.1", "GATEWAY_PORT=\(port)", "IOT_MTLS_ENABLED=0", "AUTH=true",
        "AWS_ACCESS_KEY_ID=rootkey", "AWS_SECRET_ACCESS_KEY=rootsecret", "MINISTACK_IMDS_V2_REQUIRED=1",
        "TMPDIR=\(directory)", "HOME=\(directory)",
      ]
      let process = try ServerProcess.watch(
        directory, command: ["env", "-C", directory] + settings + [program], signal: "KILL")
      if try waitUntilReady(port, directory) { return (process, port) }
      process.stop(keepingFiles: true)  // somebody else took the port meanwhile
    }
    throw TestSupportError("ministack did not start: \(log(directory).suffix(4000))")
  }

  /// - Returns: false when it could not have its port.
  private static func waitUntilReady(_ port: Int, _ directory: String) throws -> Bool {
    let client = HTTPClient(HTTPSettings(connectTimeout: 5, totalTimeout: 5, proxy: .none))
    for _ in 0..<1200 {
      let request = HTTPRequest(method: "GET", url: "http://127.0.0.1:\(port)/_ministack/ready")
      if let answer = try? client.send(request, limit: 1 << 20), answer.0.status == 200 { return true }
      if log(directory).contains("already in use") { return false }
      usleep(50_000)
    }
    throw TestSupportError("ministack does not answer: \(log(directory).suffix(4000))")
  }

  private static func log(_ directory: String) -> String {
    String(decoding: FileManager.default.contents(atPath: directory + "/log") ?? Data(), as: UTF8.self)
  }
}
