// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Files
import Signing

extension Site {
  /// A small sound archive: three days, four manifests, a day without rows, rows by both keys and without a signature, a
  /// straggler, ties, and the documents beside them.
  public func sample() throws -> SampleArchive {
    let day = UTCDay("2026-01-05")!
    var head: Digest?
    func rows(_ hours: [Double], day: UTCDay) throws -> [ChainRow] {
      try hours.map { hour in
        let number = head.map { Int($0.words.0 % 1000) } ?? 0
        let signer: (any Signer)? = number % 5 == 0 ? nil : number % 5 == 1 ? events : secret
        let row = try ChainRow(
          id: "018f0000-0000-4000-8000-0000000\(10_000 + number)",
          payload: #"{"n": \#(number), "text": "é\n", "x": 1.50}"#,
          after: head, createdAt: day.start.advanced(bySeconds: Int64(hour * 3600)), signer: signer,
          values: ["event_type": quoted("made")])
        head = row.hash
        return row
      }
    }
    var archive = SampleArchive([
      SamplePart(day: day, part: 0, isLast: false, rows: try rows([1, 2, 2, 3, 4], day: day)),
      SamplePart(day: day, part: 1, isLast: true, rows: try rows([5, 4.5], day: day)),
      SamplePart(day: day.next, part: 0, isLast: true, rows: []),
      SamplePart(day: day.next.next, part: 0, isLast: true, rows: try rows([1, -3, 9, 23], day: day.next.next)),
    ])
    archive.settings.rowsPerFrameLog2 = 1
    return archive
  }

  /// Writes an archive with the registry and a drill's report.
  public func objects(of archive: SampleArchive, _ spool: Spool) throws -> Objects {
    let store = MemoryStore()
    try archive.write(to: store, spool, signer: manifests)
    return try store.objects.merging(documents()) { $1 }
  }

  /// The registry's versions and a drill's report.
  public func documents() throws -> Objects {
    var objects: Objects = [:]
    for version in registries {
      let key = "\(SampleArchive.stream)/\(Archive.signersKey(version.registry.version))"
      objects[key] = [version.document.bytes]
    }
    objects["\(SampleArchive.stream)/\(Self.drillKey)"] = [try manifests.sign(.report, drillReport).bytes]
    return objects
  }
}
