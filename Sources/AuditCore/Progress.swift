// SPDX-License-Identifier: Apache-2.0

/// Hears how far a job is; may be called from any thread, a few times a megabyte at most.
public protocol ProgressListener: Sendable {
  /// Says how many rows are to come, where that is known.
  func expect(rows: Int)
  func advance(rows: Int, bytes: Int)
  /// Says how much of an object's bytes are on their way; all of them once it is in its place.
  func upload(_ name: String, sent: Int, of total: Int)
  func event(_ message: String, _ fields: KeyValuePairs<String, JSONValue>)
}

extension ProgressListener {
  public func upload(_ name: String, sent: Int, of total: Int) {}
}

/// Hears nothing.
public struct NoProgress: ProgressListener {
  public init() {}
  public func expect(rows: Int) {}
  public func advance(rows: Int, bytes: Int) {}
  public func event(_ message: String, _ fields: KeyValuePairs<String, JSONValue>) {}
}
