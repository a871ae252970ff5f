// SPDX-License-Identifier: Apache-2.0
internal import Bytes

/// One member of an open object, in the output.
struct Member {
  /// The first eight bytes of the name, most significant first, zeros behind a shorter one.
  let prefix: UInt64
  /// Offset of the opening quote.
  let offset: Int
  /// Bytes between the quotes.
  let length: Int
  /// Bytes of name, colon and value; known once the object closes.
  var bytes = 0
  let isPlain: Bool

  @inline(__always)
  init(_ base: UnsafeMutablePointer<UInt8>, offset: Int, length: Int, hasEscape: Bool) {
    let word = UInt64(bigEndian: UnsafeRawPointer(base + offset + 1).loadUnaligned(as: UInt64.self))
    // Behind the name stands its quote and then whatever was in the buffer.
    prefix = length >= 8 ? word : word & ~(UInt64.max >> UInt64(length * 8))
    self.offset = offset
    self.length = length
    isPlain = !hasEscape
  }

  /// Order of names: negative, zero or positive.
  @inline(__always)
  func compare(_ other: Member, _ base: UnsafeMutablePointer<UInt8>) -> Int {
    let plain = isPlain && other.isPlain
    if plain && prefix != other.prefix { return prefix < other.prefix ? -1 : 1 }
    return KeyOrder.compare(base + offset + 1, length, base + other.offset + 1, other.length, plain: plain)
  }
}

/// The members of all open objects, innermost last.
struct MemberStack: ~Copyable {
  var count = 0
  private var capacity = 256
  private(set) var base = UnsafeMutablePointer<Member>.allocate(capacity: 256)

  deinit { base.deallocate() }

  @inline(__always)
  mutating func push(_ member: Member) {
    if count == capacity { grow() }
    (base + count).initialize(to: member)
    count &+= 1
  }

  @inline(__always)
  func lastTwoAscend(_ bytes: UnsafeMutablePointer<UInt8>) -> Bool {
    base[count &- 2].compare(base[count &- 1], bytes) < 0
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Member>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }
}

/// The open arrays and objects.
struct ContainerStack: ~Copyable {
  private struct Container {
    let firstMember: Int
    let isObject: Bool
    var isDisordered = false
  }

  var count = 0
  private var capacity = 64
  private var base = UnsafeMutablePointer<Container>.allocate(capacity: 64)

  deinit { base.deallocate() }

  @inline(__always)
  mutating func push(isObject: Bool, members: Int) {
    if count == capacity { grow() }
    (base + count).initialize(to: Container(firstMember: members, isObject: isObject))
    count &+= 1
  }

  @inline(__always)
  mutating func pop() { count &-= 1 }

  @inline(__always)
  var topIsObject: Bool { base[count &- 1].isObject }

  @inline(__always)
  var topMembers: Int { base[count &- 1].firstMember }

  @inline(__always)
  var topIsDisordered: Bool {
    get { base[count &- 1].isDisordered }
    nonmutating set { base[count &- 1].isDisordered = newValue }
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Container>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }
}

extension Canonicalizer {
  /// Puts the members of the innermost object, which end where the writer stands, in order.
  @inline(never)
  mutating func sortMembers(_ writer: inout Writer) -> Outcome {
    let first = containers.topMembers
    let list = UnsafeMutableBufferPointer(start: members.base + first, count: members.count - first)
    let begin = list[0].offset
    let length = writer.offset - begin
    if isValidating { return .done }
    guard length <= budget else { return .overBudget }
    budget -= length
    for index in 0..<list.count - 1 { list[index].bytes = list[index + 1].offset - 1 - list[index].offset }
    list[list.count - 1].bytes = writer.offset - list[list.count - 1].offset
    sort(list, writer.base)
    for index in 1..<list.count where list[index - 1].compare(list[index], writer.base) == 0 {
      return .failed(.duplicateName)
    }
    permute(list, writer.base, begin: begin, length: length)
    return .done
  }

  @inline(__always)
  private func sort(_ list: UnsafeMutableBufferPointer<Member>, _ base: UnsafeMutablePointer<UInt8>) {
    if list.count > 32 {
      var list = list
      list.sort { $0.compare($1, base) < 0 }
      return
    }
    for index in 1..<list.count {
      let member = list[index]
      var place = index
      while place > 0 && member.compare(list[place - 1], base) < 0 {
        list[place] = list[place - 1]
        place -= 1
      }
      list[place] = member
    }
  }

  /// Writes the members in their new order to the scratch buffer and back over the old ones.
  @inline(__always)
  private mutating func permute(
    _ list: UnsafeMutableBufferPointer<Member>, _ base: UnsafeMutablePointer<UInt8>, begin: Int, length: Int
  ) {
    scratch.clear()
    scratch.reserve(length + 1)
    var out = scratch.unsafeBase
    for member in list {
      copyWords(base + member.offset, to: out, count: member.bytes)
      out += member.bytes
      out.pointee = 0x2c
      out += 1
    }
    UnsafeMutableRawPointer(base + begin).copyMemory(from: scratch.unsafeBase, byteCount: length)
    scratch.shrink(to: 1 << 20)
  }
}

/// Copies short runs without a call; reads and stores up to 15 bytes more, which the buffers' slack holds.
@inline(__always)
func copyWords(_ source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, count: Int) {
  if count > 256 {
    UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count)
    return
  }
  var done = 0
  while done < count {
    let word = UnsafeRawPointer(source + done).loadUnaligned(as: SIMD2<UInt64>.self)
    UnsafeMutableRawPointer(target + done).storeBytes(of: word, as: SIMD2<UInt64>.self)
    done += 16
  }
}
