// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// Runs pods as a node would: the manifest's arguments and variables, with what they mount in folders of its own.
struct LocalNode {
  let source: String
  let staging: String
  private let folder: TemporaryDirectory

  init() throws {
    let server = try TemporaryPostgres.shared()
    source = try server.createDatabase("k8s_source")
    staging = try server.createDatabase("k8s_staging")
    folder = try TemporaryDirectory("node")
    for name in ["secrets", "spool", "archive"] {
      try FileManager.default.createDirectory(atPath: folder(name), withIntermediateDirectories: false)
    }
    for (name, text) in ["database-url": source, "staging-database-url": staging] {
      try text.write(toFile: folder("secrets/\(name)"), atomically: false, encoding: .utf8)
    }
  }

  /// Folders in the place of what a pod mounts.
  private func local(_ value: String) -> String {
    value.replacingOccurrences(of: "/etc/memoryctl/secrets", with: folder("secrets"))
      .replacingOccurrences(of: "/var/spool/memoryctl", with: folder("spool"))
  }

  /// What replaces a site's bucket, keys and monitoring.
  private var site: [String: String?] {
    [
      "AUDIT_ARCHIVE_URL": "file://" + folder("archive"), "AUDIT_SIGNING_KEY": "vector-key",
      "AUDIT_MANIFEST_SIGNER": "local:" + Fixtures.path("chain/ed25519.pem"),
      "AUDIT_SIGNERS_FILE": Fixtures.path("registry.json"), "AUDIT_SIGNING_KMS_KEY_ID": nil, "AUDIT_SIGNING_ALG": nil,
      "AUDIT_PUSHGATEWAY_URL": nil,
    ]
  }

  /// Runs a pod of a workload to its end.
  ///
  /// - Parameter set: what the cluster, or whoever made the Job, sets.
  func run(_ workload: Workload, set: [String: String] = [:]) throws -> CommandOutput {
    var variables = workload.variables.mapValues { $0.map(local) }
    for (name, value) in site { variables[name] = .some(value) }
    for (name, value) in set { variables[name] = value }
    let arguments = workload.arguments.map { argument in
      variables.reduce(argument) { $0.replacingOccurrences(of: "$(\($1.key))", with: $1.value ?? "") }
    }
    return try Command.run(
      Fixtures.product("memoryctl"), arguments, environment: variables, inheritsEnvironment: false)
  }

  /// Fills the source with a chain.
  func makeChain(rows: Int, days: Int) throws {
    let output = try Command.run(
      Fixtures.product("memoryctl"), ["dev", "chain", "--rows", "\(rows)", "--days", "\(days)"],
      environment: ["DATABASE_URL": source, "AUDIT_SIGNING_KEY": "vector-key"], inheritsEnvironment: false)
    guard output.status == 0 else { throw TestSupportError(output.errorText) }
  }
}
