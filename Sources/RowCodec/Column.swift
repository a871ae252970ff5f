// SPDX-License-Identifier: Apache-2.0

/// A column of the archived table and the shape its values take on the wire and in a row's line.
public struct Column: Equatable, Sendable {
  /// How a value comes out of a binary COPY, and what it becomes in JSON.
  public enum Shape: UInt8, Sendable {
    /// 16 bytes; a string of 36 characters.
    case uuid
    /// One byte; `true` or `false`.
    case bool
    /// Two, four or eight bytes, big-endian; a JSON number.
    case int2, int4, int8
    /// UTF-8; a JSON string.
    case text
    /// A version byte and Postgres's text; that text, byte for byte.
    case jsonb
    /// Microseconds since 2000-01-01; a string.
    case timestamptz
    /// The output function's text; a JSON number where it is finite, else a string.
    case number
    /// The output function's text; a JSON string.
    case other
  }

  public let name: String
  /// As `format_type` prints it, with its modifier.
  public let type: String
  public let shape: Shape
  public let isNotNull: Bool
  public let isGenerated: Bool

  public init(name: String, type: String, isNotNull: Bool = false, isGenerated: Bool = false) {
    self.name = name
    self.type = type
    self.isNotNull = isNotNull
    self.isGenerated = isGenerated
    shape = Self.shape(ofType: type)
  }

  /// Whether the column's own binary form is read; the others are read as their output function's text.
  public var isBinary: Bool { shape != .number && shape != .other }

  /// The shape of a type by its name; types of a user's own making are `.other`, whatever they are made of.
  static func shape(ofType type: String) -> Shape {
    if type.hasSuffix("]") { return .other }
    let base = type.prefix { $0 != "(" }
    switch String(base) {
    case "uuid": return .uuid
    case "boolean": return .bool
    case "smallint": return .int2
    case "integer": return .int4
    case "bigint": return .int8
    case "text", "character varying", "character", "name", "json": return .text
    case "jsonb": return .jsonb
    case "numeric", "real", "double precision": return .number
    case "timestamp": return type.hasSuffix("with time zone") ? .timestamptz : .other
    default: return type == "timestamp with time zone" ? .timestamptz : .other
    }
  }
}

/// Which columns are the chain's; names are settings, these are the defaults.
public struct ChainColumns: Equatable, Sendable {
  public var id = "id"
  public var payload = "payload"
  public var hash = "hash"
  public var previousHash = "prev_hash"
  public var signature = "signature"
  public var createdAt = "created_at"
  /// Names the signing key, in tables that have it.
  public var signerID = "signer_id"

  public init() {}
}

/// Positions of the chain's columns in a row.
public struct ChainColumnIndexes: Equatable, Sendable {
  public let id: Int
  public let payload: Int
  public let hash: Int
  public let previousHash: Int
  /// -1 where the table has no such column.
  public let signature: Int
  public let createdAt: Int
  public let signerID: Int

  /// Why a table cannot hold a chain.
  public struct Missing: Error, CustomStringConvertible {
    public let column: String
    public let reason: String
    public var description: String { "column \"\(column)\" \(reason)" }
  }

  public init(_ columns: [Column], _ names: ChainColumns) throws(Missing) {
    func find(_ name: String, _ shapes: [Column.Shape]?) throws(Missing) -> Int {
      guard let index = columns.firstIndex(where: { $0.name == name }) else {
        throw Missing(column: name, reason: "does not exist")
      }
      if let shapes, !shapes.contains(columns[index].shape) {
        throw Missing(column: name, reason: "has type \(columns[index].type), which a chain cannot have there")
      }
      return index
    }
    id = try find(names.id, nil)
    payload = try find(names.payload, [.jsonb])
    hash = try find(names.hash, [.text])
    previousHash = try find(names.previousHash, [.text])
    createdAt = try find(names.createdAt, [.timestamptz])
    signature = columns.firstIndex { $0.name == names.signature && $0.shape == .text } ?? -1
    signerID = columns.firstIndex { $0.name == names.signerID && $0.shape == .text } ?? -1
  }
}
