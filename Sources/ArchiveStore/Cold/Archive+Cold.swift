// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import Pipeline

extension Archive {
  /// Asks back what of all manifests lies in cold storage: which days are wanted is known only once they can be read.
  public func restoreManifests(_ request: ColdRestore, _ cancellation: Cancellation) throws -> ColdCount {
    let objects = try store.list("\(stream)/manifests/")
    return try restore(objects.flatMap { object in object.versions.map { (object.key, $0) } }, request, cancellation)
  }

  /// Asks back what of some manifests' bundles lies in cold storage.
  public func restoreBundles(
    _ sequences: Range<Int>, _ request: ColdRestore, _ cancellation: Cancellation
  ) throws -> ColdCount {
    // A few calls tell of all of them: mostly that none is cold, and no manifest has to be read.
    let listed = try store.list("\(stream)/bundles/")
    guard listed.contains(where: { $0.versions.contains(where: \.isMaybeCold) }) else { return ColdCount() }
    let bundles = try sequences.compactMap { try manifest($0).manifest.bundle }
    let versions = try bundles.flatMap { bundle in
      let key = "\(stream)/\(bundle.key)"
      return try store.versions(key).filter { $0.bytes == bundle.bytes }.map { (key, $0) }
    }
    return try restore(versions, request, cancellation)
  }

  private func restore(
    _ versions: [(key: String, version: ObjectVersion)], _ request: ColdRestore, _ cancellation: Cancellation
  ) throws -> ColdCount {
    var count = ColdCount()
    let store = store
    try mapInOrder(
      versions.filter { !$0.version.isDeleteMarker }, name: "restore", workers: 8, cancellation: cancellation,
      stopped: Failure.stopped, { try store.restore($0.key, $0.version, request) }, { count.add($0) })
    return count
  }
}
