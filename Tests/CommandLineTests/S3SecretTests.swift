// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTransport
import TestSupport
import Testing

@Suite("Secrets on the way to a bucket", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct S3SecretTests {
  private static let key = "AKIDOFTHETEST7"
  private static let secret = "the+Secret/Key+0f/the+Test+7"
  private static let token = "the//Session++Token==of-the-test-7"

  /// Variables that hold credentials, each value in each of them secret.
  static let holders: [(name: String, variables: [String: String])] = [
    (
      "AWS_*",
      ["AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token]
    ),
    ("S3_*", ["S3_ACCESS_KEY": key, "S3_SECRET": secret]),
  ]

  /// An error that quotes the credentials and the whole request, behind so many other words.
  private static func quoting(_ status: Int, _ code: String, behind words: Int, _ secrets: [String]) -> Fault {
    .alter { request, _ in
      let headers = request.headers.map { "\($0.name): \($0.value)" }
      let text = String(repeating: "x", count: words) + (secrets + headers).joined(separator: " ")
      let message = text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      return ServedResponse(status, text: "<Error><Code>\(code)</Code><Message>\(message)</Message></Error>")
    }
  }

  private static func faults(_ secrets: [String]) -> [(name: String, fault: Fault)] {
    [
      ("none", .interim([])), ("403", quoting(403, "AccessDenied", behind: 0, secrets)),
      ("a signature refused", quoting(403, "SignatureDoesNotMatch", behind: 0, secrets)),
      ("400", quoting(400, "InvalidArgument", behind: 503, secrets)),
      ("500", quoting(500, "InternalError", behind: 470, secrets)),
      ("reset", .loseReply), ("no S3", .answer(ServedResponse(200, text: "<html>\(secrets)</html>"))),
    ]
  }

  @Test("neither outputs, causes nor arguments have any", arguments: holders)
  func nowhere(row: (name: String, variables: [String: String])) async throws {
    for (name, fault) in Self.faults(row.variables.values.sorted()) {
      let problems = try await Lanes.run { try Self.problems(row.variables, fault) }
      #expect(problems == [], "\(name)")
    }
  }

  private static func problems(_ variables: [String: String], _ fault: Fault) throws -> [String] {
    // Whatever signs, the server behind takes it.
    let place = try ShakyArchive(FaultServer.rewriting(to: SeaweedS3.shared()) { _ in })
    let staging = try TemporaryPostgres.shared().createDatabase("staging")
    var problems: [String] = []
    for (target, commands) in [("*", ["archive"]), ("*/manifests/*", ["archive", "verify", "drill"])] {
      place.front.removeFaults()
      place.front.inject(fault, target: target, nth: 3, times: .max)
      for command in commands {
        let output = try SharedChain.withSource { source in
          let databases = ["DATABASE_URL": source, "STAGING_DATABASE_URL": staging]
          return try watched(place, ["audit", command, "--verbose"], variables.merging(databases) { $1 })
        }
        problems += leaks(output, place).map { "\(command): \($0)" }
      }
    }
    return problems
  }

  /// Runs the program, and gathers all that others can see of it.
  private static func watched(
    _ place: ShakyArchive, _ arguments: [String], _ change: [String: String]
  ) throws -> String {
    let command = try place.start(arguments, through: place.front, change: change)
    var seen: Set<String> = []
    while command.isRunning {
      let line = FileManager.default.contents(atPath: "/proc/\(command.processID)/cmdline") ?? Data()
      seen.insert(String(decoding: line, as: UTF8.self))
      usleep(2000)
    }
    let output = try command.wait()
    return output.text + output.errorText + seen.joined()
  }

  private static func leaks(_ seen: String, _ place: ShakyArchive) -> [String] {
    let signatures = place.front.requests.compactMap { request in
      request.header("authorization").flatMap { $0.components(separatedBy: "Signature=").last }
    }
    // A piece of one is too much as well.
    let pieces = [key, secret, token].map { String($0.prefix(8)) }
    return (pieces + ["Signature=", "Security-Token:"] + Set(signatures).map { String($0.prefix(16)) }).filter {
      seen.contains($0)
    }.map { "\($0) in \(seen)" }
  }

  @Test("the probe itself would find a leak")
  func probe() throws {
    let place = try ShakyArchive(FaultServer.rewriting(to: SeaweedS3.shared()) { _ in })
    let change = Self.holders[0].variables
    let seen = try Self.watched(place, ["audit", "status", "--stream", Self.key], change)
    #expect(Self.leaks(seen, place).count == 1)
  }
}
