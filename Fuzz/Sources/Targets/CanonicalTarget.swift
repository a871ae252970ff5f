// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Bytes

@testable import CanonicalJSON

/// The canonical form of a text; nil with the reason where it has none.
func canonicalForm(_ text: [UInt8], budgetPerByte: Int = 8) -> Result<[UInt8], CanonicalizationError> {
  var canonicalizer = Canonicalizer(budgetPerByte: budgetPerByte)
  var out = ByteBuffer()
  do throws(CanonicalizationError) { try canonicalizer.canonicalize(text.span, into: &out) } catch {
    return .failure(error)
  }
  return .success(out.array())
}

/// Both ways of the canonicaliser give the same, that is its own canonical form, and a slow one of another make agrees.
@Sendable func checkCanonical(_ text: [UInt8]) throws {
  guard String(validating: text, as: UTF8.self) != nil else {
    _ = canonicalForm(text)  // the promise is kept by nobody: memory is safe all the same
    _ = canonicalForm(text, budgetPerByte: 0)
    return
  }
  let fast = canonicalForm(text)
  let indexed = canonicalForm(text, budgetPerByte: 0)
  switch (fast, indexed) {
  case (.success(let form), .success(let other)):
    try require(form == other, "the indexed way gives \(shown(other)) for \(shown(form))")
    try require((try? canonicalForm(form).get()) == form, "\(shown(form)) is not its own canonical form")
    try require((try? canonicalForm(form, budgetPerByte: 0).get()) == form, "\(shown(form)) is not its own form")
  case (.failure, .failure): break
  default: throw BrokenProperty("one way takes what the other refuses: \(fast), \(indexed)")
  }
  try compareWithValue(text, fast)
  try checkPrefix(text, fast)
}

private func compareWithValue(_ text: [UInt8], _ form: Result<[UInt8], CanonicalizationError>) throws {
  let value: JSONValue
  do throws(JSONParseError) { value = try JSONValue(parsing: text) } catch {
    // Rows may nest deeper than documents may.
    guard case .success(let form) = form, !error.reason.hasPrefix("nested deeper") else { return }
    throw BrokenProperty("the parser refuses \(shown(form)): \(error)")
  }
  let slow = SlowCanonicalForm.of(value)
  switch form {
  case .success(let form):
    try require(slow == form, "\(shown(form)) is \(slow.map { shown($0) } ?? "none") by the slow way")
  case .failure(let error): throw BrokenProperty("the canonicaliser refuses what the parser takes: \(error)")
  }
}

/// A value with something behind it is taken just as far as it goes.
private func checkPrefix(_ text: [UInt8], _ form: Result<[UInt8], CanonicalizationError>) throws {
  guard case .success(let form) = form else { return }
  var canonicalizer = Canonicalizer()
  var out = ByteBuffer()
  let longer = text + Array(",\"hash\":1}".utf8)
  let length = longer.withUnsafeBytes { try? canonicalizer.canonicalizePrefix($0, into: &out) }
  try require(out.array() == form, "as a prefix its form is \(shown(out.array()))")
  try require(text[(length ?? 0)...].allSatisfy { $0 <= 0x20 }, "as a prefix it ends at \(length ?? -1)")
}
