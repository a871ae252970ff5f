// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Bytes
internal import Cryptography
internal import RowCodec

/// How a table's rows are compared with those that were archived when the table had perhaps other columns.
struct SchemaMatch: ~Copyable {
  private enum Way {
    case same
    case projected(LineProjection)
    /// The hash alone is compared: a column is gone, or has another type.
    case byHash
  }

  private var ways: [Way] = []
  /// What changed, once for each shape.
  private(set) var notes: [String] = []
  private var ranges: [Range<Int>] = []
  private var projected = ByteBuffer()

  /// Shapes that are compared by more than the hash.
  private static let most = 8

  init(_ archived: [(columns: [Column], firstManifest: Int)], table: [Column]) {
    for (index, schema) in archived.enumerated() {
      let since = "manifest \(schema.firstManifest) and those like it"
      if LineProjection.isIdentity(from: table, to: schema.columns) {
        ways.append(.same)
      } else if index < Self.most, let projection = LineProjection(from: table, to: schema.columns) {
        ways.append(.projected(projection))
        let added = table.filter { column in !schema.columns.contains { $0.name == column.name } }.map(\.name)
        if !added.isEmpty {
          notes.append("the table has columns that \(since) lack: \(added.joined(separator: ", "))")
        }
      } else {
        ways.append(.byHash)
        let changed = schema.columns.filter { column in
          !table.contains { $0.name == column.name && $0.type == column.type }
        }.map { "\($0.name) \($0.type)" }
        let what = changed.isEmpty ? "too many changes" : changed.joined(separator: ", ")
        notes.append(
          "the table lacks columns of \(since), or has them with other types: \(what); those rows are compared by their"
            + " hashes alone")
      }
    }
  }

  var count: Int { ways.count }

  /// Whether rows of a shape are archived with just the line that they have in the table.
  func isSame(_ schema: Int) -> Bool { if case .same = ways[schema] { true } else { false } }

  /// The leaf that a table's row would have with the columns of a shape; nil where it cannot be known.
  @safe
  mutating func leaf(_ schema: Int, _ row: Digest, _ line: UnsafeRawBufferPointer) -> Digest? {
    switch ways[schema] {
    case .same: return row
    case .byHash: return nil
    case .projected(let projection):
      projected.clear()
      projected.append(0)
      do { try unsafe projection.append(line, &ranges, to: &projected) } catch { return ArchiveOutline.nothing }
      return unsafe SHA256.hash(projected.unsafeBytes)
    }
  }
}
