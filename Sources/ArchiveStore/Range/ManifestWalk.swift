// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Pipeline

/// All manifests of an archive, and which of them can be trusted to say their day.
///
/// Trusted is what a key at hand has signed, what a trusted manifest names as the one before it, and at the end what goes
/// on from there under keys that are not at hand. Where none is signed, the last one is taken at its word.
struct ManifestWalk {
  private let archive: Archive
  private let takesDamaged: Bool
  private var manifests: [WalkedManifest] = []
  /// By their places in `manifests`.
  private var isTrusted: [Bool] = []
  /// Up to here a signed one vouches.
  private var signedEnd = 0
  private var passedOver: ClosedRange<Int>?

  private static let lanes = 8

  init(_ finder: ManifestFinder, _ present: [Int]) throws {
    (archive, takesDamaged) = (finder.archive, finder.takesDamaged)
    let archive = finder.archive
    try mapInOrder(
      present, name: "manifests", workers: Self.lanes, cancellation: finder.cancellation, stopped: Failure.stopped,
      { try WalkedManifest($0, in: archive) }, { manifests.append($0) })
    signedEnd = (manifests.lastIndex { $0.isSigned } ?? -1) + 1
    try passOverJunk()
    trust()
    try checkOrder()
  }

  /// Takes off what stands behind the last signed one and is not ours, where the store keeps versions: ours would be there
  /// under its lock.
  private mutating func passOverJunk() throws {
    guard archive.store.keepsVersions, signedEnd > 0 else { return }
    var end = signedEnd
    while end < manifests.count, try mayBeOurs(manifests[end], after: manifests[end - 1]) { end += 1 }
    guard end < manifests.count else { return }
    passedOver = manifests[end].sequence...manifests[manifests.count - 1].sequence
    manifests.removeSubrange(end...)
  }

  private func mayBeOurs(_ manifest: WalkedManifest, after previous: WalkedManifest) throws -> Bool {
    guard manifest.place != nil else { return try !archive.hasNoLock(manifest.sequence...manifest.sequence) }
    return try manifest.names(previous) && archive.isLockedAsPromised(try archive.manifest(manifest.sequence))
  }

  private mutating func trust() {
    isTrusted = manifests.map(\.isSigned)
    if signedEnd == 0, let last = manifests.lastIndex(where: { $0.place != nil }) { isTrusted[last] = true }
    for index in manifests.indices.dropLast().reversed()
    where isTrusted[index + 1] && manifests[index + 1].names(manifests[index]) {
      isTrusted[index] = true
    }
    guard signedEnd > 0 else { return }
    for index in signedEnd..<manifests.count where isTrusted[index - 1] {
      isTrusted[index] = manifests[index].goesOn(after: manifests[index - 1])
    }
  }

  private mutating func checkOrder() throws {
    var last: UTCDay?
    for index in manifests.indices where isTrusted[index] {
      guard let day = manifests[index].day else { continue }
      if let last, day < last {
        // To look at it all the same, nothing may be left out for its day.
        if takesDamaged { return isTrusted = isTrusted.map { _ in false } }
        throw ArchiveFinding(name(index), "its day, \(day), lies before that of a manifest before it, \(last)")
      }
      last = day
    }
  }

  // MARK: Finding

  func find(_ wanted: WantedManifests) throws -> FoundManifests {
    switch wanted {
    case .all: return try found(manifests.indices)
    case .days(let from, let to): return try found(indices(from, to))
    case .latest: return try found(latest())
    case .random(let count):
      let days = manifests.indices.filter { isTrusted[$0] }.compactMap { manifests[$0].day }
      guard let first = days.first, let last = days.last else { return try found(manifests.indices) }
      let chosen = randomDays(count, first: first, last: last)
      return try found(indices(chosen.from, chosen.to))
    }
  }

  /// What is of the days, and what cannot be trusted and has nothing trusted between itself and them.
  private func indices(_ from: UTCDay?, _ to: UTCDay?) throws -> Range<Int> {
    let trusted: [(index: Int, coverage: Manifest.Coverage)] = manifests.indices.compactMap { index in
      isTrusted[index] ? manifests[index].place.map { (index, $0.coverage) } : nil
    }
    let before = from.flatMap { from in trusted.last { $0.coverage.day < from }?.index }
    // Nothing behind a day's last manifest is of that day.
    let end = to.flatMap { to in
      trusted.first { $0.coverage.day == to && $0.coverage.isLast }.map { $0.index + 1 }
        ?? trusted.first { $0.coverage.day > to }?.index
    }
    let (lower, upper) = (before.map { $0 + 1 } ?? 0, end ?? manifests.count)
    guard lower < upper else { throw archive.nothingCovers(from, to) }
    return lower..<upper
  }

  private func latest() throws -> Range<Int> {
    for index in manifests.indices.reversed() {
      guard isTrusted[index], let place = manifests[index].place else { throw doubt(index) }
      if place.rowCount > 0 { return try indices(place.coverage.day, place.coverage.day) }
    }
    return manifests.count - 1..<manifests.count
  }

  private func found(_ indices: Range<Int>) throws -> FoundManifests {
    // Without versions nothing is junk: it was put in the place of ours, or behind it.
    if !archive.store.keepsVersions, !takesDamaged, signedEnd > 0,
      let odd = (signedEnd..<manifests.count).first(where: { !isTrusted[$0] }), !indices.contains(odd)
    {
      throw doubt(odd)
    }
    var found = FoundManifests(indices.map { manifests[$0].sequence })
    found.passedOver = passedOver
    found.doubts = indices.filter { !isTrusted[$0] }.map(doubt)
    found.isUnchecked = indices.upperBound > signedEnd
    return found
  }

  private func doubt(_ index: Int) -> ArchiveFinding {
    let fault = manifests[index].fault
    return ArchiveFinding(name(index), fault.isEmpty ? "it does not join the manifest behind it" : fault)
  }

  private func name(_ index: Int) -> String { archive.name(Archive.manifestKey(manifests[index].sequence)) }
}
