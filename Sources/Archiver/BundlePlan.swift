// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography

/// What a bundle's manifest says of its rows, gathered while they pass.
struct BundleFacts {
  var coverage: Manifest.Coverage
  var rowCount = 0
  var span: Manifest.RowSpan?
  var previousHash: Digest?
  var headHash: Digest?
  var anomalies = AnomalyLog()
  var signatures = SignatureCounts()
  var acceptedRewind: Digest?
  var resumeFrom: Timestamp?
}

/// What the walking stage hands to the writing one.
enum BundlePart {
  case frame(FrameContent)
  /// The bundle, or the day without rows, is complete.
  case seal(BundleFacts)
}
