// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import ChainReader
internal import Cryptography
internal import RowCodec

/// Follows the chain through a bundle's rows as they stand in it.
///
/// Each row follows the one before, or begins a new stretch behind a break, or stands behind the head as one that has no
/// place on the chain: the last two are anomalies, whether the manifest names them or not.
struct BundleWalk {
  private(set) var head: Digest?
  private let target: Digest?
  private let acceptedRewind: Digest?
  private let named: [Int: AnomalyKind]
  private var row = 0

  init(_ manifest: Manifest) {
    head = manifest.chain.previousHash
    target = manifest.chain.headHash
    acceptedRewind = manifest.chain.acceptedRewind
    let places: Set<AnomalyKind> = [.gap, .fork, .orphan, .duplicate, .rewound]
    named = Dictionary(
      manifest.chain.anomalies.listed.compactMap { anomaly in
        anomaly.row.flatMap { places.contains(anomaly.kind) ? ($0, anomaly.kind) : nil }
      }, uniquingKeysWith: { first, _ in first })
  }

  /// What is wrong with the next row's place.
  ///
  /// - Returns: nil where nothing is; `isAccepted` for a rewind that the operator accepted.
  mutating func take(_ facts: RowFacts) -> (fault: PlaceFault, isAccepted: Bool)? {
    defer { row += 1 }
    // A row behind the head may have been none of the table's chain: where the archived head was taken out of the table.
    let isOffChain = head == target && named[row] != nil
    if facts.previous == head && !isOffChain {
      head = facts.hash
      return nil
    }
    let predecessor = facts.previous?.hex ?? "nothing"
    // Where the head stays what it was, no row of the bundle is on the chain.
    if head == target {
      let kind = named[row] ?? .orphan
      return (
        PlaceFault(
          kind: kind, detail: "it has no place on the chain: its predecessor is \(predecessor)", isOnChain: false),
        false
      )
    }
    let kind = named[row] ?? .gap
    let isAccepted = kind == .rewound && acceptedRewind != nil && (facts.previous ?? Self.nothing) == acceptedRewind
    let fault = PlaceFault(
      kind: kind, detail: "the row before it is \(head?.hex ?? "nothing"), its predecessor \(predecessor)",
      isOnChain: true)
    head = facts.hash
    return (fault, isAccepted)
  }

  private static let nothing = Digest(words: (0, 0, 0, 0))
}
