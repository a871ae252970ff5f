// SPDX-License-Identifier: Apache-2.0

/// Why bytes are no document that is accepted here.
public enum XMLError: Error, Equatable, CustomStringConvertible {
  /// In libexpat's own words; lines count from 1.
  case malformed(String, line: Int)
  /// Documents of services have no document type, and entities of one can be bombs or read files.
  case hasDocumentType
  case tooDeep(limit: Int)
  case tooManyElements(limit: Int)
  case tooMuchText(limit: Int)
  case outOfMemory

  public var description: String {
    switch self {
    case .malformed(let reason, let line): "the XML is malformed: \(reason) at line \(line)"
    case .hasDocumentType: "the XML has a document type, which is refused"
    case .tooDeep(let limit): "the XML nests deeper than \(limit)"
    case .tooManyElements(let limit): "the XML has more than \(limit) elements"
    case .tooMuchText(let limit): "the XML has more than \(limit) bytes of text"
    case .outOfMemory: "out of memory"
    }
  }
}

/// What a document may cost at most.
public struct XMLLimits: Sendable {
  /// Elements within each other.
  public var depth: Int
  /// A page of S3's largest list has 1,000 entries of about a dozen elements.
  public var elements: Int
  /// Bytes of names, attributes and character data together.
  public var textBytes: Int

  public init(depth: Int = 32, elements: Int = 100_000, textBytes: Int = 16 << 20) {
    self.depth = depth
    self.elements = elements
    self.textBytes = textBytes
  }
}
