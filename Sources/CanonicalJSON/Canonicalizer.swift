// SPDX-License-Identifier: Apache-2.0
public import Bytes

/// Why a text has no canonical form.
public struct CanonicalizationError: Error, Equatable, CustomStringConvertible {
  public enum Reason: String, Sendable {
    case syntax = "not valid JSON"
    case numberOutOfRange = "a number that no double can hold"
    case loneSurrogate = "a lone surrogate"
    case duplicateName = "an object names a member twice"
  }

  public let reason: Reason
  /// Byte offset in the text, near the fault.
  public let offset: Int

  public init(reason: Reason, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  public var description: String { "\(reason.rawValue) near byte \(offset)" }
}

/// Turns JSON text into its RFC 8785 form, in one pass and without a value tree.
///
/// Members are written as they come; when an object closes with its names out of order, its members' bytes are
/// permuted in place. That moves a byte once a level, so a text that is deep as well as disordered would cost
/// its size times its depth: past a budget linear in the size, ``IndexedCanonicalizer`` takes over, which sorts
/// first and copies each byte once. Neither recurses, neither allocates once its buffers have grown.
public struct Canonicalizer: ~Copyable {
  var members = MemberStack()
  var containers = ContainerStack()
  var scratch = ByteBuffer(capacity: 16 << 10)
  let powers = PowersOfTen.shared
  /// Bytes that permutations may still move.
  var budget = 0
  let budgetPerByte: Int
  /// Read the whole text, but leave its members as they stand.
  var isValidating = false
  /// The text may go on behind its value.
  private var isPrefix = false

  public init() { self.init(budgetPerByte: 8) }

  /// - Parameter budgetPerByte: 0 makes every disordered object take the indexed way; for tests.
  package init(budgetPerByte: Int) { self.budgetPerByte = budgetPerByte }

  /// Appends the canonical form of one JSON text.
  ///
  /// - Parameter text: one value, white space around it allowed; valid UTF-8 is the caller's promise, without it
  ///   the result is meaningless but memory-safe.
  /// - Throws: ``CanonicalizationError``; then nothing is appended.
  /// - Complexity: O(n log m) time for n bytes and m members an object.
  @inline(__always)
  public mutating func canonicalize(
    _ text: UnsafeRawBufferPointer, into out: inout ByteBuffer
  ) throws(CanonicalizationError) {
    guard let base = text.baseAddress else { throw CanonicalizationError(reason: .syntax, offset: 0) }
    let start = base.assumingMemoryBound(to: UInt8.self)
    isPrefix = false
    _ = try canonicalize(start, text.count, &out)
  }

  /// Appends the canonical form of the value that a text begins with.
  ///
  /// - Returns: the value's length in the text.
  @inline(__always)
  public mutating func canonicalizePrefix(
    _ text: UnsafeRawBufferPointer, into out: inout ByteBuffer
  ) throws(CanonicalizationError) -> Int {
    guard let base = text.baseAddress else { throw CanonicalizationError(reason: .syntax, offset: 0) }
    isPrefix = true
    return try canonicalize(base.assumingMemoryBound(to: UInt8.self), text.count, &out)
  }

  @inline(__always)
  private mutating func canonicalize(
    _ start: UnsafePointer<UInt8>, _ count: Int, _ out: inout ByteBuffer
  ) throws(CanonicalizationError) -> Int {
    budget = count * budgetPerByte + (budgetPerByte > 0 ? 1 << 16 : 0)
    let before = out.count
    switch run(start, count, &out) {
    case (.done, let end): return end
    case (.failed(let reason), let offset):
      out.truncate(to: before)
      throw CanonicalizationError(reason: reason, offset: offset)
    case (.overBudget, _):
      out.truncate(to: before)
      return try canonicalizeByIndex(start, count, into: &out)
    }
  }

  @inline(never)
  private mutating func canonicalizeByIndex(
    _ start: UnsafePointer<UInt8>, _ count: Int, into out: inout ByteBuffer
  ) throws(CanonicalizationError) -> Int {
    let before = out.count
    isValidating = true
    let (outcome, offset) = run(start, count, &out)
    isValidating = false
    out.truncate(to: before)
    if case .failed(let reason) = outcome { throw CanonicalizationError(reason: reason, offset: offset) }
    var indexed = IndexedCanonicalizer(powers: powers)
    try indexed.canonicalize(start, offset, into: &out)
    return offset
  }

  public mutating func canonicalize(
    _ text: Span<UInt8>, into out: inout ByteBuffer
  ) throws(CanonicalizationError) {
    let result: Result<Void, CanonicalizationError> = text.withUnsafeBytes { bytes in
      do throws(CanonicalizationError) { return .success(try canonicalize(bytes, into: &out)) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  enum Outcome {
    case done
    case overBudget
    case failed(CanonicalizationError.Reason)
  }

  @inline(__always)
  private mutating func run(
    _ start: UnsafePointer<UInt8>, _ count: Int, _ out: inout ByteBuffer
  ) -> (Outcome, offset: Int) {
    members.count = 0
    containers.count = 0
    // Strings never grow, so the input's length is room enough until a number asks for more.
    out.reserve(count + 32)
    var scan = Scan(start: start, limit: start + count)
    let outcome = run(&scan, &out)
    return (outcome, scan.p - start)
  }

  private mutating func run(_ scan: inout Scan, _ out: inout ByteBuffer) -> Outcome {
    var writer = Writer(out)
    defer { writer.commit(&out) }
    var isAtName = false
    value: while true {
      scan.skipWhiteSpace()
      if isAtName {
        guard memberName(&scan, &writer) else { return .failed(scan.stringFault) }
        scan.skipWhiteSpace()
        isAtName = false
      }
      guard scan.p < scan.limit else { return .failed(.syntax) }
      switch scan.p.pointee {
      case 0x22:
        guard scan.copyString(&writer) == .copied else { return .failed(scan.stringFault) }
      case 0x7b:
        containers.push(isObject: true, members: members.count)
        writer.put(0x7b)
        scan.p += 1
        scan.skipWhiteSpace()
        if !scan.take(0x7d) {
          isAtName = true
          continue value
        }
        writer.put(0x7d)
        containers.pop()
      case 0x5b:
        containers.push(isObject: false, members: members.count)
        writer.put(0x5b)
        scan.p += 1
        scan.skipWhiteSpace()
        if !scan.take(0x5d) { continue value }
        writer.put(0x5d)
        containers.pop()
      case 0x2d, 0x30...0x39:
        if let fault = copyNumber(&scan, &writer, &out) { return .failed(fault) }
      default:
        guard scan.copyWord(&writer) else { return .failed(.syntax) }
      }
      // Behind a value: the container goes on or ends.
      while true {
        if containers.count == 0 {
          if isPrefix { return .done }
          scan.skipWhiteSpace()
          return scan.p == scan.limit ? .done : .failed(.syntax)
        }
        scan.skipWhiteSpace()
        guard scan.p < scan.limit else { return .failed(.syntax) }
        let byte = scan.p.pointee
        if byte == 0x2c {
          scan.p += 1
          writer.put(0x2c)
          isAtName = containers.topIsObject
          continue value
        }
        guard byte == (containers.topIsObject ? 0x7d : 0x5d) else { return .failed(.syntax) }
        scan.p += 1
        if containers.topIsObject && containers.topIsDisordered {
          switch sortMembers(&writer) {
          case .done: break
          case let other: return other
          }
        }
        members.count = containers.topMembers
        writer.put(byte)
        containers.pop()
      }
    }
  }

  /// Copies `"name":` and records where it begins.
  @inline(__always)
  private mutating func memberName(_ scan: inout Scan, _ writer: inout Writer) -> Bool {
    guard scan.p < scan.limit, scan.p.pointee == 0x22 else {
      scan.stringFault = .syntax
      return false
    }
    let offset = writer.offset
    let kind = scan.copyString(&writer)
    guard kind == .copied else { return false }
    let length = writer.offset - offset - 2
    let isFirst = members.count == containers.topMembers
    members.push(Member(writer.base, offset: offset, length: length, hasEscape: scan.sawEscape))
    if !isFirst && !containers.topIsDisordered && !members.lastTwoAscend(writer.base) {
      containers.topIsDisordered = true
    }
    scan.skipWhiteSpace()
    guard scan.take(0x3a) else {
      scan.stringFault = .syntax
      return false
    }
    writer.put(0x3a)
    return true
  }

  @inline(__always)
  private func copyNumber(
    _ scan: inout Scan, _ writer: inout Writer, _ out: inout ByteBuffer
  ) -> CanonicalizationError.Reason? {
    let number = ScannedNumber(scan.p, limit: scan.limit)
    guard number.isValid else { return .syntax }
    if number.isVerbatim {
      writer.copy(from: scan.p, count: number.end - scan.p, limit: scan.limit)
      scan.p = number.end
      return nil
    }
    let value = number.value(scan.p, powers)
    guard value.isFinite else { return .numberOutOfRange }
    scan.p = number.end
    writer.reserve(scan.limit - scan.p + 64, in: &out)
    writer.next += writeNumber(value, powers, to: writer.next)
    return nil
  }
}
