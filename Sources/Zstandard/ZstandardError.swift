// SPDX-License-Identifier: Apache-2.0
internal import CZstd

/// Why bytes are not what zstd reads, or cannot be made so.
public struct ZstandardError: Error, Equatable, CustomStringConvertible {
  public let reason: String

  public init(_ reason: String) { self.reason = reason }

  init(code: Int) { reason = String(cString: ZSTD_getErrorName(code)) }

  public var description: String { reason }
}

/// Passes a size through, throws for what libzstd says is an error.
@discardableResult
func check(_ code: Int) throws(ZstandardError) -> Int {
  if ZSTD_isError(code) != 0 { throw ZstandardError(code: code) }
  return code
}
