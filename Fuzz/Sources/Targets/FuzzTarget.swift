// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes

/// A reader of foreign bytes, with what must hold of whatever it is given.
///
/// Refusals are as they should be: what is thrown is a property that an input broke.
struct FuzzTarget: Sendable {
  let name: String
  let check: @Sendable ([UInt8]) throws -> Void

  init(_ name: String, _ check: @escaping @Sendable ([UInt8]) throws -> Void) {
    self.name = name
    self.check = check
  }
}

/// A target reads what one kind of stranger sends; its corpus is in the folder of its name.
let fuzzTargets = [
  FuzzTarget("canonical", checkCanonical),
  FuzzTarget("ndjson", checkLine),
  FuzzTarget("copy", checkTuple),
  FuzzTarget("bundle", checkBundle),
  FuzzTarget("documents", checkDocument),
  FuzzTarget("registry", checkRegistry),
  FuzzTarget("xml", checkXML),
  FuzzTarget("answers", checkAnswer),
  FuzzTarget("sigv4", checkSignature),
  FuzzTarget("legacy", checkLegacy),
  FuzzTarget("settings", checkSettings),
  FuzzTarget("texts", checkTexts),
  FuzzTarget("digest", checkDigests),
]

struct BrokenProperty: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func require(_ holds: Bool, _ property: @autoclosure () -> String) throws {
  if !holds { throw BrokenProperty(property()) }
}

/// Bytes as text, for what a broken property says.
func shown(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self).visible }

/// Takes an input apart: numbers from its front, the rest as it is.
struct InputReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// 0 once nothing is left.
  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// A number below `limit`, which is at most 65,536.
  mutating func number(below limit: Int) -> Int { (Int(byte()) << 8 | Int(byte())) % limit }

  mutating func text(_ count: Int) -> [UInt8] {
    let taken = rest.prefix(count)
    rest = rest.dropFirst(taken.count)
    return Array(taken)
  }
}
