// SPDX-License-Identifier: Apache-2.0
public import AuditCore

extension Archive {
  /// A stored drill report, whoever signed it.
  ///
  /// - Parameter name: as `drills/20261123T020000Z-0123abcd.json`, with or without the folder; nil takes the newest.
  /// - Throws: an ``ArchiveFinding`` where it is damaged, a ``Failure`` where there is none.
  public func drillReport(_ name: String?) throws -> (key: String, document: SignedDocument, drill: StoredDrill) {
    let prefix = "\(stream)/drills/"
    let wanted = name.map { $0.hasPrefix("drills/") ? String($0.dropFirst(7)) : $0 }
    let names = try store.list(prefix).map { String($0.key.dropFirst(prefix.utf8.count)) }
      .filter { DrillRecord.time($0) != nil }
    guard let found = wanted == nil ? names.max() : names.first(where: { $0 == wanted }) else {
      throw Failure(
        .nothingToCheck, name == nil ? "there is no drill report" : "there is no such drill report",
        on: "\(url)/drills",
        remedy: "audit status lists the drills; check --archive and --stream")
    }
    let document = try DrillRecord.document(self, found)
    do throws(DocumentError) {
      let drill = try StoredDrill(document.content, proof: document.proof, stream: stream)
      return ("drills/\(found)", document, drill)
    } catch { throw ArchiveFinding(self.name("drills/\(found)"), error.reason) }
  }
}
