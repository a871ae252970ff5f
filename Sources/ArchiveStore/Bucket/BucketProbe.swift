// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Crypto
internal import S3Client

extension BucketCheck {
  /// Seconds that what the probe writes is locked: no longer than it takes to try the lock, with clocks apart.
  private static let lockSeconds: Int64 = 3600

  /// Writes two small objects and tries what the archive does with them, and what nobody may do.
  ///
  /// They stay: what is under lock cannot be removed, and no permission to remove anything is needed.
  ///
  /// - Parameters:
  ///   - prefix: of the archive, without slashes around it.
  ///   - kmsKeyID: the key that objects are to be encrypted with.
  public func probes(prefix: String, kmsKeyID: String?) throws(Failure) -> [Line] {
    let random = String(UInt64.random(in: 0 ... .max), radix: 16)
    let key = (prefix.isEmpty ? "" : prefix + "/") + ".check/\(Timestamp.now().compact)-\(random)"
    let probe = Probe(
      client: client, key: key, kmsKeyID: kmsKeyID,
      lock: ObjectLock(mode: .compliance, until: Timestamp.now().advanced(bySeconds: Self.lockSeconds)))
    var lines = [
      try attempt("list versions") { () throws(S3Error) in
        _ = try client.listVersions(prefix: key)
        return (.ok, "allowed")
      }
    ]
    var version: String?
    lines.append(
      try attempt("write under lock") { () throws(S3Error) in
        version = try probe.write()
        return version == nil ? (.failed, "no version of it is kept") : (.ok, "one request with lock and checksum")
      })
    guard let version else { return lines + Self.left(behind: lines.count) }
    for (name, ifDenied, body) in probe.steps(version) { lines.append(try attempt(name, ifDenied: ifDenied, body)) }
    return lines
  }

  /// What is left out when nothing may be written, or nothing could.
  public static var untriedProbes: [Line] { left(behind: 0) }

  private static func left(behind count: Int) -> [Line] {
    let names = ["list versions", "write under lock"] + Probe.names
    return names.dropFirst(count).map { Line(name: $0, state: .notTried, detail: "needs an object of its own") }
  }
}

/// An object that is there for trying things out.
private struct Probe: Sendable {
  typealias Step = (name: String, ifDenied: BucketCheck.State, body: () throws(S3Error) -> (BucketCheck.State, String))

  let client: S3Client
  let key: String
  let kmsKeyID: String?
  let lock: ObjectLock
  private var content: [UInt8] { Array("memoryctl bucket check\n".utf8) }

  static let names = [
    "read a version", "checksum kept", "lock kept", "legal hold", "If-None-Match", "wrong checksum", "longer retention",
    "shorter retention", "delete a locked version",
  ]

  /// - Returns: the version; nil where the server keeps none.
  func write() throws(S3Error) -> String? {
    guard case .created(let version, _, _) = try put(key, SHA256.hash(content)) else { return nil }
    return version
  }

  func steps(_ version: String) -> [Step] {
    let bodies: [(BucketCheck.State, () throws(S3Error) -> (BucketCheck.State, String))] = [
      (.failed, { () throws(S3Error) in try readBack(version) }),
      (.warning, { () throws(S3Error) in try checksum(version) }),
      (.failed, { () throws(S3Error) in try lockBack(version) }),
      (.warning, { () throws(S3Error) in try hold(version) }),
      (.failed, condition),
      (.failed, wrongChecksum),
      (.warning, { () throws(S3Error) in try longer(version) }),
      (.ok, { () throws(S3Error) in try shorter(version) }),
      (.ok, { () throws(S3Error) in try deletion(version) }),
    ]
    return zip(Self.names, bodies).map { ($0, $1.0, $1.1) }
  }

  private func put(_ key: String, _ digest: Digest) throws(S3Error) -> S3PutOutcome {
    try client.put(
      key, .bytes(content), sha256: digest, lock: lock, legalHold: false, ifAbsent: true, kmsKeyID: kmsKeyID)
  }

  private func readBack(_ version: String) throws(S3Error) -> (BucketCheck.State, String) {
    try client.read(key, versionID: version, limit: 1 << 10) == content
      ? (.ok, "as written") : (.failed, "it is not what was written")
  }

  private func checksum(_ version: String) throws(S3Error) -> (BucketCheck.State, String) {
    switch try client.head(key, versionID: version)?.sha256 {
    case SHA256.hash(content)?: (.ok, "SHA-256 of the whole object")
    case nil: (.warning, "no; bundles are checked when they are read")
    case _?: (.failed, "another than that of what was written")
    }
  }

  private func lockBack(_ version: String) throws(S3Error) -> (BucketCheck.State, String) {
    guard let found = try client.retention(key, versionID: version) else {
      return (.failed, "the lock's headers were ignored")
    }
    return found.isAtLeast(lock)
      ? (.ok, "\(found.mode.rawValue), as asked")
      : (.failed, "\(found.mode.rawValue) until \(found.until.isoSeconds), less than asked")
  }

  private func hold(_ version: String) throws(S3Error) -> (BucketCheck.State, String) {
    try client.setLegalHold(key, versionID: version, true)
    let isHeld = try client.legalHold(key, versionID: version)
    try client.setLegalHold(key, versionID: version, false)
    guard isHeld else { return (.warning, "ignored; do not use AUDIT_ARCHIVE_LEGAL_HOLD here") }
    return try client.legalHold(key, versionID: version) ? (.warning, "it cannot be taken off") : (.ok, "on and off")
  }

  private func condition() throws(S3Error) -> (BucketCheck.State, String) {
    try put(key, SHA256.hash(content)) == .exists
      ? (.ok, "honoured") : (.warning, "ignored; the oldest version decides which write won")
  }

  private func wrongChecksum() throws(S3Error) -> (BucketCheck.State, String) {
    do throws(S3Error) { _ = try put(key + "-sum", SHA256.hash(content + [0])) } catch {
      if [.damaged, .other].contains(error.kind) { return (.ok, "refused") }
      throw error
    }
    return (.warning, "accepted; what changes on its way is found when it is read")
  }

  private func longer(_ version: String) throws(S3Error) -> (BucketCheck.State, String) {
    let longer = ObjectLock(mode: .compliance, until: lock.until.advanced(bySeconds: 60))
    try client.extendRetention(key, versionID: version, to: longer)
    return try client.retention(key, versionID: version)?.isAtLeast(longer) == true
      ? (.ok, "allowed") : (.warning, "ignored; retention cannot be extended here")
  }

  private func shorter(_ version: String) throws(S3Error) -> (BucketCheck.State, String) {
    let shorter = ObjectLock(mode: .compliance, until: lock.until.advanced(bySeconds: -60))
    try refusing { () throws(S3Error) in try client.setRetention(key, versionID: version, shorter) }
    return try client.retention(key, versionID: version)?.isAtLeast(lock) == true
      ? (.ok, "refused") : (.failed, "the lock can be shortened")
  }

  private func deletion(_ version: String) throws(S3Error) -> (BucketCheck.State, String) {
    try refusing { () throws(S3Error) in _ = try client.delete(key, versionID: version) }
    return try client.head(key, versionID: version, checksum: false) != nil
      ? (.ok, "refused") : (.failed, "what is locked can be deleted")
  }

  /// Does what must not succeed; whether it did is looked at afterwards.
  private func refusing(_ body: () throws(S3Error) -> Void) throws(S3Error) {
    do throws(S3Error) { try body() } catch {
      if error.kind == .unavailable || error.kind == .cancelled { throw error }
    }
  }
}
