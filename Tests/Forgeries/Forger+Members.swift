// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography

extension Forger {
  /// The kinds of documents, by their folders.
  static func documentKind(_ key: String) -> SignedDocument.Kind? {
    if key.contains("/manifests/") { return .manifest }
    if key.contains("/signers/") { return .registry }
    return key.contains("/drills/") ? .report : nil
  }

  /// Every member of every document changed, removed, doubled, renamed, moved, at every depth: with the digest as it was,
  /// and made anew.
  public func members(_ body: (Objects, String) -> Void) throws {
    var index = offset
    for key in keys {
      guard let kind = Self.documentKind(key) else { continue }
      let document = try JSONValue(parsing: bytes(key))
      for (path, changed) in document.edits() {
        defer { index += 1 }
        guard index % step == 0 else { continue }
        body(with(key, changed.prettyBytes), "\(key) \(path)")
        if let anew = changed.withDigest(kind) { body(with(key, anew.prettyBytes), "\(key) \(path), with its digest") }
      }
    }
  }

  /// Every other way to write a document down.
  public func layouts(_ body: (Objects, String) -> Void) throws {
    for key in keys where Self.documentKind(key) != nil {
      let value = try JSONValue(parsing: bytes(key))
      let pretty = String(decoding: value.prettyBytes, as: UTF8.self)
      let narrow = pretty.split(separator: "\n").map { line in
        String(repeating: " ", count: line.prefix { $0 == " " }.count / 2) + line.drop { $0 == " " }
      }.joined(separator: "\n")
      let texts = [
        value.compactText, value.compactText + "\n", narrow, narrow + "\n", String(pretty.dropLast()), pretty + "\n",
        " " + pretty, "\u{feff}" + pretty, pretty.replacing("\n", with: "\r\n"), pretty.replacing("  ", with: "\t"),
        pretty.replacing("\": ", with: "\":"), pretty.replacing("\": ", with: "\" : "),
        pretty.replacing("a", with: "\\u0061"),
        pretty.replacing("/", with: "\\/"), pretty.replacing("memory", with: "m\\u0065mory"),
        String(decoding: value.canonicalBytes, as: UTF8.self), pretty.replacing(" 0,", with: " -0,"),
        pretty.replacing(" 1,", with: " 1.0,"), pretty.replacing(" 1,", with: " 1e0,"),
        pretty.replacing(" 1,", with: " 01,"),
      ]
      for (index, text) in texts.enumerated() { body(with(key, Array(text.utf8)), "\(key) layout \(index)") }
    }
  }
}

extension JSONValue {
  /// Makes the proof's digest the content's.
  func withDigest(_ kind: SignedDocument.Kind) -> JSONValue? {
    guard let content = self[kind.rawValue], let proof = self["proof"]?.members, content.isDigestible else {
      return nil
    }
    let digest = SignedDocument.digest(of: content)
    return .object([
      Member(kind.rawValue, content),
      Member("proof", .object(proof.map { $0.name == "digestHex" ? Member("digestHex", .digest(digest)) : $0 })),
    ])
  }

  /// Whether it has a canonical form at all.
  private var isDigestible: Bool {
    switch self {
    case .number(let text): Double(text)?.isFinite ?? false
    case .array(let elements): elements.allSatisfy(\.isDigestible)
    case .object(let members):
      Set(members.map(\.name)).count == members.count && members.allSatisfy(\.value.isDigestible)
    default: true
    }
  }

  /// Every edit of one member or element, with its path.
  func edits() -> [(path: String, value: JSONValue)] {
    switch self {
    case .object(let members): return memberEdits(members)
    case .array(let elements): return elementEdits(elements)
    default: return alternatives.map { ("to \($0.compactText.prefix(40))", $0) }
    }
  }

  private func memberEdits(_ members: [Member]) -> [(String, JSONValue)] {
    var edits: [(String, JSONValue)] = [("gets a member", .object(members + [Member("extra", 1)]))]
    edits.append(("gets a first member", .object([Member("extra", 1)] + members)))
    for (index, member) in members.enumerated() {
      func replacing(_ with: [Member]) -> JSONValue {
        .object(Array(members[..<index]) + with + Array(members[(index + 1)...]))
      }
      let path = ".\(member.name) "
      edits += member.value.edits().map { (path + $0.path, replacing([Member(member.name, $0.value)])) }
      edits.append((path + "removed", replacing([])))
      edits.append((path + "twice", replacing([member, member])))
      edits.append((path + "twice, the first null", replacing([Member(member.name, .null), member])))
      edits.append((path + "twice, the last null", replacing([member, Member(member.name, .null)])))
      edits.append((path + "again at the end", .object(members + [member])))
      edits.append((path + "renamed", replacing([Member(member.name + "_", member.value)])))
      edits.append((path + "in capitals", replacing([Member(member.name.uppercased(), member.value)])))
      edits.append((path + "null", replacing([Member(member.name, .null)])))
      edits.append((path + "wrapped", replacing([Member(member.name, .array([member.value]))])))
      if index > 0 {
        var moved = members
        moved.swapAt(index, index - 1)
        edits.append((path + "moved", .object(moved)))
      }
    }
    return edits
  }

  private func elementEdits(_ elements: [JSONValue]) -> [(String, JSONValue)] {
    var edits: [(String, JSONValue)] = [("emptied", .array([])), ("gets null", .array(elements + [.null]))]
    for (index, element) in elements.enumerated() {
      func replacing(_ with: [JSONValue]) -> JSONValue {
        .array(Array(elements[..<index]) + with + Array(elements[(index + 1)...]))
      }
      edits += element.edits().map { ("[\(index)]\($0.path)", replacing([$0.value])) }
      edits.append(("[\(index)] removed", replacing([])))
      edits.append(("[\(index)] twice", replacing([element, element])))
      if index > 0 {
        var moved = elements
        moved.swapAt(index, index - 1)
        edits.append(("[\(index)] moved", .array(moved)))
      }
    }
    return edits
  }

  private var alternatives: [JSONValue] {
    switch self {
    case .null: [false, 0, "", .object([]), .string(String(repeating: "0", count: 64))]
    case .bool(let value): [.bool(!value), 0, 1, "true", .null]
    case .integer(let value):
      [
        .integer(value + 1), .integer(value - 1), .integer(-value - 1), .integer(value ^ 1), .number("\(value).0"),
        .number("\(value)e0"), .string(String(value)), .bool(value != 0), .number("1e400"), .number("9007199254740992"),
      ]
    case .number(let text): [.string(text), 0]
    case .string(let text):
      [
        "", .string(text + " "), .string(" " + text), .string(text.uppercased()), .string(text.lowercased()),
        .string(String(text.dropLast())), .string(String(text.reversed())), .string(text + "\u{0}"),
        .string(text.replacing("0", with: "1")), .string(text.replacing("Z", with: ".000000Z")),
        .string(text.replacing("=", with: "")), .string(text + "="), 0, .bool(true), .null, .array([]), .object([]),
      ]
    case .array, .object: []
    }
  }
}
