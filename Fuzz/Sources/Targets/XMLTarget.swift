// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import XML

@testable import AWS
@testable import S3Client

private let limits = XMLLimits(depth: 16, elements: 500, textBytes: 16 << 10)

/// Documents stay within their limits and read as the same once written anew; lists say what they hold.
@Sendable func checkXML(_ bytes: [UInt8]) throws {
  for root in ["ListVersionsResult", "ListBucketResult"] { try checkList(bytes, root) }
  _ = ErrorInSuccess.isError(bytes)
  guard let root = try? XMLElement(parsing: bytes, limits: limits) else { return }
  let size = XMLSize(root)
  try require(size.depth <= 16 && size.elements <= 500, "it has \(size.elements) elements, \(size.depth) deep")
  try require(size.textBytes <= limits.textBytes, "it has \(size.textBytes) bytes of text")
  _ = TokenService.credentials(root, "name")
  guard size.isNamed, let again = try? XMLElement(parsing: Array(written(root).utf8)) else {
    return try require(!size.isNamed, "written it is no XML: \(written(root))")
  }
  try require(again == root, "written it is another document: \(written(root))")
}

private func checkList(_ bytes: [UInt8], _ root: String) throws {
  guard let page = try? ListingPage(bytes, root: root) else { return }
  for prefix in ["", "memory-layer/"] {
    for version in (try? page.versions(below: prefix)) ?? [] {
      try require(version.key.utf8.starts(with: prefix.utf8) && version.bytes >= 0, "a version of another place")
    }
    for object in (try? page.objects(below: prefix)) ?? [] {
      try require(object.key.utf8.starts(with: prefix.utf8) && object.bytes >= 0, "an object of another place")
    }
  }
  _ = try? page.key(page.root, "NextKeyMarker")
}

private struct XMLSize {
  var depth = 1
  var elements = 1
  var textBytes: Int
  /// Local names are left of names with a colon; not all of them can begin a name.
  var isNamed: Bool

  init(_ element: XMLElement) {
    textBytes = element.text.utf8.count
    isNamed = ([element.name] + element.attributes.keys).allSatisfy { name in
      name.utf8.first.map { (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) } ?? false
    }
    for child in element.children {
      let size = XMLSize(child)
      depth = max(depth, size.depth + 1)
      elements += size.elements
      textBytes += size.textBytes
      isNamed = isNamed && size.isNamed
    }
  }
}

/// The document in one plain form: every character that is not a letter or a digit as its number.
private func written(_ element: XMLElement) -> String {
  let attributes = element.attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
  return "<\(element.name)\(attributes)>\(escaped(element.text))"
    + element.children.map(written).joined() + "</\(element.name)>"
}

private func escaped(_ text: String) -> String {
  text.unicodeScalars.map { scalar in
    scalar.properties.isAlphabetic || scalar.properties.numericType != nil ? String(scalar) : "&#\(scalar.value);"
  }.joined()
}
