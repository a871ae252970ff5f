// SPDX-License-Identifier: Apache-2.0
internal import Bytes

/// The canonical form of texts that are deep and disordered: linear in the size, at several words a member.
///
/// A first pass notes where each object's members begin and sorts them; a second one writes, jumping from
/// member to member, so that each byte is copied once whatever the depth. Both keep their own stack. The text must
/// have been found valid before.
struct IndexedCanonicalizer: ~Copyable {
  private struct Entry {
    let member: Member
    /// Offset of the name's opening quote and of the value in the input.
    let name: Int
    var value = 0
    /// Number of the first object that begins at or behind the value, in input order.
    var object = 0
  }

  private struct Object {
    var firstEntry = 0
    var entryCount = 0
    /// Offset behind the closing brace.
    var end = 0
    /// Number of the first object behind this one and all that it holds.
    var next = 0
  }

  private enum Step {
    case array(at: Int, object: Int)
    case object(Int, entry: Int)
  }

  private let powers: PowersOfTen
  private var names = ByteBuffer()  // canonical names, which the order needs
  private var open: [Entry] = []
  private var entries: [Entry] = []
  private var objects: [Object] = []

  init(powers: PowersOfTen) { self.powers = powers }

  mutating func canonicalize(
    _ start: UnsafePointer<UInt8>, _ count: Int, into out: inout ByteBuffer
  ) throws(CanonicalizationError) {
    try index(start, count)
    let before = out.count
    do throws(CanonicalizationError) { try write(start, count, &out) } catch {
      out.truncate(to: before)
      throw error
    }
  }

  // MARK: First pass

  private mutating func index(_ start: UnsafePointer<UInt8>, _ count: Int) throws(CanonicalizationError) {
    var scan = Scan(start: start, limit: start + count)
    var containers: [(object: Int?, firstOpen: Int)] = []
    while scan.p < scan.limit {
      let byte = scan.p.pointee
      switch byte {
      case 0x7b:
        containers.append((objects.count, open.count))
        objects.append(Object())
      case 0x5b: containers.append((nil, open.count))
      case 0x7d, 0x5d:
        guard let (object, firstOpen) = containers.popLast() else {
          throw CanonicalizationError(reason: .syntax, offset: scan.p - start)
        }
        if let object { close(object, firstOpen, end: scan.p - start + 1) }
        if containers.isEmpty { return }
      case 0x22:
        try indexString(&scan, isName: containers.last?.object != nil)
        continue
      default: break
      }
      scan.p += 1
    }
  }

  /// Reads a string; in an object one before a colon is a name.
  private mutating func indexString(_ scan: inout Scan, isName: Bool) throws(CanonicalizationError) {
    let offset = scan.p - scan.start
    let mark = names.count
    names.reserve(scan.limit - scan.p + 8)
    var writer = Writer(names)
    guard scan.copyString(&writer) == .copied else {
      throw CanonicalizationError(reason: scan.stringFault, offset: offset)
    }
    writer.commit(&names)
    scan.skipWhiteSpace()
    guard isName, scan.take(0x3a) else { return names.truncate(to: mark) }
    scan.skipWhiteSpace()
    let member = Member(
      names.unsafeBase, offset: mark, length: names.count - mark - 2, hasEscape: scan.sawEscape)
    open.append(Entry(member: member, name: offset, value: scan.p - scan.start, object: objects.count))
  }

  private mutating func close(_ object: Int, _ firstOpen: Int, end: Int) {
    let base = names.unsafeBase
    open[firstOpen...].sort { $0.member.compare($1.member, base) < 0 }
    objects[object] = Object(
      firstEntry: entries.count, entryCount: open.count - firstOpen, end: end, next: objects.count)
    entries += open[firstOpen...]
    open.removeSubrange(firstOpen...)
  }

  // MARK: Second pass

  private func write(
    _ start: UnsafePointer<UInt8>, _ count: Int, _ out: inout ByteBuffer
  ) throws(CanonicalizationError) {
    var steps: [Step] = []
    var scan = Scan(start: start, limit: start + count)
    scan.skipWhiteSpace()
    var place = (offset: scan.p - start, object: 0)
    while true {
      let after = try begin(&scan, place.offset, place.object, &steps, &out)
      guard let next = try advance(&scan, behind: after, &steps, &out) else { return }
      place = next
    }
  }

  /// Writes a scalar, or opens a container.
  ///
  /// - Returns: where the input goes on behind a scalar; nil when a container was opened.
  private func begin(
    _ scan: inout Scan, _ offset: Int, _ object: Int, _ steps: inout [Step], _ out: inout ByteBuffer
  ) throws(CanonicalizationError) -> (offset: Int, object: Int)? {
    scan.p = scan.start + offset
    guard scan.p < scan.limit else { throw CanonicalizationError(reason: .syntax, offset: offset) }
    switch scan.p.pointee {
    case 0x7b:
      out.append(0x7b)
      steps.append(.object(object, entry: 0))
      return nil
    case 0x5b:
      out.append(0x5b)
      scan.p += 1
      scan.skipWhiteSpace()
      steps.append(.array(at: scan.p - scan.start, object: object))
      return nil
    default:
      try copyScalar(&scan, &out)
      return (scan.p - scan.start, object)
    }
  }

  private func copyScalar(_ scan: inout Scan, _ out: inout ByteBuffer) throws(CanonicalizationError) {
    let offset = scan.p - scan.start
    if scan.p.pointee == 0x22 { return try copyString(&scan, &out) }
    out.reserve(64)
    var writer = Writer(out)
    if scan.copyWord(&writer) { return writer.commit(&out) }
    let number = ScannedNumber(scan.p, limit: scan.limit)
    guard number.isValid else { throw CanonicalizationError(reason: .syntax, offset: offset) }
    let value = number.value(scan.p, powers)
    guard value.isFinite else { throw CanonicalizationError(reason: .numberOutOfRange, offset: offset) }
    writer.next += writeNumber(value, powers, to: writer.next)
    writer.commit(&out)
    scan.p = number.end
  }

  private func copyString(_ scan: inout Scan, _ out: inout ByteBuffer) throws(CanonicalizationError) {
    let offset = scan.p - scan.start
    var end = scan.p + 1
    while end < scan.limit && end.pointee != 0x22 { end += end.pointee == 0x5c ? 2 : 1 }
    out.reserve(max(0, end - scan.p) + 16)
    var writer = Writer(out)
    guard scan.copyString(&writer) == .copied else {
      throw CanonicalizationError(reason: scan.stringFault, offset: offset)
    }
    writer.commit(&out)
  }

  /// Goes to the next value, closing what ends on the way.
  private func advance(
    _ scan: inout Scan, behind: (offset: Int, object: Int)?, _ steps: inout [Step], _ out: inout ByteBuffer
  ) throws(CanonicalizationError) -> (offset: Int, object: Int)? {
    var behind = behind
    while let step = steps.last {
      switch step {
      case .object(let number, let entry):
        let object = objects[number]
        if entry == object.entryCount {
          out.append(0x7d)
          steps.removeLast()
          behind = (object.end, object.next)
          continue
        }
        return try openMember(&scan, number, entry, &steps, &out)
      case .array(let at, let object):
        let isFirst = behind == nil
        scan.p = scan.start + (behind?.offset ?? at)
        let next = behind?.object ?? object
        scan.skipWhiteSpace()
        if scan.take(0x5d) {
          out.append(0x5d)
          steps.removeLast()
          behind = (scan.p - scan.start, next)
          continue
        }
        if !isFirst {
          guard scan.take(0x2c) else {
            throw CanonicalizationError(reason: .syntax, offset: scan.p - scan.start)
          }
          out.append(0x2c)
          scan.skipWhiteSpace()
        }
        return (scan.p - scan.start, next)
      }
    }
    return nil
  }

  private func openMember(
    _ scan: inout Scan, _ number: Int, _ entry: Int, _ steps: inout [Step], _ out: inout ByteBuffer
  ) throws(CanonicalizationError) -> (offset: Int, object: Int) {
    let first = objects[number].firstEntry
    let chosen = entries[first + entry]
    if entry > 0 {
      if entries[first + entry - 1].member.compare(chosen.member, names.unsafeBase) == 0 {
        throw CanonicalizationError(reason: .duplicateName, offset: chosen.name)
      }
      out.append(0x2c)
    }
    out.append(names.unsafeBytes(chosen.member.offset..<chosen.member.offset + chosen.member.length + 2))
    out.append(0x3a)
    steps[steps.count - 1] = .object(number, entry: entry + 1)
    return (chosen.value, chosen.object)
  }
}
