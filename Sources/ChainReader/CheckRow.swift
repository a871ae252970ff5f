// SPDX-License-Identifier: Apache-2.0
internal import Bytes
internal import RowCodec

/// Checks one archived row by itself: its digest and its signature.
///
/// - Parameter line: without a newline.
/// - Throws: a ``RowFormatError`` where it is no row of these columns, a ``Failure`` where a service does not answer.
public func checkRow(_ line: String, _ work: RowWork) throws -> RowFacts {
  let batch = RowBatch()
  batch.lines.append(utf8: line)
  var checker = RowChecker(work)
  try checker.add(line: 0..<batch.lines.count, of: batch, leaf: nil)
  try checker.settle(batch)
  return batch.rows[0]
}
