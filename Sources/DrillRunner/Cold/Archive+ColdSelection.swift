// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
public import Pipeline

extension Archive {
  /// The selection with its days fixed, so that a later run takes the same ones.
  public func fixed(_ selection: Selection) throws -> Selection {
    guard case .random = selection else { return selection }
    let sequences = try sequences(selection)
    let first = try manifest(sequences.lowerBound).manifest.coverage.day
    return .range(first, try manifest(sequences.upperBound - 1).manifest.coverage.day)
  }

  /// Asks back what a selection needs and lies in cold storage; its bundles once its manifests can be read.
  ///
  /// - Parameter selection: gets its days fixed as soon as that is possible.
  public func restore(
    _ selection: inout Selection, _ request: ColdRestore, _ cancellation: Cancellation
  ) throws -> ColdCount {
    let manifests = try restoreManifests(request, cancellation)
    guard manifests.missing == 0 else { return manifests }
    selection = try fixed(selection)
    return try restoreBundles(try sequences(selection), request, cancellation)
  }
}

extension Selection: CustomStringConvertible {
  public var description: String {
    switch self {
    case .latest: "latest"
    case .day(let day): "day:\(day)"
    case .range(let first, let last): "range:\(first)..\(last)"
    case .random(let count): "random:\(count)"
    case .all: "all"
    }
  }
}
