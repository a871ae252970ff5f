// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// Settings of a section; a setting may have settings of its own below it.
struct ProfileSection: Sendable {
  var values: [String: String] = [:]
  /// `endpoint_url` below `s3 =` is `nested["s3"]["endpoint_url"]`.
  var nested: [String: [String: String]] = [:]

  mutating func merge(_ other: ProfileSection) {
    values.merge(other.values) { $1 }
    for (name, settings) in other.nested { nested[name, default: [:]].merge(settings) { $1 } }
  }
}

extension ProfileSection: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Names alone: values may be keys.
  var description: String { "settings \((values.keys.sorted() + nested.keys.sorted()).joined(separator: ", "))" }
  var debugDescription: String { description }
  var customMirror: Mirror { Mirror(self, children: []) }
}

/// The format of `~/.aws/config` and `~/.aws/credentials`.
///
/// Lines are `[section]`, `name = value`, blank, or comments with `#` or `;`; white space before those signs begins a
/// comment behind a value too. An indented line goes on with the setting above it: as a setting of its own below an
/// empty value, else as a further line of the value. Sections that come twice are joined, later settings winning.
///
/// - SeeAlso: AWS SDKs and Tools Reference Guide, "Shared config and credentials files".
struct ProfileFile: Sendable {
  /// By the text between the brackets.
  private(set) var sections: [String: ProfileSection] = [:]

  private var section: String?
  private var name: String?

  init() {}

  /// - Parameter path: for errors, which name file and line and never show what is there.
  init(parsing bytes: [UInt8], path: String) throws(Failure) {
    let text = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
    for (index, line) in text.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
      let content = String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self)
      guard read(content) else {
        throw Failure(
          .configuration, "line \(index + 1) is neither a section nor a setting", on: path, remedy: "correct the file")
      }
    }
  }

  /// - Returns: false for what is not of the format.
  private mutating func read(_ line: String) -> Bool {
    let content = Self.trimmed(Self.withoutComment(line))
    if content.isEmpty { return true }
    let isIndented = line.first == " " || line.first == "\t"
    if !isIndented, content.first == "[" { return open(content) }
    guard let section else { return false }
    if isIndented, let name { return goOn(content, section, name) }
    guard let (key, value) = Self.setting(content) else { return false }
    name = key
    sections[section]?.values[key] = value
    return true
  }

  private mutating func open(_ content: String) -> Bool {
    guard let end = content.firstIndex(of: "]"), Self.trimmed(content[content.index(after: end)...]).isEmpty else {
      return false
    }
    let title = Self.trimmed(content[..<end].dropFirst())
    guard !title.isEmpty else { return false }
    section = title
    name = nil
    if sections[title] == nil { sections[title] = ProfileSection() }
    return true
  }

  private mutating func goOn(_ content: String, _ section: String, _ name: String) -> Bool {
    if sections[section]?.values[name] == "" {
      guard let (key, value) = Self.setting(content) else { return false }
      sections[section]?.nested[name, default: [:]][key] = value
    } else {
      sections[section]?.values[name]?.append("\n" + content)
    }
    return true
  }

  private static func setting(_ content: String) -> (String, String)? {
    guard let equals = content.firstIndex(of: "=") else { return nil }
    let key = trimmed(content[..<equals]).lowercased()
    return key.isEmpty ? nil : (key, trimmed(content[content.index(after: equals)...]))
  }

  private static func withoutComment(_ line: String) -> Substring {
    var previous: Character = " "
    for index in line.indices {
      if line[index] == "#" || line[index] == ";", previous == " " || previous == "\t" { return line[..<index] }
      previous = line[index]
    }
    return line[...]
  }

  private static func trimmed(_ text: Substring) -> String {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    let front = text.drop(while: isSpace)
    return String(front.reversed().drop(while: isSpace).reversed())
  }
}
