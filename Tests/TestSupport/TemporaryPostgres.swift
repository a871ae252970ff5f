// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc
internal import Postgres
internal import Synchronization

/// A Postgres server of a test's own, on a free port of 127.0.0.1 and on a socket in its own directory.
///
/// It ends with this object or with the test process, whichever comes first and however that ends; no other server is
/// ever touched. Everyone is trusted, but for members of the role `needs_password`.
public final class TemporaryPostgres: Sendable {
  /// The server that all tests of this process share; each makes itself a database in it.
  public static func shared() throws -> TemporaryPostgres { try sharedServer.get() }
  private static let sharedServer = Result { try TemporaryPostgres() }

  /// Whether tests that need a server are to run. In CI they always are: a skip there would hide a missing server.
  public static let isUsable =
    ProcessInfo.processInfo.environment["CI"] != nil || (try? PostgresPrograms.find()) != nil

  public let port: Int
  /// Holds `data`, `log` and the Unix socket.
  public let directory: String
  private let programs: PostgresPrograms
  private let process: ServerProcess
  private let databases = Atomic(0)

  /// Starts a server with an empty cluster.
  ///
  /// - Parameter settings: of `postgresql.conf`.
  public convenience init(settings: [String: String] = [:]) throws {
    let template = try clusterTemplate.get().data
    try self.init(settings) { programs, data in
      try programs.run("/bin/cp", ["-a", "--reflink=auto", template, data])
    }
  }

  /// Starts a standby that follows this server.
  public func startStandby() throws -> TemporaryPostgres {
    try TemporaryPostgres([:]) { [primary = url()] programs, data in
      try programs.run("pg_basebackup", ["-D", data, "-R", "-c", "fast", "-d", primary])
    }
  }

  private init(_ settings: [String: String], fill: (PostgresPrograms, String) throws -> Void) throws {
    programs = try PostgresPrograms.find()
    directory = try makeOwnedDirectory("postgres", programs)
    let data = directory + "/data"
    do {
      try fill(programs, data)
      (process, port) = try ServerProcess.start(programs, directory: directory, settings: settings)
    } catch {
      try? FileManager.default.removeItem(atPath: directory)
      throw error
    }
  }

  deinit { process.stop() }

  /// Stops the server at once, as a crash would, and removes its files.
  public func stop() { process.stop() }

  /// Where to connect to.
  public func url(database: String = "postgres", user: String = "postgres", password: String? = nil) -> String {
    let credentials = password.map { "\(encoded(user)):\(encoded($0))" } ?? encoded(user)
    return "postgresql://\(credentials)@127.0.0.1:\(port)/\(encoded(database))"
  }

  /// Makes a database.
  ///
  /// - Parameter template: the URL of one to copy, which nobody is connected to; nil for an empty one.
  /// - Returns: its URL, for the superuser `postgres`.
  public func createDatabase(_ purpose: String = "test", copying template: String? = nil) throws -> String {
    let name = "\(purpose)_\(databases.add(1, ordering: .relaxed).newValue)"
    let original = template.flatMap { $0.split(separator: "/").last?.removingPercentEncoding } ?? "template1"
    try execute("CREATE DATABASE \(quoteIdentifier(name)) TEMPLATE \(quoteIdentifier(original))")
    return url(database: name)
  }

  /// The table as the Memory Layer creates it.
  public static let auditEvents = """
    CREATE TABLE audit_events (
      id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
      event_type VARCHAR NOT NULL,
      memory_node_id UUID, artifact_id UUID,
      payload JSONB NOT NULL,
      hash TEXT NOT NULL UNIQUE,
      prev_hash TEXT,
      signature TEXT,
      manifest_signature_id VARCHAR,
      created_at TIMESTAMPTZ NOT NULL DEFAULT now())
    """

  /// Runs SQL as superuser and returns its rows.
  @discardableResult
  public func execute(_ sql: String, in database: String = "postgres") throws -> [[String?]] {
    try PostgresSession(url(database: database), application: "test support").execute(sql)
  }

  /// What the server wrote to its log.
  public var log: String {
    String(decoding: FileManager.default.contents(atPath: directory + "/log") ?? Data(), as: UTF8.self)
  }

  private func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
  }
}

/// An initialised cluster that servers start from a copy of; made once a process.
private let clusterTemplate = Result<(data: String, watch: ServerProcess), any Error> {
  let programs = try PostgresPrograms.find()
  let directory = try makeOwnedDirectory("template", programs)
  let watch = try ServerProcess.watch(directory, command: ["true"])
  let data = directory + "/data"
  try programs.run(
    "initdb",
    ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"])
  let rules = data + "/pg_hba.conf"
  let trust = try String(contentsOfFile: rules, encoding: .utf8)
  try ("host all +needs_password 127.0.0.1/32 scram-sha-256\n" + trust)
    .write(toFile: rules, atomically: false, encoding: .utf8)
  return (data, watch)
}

private func makeOwnedDirectory(_ purpose: String, _ programs: PostgresPrograms) throws -> String {
  let path = try TemporaryDirectory.make(purpose)
  if let owner = programs.owner { chown(path, owner.user, owner.group) }
  return path
}
