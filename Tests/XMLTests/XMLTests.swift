// SPDX-License-Identifier: Apache-2.0
import Testing
import XML

@Suite("XML documents")
struct XMLTests {
  private func parse(_ text: String, _ limits: XMLLimits = XMLLimits()) throws -> XMLElement {
    try XMLElement(parsing: Array(text.utf8), limits: limits)
  }

  @Test("elements, attributes, text and references")
  func tree() throws {
    let root = try parse(
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <!-- a page -->
      <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/" xmlns:xsi="urn:x">
        <Name>bucket</Name>
        <Contents><Key>a &amp; b&#x2f;ü</Key><ETag>"1"</ETag></Contents>
        <Contents><Key> spaced </Key><Grantee xsi:type="Group"/></Contents>
        <Empty/><Data><![CDATA[<raw>]]></Data>
      </ListBucketResult>
      """)
    #expect(root.name == "ListBucketResult" && root.text == "")
    #expect(root.text(at: "Name") == "bucket")
    #expect(root.all("Contents").compactMap { $0.text(at: "Key") } == ["a & b/ü", " spaced "])
    #expect(root.text(at: "Contents", "ETag") == "\"1\"")
    #expect(root.first("Grantee")?.attributes == ["type": "Group"])
    #expect(root["Empty"]?.text == "" && root.text(at: "Data") == "<raw>")
    #expect(root["Missing"] == nil && root.text(at: "Contents", "Missing") == nil && root.first("Missing") == nil)
  }

  @Test("text in a Latin-1 document comes out as the same characters")
  func latin1() throws {
    let text = Array(#"<?xml version="1.0" encoding="ISO-8859-1"?><a>"#.utf8) + [0xfc] + Array("</a>".utf8)
    #expect(try XMLElement(parsing: text).text == "ü")
  }

  @Test("a document longer than one piece")
  func pieces() throws {
    let long = String(repeating: "äb", count: 900_000)
    #expect(try parse("<a><b>\(long)</b></a>").text(at: "b") == long)
  }

  static let malformed: [(name: String, text: String)] = [
    ("nothing", ""), ("white space", " \n"), ("text alone", "Service Unavailable"), ("unclosed", "<a><b></b>"),
    ("crossed", "<a><b></a></b>"), ("two roots", "<a/><b/>"), ("undefined entity", "<a>&nope;</a>"),
    ("a null byte", "<a>\u{0}</a>"), ("HTML", "<html><body><p>bad gateway<br></body></html>"),
  ]

  @Test("malformed documents are refused", arguments: malformed)
  func refusesMalformed(row: (name: String, text: String)) {
    do {
      _ = try parse(row.text)
      Issue.record("accepted")
    } catch {
      guard case .malformed(let reason, let line)? = error as? XMLError else {
        Issue.record("\(error)")
        return
      }
      #expect(!reason.isEmpty && line >= 1)
    }
  }

  @Test("invalid UTF-8 is refused")
  func invalidUTF8() {
    #expect(throws: XMLError.self) { try XMLElement(parsing: [0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]) }
  }

  static let documentTypes: [(name: String, text: String)] = [
    ("plain", "<!DOCTYPE a><a/>"),
    ("external", #"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#),
    ("entity", #"<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>"#),
    ("external entity", #"<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>"#),
    ("bomb", #"<!DOCTYPE a [<!ENTITY b "xxxx"><!ENTITY c "&b;&b;&b;">]><a>&c;&c;</a>"#),
  ]

  @Test("document types are refused", arguments: documentTypes)
  func refusesDocumentTypes(row: (name: String, text: String)) {
    #expect(throws: XMLError.hasDocumentType) { try parse(row.text) }
  }

  @Test("limits on depth, count and text hold, and what just fits is read")
  func limits() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
    }
    #expect(try parse(nested(4), XMLLimits(depth: 4)).name == "a")
    #expect(throws: XMLError.tooDeep(limit: 4)) { try parse(nested(5), XMLLimits(depth: 4)) }
    #expect(try parse("<a><b/><b/></a>", XMLLimits(elements: 3)).children.count == 2)
    #expect(throws: XMLError.tooManyElements(limit: 3)) { try parse("<a><b/><b/><b/></a>", XMLLimits(elements: 3)) }
    #expect(try parse("<a>123</a>", XMLLimits(textBytes: 4)).text == "123")
    #expect(throws: XMLError.tooMuchText(limit: 4)) { try parse("<a>1234</a>", XMLLimits(textBytes: 4)) }
    #expect(throws: XMLError.tooMuchText(limit: 8)) { try parse(#"<a b="123456789"/>"#, XMLLimits(textBytes: 8)) }
  }
}
