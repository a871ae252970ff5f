// SPDX-License-Identifier: Apache-2.0
import Foundation
import Yams

/// A value of a YAML document, so that tests can ask for what may not be there.
enum YAML: Sendable, Equatable {
  case null
  case bool(Bool)
  case number(Int)
  case text(String)
  case list([YAML])
  case map([String: YAML])

  /// The documents of a text.
  static func documents(_ text: String) throws -> [YAML] { try Yams.load_all(yaml: text).map { YAML($0) } }

  private init(_ value: Any) {
    switch value {
    case let value as Bool: self = .bool(value)
    case let value as Int: self = .number(value)
    case let value as String: self = .text(value)
    case let value as [Any]: self = .list(value.map { YAML($0) })
    case let value as [AnyHashable: Any]:
      self = .map(Dictionary(uniqueKeysWithValues: value.map { ("\($0.key)", YAML($0.value)) }))
    default: self = .null
    }
  }

  /// A member of a map, or null.
  subscript(name: String) -> YAML {
    guard case .map(let members) = self else { return .null }
    return members[name] ?? .null
  }

  var string: String? { if case .text(let text) = self { text } else { nil } }
  var int: Int? { if case .number(let number) = self { number } else { nil } }
  var list: [YAML] { if case .list(let items) = self { items } else { [] } }
  var strings: [String] { list.compactMap(\.string) }
  var map: [String: YAML] { if case .map(let members) = self { members } else { [:] } }

  /// The members that are texts.
  var textMap: [String: String] { map.compactMapValues(\.string) }

  /// As Foundation writes JSON.
  var plain: Any {
    switch self {
    case .null: NSNull()
    case .bool(let value): value
    case .number(let value): value
    case .text(let value): value
    case .list(let items): items.map(\.plain)
    case .map(let members): members.mapValues(\.plain)
    }
  }
}
