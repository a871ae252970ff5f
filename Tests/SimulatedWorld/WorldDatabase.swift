// SPDX-License-Identifier: Apache-2.0
import AuditCore
import ChainReader

/// What the world does to a source database; one implementation is simulated, the other drives a real server.
protocol WorldDatabase: AnyObject {
  /// The server's clock.
  var now: Timestamp { get }
  func begin() throws -> Int
  func start(of transaction: Int) -> Timestamp
  func insert(_ row: WorldRow, in transaction: Int) throws
  func commit(_ transaction: Int) throws
  func rollBack(_ transaction: Int) throws
  func delete(_ id: UInt128) throws
  func replace(_ row: WorldRow) throws
  func restore(_ rows: [WorldRow]) throws
  var openTransactions: [Int] { get }
}
