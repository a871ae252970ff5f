// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Pipeline

/// Finds manifests by their days.
///
/// A day counts where a key at hand has signed the manifest that says it, or a manifest that can be trusted vouches for it.
/// Signed days ascend with the sequence, so the ends are found by halving; where a manifest on the way is not signed, all
/// are read. What cannot be trusted and may be of the days is found with them, for the caller to refuse: never left out.
public struct ManifestFinder: Sendable {
  let archive: Archive
  let cancellation: Cancellation
  /// Read every manifest, for a caller that does not check the signatures of what is found.
  public var readsAll = false
  /// Find what is damaged too, and what stands around a hole.
  public var takesDamaged = false

  public init(_ archive: Archive, cancellation: Cancellation = Cancellation()) {
    (self.archive, self.cancellation) = (archive, cancellation)
  }

  /// - Throws: status `nothingToCheck` where there is none; an ``ArchiveFinding`` where signed days go back, where what is
  ///   latest cannot be told, or where in a store that keeps no versions something unsigned stands at the end that does
  ///   not join.
  public func find(_ wanted: WantedManifests) throws -> FoundManifests {
    let present = try present()
    guard !present.isEmpty else {
      throw Failure(.nothingToCheck, "there is no manifest", on: archive.url, remedy: "check --archive and --stream")
    }
    if !readsAll && !takesDamaged, let found = try SignedRange(archive, 0..<present.count).find(wanted) { return found }
    return try ManifestWalk(self, present).find(wanted)
  }

  private func present() throws -> [Int] {
    do { return Array(try archive.readableSequences()) } catch let finding as ArchiveFinding {
      guard takesDamaged else { throw finding }
      return try archive.listing().present
    }
  }
}

extension Archive {
  func nothingCovers(_ from: UTCDay?, _ to: UTCDay?) -> Failure {
    let days = [from.map { "from \($0)" }, to.map { "to \($0)" }].compactMap(\.self).joined(separator: " ")
    return Failure(
      .nothingToCheck, "no manifest covers the days \(days)", on: url, remedy: "memoryctl manifest list shows the days")
  }
}

/// Days to choose at random, out of those of an archive.
func randomDays(_ count: Int, first: UTCDay, last: UTCDay) -> (from: UTCDay, to: UTCDay) {
  let start = Int32.random(in: first.number...max(first.number, last.number - Int32(count) + 1))
  return (UTCDay(number: start), UTCDay(number: start).advanced(by: count - 1))
}
