// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Files
import Postgres
import RowCodec
import Signing

/// Options of every command.
struct CommonOptions: ParsableArguments {
  @Flag(help: "Print one JSON document instead of text.")
  var json = false

  @Flag(help: "Show what a failure was caused by.")
  var verbose = false

  /// The variables of this run.
  func environment() -> Environment {
    if verbose { Outcome.showCauses() }
    return Environment(Process.environment())
  }
}

/// Which table holds the chain.
struct TableOptions: ParsableArguments {
  @Option(help: "Postgres URL of the source [DATABASE_URL, POSTGRES_URL].")
  var database: String?

  @Option(help: "The chain's table, schema and all; odd names in double quotes [AUDIT_TABLE, public.audit_events].")
  var table: String?

  @OptionGroup var columns: ColumnOptions

  func conninfo(_ environment: Environment) throws -> String {
    guard let url = try conninfoIfAny(environment) else {
      throw Failure(
        .configuration, "no database is configured", on: "DATABASE_URL",
        remedy: "set it to postgresql://user@host/database, or give --database")
    }
    return url
  }

  func conninfoIfAny(_ environment: Environment) throws -> String? {
    try database ?? environment.firstValue("DATABASE_URL", "POSTGRES_URL")
  }

  func tableName(_ environment: Environment) throws -> TableName {
    let text = try table ?? environment.value("AUDIT_TABLE") ?? "public.audit_events"
    guard let name = TableName(text) else {
      throw Failure(
        .configuration, "this is no table's name", on: "AUDIT_TABLE",
        remedy: "write schema.table, odd names in double quotes")
    }
    return name
  }

  var names: ChainColumns { columns.names }
}

/// What the chain's columns are called.
struct ColumnOptions: ParsableArguments {
  @Option(help: "Column of the row's id.") var columnID = "id"
  @Option(help: "Column of the payload.") var columnPayload = "payload"
  @Option(help: "Column of the hash.") var columnHash = "hash"
  @Option(help: "Column of the predecessor's hash.") var columnPrevHash = "prev_hash"
  @Option(help: "Column of the signature.") var columnSignature = "signature"
  @Option(help: "Column of the row's time.") var columnCreatedAt = "created_at"
  @Option(help: "Column of the signer's id, where there is one.") var columnSignerID = "signer_id"

  var names: ChainColumns {
    var names = ChainColumns()
    names.id = columnID
    names.payload = columnPayload
    names.hash = columnHash
    names.previousHash = columnPrevHash
    names.signature = columnSignature
    names.createdAt = columnCreatedAt
    names.signerID = columnSignerID
    return names
  }
}

/// How rows' signatures are checked.
struct SignatureOptions: ParsableArguments {
  @Option(help: "Check the signatures of all rows, of one in N, or of none: all, sample:N, none.")
  var signatures = "all"

  @Flag(help: "Rows that are unsigned, or that no key at hand can verify, are a failure.")
  var requireSignatures = false

  func policy() throws -> SignaturePolicy {
    guard let policy = SignaturePolicy(signatures) else {
      throw ValidationError("--signatures takes all, sample:N with N from 1 to 1000000000, or none")
    }
    guard !(requireSignatures && policy == .none) else {
      throw ValidationError("--require-signatures cannot be met with --signatures none")
    }
    return policy
  }

  func isRequired(_ environment: Environment) throws -> Bool {
    if requireSignatures { return true }
    return try environment.requiresSigning()
  }
}

/// Refuses a number that an option cannot take, and says which it can.
func requireRange(_ value: Int, _ range: ClosedRange<Int>, _ option: String) throws {
  guard range.contains(value) else {
    throw ValidationError("\(option) takes a number from \(range.lowerBound) to \(range.upperBound)")
  }
}

/// Refuses what is no path, without repeating it: somebody may have pasted a database's URL, password and all.
func requirePath(_ file: String) throws {
  let isPath = !file.contains("://") && !file.contains("password=") && !file.contains("-----BEGIN")
  guard isPath || file.hasPrefix("file:///") else {
    throw ValidationError(
      "FILE is the path of a file; a table is named by --database, an archive by --archive, an object by --from-s3")
  }
}

/// Refuses what Postgres would refuse as a new schema's name, or cut short.
func requireSchema(_ name: String?) throws {
  guard let name else { return }
  guard (1...63).contains(name.utf8.count), !name.hasPrefix("pg_") else {
    throw ValidationError("--schema takes a name of 1 to 63 bytes that does not begin with pg_")
  }
}
