// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Signing

/// What the stored drill reports say, as far as they can be believed.
///
/// Whoever may write to the store can put anything under `drills/`: a report counts when its name, its time and its
/// stream agree and a key at hand verifies it. What does not count is passed over, and said.
struct DrillRecord {
  /// When the last drill began that passed.
  private(set) var passed: Timestamp?
  /// When the last drill began, where it failed.
  private(set) var failed: Timestamp?
  private(set) var notes: [String] = []

  private static let largestReport = 8 << 20

  init(_ archive: Archive, keys: KeyRing, now: Timestamp) throws {
    let prefix = "\(archive.stream)/drills/"
    let found = try archive.store.list(prefix).map { String($0.key.dropFirst(prefix.utf8.count)) }
    let reports = found.compactMap { name in Self.time(name).map { (name: name, time: $0) } }
      .sorted { ($0.time, $0.name) > ($1.time, $1.name) }
    for report in reports {
      do throws(ArchiveFinding) {
        let isPassed = try Self.isPassed(archive, report.name, report.time, keys, now)
        if isPassed {
          passed = report.time
          return
        }
        failed = failed ?? report.time
      } catch {
        if notes.count < 20 { notes.append("\(error.description): it does not count as a drill") }
      }
    }
  }

  /// Reads a report's verdict.
  ///
  /// - Throws: why the report does not count.
  private static func isPassed(
    _ archive: Archive, _ name: String, _ time: Timestamp, _ keys: KeyRing, _ now: Timestamp
  ) throws(ArchiveFinding) -> Bool {
    let object = archive.name("drills/\(name)")
    let bytes: [UInt8]?
    do { bytes = try archive.store.read("\(archive.stream)/drills/\(name)", limit: largestReport) } catch {
      throw ArchiveFinding(object, (error as? Failure)?.problem ?? "\(error)")
    }
    guard let bytes else { throw ArchiveFinding(object, "it is missing") }
    let document: SignedDocument
    do throws(DocumentError) { document = try SignedDocument(parsing: bytes, .report) } catch {
      throw ArchiveFinding(object, error.reason)
    }
    let content = document.content
    guard content["format"]?.string == "audit-drill/v1", content["stream"]?.string == archive.stream,
      content["startedAt"]?.string == time.isoSeconds, time <= now.advanced(bySeconds: 3600),
      let verdict = content["verdict"]?.string, ["passed", "failed"].contains(verdict)
    else { throw ArchiveFinding(object, "it is no drill report of this stream and of its name's time") }
    switch keys.verify(document.proof, over: document.digest, at: time, for: .manifests) {
    case .valid: return verdict == "passed"
    case .unverifiable(let reason): throw ArchiveFinding(object, "signature-unverifiable: \(reason)")
    case .invalid(let reason): throw ArchiveFinding(object, "its signature is invalid: \(reason)")
    }
  }

  /// When the drill of a report named `20261123T020000Z-0123abcd.json` began; nil for another name.
  private static func time(_ name: String) -> Timestamp? {
    let text = Array(name.utf8)
    guard text.count == 30, text[8] == 0x54, text[15] == 0x5a, text[16] == 0x2d, name.hasSuffix(".json"),
      text[17..<25].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
    return Timestamp("\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
  }
}
