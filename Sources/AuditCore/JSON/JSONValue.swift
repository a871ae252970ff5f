// SPDX-License-Identifier: Apache-2.0
internal import Bytes
internal import CanonicalJSON

/// A small JSON document: manifests, registries, reports. Rows never become one.
public enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  /// A number that is not an integer below 2^53, in its own text.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Equatable, Sendable {
    public let name: String
    public let value: JSONValue

    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// An object from pairs, in their order.
  public static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member($0.key, $0.value) })
  }

  /// Member of an object; nil when there is none, or this is no object.
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name.isSameText(as: name) }?.value
  }

  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  public var members: [Member]? { if case .object(let value) = self { value } else { nil } }

  /// The RFC 8785 form. Its numbers are ones that a double can hold, as all are that were read.
  public var canonicalBytes: [UInt8] {
    let text = Array(JSONText.compact(self).utf8)
    var out = ByteBuffer(capacity: text.count)
    var canonicalizer = Canonicalizer()
    do { try canonicalizer.canonicalize(text.span, into: &out) } catch {
      preconditionFailure("a value's own text is JSON: \(error)")
    }
    return out.array()
  }

  /// Whether `text`, from which this value was read, is laid out as programs do it; see ``JSONText/isRegular(_:_:)``.
  func isRegularly(written text: [UInt8]) -> Bool { JSONText.isRegular(text, self) }

  /// Indented by two spaces, with a newline at the end.
  public var prettyBytes: [UInt8] { Array((JSONText.pretty(self) + "\n").utf8) }

  /// On one line, members in their own order.
  public var compactText: String { JSONText.compact(self) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(nilLiteral: ()) { self = .null }
}
