// SPDX-License-Identifier: Apache-2.0

/// One of several processes that verify an archive together: number `index` of `count` takes the manifests `index`,
/// `index + count` and so on.
public struct Shard: Equatable, Sendable {
  public let index: Int
  public let count: Int

  /// Shards that a run may have at most.
  public static let most = 4096

  /// Nil where the index is not one of `count`, or `count` is not between 1 and ``most``.
  public init?(_ index: Int, of count: Int) {
    guard (1...Self.most).contains(count), (0..<count).contains(index) else { return nil }
    self.index = index
    self.count = count
  }

  func has(_ sequence: Int) -> Bool { sequence % count == index }
}

/// A verification that several processes share, by the name under which they store their verdicts.
public struct ShardedRun: Equatable, Sendable {
  public let name: String

  /// Nil for what is no name: it has 1 to 128 letters, digits, `-`, `_` and `.`, and does not begin with a dot.
  public init?(_ name: String) {
    let isSound = name.utf8.allSatisfy { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
      default: false
      }
    }
    guard isSound, (1...128).contains(name.utf8.count), !name.hasPrefix(".") else { return nil }
    self.name = name
  }

  var folder: String { "checks/\(name)/" }

  /// Where a shard's verdict lies in the stream.
  public func key(_ shard: Shard) -> String { "\(folder)\(shard.index)-of-\(shard.count).json" }

  /// The shard whose verdict has this name in the run's folder; nil for another name.
  static func shard(_ name: String) -> Shard? {
    guard name.hasSuffix(".json") else { return nil }
    let numbers = name.dropLast(5).split(separator: "-of-", maxSplits: 1).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1], let shard = Shard(index, of: count),
      name == "\(index)-of-\(count).json"
    else { return nil }
    return shard
  }
}
