// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Signing

/// What the stored drill reports say, as far as they can be believed.
///
/// Whoever may write to the store can put anything under `drills/`: a report counts when its name, its time and its
/// stream agree and a key at hand verifies it. What does not count is passed over, and said.
struct DrillRecord: Sendable {
  /// Reports that count, the newest first: as many as were asked for, and down to the last that passed.
  private(set) var reports: [Report] = []
  private(set) var notes: [String] = []

  struct Report: Sendable {
    let name: String
    let drill: StoredDrill
  }

  /// When the last drill began that passed.
  var passed: Timestamp? { reports.first { $0.drill.isPassed }?.drill.startedAt }
  /// When the last drill began, where it failed.
  var failed: Timestamp? { reports.first.flatMap { $0.drill.isPassed ? nil : $0.drill.startedAt } }

  private static let largestReport = 8 << 20
  /// Reports that are read, at most, in search of one that passed.
  private static let mostReports = 1000

  /// - Parameters:
  ///   - count: reports that are read though newer ones tell enough.
  ///   - known: what an earlier look verified: reports do not change.
  init(_ archive: Archive, keys: KeyRing, now: Timestamp, keeping count: Int = 0, known: DrillRecord? = nil) throws {
    let prefix = "\(archive.stream)/drills/"
    let found = try archive.store.list(prefix).map { String($0.key.dropFirst(prefix.utf8.count)) }
    let names = found.compactMap { name in Self.time(name).map { (name: name, time: $0) } }
      .sorted { ($0.time, $0.name) > ($1.time, $1.name) }
    for (name, time) in names.prefix(Self.mostReports) {
      if passed != nil, reports.count >= count { break }
      if let known = known?.reports.first(where: { $0.name == name }) {
        reports.append(known)
        continue
      }
      do throws(ArchiveFinding) {
        reports.append(Report(name: name, drill: try Self.read(archive, name, time, keys, now)))
      } catch {
        if notes.count < 20 { notes.append("\(error.description): it does not count as a drill") }
      }
    }
  }

  /// - Throws: why the report does not count.
  private static func read(
    _ archive: Archive, _ name: String, _ time: Timestamp, _ keys: KeyRing, _ now: Timestamp
  ) throws(ArchiveFinding) -> StoredDrill {
    let object = archive.name("drills/\(name)")
    let document = try document(archive, name)
    let drill = try? StoredDrill(document.content, proof: document.proof, stream: archive.stream)
    guard let drill, drill.startedAt == time, time <= now.advanced(bySeconds: 3600) else {
      throw ArchiveFinding(object, "it is no drill report of this stream and of its name's time")
    }
    switch keys.verify(document.proof, over: document.digest, at: time, for: .manifests) {
    case .valid: return drill
    case .unverifiable(let reason): throw ArchiveFinding(object, "signature-unverifiable: \(reason)")
    case .invalid(let reason): throw ArchiveFinding(object, "its signature is invalid: \(reason)")
    }
  }

  static func document(_ archive: Archive, _ name: String) throws(ArchiveFinding) -> SignedDocument {
    let object = archive.name("drills/\(name)")
    let bytes: [UInt8]?
    do { bytes = try archive.store.read("\(archive.stream)/drills/\(name)", limit: largestReport) } catch {
      throw ArchiveFinding(object, (error as? Failure)?.problem ?? "\(error)")
    }
    guard let bytes else { throw ArchiveFinding(object, "it is missing") }
    do throws(DocumentError) { return try SignedDocument(parsing: bytes, .report) } catch {
      throw ArchiveFinding(object, error.reason)
    }
  }

  /// When the drill of a report named `20261123T020000Z-0123abcd.json` began; nil for another name.
  static func time(_ name: String) -> Timestamp? {
    let text = Array(name.utf8)
    guard text.count == 30, text[8] == 0x54, text[15] == 0x5a, text[16] == 0x2d, name.hasSuffix(".json"),
      text[17..<25].allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    func part(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
    return Timestamp("\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
  }
}
