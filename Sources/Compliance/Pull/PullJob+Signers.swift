// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography

extension PullJob {
  private static let largestRegistry = 8 << 20

  /// Copies the versions of the signer registry that the archive has.
  ///
  /// Whoever may write to the store can put anything there: what is no signed registry is passed over, and said.
  func pullSigners(_ folder: PullFolder, _ report: inout PullReport) throws {
    let prefix = "\(archive.stream)/signers/"
    for object in try archive.store.list(prefix) {
      let name = String(object.key.dropFirst(prefix.utf8.count))
      guard Self.isPlain(name) else {
        report.passOver("signers/\(name)", "this is no name of a registry's version")
        continue
      }
      do { try pullSigner(name, object, folder, &report) } catch let failure as Failure
        where failure.status == .integrity
      { report.passOver("signers/\(name)", failure.problem) }
    }
  }

  private func pullSigner(
    _ name: String, _ object: ObjectInfo, _ folder: PullFolder, _ report: inout PullReport
  ) throws {
    for version in object.versions where !version.isDeleteMarker && version.bytes <= Self.largestRegistry {
      guard let reader = try archive.store.open(object.key, version) else { continue }
      let bytes = try archive.store.bytes(of: reader, object.key, limit: Self.largestRegistry)
      guard let document = try? SignedDocument(parsing: bytes, .registry),
        document.content["format"]?.string == "audit-signers/v1"
      else { continue }
      try folder.write("signers/\(name)", bytes)
      report.signers.append("signers/\(name)")
      return
    }
    report.passOver("signers/\(name)", "it is no signed registry")
  }

  private static func isPlain(_ name: String) -> Bool {
    name.hasSuffix(".json") && !name.hasPrefix(".") && name.utf8.count <= 200
      && name.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
          || [0x2d, 0x2e, 0x5f].contains($0)
      }
  }
}

extension PullReport {
  fileprivate mutating func passOver(_ object: String, _ reason: String) {
    if notes.count < 100 { notes.append("\(object.onOneLine) was not pulled: \(reason)") }
  }
}
