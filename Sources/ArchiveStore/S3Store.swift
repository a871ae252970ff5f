// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Bytes
internal import Cryptography
internal import Files
public import S3Client
internal import Synchronization

/// Objects of a bucket with versions and Object Lock.
///
/// An object comes with its lock, its checksum and the condition that nothing is there in the one request that makes it.
/// What the server made of that is read back by the version's id, since servers without Object Lock ignore its headers.
public final class S3Store: ObjectStore {
  private let client: S3Client
  /// In front of every key, with a slash at its end; may be nothing.
  private let prefix: String
  private let kmsKeyID: String?
  /// Versions as the last list of their folder had them; what this run writes is forgotten again.
  private let known = Mutex<[String: [ObjectVersion]]>([:])

  /// - Parameters:
  ///   - prefix: without slashes around it; may be empty.
  ///   - kmsKeyID: encrypts what is written; nil leaves it to the bucket.
  public init(_ client: S3Client, prefix: String, kmsKeyID: String? = nil) {
    self.client = client
    self.prefix = prefix.isEmpty ? "" : prefix + "/"
    self.kmsKeyID = kmsKeyID
  }

  public var url: String { prefix.isEmpty ? client.url : "\(client.url)/\(prefix.dropLast())" }

  public func spoolDirectory(stream: String) -> String? { nil }

  // MARK: Writing

  public func create(
    _ key: String, _ content: ObjectContent, retention: Manifest.Retention
  ) throws -> CreateOutcome {
    try explaining {
      switch try put(key, content, retention, ifAbsent: true) {
      case .exists: return .exists
      case .created(let versionID, _, _):
        try checkLock(key, versionID, content, retention)
        return .created
      }
    }
  }

  public func addVersion(_ key: String, _ content: ObjectContent, retention: Manifest.Retention) throws -> Bool {
    try explaining {
      if case .created(let versionID, _, _) = try put(key, content, retention, ifAbsent: false) {
        try checkLock(key, versionID, content, retention)
      }
      return true
    }
  }

  private func put(
    _ key: String, _ content: ObjectContent, _ retention: Manifest.Retention, ifAbsent: Bool
  ) throws -> S3PutOutcome {
    defer { known.withLock { _ = $0.removeValue(forKey: key) } }
    let (body, digest) = content.body
    return try client.put(
      try path(key), body, sha256: digest, lock: ObjectLock(retention), legalHold: retention.hasLegalHold,
      ifAbsent: ifAbsent, kmsKeyID: kmsKeyID, onSent: content.onSent)
  }

  /// Compares the lock and the size that a version has with what was asked for.
  private func checkLock(
    _ key: String, _ versionID: String?, _ content: ObjectContent, _ retention: Manifest.Retention
  ) throws {
    let path = try path(key)
    guard let versionID else {
      throw weaker(key, "the server keeps no versions of it, so that it can be replaced")
    }
    guard let head = try client.head(path, versionID: versionID, checksum: false), head.bytes == content.count else {
      throw weaker(key, "the server does not have it as it was written")
    }
    guard let lock = try client.retention(path, versionID: versionID) else { throw weaker(key, "it is not locked") }
    guard lock.isAtLeast(ObjectLock(retention)) else {
      throw weaker(
        key, "it is locked in \(lock.mode.rawValue) until \(lock.until.isoSeconds), which is less than asked")
    }
    if retention.hasLegalHold, try !client.legalHold(path, versionID: versionID) {
      throw weaker(key, "its legal hold is missing")
    }
  }

  private func weaker(_ key: String, _ problem: String) -> Failure {
    Failure(
      .configuration, problem, on: "\(url)/\(key)",
      remedy: "use a bucket with versions and Object Lock on a server that honours both")
  }

  public func extend(_ key: String, _ version: ObjectVersion, to retention: Manifest.Retention) throws {
    try explaining {
      let path = try path(key)
      var wanted = ObjectLock(retention)
      let lock = try client.retention(path, versionID: version.id)
      // One in GOVERNANCE mode may last longer.
      if let lock { wanted = ObjectLock(mode: wanted.mode, until: max(wanted.until, lock.until)) }
      if lock?.isAtLeast(wanted) != true {
        try client.extendRetention(path, versionID: version.id, to: wanted)
      }
      if retention.hasLegalHold, try !client.legalHold(path, versionID: version.id) {
        try client.setLegalHold(path, versionID: version.id, true)
      }
    }
  }

  // MARK: Reading

  public func versions(_ key: String) throws -> [ObjectVersion] {
    if let versions = known.withLock({ $0[key] }) { return versions }
    let path = try path(key)
    return try explaining {
      try client.listVersions(prefix: path).filter { $0.key == path }.reversed().map { ObjectVersion($0) }
    }
  }

  public func open(_ key: String, _ version: ObjectVersion) throws -> (any ObjectReader)? {
    let path = try path(key)
    return try explaining { try client.open(path, versionID: version.id).map { S3Reader($0) } }
  }

  public func open(_ key: String, _ version: ObjectVersion, range: Range<Int>) throws -> (any ObjectReader)? {
    let path = try path(key)
    return try explaining { try client.open(path, versionID: version.id, range: range).map { S3Reader($0) } }
  }

  public func lock(_ key: String, _ version: ObjectVersion) throws -> StoredLock {
    let path = try path(key)
    return try explaining {
      let lock = try client.retention(path, versionID: version.id)
      return StoredLock(
        until: lock?.until, isCompliance: lock?.mode == .compliance,
        hasLegalHold: try client.legalHold(path, versionID: version.id))
    }
  }

  public func setLegalHold(_ key: String, _ version: ObjectVersion, _ isHeld: Bool) throws {
    let path = try path(key)
    try explaining { try client.setLegalHold(path, versionID: version.id, isHeld) }
  }

  public func restore(_ key: String, _ version: ObjectVersion, _ request: ColdRestore) throws -> ColdState {
    guard version.isMaybeCold else { return .readable }
    let path = try path(key)
    return try explaining {
      guard let head = try client.head(path, versionID: version.id, checksum: false), head.isInColdStorage else {
        return .readable
      }
      if head.restore == .inProgress { return .waiting }
      // What tiering by use has put away comes back for good.
      let days = head.archiveStatus == nil ? request.days : nil
      let tier = request.tier.rawValue
      switch try client.restore(
        path, versionID: version.id, days: days, tier: tier.prefix(1).uppercased() + tier.dropFirst())
      {
      case .started: return .asked
      case .inProgress: return .waiting
      case .alreadyRestored, .notArchived: return .readable
      }
    }
  }

  public func list(_ prefix: String) throws -> [ObjectInfo] {
    let start = try path(prefix + "-").dropLast()
    var found: [String: [ObjectVersion]] = [:]
    try explaining {
      try client.listVersions(prefix: String(start)) { page in
        for version in page {
          // Newest first; a key with a further slash is of another folder.
          let key = String(version.key.dropFirst(self.prefix.count))
          if !key.dropFirst(prefix.count).contains("/") { found[key, default: []].append(ObjectVersion(version)) }
        }
      }
    }
    found = found.mapValues { $0.reversed() }
    known.withLock { $0.merge(found) { $1 } }
    return found.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map {
      ObjectInfo(key: $0, versions: found[$0] ?? [])
    }
  }

  // MARK: The bucket

  public var keepsVersions: Bool { true }

  public func preflight() throws {
    try explaining {
      guard try client.bucketVersioning() == .enabled else {
        throw unfit("it keeps no versions")
      }
      guard try client.bucketLock()?.isEnabled == true else { throw unfit("it has no Object Lock") }
    }
  }

  private func unfit(_ problem: String) -> Failure {
    Failure(
      .configuration, "\(problem), so that what is archived could be replaced or deleted", on: client.url,
      remedy: "create a bucket with Object Lock, which also turns versions on")
  }

  // MARK: Keys

  private func path(_ key: String) throws -> String {
    _ = try keyParts(key)
    return prefix + key
  }
}

/// Makes failures of S3 calls those of a run.
func explaining<R>(_ body: () throws -> R) throws -> R {
  do { return try body() } catch let error as S3Error { throw error.failure }
}

extension ObjectVersion {
  fileprivate init(_ version: S3ObjectVersion) {
    let cold = ["GLACIER", "DEEP_ARCHIVE", "INTELLIGENT_TIERING"]
    self.init(
      id: version.versionID, bytes: version.bytes, isDeleteMarker: version.isDeleteMarker,
      isMaybeCold: version.storageClass.map(cold.contains) ?? false)
  }
}

extension ObjectLock {
  fileprivate init(_ retention: Manifest.Retention) { self.init(mode: .compliance, until: retention.until) }
}

extension ObjectContent {
  fileprivate var body: (S3Body, Digest) {
    switch self {
    case .bytes(let bytes): (.bytes(bytes), SHA256.hash(bytes))
    case .file(let file, let bytes, let sha256): (.file(path: file.file.path, bytes: bytes), sha256)
    }
  }

  fileprivate var onSent: (@Sendable (Int) -> Void)? {
    if case .file(let file, _, _) = self { file.onSent } else { nil }
  }

  fileprivate var count: Int {
    switch self {
    case .bytes(let bytes): bytes.count
    case .file(_, let bytes, _): bytes
    }
  }
}

/// Reads a version of an object.
final class S3Reader: ObjectReader {
  private let reader: S3ObjectReader
  let size: Int

  init(_ reader: S3ObjectReader) {
    self.reader = reader
    size = reader.size
  }

  func read(into buffer: inout ByteBuffer, upTo count: Int) throws -> Int {
    do throws(S3Error) { return try reader.read(into: &buffer, upTo: count) } catch { throw error.failure }
  }
}
