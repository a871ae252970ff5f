// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
public import AuditCore
public import Postgres

/// What a run over one file would do: nothing of it has been done, and of the file no more than its beginning read.
public struct FilePlan: Sendable {
  public let name: String
  public let bytes: Int
  public let shape: FileShape
  /// The older tools' manifest that it would be compared with.
  public let manifest: String?
  /// Where its rows would be restored.
  public internal(set) var table: TableName?
  /// An earlier replay's schema would be dropped first.
  public internal(set) var replacesSchema = false
  public let notes: [String]

  /// The fields of `--json`.
  public var json: JSONValue {
    .object([
      "dryRun": true,
      "file": .object(["name": .string(name), "bytes": .count(bytes), "shape": .string(shape.rawValue)]),
      "manifest": manifest.map { .string($0) } ?? .null, "table": table.map { .string($0.sql) } ?? .null,
      "replacesSchema": .bool(replacesSchema), "notes": .array(notes.map { .string($0) }),
    ])
  }
}

extension FileVerifier {
  /// Looks at the file's beginning and for its manifest, and does nothing.
  public func plan() throws -> FilePlan {
    let reader = try ObservedReader(object)
    let shape = try FileShape(start: reader.peek(FileShape.startLength), name: object.name)
    return FilePlan(
      name: object.name, bytes: reader.size, shape: shape, manifest: try manifestObject(shape)?.name,
      notes: object.notes)
  }
}
