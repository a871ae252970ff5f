// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Crypto
internal import Postgres
internal import RowCodec

/// Asks the table itself, in the session that holds the snapshot.
public final class TableLookup: ChainLookup {
  private let source: SourceSession
  private let table: ChainTable

  public init(_ table: ChainTable, in source: SourceSession) {
    self.table = table
    self.source = source
  }

  private var hash: String { quoteIdentifier(table.names.hash) }

  public func rows(withHash hashes: [Digest]) throws -> [Digest: Timestamp] {
    var found: [Digest: Timestamp] = [:]
    for start in stride(from: 0, to: hashes.count, by: 1000) {
      let list = hashes[start..<min(start + 1000, hashes.count)].map(\.hex).joined(separator: ",")
      let time = quoteIdentifier(table.names.createdAt)
      let rows = try source.session.execute(
        """
        SELECT \(hash), CASE WHEN isfinite(\(time))
          THEN (extract(epoch FROM \(time) - '2000-01-01 00:00:00+00') * 1000000)::bigint::text END
        FROM \(table.description.sql) WHERE \(hash) = ANY (string_to_array($1, ','))
        """, [list])
      for row in rows {
        guard let text = row[0], let digest = Digest(hex: text) else { continue }
        found[digest] = row[1].flatMap { Int64($0) }.map { Timestamp(microseconds: $0) } ?? .distantPast
      }
    }
    return found
  }

  public func hasSuccessor(of hash: Digest) throws -> Bool {
    let previous = quoteIdentifier(table.names.previousHash)
    return try !source.session.execute(
      "SELECT 1 FROM \(table.description.sql) WHERE \(previous) = $1 LIMIT 1", [hash.hex]
    ).isEmpty
  }
}
