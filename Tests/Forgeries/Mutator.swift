// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Cryptography
import TestCore
import Zstandard

/// Changes an archive at random: bytes, stretches, objects, and what knows the format.
public struct Mutator {
  private let base: Objects
  private let keys: [String]
  private let documents: [String]
  /// Every string that an object has, to be put where another one is.
  private let strings: [String]

  public init(_ base: Objects) throws {
    self.base = base
    keys = base.keys.sorted()
    documents = keys.filter { Forger.documentKind($0) != nil }
    strings = try documents.flatMap { try JSONValue(parsing: base[$0]?[0] ?? []).strings }
  }

  /// One to three changes.
  public func mutate(_ dice: inout Dice) -> Objects {
    var objects = base
    for _ in 0...(dice.oneIn(4) ? dice.below(3) : 0) {
      switch dice.below(16) {
      case 0...6: changeBytes(&objects, &dice)
      case 7...8: splice(&objects, &dice)
      case 9...12: changeDocument(&objects, &dice)
      case 13: changeBundle(&objects, &dice)
      case 14: exchangeParts(&objects, &dice)
      default: moveObject(&objects, &dice)
      }
    }
    return objects
  }

  private func changeBytes(_ objects: inout Objects, _ dice: inout Dice) {
    let key = dice.pick(keys)
    guard var bytes = objects[key]?[0], !bytes.isEmpty else { return }
    let start = dice.below(bytes.count)
    let length = 1 + dice.below(dice.oneIn(8) ? 256 : 8)
    let end = min(bytes.count, start + length)
    switch dice.below(8) {
    case 0: for _ in 0..<length { bytes[dice.below(bytes.count)] = UInt8(truncatingIfNeeded: dice.next()) }
    case 1: bytes.replaceSubrange(start..<end, with: dice.bytes(end - start))
    case 2: bytes.insert(contentsOf: dice.bytes(length), at: start)
    case 3: bytes.removeSubrange(start..<end)
    case 4: bytes[start] = bytes[start] &+ (dice.oneIn(2) ? 1 : 255)
    case 5: bytes.insert(contentsOf: bytes[start..<end], at: dice.below(bytes.count))
    case 6: bytes[start] = dice.pick(Array("0123456789abcdefABCDEF\"\\{}[],: \n".utf8))
    default: for index in start..<end { bytes[index] ^= 0x20 }
    }
    objects[key] = [bytes]
  }

  /// Puts a stretch of one object into another.
  private func splice(_ objects: inout Objects, _ dice: inout Dice) {
    let key = dice.pick(keys)
    guard let from = objects[dice.pick(keys)]?[0], var bytes = objects[key]?[0], !from.isEmpty, !bytes.isEmpty else {
      return
    }
    let (start, place) = (dice.below(from.count), dice.below(bytes.count))
    let length = 1 + dice.below(dice.oneIn(2) ? 64 : 1024)
    let piece = from[start..<min(from.count, start + length)]
    if dice.oneIn(3) {
      bytes.insert(contentsOf: piece, at: place)
    } else {
      bytes.replaceSubrange(
        place..<min(bytes.count, place + (dice.oneIn(4) ? dice.below(64) : piece.count)), with: piece)
    }
    objects[key] = [bytes]
  }

  /// Changes a value of a document, which stays one; often with its digest.
  private func changeDocument(_ objects: inout Objects, _ dice: inout Dice) {
    let key = dice.pick(documents)
    guard let kind = Forger.documentKind(key), let bytes = objects[key]?[0],
      let document = try? JSONValue(parsing: bytes)
    else { return }
    var left = dice.below(document.leaves)
    let changed = document.replacingLeaf(&left) { change($0, &dice) }
    let anew = dice.oneIn(2) ? changed.withDigest(kind) ?? changed : changed
    objects[key] = [anew.prettyBytes]
  }

  private func change(_ value: JSONValue, _ dice: inout Dice) -> JSONValue {
    switch value {
    case .string(let text) where !text.isEmpty && dice.oneIn(2):
      var bytes = Array(text.utf8)
      let place = dice.below(bytes.count)
      switch dice.below(3) {
      case 0: bytes[place] = dice.pick(Array("0123456789abcdefghijklmnop-:.TZ/+=".utf8))
      case 1: bytes.remove(at: place)
      default: bytes.insert(bytes[place], at: place)
      }
      return .string(String(decoding: bytes, as: UTF8.self))
    case .integer(let number) where dice.oneIn(2): return .integer(number ^ (1 << Int64(dice.below(20))))
    default:
      switch dice.below(6) {
      case 0: return .null
      case 1: return .bool(dice.oneIn(2))
      case 2: return .integer(Int64(dice.below(5000)))
      case 3: return .array([value])
      default: return .string(dice.pick(strings))
      }
    }
  }

  /// Changes the rows of a bundle, and makes a sound frame of them again.
  private func changeBundle(_ objects: inout Objects, _ dice: inout Dice) {
    let key = dice.pick(keys.filter { $0.contains("/bundles/") })
    guard let bytes = objects[key]?[0], let frames = FrameList(bytes) else { return }
    var list = frames
    let index = dice.below(list.frames.count)
    var lines = list.frames[index].content.split(separator: 0x0a, omittingEmptySubsequences: false).map(Array.init)
    switch dice.below(5) {
    case 0: lines.remove(at: dice.below(lines.count))
    case 1: lines.swapAt(dice.below(lines.count), dice.below(lines.count))
    case 2: lines.insert(dice.pick(lines), at: dice.below(lines.count))
    default:
      let line = dice.below(lines.count)
      guard !lines[line].isEmpty else { return }
      lines[line][dice.below(lines[line].count)] = UInt8(0x20 + dice.below(95))
    }
    list.frames[index].content = Array(lines.joined(separator: [0x0a]))
    if dice.oneIn(4) { list.frames.swapAt(index, dice.below(list.frames.count)) }
    if let packed = list.bytes() { objects[key] = [packed] }
  }

  /// Gives a document another one's content, or proof.
  private func exchangeParts(_ objects: inout Objects, _ dice: inout Dice) {
    let (key, other) = (dice.pick(documents), dice.pick(documents))
    guard let kind = Forger.documentKind(key), let from = Forger.documentKind(other),
      let own = objects[key]?[0].flatMap({ try? JSONValue(parsing: $0) }),
      let their = objects[other]?[0].flatMap({ try? JSONValue(parsing: $0) }), let content = own[kind.rawValue],
      let theirContent = their[from.rawValue], let proof = own["proof"], let theirProof = their["proof"]
    else { return }
    let (first, second) = dice.oneIn(2) ? (content, theirProof) : (theirContent, proof)
    let mixed = JSONValue.object([JSONValue.Member(kind.rawValue, first), JSONValue.Member("proof", second)])
    objects[key] = [(dice.oneIn(2) ? mixed.withDigest(kind) ?? mixed : mixed).prettyBytes]
  }

  private func moveObject(_ objects: inout Objects, _ dice: inout Dice) {
    let (key, other) = (dice.pick(keys), dice.pick(keys))
    switch dice.below(4) {
    case 0: objects[key] = nil
    case 1: (objects[key], objects[other]) = (objects[other], objects[key])
    case 2: objects[key] = objects[other]
    default:
      var name = Array(key.utf8)
      name[dice.below(name.count)] = dice.pick(Array("0123456789abcdefnz.-_/".utf8))
      objects[String(decoding: name, as: UTF8.self)] = objects[other]
    }
  }
}

extension JSONValue {
  fileprivate var strings: [String] {
    switch self {
    case .string(let text): [text]
    case .array(let elements): elements.flatMap(\.strings)
    case .object(let members): members.flatMap(\.value.strings)
    default: []
    }
  }

  fileprivate var leaves: Int {
    switch self {
    case .array(let elements): max(1, elements.reduce(0) { $0 + $1.leaves })
    case .object(let members): max(1, members.reduce(0) { $0 + $1.value.leaves })
    default: 1
    }
  }

  /// Replaces the leaf behind so many others.
  fileprivate func replacingLeaf(_ left: inout Int, _ change: (JSONValue) -> JSONValue) -> JSONValue {
    switch self {
    case .array(let elements) where !elements.isEmpty: return .array(elements.map { $0.replacingLeaf(&left, change) })
    case .object(let members) where !members.isEmpty:
      return .object(members.map { Member($0.name, $0.value.replacingLeaf(&left, change)) })
    default:
      left -= 1
      return left == -1 ? change(self) : self
    }
  }
}

/// A bundle's frames of rows, and what stands behind them.
private struct FrameList {
  struct Frame {
    var content: [UInt8]
  }

  var frames: [Frame] = []
  private var tail: [UInt8] = []

  init?(_ bytes: [UInt8]) {
    guard let decompressor = try? Decompressor() else { return nil }
    var consumed = 0
    while consumed < bytes.count,
      !bytes.withUnsafeBytes({ SkippableFrame.isSkippable(.init(rebasing: $0[consumed...])) })
    {
      var out = ByteBuffer(capacity: 1 << 16)
      var ended = false
      while !ended {
        let before = (consumed, out.count)
        guard
          let end = try? bytes.withUnsafeBytes({
            try decompressor.decompress($0, consumed: &consumed, into: &out, room: 1 << 16)
          }), end || before != (consumed, out.count)
        else { return nil }
        ended = end
      }
      frames.append(Frame(content: out.array()))
    }
    guard !frames.isEmpty else { return nil }
    tail = Array(bytes[consumed...])
  }

  func bytes() -> [UInt8]? {
    var out = ByteBuffer(capacity: 1 << 16)
    for frame in frames {
      guard let compressor = try? Compressor(level: 2),
        (try? frame.content.withUnsafeBytes({ try compressor.compress($0, into: &out) })) != nil
      else { return nil }
    }
    return out.array() + tail
  }
}
