// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// A document with one thing in it bent.
public struct JSONMutation: Sendable {
  public enum Kind: Sendable {
    case changed, removed, duplicated, added
    /// The same members or elements in another order.
    case moved
  }

  public let kind: Kind
  /// What was bent, as `manifest.rows.count: +1`.
  public let name: String
  public let value: JSONValue
}

extension JSONValue {
  /// The document once for each way in which something in it can be bent: each member and each element changed, removed,
  /// doubled and moved, and members added.
  public var mutations: [JSONMutation] { mutations(at: "") }

  private func mutations(at path: String) -> [JSONMutation] {
    func changed(_ how: String, _ value: JSONValue) -> JSONMutation {
      JSONMutation(kind: .changed, name: "\(path): \(how)", value: value)
    }
    switch self {
    case .null: return [changed("a text", "x"), changed("a number", 0)]
    case .bool(let value): return [changed("negated", .bool(!value)), changed("null", .null)]
    case .integer(let value):
      return [
        changed("+1", .integer(value + 1)), changed("-1", .integer(value - 1)),
        changed("a text", .string(String(value))), changed("null", .null), changed("a fraction", .number("\(value).0")),
      ]
    case .number: return [changed("0", 0)]
    case .string(let text):
      let flipped = text.last == "0" ? "1" : "0"
      return [
        changed("longer", .string(text + "0")), changed("empty", text.isEmpty ? "0" : ""), changed("null", .null),
        changed("shorter", text.isEmpty ? "0" : .string(String(text.dropLast()))),
        changed("its end", text.isEmpty ? "0" : .string(text.dropLast() + flipped)),
        changed("its beginning", text.isEmpty ? "0" : .string((text.first == "0" ? "1" : "0") + text.dropFirst())),
      ]
    case .array(let elements):
      return elements.bent(path, { .array($0) }) { $1.mutations(at: "\(path)[\($0)]") }
        + [changed("null", .null), changed("one more", .array(elements + [.null]))]
    case .object(let members):
      return members.bent(path, { .object($0) }) { _, member in
        member.value.mutations(at: path.isEmpty ? member.name : "\(path).\(member.name)").map {
          JSONMutation(kind: $0.kind, name: $0.name, value: .object([Member(member.name, $0.value)]))
        }
          + [
            JSONMutation(
              kind: .changed, name: "\(path): another name", value: .object([Member(member.name + "x", member.value)]))
          ]
      } + [
        changed("null", .null),
        JSONMutation(kind: .added, name: "\(path): one more", value: .object(members + [Member("x", .null)])),
      ]
    }
  }
}

extension Array where Element: Equatable {
  /// - Parameters:
  ///   - whole: makes the list a value again.
  ///   - each: an element's own mutations: of a member as an object of it alone.
  fileprivate func bent(
    _ path: String, _ whole: ([Element]) -> JSONValue, _ each: (Int, Element) -> [JSONMutation]
  ) -> [JSONMutation] {
    indices.flatMap { index -> [JSONMutation] in
      func mutation(_ kind: JSONMutation.Kind, _ change: (inout [Element]) -> Void) -> JSONMutation {
        var list = self
        change(&list)
        return JSONMutation(kind: kind, name: "\(path)[\(index)] \(kind)", value: whole(list))
      }
      var mutations = [
        mutation(.removed) { $0.remove(at: index) }, mutation(.duplicated) { $0.insert(self[index], at: index) },
      ]
      if index + 1 < count, self[index] != self[index + 1] {
        mutations.append(mutation(.moved) { $0.swapAt(index, index + 1) })
      }
      return mutations
        + each(index, self[index]).map { bent in
          let element = bent.value as? Element ?? bent.value.members?.first as? Element
          var list = self
          if let element { list[index] = element }
          return JSONMutation(kind: bent.kind, name: bent.name, value: whole(list))
        }
    }
  }
}
