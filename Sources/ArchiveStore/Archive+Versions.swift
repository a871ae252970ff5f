// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

extension Archive {
  /// What a store's versions show: further ones of an object, and delete markers. Neither hides the original.
  ///
  /// - Returns: what somebody must have done, and what may have come of a repeated write.
  public func versionFindings() throws -> (findings: [ArchiveFinding], notes: [String]) {
    var findings: [ArchiveFinding] = []
    var notes: [String] = []
    for folder in ["manifests", "bundles", "drills"] + Self.documentFolders {
      for object in try store.list("\(stream)/\(folder)/") {
        let key = String(object.key.dropFirst(stream.count + 1))
        if object.versions.contains(where: \.isDeleteMarker) {
          findings.append(
            ArchiveFinding(name(key), "a delete marker lies on it: readers that do not look at versions miss it"))
        }
        let contents = object.versions.filter { !$0.isDeleteMarker }
        guard contents.count > 1 else { continue }
        if try isSame(object.key, contents) {
          notes.append("\(name(key)): it has \(contents.count) versions of the same content")
        } else {
          findings.append(ArchiveFinding(name(key), "it has \(contents.count) versions of different content"))
        }
      }
    }
    return (findings, notes)
  }

  /// Bytes of each bundle's versions, by key; what only delete markers lie on has none.
  ///
  /// - Throws: an ``ArchiveFinding`` where the folder itself is not one.
  public func bundleSizes() throws -> [String: [Int]] {
    let objects = try lookingAt("bundles") { try store.list("\(stream)/bundles/") }
    return Dictionary(
      objects.map { object in
        (String(object.key.dropFirst(stream.count + 1)), object.versions.filter { !$0.isDeleteMarker }.map(\.bytes))
      }, uniquingKeysWith: +)
  }

  private func isSame(_ key: String, _ versions: [ObjectVersion]) throws -> Bool {
    guard let digest = try store.open(key, versions[0])?.digest() else { return false }
    return try versions.dropFirst().allSatisfy {
      try store.holds(key, $0, bytes: versions[0].bytes, sha256: digest)
    }
  }
}
