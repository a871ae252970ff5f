// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Bytes
import Cryptography
import Zstandard

/// The format page in its plainest words: slow, and shared with nothing that archives or verifies.
enum Naive {
  static func sha256(_ bytes: [UInt8]) -> Digest {
    var sha = SHA256()
    bytes.withUnsafeBytes { sha.update($0) }
    return sha.finalize()
  }

  /// RFC 6962, 2.1.
  static func merkleRoot(_ leaves: ArraySlice<[UInt8]>) -> Digest {
    if leaves.isEmpty { return sha256([]) }
    if leaves.count == 1 { return sha256([0] + leaves[leaves.startIndex]) }
    var half = 1
    while half * 2 < leaves.count { half *= 2 }
    let middle = leaves.startIndex + half
    return sha256([1] + merkleRoot(leaves[..<middle]).bytes + merkleRoot(leaves[middle...]).bytes)
  }

  static func inflate(_ bytes: [UInt8]) throws -> [UInt8] {
    let decompressor = try Decompressor()
    var out = ByteBuffer()
    var consumed = 0
    try bytes.withUnsafeBytes { input in
      while consumed < input.count {
        _ = try decompressor.decompress(input, consumed: &consumed, into: &out, room: 1 << 16)
      }
    }
    return out.array()
  }
}

/// What an archive's objects hold, read without the code that archives and verifies.
struct NaiveArchive {
  struct Bundle {
    let manifest: Manifest
    let digest: Digest
    var rows: [WorldRow] = []
    /// Rows that have no place, and those whose predecessor is not the one before, by their index.
    var breaks: [Int] = []
    /// The breaks that an accepted rewind excuses.
    var accepted: [Int] = []
    /// How many of the rows are on the chain.
    var onChain = 0
  }

  private(set) var bundles: [Bundle] = []
  private(set) var faults: [String] = []

  static let stream = "memory-layer"

  /// What was read before, by the bytes of both objects: those that are the same say the same.
  final class Known {
    fileprivate var bundles: [Int: (manifest: [UInt8], file: [UInt8]?, bundle: Bundle)] = [:]
  }

  /// - Parameter lines: every row that ever was, by its archived line.
  init(_ store: SimulatedStore, _ lines: [String: WorldRow], _ known: Known) {
    while let bytes = Self.ours(store, "manifests/\(Self.number(bundles.count)).json") {
      let sequence = bundles.count
      if let (manifest, file, bundle) = known.bundles[sequence], manifest == bytes,
        file == bundle.manifest.bundle.flatMap({ Self.ours(store, $0.key) })
      {
        checkSeam(bundle)
        bundles.append(bundle)
        continue
      }
      guard let bundle = read(store, bytes, lines) else { return }
      bundles.append(bundle)
      let file = bundle.manifest.bundle.flatMap { Self.ours(store, $0.key) }
      known.bundles[sequence] = faults.isEmpty ? (bytes, file, bundle) : nil
    }
  }

  private mutating func read(_ store: SimulatedStore, _ bytes: [UInt8], _ lines: [String: WorldRow]) -> Bundle? {
    guard let stored = try? StoredManifest(parsing: bytes) else {
      faults.append("manifest \(bundles.count) cannot be read")
      return nil
    }
    var bundle = Bundle(manifest: stored.manifest, digest: stored.digest)
    if WorldRow.key.authenticate(stored.digest).bytes != stored.proof.signatures.first?.signature {
      fault(bundle, "its signature is wrong")
    }
    checkSeam(bundle)
    readRows(store, lines, &bundle)
    findBreaks(&bundle)
    checkAnomalies(bundle)
    return bundle
  }

  var rows: [WorldRow] { bundles.flatMap(\.rows) }

  private static func number(_ sequence: Int) -> String {
    String(repeating: "0", count: 10 - String(sequence).count) + String(sequence)
  }

  /// The oldest version that a run of ours wrote.
  private static func ours(_ store: SimulatedStore, _ key: String) -> [UInt8]? {
    store.objects["\(stream)/\(key)"]?.first { !$0.isStrangers && !$0.isDeleteMarker }?.bytes
  }

  private mutating func fault(_ bundle: Bundle, _ text: String) {
    faults.append("manifest \(bundle.manifest.sequence): \(text)")
  }

  private mutating func checkSeam(_ bundle: Bundle) {
    let (manifest, before) = (bundle.manifest, bundles.last)
    if manifest.sequence != bundles.count || manifest.stream != Self.stream { fault(bundle, "it is another's") }
    if manifest.previousManifest != before?.digest { fault(bundle, "it does not name the one before") }
    if manifest.chain.previousHash != before?.manifest.chain.headHash { fault(bundle, "the chain has a seam") }
    if manifest.rowTotal != (before?.manifest.rowTotal ?? 0) + manifest.rowCount { fault(bundle, "its total is wrong") }
    let (day, part) = (manifest.coverage.day.number, manifest.coverage.part)
    guard let last = before?.manifest.coverage else {
      if part != 0 { fault(bundle, "the first part is not 0") }
      return
    }
    let isNext = last.isLast ? day == last.day.number + 1 && part == 0 : day == last.day.number && part == last.part + 1
    if !isNext { fault(bundle, "day \(day) part \(part) follows day \(last.day.number) part \(last.part)") }
  }

  private mutating func readRows(_ store: SimulatedStore, _ lines: [String: WorldRow], _ bundle: inout Bundle) {
    let manifest = bundle.manifest
    guard let named = manifest.bundle else {
      if manifest.rowCount != 0 { fault(bundle, "rows without a bundle") }
      return
    }
    guard let bytes = Self.ours(store, named.key) else { return fault(bundle, "its bundle is missing") }
    let sha256 = Naive.sha256(bytes)
    let name = "bundles/\(Self.number(manifest.sequence))-\(String(sha256.hex.prefix(16))).ndjson.zst"
    if sha256 != named.sha256 || bytes.count != named.bytes || named.key != name {
      fault(bundle, "its bundle is another")
    }
    guard let content = try? Naive.inflate(bytes) else { return fault(bundle, "its bundle does not inflate") }
    if Naive.sha256(content) != named.contentSHA256 || content.count != named.contentBytes {
      fault(bundle, "its content is another")
    }
    let texts = content.split(separator: 0x0a).map { [UInt8]($0) }
    if Naive.merkleRoot(texts[...]) != manifest.merkleRoot { fault(bundle, "its root is another") }
    for text in texts {
      guard let row = lines[String(decoding: text, as: UTF8.self)] else {
        fault(bundle, "it holds what was never a row: \(String(decoding: text, as: UTF8.self))")
        continue
      }
      bundle.rows.append(row)
    }
    if texts.count != manifest.rowCount { fault(bundle, "it has \(texts.count) rows") }
    checkSpan(bundle)
  }

  private mutating func checkSpan(_ bundle: Bundle) {
    guard let first = bundle.rows.first, let last = bundle.rows.last, let span = bundle.manifest.rows else { return }
    let stamps = bundle.rows.map(\.createdAt.microseconds)
    if span.firstID != first.idText || span.lastID != last.idText
      || span.firstCreatedAt.microseconds != stamps.min() || span.lastCreatedAt.microseconds != stamps.max()
    {
      fault(bundle, "its first and last rows are others")
    }
  }

  private func findBreaks(_ bundle: inout Bundle) {
    let chain = bundle.manifest.chain
    var head = chain.previousHash
    var end = 0
    if chain.headHash != head, let last = bundle.rows.firstIndex(where: { $0.hash == chain.headHash }) {
      end = last + 1
    }
    bundle.onChain = end
    for (index, row) in bundle.rows.enumerated() {
      if index >= end || row.previous != head { bundle.breaks.append(index) }
      guard index < end else { continue }
      let rewind = chain.acceptedRewind
      if row.previous != head, let rewind, (row.previous ?? Digest(words: (0, 0, 0, 0))) == rewind {
        bundle.accepted.append(index)
      }
      head = row.hash
    }
    if head != chain.headHash { bundle.breaks.append(-1) }
  }

  /// What an anomaly is about, whatever its kind is called.
  struct Complaint: Hashable, Comparable {
    enum Matter: String { case place, hash, signature }

    let id: String
    let matter: Matter

    init(_ id: String, _ matter: Matter) { (self.id, self.matter) = (id, matter) }

    init(_ anomaly: Anomaly) {
      id = anomaly.id
      switch anomaly.kind {
      case .hashMismatch: matter = .hash
      case .signatureInvalid, .signatureUnverifiable, .untrusted, .unsigned: matter = .signature
      case .gap, .fork, .orphan, .duplicate, .rewound: matter = .place
      }
    }

    static func < (a: Complaint, b: Complaint) -> Bool { (a.id, a.matter.rawValue) < (b.id, b.matter.rawValue) }
  }

  /// What has to be said of a bundle's rows.
  static func complaints(_ bundle: Bundle, withAccepted: Bool) -> [Complaint] {
    var found: [Complaint] = []
    for (index, row) in bundle.rows.enumerated() {
      if bundle.breaks.contains(index), withAccepted || !bundle.accepted.contains(index) {
        found.append(Complaint(row.idText, .place))
      }
      if row.hashIsWrong { found.append(Complaint(row.idText, .hash)) }
      if row.signatureIsWrong { found.append(Complaint(row.idText, .signature)) }
    }
    return found.sorted()
  }

  private mutating func checkAnomalies(_ bundle: Bundle) {
    if bundle.breaks.contains(-1) { fault(bundle, "its head is not its last row on the chain") }
    let (wanted, named) = (
      Self.complaints(bundle, withAccepted: true), bundle.manifest.chain.anomalies.listed.map(Complaint.init).sorted()
    )
    if wanted != named, !isExcused(bundle, wanted, named) { fault(bundle, "it names \(named), and has \(wanted)") }
    let counts = bundle.manifest.chain.signatures
    let signed = bundle.rows.count { $0.signature != nil }
    let wrong = bundle.rows.count { $0.signatureIsWrong }
    if counts.valid != signed - wrong || counts.invalid != wrong || counts.unsigned != bundle.rows.count - signed {
      fault(bundle, "its counts of signatures are wrong")
    }
  }

  /// Where the archived head was deleted from the table, and the chain goes on behind it all the same, the first row has a
  /// predecessor in the archive and none in the table.
  private func isExcused(_ bundle: Bundle, _ wanted: [Complaint], _ named: [Complaint]) -> Bool {
    guard bundle.manifest.chain.acceptedRewind != nil, let first = bundle.rows.first else { return false }
    return named == (wanted + [Complaint(first.idText, .place)]).sorted()
  }

  /// Rows that accepted rewinds cut off the chain; nil where that is a matter of taste, as forks were cut off with them.
  var cutOff: Set<UInt128>? {
    var cut: Set<UInt128> = []
    for (place, bundle) in bundles.enumerated() {
      guard let rewind = bundle.manifest.chain.acceptedRewind else { continue }
      let before = bundles[..<place]
      let chain = before.flatMap { $0.rows.prefix($0.onChain) }
      let start = chain.lastIndex { $0.hash == rewind }.map { $0 + 1 } ?? 0
      cut.formUnion(chain[start...].map(\.id))
      if before.contains(where: { !$0.breaks.isEmpty }) { return nil }
    }
    return cut
  }
}
