// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Synchronization
import TestSupport
import Testing

/// An archive of the shared chain under a prefix of its own, reached by way of a server that goes wrong as it is told to.
struct ShakyArchive {
  private static let count = Atomic(0)
  /// What an undisturbed run makes of the chain.
  static let undisturbed = Result {
    let place = try ShakyArchive()
    let output = try place.archive()
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
    return try place.image()
  }

  let bucket: LockedBucket
  let prefix: String
  let front: FaultServer
  private let program = Fixtures.product("memoryctl")
  private let directory: TemporaryDirectory

  init(_ handler: FaultServer.Handler? = nil) throws {
    bucket = try LockedBucket.shared()
    prefix = "shaky\(Self.count.add(1, ordering: .relaxed).newValue)"
    front = try FaultServer(handler: handler ?? FaultServer.forwarding(to: SeaweedS3.shared().url))
    directory = try TemporaryDirectory("shaky")
  }

  /// The same archive, reached by way of another server.
  init(reading other: ShakyArchive) throws {
    (bucket, prefix, directory) = (other.bucket, other.prefix, other.directory)
    front = try FaultServer(handler: FaultServer.forwarding(to: SeaweedS3.shared().url))
  }

  var url: String { "s3://\(bucket.client.bucket)/\(prefix)" }

  /// - Parameter server: where the program finds S3.
  func environment(_ server: String) throws -> [String: String?] {
    var environment: [String: String?] = [
      "AUDIT_ARCHIVE_URL": url, "AUDIT_ARCHIVE_LEGAL_HOLD": "true", "AUDIT_SIGNING_KEY": "vector-key",
      "AUDIT_MANIFEST_SIGNER": "local:" + Fixtures.path("chain/ed25519.pem"), "TMPDIR": directory.path,
      "AWS_MAX_ATTEMPTS": "2",
    ]
    for (name, value) in try LockedBucket.environment(server) { environment[name] = value }
    return environment
  }

  /// Runs the program to its end.
  ///
  /// - Parameter server: nil for the real one.
  func run(
    _ arguments: [String], through server: FaultServer? = nil, change: [String: String] = [:]
  ) throws -> CommandOutput { try start(arguments, through: server, change: change).wait() }

  func start(
    _ arguments: [String], through server: FaultServer? = nil, change: [String: String] = [:]
  ) throws -> Command {
    let environment = try environment(server?.url ?? SeaweedS3.shared().url).merging(change) { $1 }
    return try Command(program, arguments, environment: environment, inheritsEnvironment: false)
  }

  /// Archives the chain.
  ///
  /// - Parameter days: how many of its days; nil for all.
  func archive(
    days: Int? = nil, through server: FaultServer? = nil, change: [String: String] = [:]
  ) throws -> CommandOutput {
    let all = try SharedChain.days()
    return try SharedChain.withSource { source in
      try run(
        ["audit", "archive", "--through", all[(days ?? all.count) - 1]], through: server,
        change: change.merging(["DATABASE_URL": source]) { $1 })
    }
  }

  func verify(through server: FaultServer? = nil, change: [String: String] = [:]) throws -> CommandOutput {
    try run(["audit", "verify", "--archive", url], through: server, change: change)
  }

  /// What of the complete archive is not as an undisturbed run makes it: each object once, locked, held, with those bytes.
  func damage() throws -> [String] {
    let image = try image()
    var damage = try image.differences(from: Self.undisturbed.get())
    damage += image.odd.map { "\($0) has further versions" } + image.unlocked
    let verified = try verify()
    return verified.status == 0 ? damage : damage + ["verify: \(verified.text)\(verified.errorText)"]
  }

  func image() throws -> ArchiveImage { try ArchiveImage(bucket, below: prefix, isHeld: true) }
}

extension CommandOutput {
  /// What standard error says of a failure: lines that are no events, and events of that level.
  var sentences: [String] {
    errorText.split(separator: "\n").map(String.init).compactMap { line in
      guard line.hasPrefix("{") else { return line }
      let event = try? JSONValue(parsing: line)
      return event?["level"]?.string == "error" ? event?["msg"]?.string : nil
    }
  }
}
