// SPDX-License-Identifier: Apache-2.0

/// How objects are asked back that lie in cold storage, as in S3's Glacier classes.
public struct ColdRestore: Equatable, Sendable {
  /// From minutes to two days, by the storage class; the faster, the dearer.
  public enum Tier: String, CaseIterable, Sendable {
    case expedited, standard, bulk
  }

  public var tier: Tier
  /// For how long the copies can be read.
  public var days: Int

  public init(tier: Tier = .standard, days: Int = 7) {
    self.tier = tier
    self.days = days
  }
}

/// Whether a version can be read.
public enum ColdState: Equatable, Sendable {
  case readable
  /// Its restore was asked for just now.
  case asked
  /// Its restore is under way since before.
  case waiting
}

/// How many objects can be read, and how many cannot yet.
public struct ColdCount: Equatable, Sendable {
  public var readable = 0
  public var asked = 0
  public var waiting = 0

  public init() {}

  /// Objects that have to come back first.
  public var missing: Int { asked + waiting }
  public var total: Int { readable + missing }

  mutating func add(_ state: ColdState) {
    switch state {
    case .readable: readable += 1
    case .asked: asked += 1
    case .waiting: waiting += 1
    }
  }
}
