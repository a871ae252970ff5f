// SPDX-License-Identifier: Apache-2.0
public import Cryptography

/// Why a document is not what the format asks for.
public struct DocumentError: Error, Equatable, CustomStringConvertible {
  public let reason: String
  public init(_ reason: String) { self.reason = reason }
  public var description: String { reason }
}

/// Reads the members of an object; every error names the member.
public struct DocumentReader {
  public let value: JSONValue
  let path: String

  public init(_ value: JSONValue, _ path: String) throws(DocumentError) {
    guard value.members != nil else { throw DocumentError("\(path) is no object") }
    self.value = value
    self.path = path
  }

  public func error(_ name: String, _ what: String) -> DocumentError { DocumentError("\(path).\(name) \(what)") }

  public func require(_ name: String) throws(DocumentError) -> JSONValue {
    guard let member = value[name] else { throw error(name, "is missing") }
    return member
  }

  public func object(_ name: String) throws(DocumentError) -> DocumentReader {
    try DocumentReader(try require(name), "\(path).\(name)")
  }

  public func string(_ name: String) throws(DocumentError) -> String {
    guard let text = try require(name).string else { throw error(name, "is no string") }
    return text
  }

  /// An integer from 0 to 2^53 - 1.
  public func count(_ name: String) throws(DocumentError) -> Int {
    guard let number = try require(name).integer, number >= 0 else { throw error(name, "is no count") }
    return Int(number)
  }

  public func bool(_ name: String) throws(DocumentError) -> Bool {
    guard let value = try require(name).bool else { throw error(name, "is no boolean") }
    return value
  }

  /// A boolean that is left out where it is false.
  public func flag(_ name: String) throws(DocumentError) -> Bool { value[name] == nil ? false : try bool(name) }

  public func array(_ name: String) throws(DocumentError) -> [JSONValue] {
    guard let list = try require(name).array else { throw error(name, "is no list") }
    return list
  }

  public func digest(_ name: String) throws(DocumentError) -> Digest {
    guard let digest = Digest(hex: try string(name)) else { throw error(name, "is no SHA-256 in lower-case hex") }
    return digest
  }

  public func digestOrNull(_ name: String) throws(DocumentError) -> Digest? {
    try require(name) == .null ? nil : try digest(name)
  }

  public func strings(_ name: String) throws(DocumentError) -> [String] {
    var texts: [String] = []
    for value in try array(name) {
      guard let text = value.string else { throw error(name, "holds something that is no string") }
      texts.append(text)
    }
    return texts
  }

  public func digests(_ name: String) throws(DocumentError) -> [Digest] {
    var digests: [Digest] = []
    for text in try strings(name) {
      guard let digest = Digest(hex: text) else { throw error(name, "holds what is no SHA-256 in lower-case hex") }
      digests.append(digest)
    }
    return digests
  }

  public func time(_ name: String) throws(DocumentError) -> Timestamp {
    guard let time = Timestamp(try string(name)) else { throw error(name, "is no UTC time") }
    return time
  }

  public func day(_ name: String) throws(DocumentError) -> UTCDay {
    guard let day = UTCDay(try string(name)) else { throw error(name, "is no day") }
    return day
  }
}

extension JSONValue {
  public static func digest(_ digest: Digest?) -> JSONValue { digest.map { .string($0.hex) } ?? .null }
  public static func count(_ count: Int) -> JSONValue { .integer(Int64(count)) }
}
