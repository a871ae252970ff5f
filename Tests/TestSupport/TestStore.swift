// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import Foundation
internal import Synchronization

/// Which store a test's archive is in.
public enum StoreKind: String, Sendable, CaseIterable, CustomStringConvertible {
  case file
  case s3

  public var description: String { rawValue }

  /// Those that can be had here: a folder always, a bucket where there is a server.
  public static let usable: [StoreKind] = SeaweedS3.isUsable ? [.file, .s3] : [.file]
}

/// A store of a test's own: a folder, or a prefix in a bucket that all tests share.
public struct TestStore: Sendable {
  private static let count = Atomic(0)

  public let kind: StoreKind
  public let store: any ObjectStore
  /// The folder of ``StoreKind/file``; spool and scratch of ``StoreKind/s3``.
  public let directory: TemporaryDirectory
  private let prefix: String

  public init(_ kind: StoreKind = .file) throws {
    self.kind = kind
    directory = try TemporaryDirectory("archive")
    prefix = "t\(Self.count.add(1, ordering: .relaxed).newValue)"
    switch kind {
    case .file: store = FileStore(path: directory("store"))
    case .s3: store = S3Store(try LockedBucket.shared().client, prefix: prefix)
    }
  }

  /// The path of an object of a folder.
  public func path(_ key: String) -> String { directory("store/\(key)") }

  /// Writes past the store, as a stranger does: over what is there in a folder, as a version on top in a bucket.
  public func overwrite(_ key: String, _ bytes: [UInt8]) throws {
    switch kind {
    case .file:
      try FileManager.default.createDirectory(
        atPath: (path(key) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try? FileManager.default.removeItem(atPath: path(key))
      try Data(bytes).write(to: URL(fileURLWithPath: path(key)))
    case .s3: try LockedBucket.shared().put("\(prefix)/\(key)", bytes)
    }
  }

  /// Removes a file past the store, as somebody does who may.
  public func remove(_ key: String) throws { try FileManager.default.removeItem(atPath: path(key)) }
}
