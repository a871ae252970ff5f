// SPDX-License-Identifier: Apache-2.0
@testable import AuditCore
import Cryptography
import TestSupport
import Testing

private func reason(_ bytes: [UInt8], _ kind: SignedDocument.Kind = .manifest) -> String? {
  do throws(DocumentError) {
    _ = try SignedDocument(parsing: bytes, kind)
    return nil
  } catch { return error.reason }
}

private func reason(_ text: String, _ kind: SignedDocument.Kind = .manifest) -> String? {
  reason(Array(text.utf8), kind)
}

/// A document whose digest is right, with any text for its content, in the layout that we write.
private func document(_ content: String, _ canonical: String? = nil, member: String = "manifest") -> String {
  laidOut(compact(content, canonical, member: member)) + "\n"
}

private func compact(_ content: String, _ canonical: String? = nil, member: String = "manifest") -> String {
  let digest = SHA256.hash(Array((canonical ?? content).utf8)).hex
  return #"{"\#(member)":\#(content),"proof":{"digestHex":"\#(digest)","threshold":1,"signatures":["#
    + #"{"signerId":"a","kid":"a","alg":"ed25519","signature":"AAAA"}]}}"#
}

/// A text without white space, each value on a line of its own; it need not be sound.
private func laidOut(_ text: String, width: Int = 2) -> String {
  var (out, depth, isInString, before) = ("", 0, false, Character(" "))
  let newLine = { (depth: Int) in "\n" + String(repeating: " ", count: width * depth) }
  for character in text {
    if character == "\"" && before != "\\" { isInString.toggle() }
    switch character {
    case _ where isInString: out.append(character)
    case "{", "[":
      depth += 1
      out.append(character)
      out += newLine(depth)
    case "}", "]":
      depth -= 1
      if before == "{" || before == "[" { out.removeLast(width * (depth + 1) + 1) } else { out += newLine(depth) }
      out.append(character)
    case ",": out += "," + newLine(depth)
    case ":": out += ": "
    default: out.append(character)
    }
    before = character
  }
  return out
}

@Suite("Signed documents")
struct SignedDocumentTests {
  @Test("the digest is what jq and sha256sum make of the manifest", arguments: 0..<4)
  func standardTools(sequence: Int) throws {
    let document = try SignedDocument(parsing: goldenBytes(sequence), .manifest)
    let directory = try TemporaryDirectory("document")
    for bytes in [try goldenBytes(sequence), document.bytes] {
      let jq = try Command.run("jq", ["-cS", ".manifest"], input: bytes).standardOutput
      #expect(Array(jq.dropLast()) == document.content.canonicalBytes)
      let sum = try Command.run("sha256sum", input: Array(jq.dropLast())).text
      #expect(sum.prefix(64) == document.digest.hex)
    }
    #expect(try SignedDocument(parsing: document.bytes, .manifest) == document)
    _ = directory
  }

  @Test("any changed byte is refused, or changes proof or signature", arguments: [0, 2])
  func everyByte(sequence: Int) throws {
    let bytes = try goldenBytes(sequence)
    let original = try SignedDocument(parsing: bytes, .manifest)
    for index in bytes.indices {
      for change: UInt8 in [0x01, 0x20, bytes[index] ^ 0x20, bytes[index] ^ 0x0a] {
        var changed = bytes
        changed[index] ^= change
        guard change != 0, let read = try? SignedDocument(parsing: changed, .manifest) else { continue }
        // What is left is a signature's own members, which its key checks.
        #expect(read.content == original.content, "byte \(index) ^ \(change)")
        #expect(read.proof != original.proof, "byte \(index) ^ \(change)")
      }
    }
  }

  @Test("shapes that are refused")
  func shapes() {
    let sound = compact(#"{"a":1}"#)
    func reason(_ text: String) -> String? { AuditCoreTests.reason(laidOut(text) + "\n") }
    #expect(reason(sound) == nil)
    #expect(reason(sound.replacing("AAAA", with: "AA==")) == nil)
    for text in [
      "", "{}", "[]", "null", "1", #"{"manifest":{}}"#, #"{"manifest":{},"proof":{}}"#, sound + "x",
      compact(#"{"a":1}"#, member: "report"), compact(#"{"a":1,"a":1}"#), compact(#"{"a":1}"#, #"{"a":2}"#),
      sound.replacing(#""proof""#, with: #""x":1,"proof""#),
      sound.replacing(#""threshold":1"#, with: #""threshold":0"#),
      sound.replacing(#""threshold":1"#, with: #""threshold":2"#),
      sound.replacing(#""threshold":1"#, with: #""threshold":1,"more":1"#),
      sound.replacing(#""alg""#, with: #""x":1,"alg""#), sound.replacing("AAAA", with: "AAA"),
      sound.replacing("AAAA", with: "AAB="), sound.replacing("AAAA", with: "AA A"),
      sound.replacing("AAAA", with: "AB=="),
    ] {
      #expect(reason(text) != nil, "\(text)")
    }
  }

  @Test(
    "numbers that are no integers below 2^53 are refused in a manifest",
    arguments: ["1e400", "-1e400", "1.5", "9007199254740992", "-0", "1e2", "123456789012345678901234567890"])
  func numbers(number: String) {
    #expect(reason(document(#"{"a":[\#(number)]}"#)) != nil)
  }

  @Test("a report may have fractions, yet no number that no double can hold")
  func reportNumbers() {
    #expect(reason(document(#"{"a":1.5}"#, member: "report"), .report) == nil)
    #expect(reason(document(#"{"a":1e400}"#, member: "report"), .report) != nil)
    // The digest does not tell these from 12, 0, 1.5 and 1e+30, and readers do.
    for text in ["12.0", "12e0", "-0", "0.0", "1.50", "1e30", "1E+30", "1000000000000000000000000000000"] {
      #expect(reason(document(#"{"a":\#(text)}"#, member: "report"), .report) != nil, "\(text)")
    }
    #expect(reason(document(#"{"a":1e+30}"#, member: "report"), .report) == nil)
  }

  @Test("names that are not ASCII are refused in a manifest")
  func names() {
    #expect(reason(document(#"{"é":1}"#)) != nil)
    #expect(reason(document(#"{"a":"é"}"#)) == nil)
  }

  @Test("deep nesting is an error and no crash")
  func depth() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(reason(compact(deep)) != nil)
    let wide = String(repeating: "[", count: 60) + String(repeating: "1,", count: 1 << 16)
    #expect(reason(compact(wide + "1" + String(repeating: "]", count: 60)))?.contains("white space") == true)
  }

  @Test("two layouts are accepted, and what jq prints is one of them")
  func layouts() throws {
    let content = #"{"a":[],"b":{},"c":[1,2],"d":{"e":"x, : {\u0001\\","f":"é\u2028/"}}"#
    let canonical = #"{"a":[],"b":{},"c":[1,2],"d":{"e":"x, : {\u0001\\","f":"é\#u{2028}/"}}"#
    let compact = compact(content, canonical)
    let ours = try Command.run("jq", ["."], input: Array(compact.utf8)).text
    #expect(reason(ours) == nil)
    let golden = String(try Command.run("jq", ["--indent", "1", "."], input: Array(compact.utf8)).text.dropLast())
    #expect(reason(golden) == nil)
    for text in [
      compact, compact + "\n", String(ours.dropLast()), ours + "\n", " " + ours, golden + "\n",
      String(golden.dropLast()),
      ours.replacing("\n", with: "\r\n"), ours.replacing("[]", with: "[ ]"), ours.replacing("x, ", with: #"\u0078, "#),
      ours.replacing("  ", with: "\t"), "\u{feff}" + ours,
    ] {
      #expect(reason(text) != nil, "\(text)")
    }
    for arguments in [["-c", "."], ["--indent", "4", "."], ["--tab", "."], ["{proof, manifest}"]] {
      let printed = try Command.run("jq", arguments, input: Array(compact.utf8)).text
      #expect(reason(printed) != nil, "\(arguments)")
      #expect(reason(String(printed.dropLast())) != nil, "\(arguments)")
    }
  }

  @Test("members stand in the format's order", arguments: 0..<4)
  func order(sequence: Int) throws {
    let golden = try goldenBytes(sequence)
    let ours = try Command.run("jq", ["."], input: golden).standardOutput
    #expect(reason(golden) == nil && reason(ours) == nil)
    for bytes in [Array(golden.dropLast()), golden + [0x0a], Array(ours.dropLast())] { #expect(reason(bytes) != nil) }
    for filter in [
      "-S .", "{proof, manifest}", ".manifest |= {stream} + .", ".manifest.coverage |= {last} + .",
      ".manifest.source |= {columns} + .", ".manifest.source.columns[3] |= {type} + .", ".manifest.rows |= {total} + .",
      ".manifest.chain |= {intact} + .", ".manifest.chain.signatures |= {invalid} + .",
      ".manifest.retention |= {until} + .", ".proof |= {threshold} + .", ".proof.signatures[0] |= {alg} + .",
    ] {
      let arguments = filter.hasPrefix("-S ") ? ["-S", "."] : [filter]
      let printed = try Command.run("jq", arguments, input: golden).standardOutput
      #expect(reason(printed)?.contains("order") == true || reason(printed)?.contains("stand") == true, "\(filter)")
    }
  }

  @Test("the order is the one that we write, and names every member")
  func ownOrder() throws {
    var read = try Manifest(json: SignedDocument(parsing: goldenBytes(0), .manifest).content)
    read.source.resumeFrom = .now()
    read.source.indexes = [Manifest.Index(columns: ["id"], method: "btree", isUnique: true, isPrimary: true)]
    read.chain.acceptedRewind = read.merkleRoot
    let manifest = read.json
    let names = Set(manifest.paths.compactMap { $0.split(separator: ".").last.map(String.init) })
    for name in names {
      let twice = moved(name, in: manifest)
      #expect(MemberOrder.manifest.misplaced(in: twice) != nil, "\(name)")
    }
    #expect(MemberOrder.manifest.misplaced(in: manifest.with("future", 1)) == nil)
  }

  /// The same with the first member of a name moved to where it must not stand.
  private func moved(_ name: String, in value: JSONValue) -> JSONValue {
    guard let members = value.members else { return value }
    guard let index = members.firstIndex(where: { $0.name == name }) else {
      return .object(members.map { JSONValue.Member($0.name, moved(name, in: $0.value)) })
    }
    var changed = members
    let member = changed.remove(at: index)
    changed.insert(member, at: index == 0 ? changed.count : 0)
    return .object(changed)
  }
}
