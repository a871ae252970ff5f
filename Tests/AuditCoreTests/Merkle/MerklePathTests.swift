// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import TestSupport
import Testing

private func leaf(_ number: Int) -> Digest { SHA256.hash([0] + Array("line \(number)".utf8)) }

/// PATH(m, D[n]) of RFC 6962, section 2.1.1, word for word.
private func definition(_ index: Int, _ leaves: ArraySlice<Digest>) -> [Digest] {
  if leaves.count == 1 { return [] }
  var split = 1
  while split * 2 < leaves.count { split *= 2 }
  let (left, right) = (leaves.prefix(split), leaves.dropFirst(split))
  return index < split
    ? definition(index, left) + [root(right)] : definition(index - split, right) + [root(left)]
}

private func root(_ leaves: ArraySlice<Digest>) -> Digest {
  var tree = MerkleTree()
  for leaf in leaves { tree.append(leaf) }
  return tree.root
}

/// One of the published vectors.
private struct Vector {
  let name: String
  let index: Int
  let count: Int
  let root: Digest?
  let leaf: Digest?
  /// Nil where an element is no SHA-256.
  let path: [Digest]?
  let isSound: Bool

  init(_ json: JSONValue) throws {
    func digest(_ value: JSONValue?) -> Digest? {
      guard let bytes = value?.string.flatMap({ Base64.decode($0) }), bytes.count == 32 else { return nil }
      return bytes.withUnsafeBytes { Digest($0) }
    }
    name = try #require(json["file"]?.string)
    // One of them has an index that only an unsigned number can hold.
    index = json["leafIdx"]?.integer.map { Int($0) } ?? -1
    count = Int(try #require(json["treeSize"]?.integer))
    (root, leaf) = (digest(json["root"]), digest(json["leafHash"]))
    let steps = (json["proof"]?.array ?? []).map { digest($0) }
    path = steps.contains(nil) ? nil : steps.compactMap(\.self)
    isSound = json["wantErr"] == false
  }

  var verifies: Bool {
    guard let root, let leaf, let path else { return false }
    return MerkleTree.root(of: leaf, at: index, of: count, path: path) == root
  }
}

@Suite("Inclusion in a Merkle tree")
struct MerklePathTests {
  @Test("the published vectors, sound and bent")
  func vectors() throws {
    let vectors = try #require(try JSONValue(parsing: Fixtures.bytes("rfc6962/inclusion.json")).array).map(Vector.init)
    #expect(vectors.count == 98 && vectors.count(where: \.isSound) == 6)
    for vector in vectors { #expect(vector.verifies == vector.isSound, "\(vector.name)") }
  }

  @Test("each leaf of each size: the definition's path, and its root")
  func everyLeaf() {
    let leaves = (0..<130).map(leaf)
    for count in 1...130 {
      let some = leaves[..<count]
      let whole = root(some)
      for index in 0..<count {
        let path = MerkleTree.path(of: index, in: Array(some))
        #expect(path == definition(index, some), "leaf \(index) of \(count)")
        #expect(MerkleTree.root(of: leaves[index], at: index, of: count, path: path) == whole, "\(index) of \(count)")
      }
    }
  }

  @Test("no other place, number of leaves, leaf or path makes the root, whatever is bent")
  func bent() {
    var random = SystemRandomNumberGenerator()
    for count in [1, 2, 3, 5, 8, 13, 64, 100] {
      let leaves = (0..<count).map(leaf)
      let whole = root(leaves[...])
      for index in 0..<count {
        let path = MerkleTree.path(of: index, in: leaves)
        func makes(_ leaf: Digest, _ index: Int, _ count: Int, _ path: [Digest]) -> Bool {
          MerkleTree.root(of: leaf, at: index, of: count, path: path) == whole
        }
        for place in -1...count where place != index { #expect(!makes(leaves[index], place, count, path)) }
        #expect(!makes(leaf(1000), index, count, path))
        #expect(!makes(leaves[index], index, count, path + [leaf(1001)]))
        #expect(!makes(leaves[index], index, count, [leaf(1001)] + path))
        for step in path.indices {
          var other = path
          other.remove(at: step)
          #expect(!makes(leaves[index], index, count, other))
          other = path
          other[step] = leaf(Int.random(in: 2000..<3000, using: &random))
          #expect(!makes(leaves[index], index, count, other))
          other = path
          other.insert(path[step], at: step)
          #expect(!makes(leaves[index], index, count, other))
        }
      }
    }
    // An inner node is no leaf.
    let node = MerkleTree.node(leaf(0), leaf(1))
    #expect(node != SHA256.hash([0] + leaf(0).bytes + leaf(1).bytes))
  }

  @Test("frames: their shape follows from two numbers, and their paths join the whole tree's")
  func frames() throws {
    for count in 1...70 {
      let leaves = (0..<count).map(leaf)
      for log2 in 0...7 {
        let frames = (count + (1 << log2) - 1) >> log2
        let shape = try #require(FrameShape(rows: count, frames: frames), "\(count) rows, \(frames) frames")
        let roots = (0..<frames).map { root(leaves[shape.rows(of: $0)]) }
        #expect(shape.root(of: roots) == root(leaves[...]))
        for index in 0..<count {
          let rows = shape.rows(of: shape.frame(of: index))
          #expect(rows.contains(index))
          if frames > 1 { #expect(rows.lowerBound == (index >> log2) << log2) }
        }
        #expect((0..<frames).flatMap { Array(shape.rows(of: $0)) } == Array(0..<count))
      }
    }
    for (rows, frames) in [(0, 0), (0, 1), (1, 0), (1, 2), (5, 4), (7, 6), (-1, 1), (1, -1), (1 << 30, 3), (.max, 1)] {
      #expect(FrameShape(rows: rows, frames: frames) == nil, "\(rows) rows, \(frames) frames")
    }
  }
}
