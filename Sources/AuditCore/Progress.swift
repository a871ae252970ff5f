// SPDX-License-Identifier: Apache-2.0

/// Hears how far a job is; may be called from any thread, a few times a megabyte at most.
public protocol ProgressListener: Sendable {
  /// Says how many rows are to come, where that is known.
  func expect(rows: Int)
  func advance(rows: Int, bytes: Int)
  func event(_ message: String, _ fields: KeyValuePairs<String, String>)
}

/// Hears nothing.
public struct NoProgress: ProgressListener {
  public init() {}
  public func expect(rows: Int) {}
  public func advance(rows: Int, bytes: Int) {}
  public func event(_ message: String, _ fields: KeyValuePairs<String, String>) {}
}
