// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Glibc

/// Where the server's programs are, and as whom they are run.
struct PostgresPrograms {
  let directory: String
  /// Put in front of each command: the server refuses to run as root.
  let prefix: [String]
  /// Who owns the server's files, where that is not us.
  let owner: (user: uid_t, group: gid_t)?

  /// - Throws: ``TestSupportError`` that says what to install.
  static func find() throws -> PostgresPrograms {
    guard let directory = candidates().first(where: isComplete) else {
      throw TestSupportError("there is no Postgres server here; install one, such as Debian's package postgresql")
    }
    guard geteuid() == 0 else { return PostgresPrograms(directory: directory, prefix: [], owner: nil) }
    guard let account = (getpwnam("postgres") ?? getpwnam("nobody"))?.pointee else {
      throw TestSupportError("root cannot run Postgres, and there is no account postgres or nobody to run it as")
    }
    let identity = ["--reuid", "\(account.pw_uid)", "--regid", "\(account.pw_gid)", "--clear-groups", "--"]
    return PostgresPrograms(
      directory: directory, prefix: ["setpriv"] + identity, owner: (account.pw_uid, account.pw_gid))
  }

  /// - Parameter program: one of the server's, or any other by its path.
  func command(_ program: String, _ arguments: [String]) -> [String] {
    prefix + [program.hasPrefix("/") ? program : "\(directory)/\(program)"] + arguments
  }

  /// Runs a program to its end, as the owner of the server's files.
  func run(_ program: String, _ arguments: [String]) throws {
    let words = command(program, arguments)
    let output = try Command.run(words[0], Array(words.dropFirst()), directory: "/")
    guard output.status == 0 else { throw TestSupportError("\(program) failed: \(output.errorText)") }
  }

  /// Debian keeps them out of `PATH`, a folder for each version.
  private static func candidates() -> [String] {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    let newestFirst = versions.sorted { (Double($0) ?? 0) > (Double($1) ?? 0) }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return newestFirst.map { "\(root)/\($0)/bin" } + path.split(separator: ":").map(String.init)
  }

  private static func isComplete(_ directory: String) -> Bool {
    ["initdb", "postgres", "pg_basebackup"].allSatisfy {
      FileManager.default.isExecutableFile(atPath: "\(directory)/\($0)")
    }
  }
}
