// SPDX-License-Identifier: Apache-2.0

/// Chance that a seed decides (SplitMix64), the same everywhere, so that every run can be had again.
public struct Dice: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// Below `bound`, which is at least 1.
  public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  public mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }

  public mutating func chance(_ percent: Int) -> Bool { below(100) < percent }

  public mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

  public mutating func pick<Element>(_ list: some Collection<Element>) -> Element {
    list[list.index(list.startIndex, offsetBy: below(list.count))]
  }

  /// One of several things, each as often as its weight says.
  public mutating func pick<Element>(weighted elements: [(Element, Int)]) -> Element {
    var rest = below(elements.reduce(0) { $0 + $1.1 })
    for (element, weight) in elements {
      if rest < weight { return element }
      rest -= weight
    }
    return elements[0].0
  }

  public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  /// Dice of their own, so that what one part draws moves nothing in another.
  public mutating func branch() -> Dice { Dice(seed: next()) }
}
