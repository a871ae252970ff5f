// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Crypto
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

/// A document whose digest is right, with any text for its content.
private func document(_ content: String, _ canonical: String? = nil, member: String = "manifest") -> String {
  let digest = SHA256.hash(Array((canonical ?? content).utf8)).hex
  return #"{"\#(member)":\#(content),"proof":{"digestHex":"\#(digest)","threshold":1,"signatures":["#
    + #"{"signerId":"a","kid":"a","alg":"ed25519","signature":"AAAA"}]}}"#
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
    #expect(reason(document(#"{"a":1}"#)) == nil)
    for text in [
      "", "{}", "[]", "null", "1", #"{"manifest":{}}"#, #"{"manifest":{},"proof":{}}"#,
      document(#"{"a":1}"#) + "x", document(#"{"a":1}"#, member: "report"),
      document(#"{"a":1,"a":1}"#), document(#"{"a":1}"#, #"{"a":2}"#),
      document(#"{"a":1}"#).replacing(#""proof""#, with: #""x":1,"proof""#),
      document(#"{"a":1}"#).replacing(#""threshold":1"#, with: #""threshold":0"#),
      document(#"{"a":1}"#).replacing(#""threshold":1"#, with: #""threshold":2"#),
      document(#"{"a":1}"#).replacing(#""threshold":1"#, with: #""threshold":1,"more":1"#),
      document(#"{"a":1}"#).replacing(#""alg""#, with: #""x":1,"alg""#),
      document(#"{"a":1}"#).replacing("AAAA", with: "AAA"), document(#"{"a":1}"#).replacing("AAAA", with: "AAB="),
      document(#"{"a":1}"#).replacing("AAAA", with: "AA=="), document(#"{"a":1}"#).replacing("AAAA", with: "AA A"),
    ] where text != document(#"{"a":1}"#).replacing("AAAA", with: "AA==") {
      #expect(reason(text) != nil, "\(text)")
    }
    #expect(reason(document(#"{"a":1}"#).replacing("AAAA", with: "AB==")) != nil)
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
  }

  @Test("names that are not ASCII are refused in a manifest")
  func names() {
    #expect(reason(document(#"{"é":1}"#)) != nil)
    #expect(reason(document(#"{"a":"é"}"#)) == nil)
  }

  @Test("deep nesting is an error and no crash")
  func depth() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(reason(document(deep)) != nil)
  }

  @Test("what jq prints is accepted, another layout is not")
  func layouts() throws {
    let content = #"{"a":[],"b":{},"c":[1,2],"d":{"e":"x, : {"}}"#
    let compact = document(content)
    #expect(reason(compact) == nil)
    for arguments in [["-c", "."], ["."], ["--indent", "1", "."], ["--indent", "4", "."]] {
      let printed = try Command.run("jq", arguments, input: Array(compact.utf8)).text
      #expect(reason(printed) == nil, "\(arguments)")
      #expect(reason(String(printed.dropLast())) == nil)
      #expect(reason(printed + "\n") != nil)
      #expect(reason(" " + printed) != nil)
    }
    #expect(reason(compact.replacing(#""threshold":"#, with: #""threshold": "#)) != nil)
    #expect(reason(compact.replacing("[]", with: "[ ]")) != nil)
    #expect(reason(compact.replacing("x, ", with: #"\u0078, "#)) != nil)
  }
}
