// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import ChainWriter
import Files
import Postgres
import Signing

struct Dev: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "For demonstrations, tests and benchmarks.", subcommands: [Chain.self, SigningProxy.self])
}

extension Dev {
  struct Chain: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a chain, sound or broken, in a new table or as text for COPY.",
      discussion: """
        The rows are signed by the signer of the environment, if there is one.

        Variables: DATABASE_URL, AUDIT_TABLE, AUDIT_SIGNING_KMS_KEY_ID, SIGNING_PROXY_URL, AUDIT_SIGNING_KEY, \
        AUDIT_SIGNING_PRIVATE_KEY.

        Exit status: 73 the table has rows already.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var table: TableOptions
    @Option(help: "Rows of the chain.") var rows = 1000
    @Option(help: "Days over which they spread.") var days = 7
    @Option(help: "The last of these days; by default yesterday.") var lastDay: String?
    @Option(help: "The same seed makes the same chain.") var seed: UInt64 = 1
    @Option(help: "Break the chain: hash, delete, fork, orphan or sig.") var broken: String?
    @Option(help: "Number of the row at fault, from 1.") var at = 58
    @Flag(help: "Leave the rows unsigned.") var unsigned = false
    @Flag(help: "Print text for COPY instead of filling a table.") var tsv = false

    func run() throws {
      let environment = common.environment()
      let shape = try shape()
      let registry = try KeyRegistry.load(environment)
      let signer = unsigned ? nil : try SignerChoice.events(environment, registry: registry)
      if tsv { return try ChainLoader.write(shape, signer: signer) { try Results.check(Process.write($0, to: 1)) } }
      let name = try table.tableName(environment)
      let written = try ChainLoader.load(shape, signer: signer, into: name, conninfo: try table.conninfo(environment))
      try Console(common).finish(
        .object(["rows": .count(written), "table": .string("\(name.schema).\(name.name)")]),
        "made \(written) rows in \(name.schema).\(name.name)")
    }

    private func shape() throws -> ChainShape {
      try requireRange(rows, 1...1_000_000_000, "--rows")
      try requireRange(days, 1...36_500, "--days")
      try requireRange(at, 1...1_000_000_000, "--at")
      let yesterday = Timestamp.now().day.advanced(by: -1)
      guard let last = lastDay == nil ? yesterday : UTCDay(lastDay!) else {
        throw ValidationError("--last-day takes a day like 2026-11-23")
      }
      guard let least = UTCDay(year: 1, month: 1, day: 1), last.advanced(by: 1 - days) >= least else {
        throw ValidationError("--days lead to before the year 1")
      }
      var shape = ChainShape(lastDay: last)
      shape.rows = rows
      shape.days = days
      shape.seed = seed
      if let broken {
        guard let fault = GeneratedFault(rawValue: broken) else {
          throw ValidationError("--broken takes hash, delete, fork, orphan or sig")
        }
        shape.fault = fault
        shape.faultRow = at
      }
      return shape
    }
  }
}
