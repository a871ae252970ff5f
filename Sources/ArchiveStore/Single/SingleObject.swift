// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import S3Client

/// One object by itself, outside any archive of ours: a file of the machine's, or an object of a bucket.
///
/// Of an object's versions the oldest one is read, whatever was put on top of it: the older tools locked what they wrote.
/// Each time it is opened that same version is.
public struct SingleObject: Sendable {
  private enum Place: Sendable {
    case file(path: String)
    case bucket(S3Client, key: String, versionID: String?)
  }

  private let place: Place
  /// The path, or `s3://bucket/key`.
  public let name: String
  /// What is to be known of its versions, a sentence each.
  public private(set) var notes: [String] = []

  /// - Parameter path: of a file, also as `file:///path`.
  public init(path: String) {
    name = path.hasPrefix("file://") ? String(path.dropFirst(7)) : path
    place = .file(path: name)
  }

  /// Finds an object of a bucket.
  ///
  /// - Throws: status `nothingToCheck` where it is not there.
  public init(_ client: S3Client, key: String) throws {
    name = "\(client.url)/\(key)"
    let versions: [S3ObjectVersion]
    do throws(S3Error) {
      versions = try client.listVersions(prefix: key).filter { $0.key == key }
    } catch {
      guard error.kind == .denied || error.kind == .unsupported else { throw error.failure }
      place = .bucket(client, key: key, versionID: nil)
      notes = ["\(name): its versions cannot be listed (s3:ListBucketVersions), so that the newest one is read"]
      return
    }
    guard let oldest = versions.last(where: { !$0.isDeleteMarker }) else {
      throw Failure(.nothingToCheck, "there is no such object", on: name, remedy: "check the bucket and the key")
    }
    place = .bucket(client, key: key, versionID: oldest.versionID)
    if versions.contains(where: \.isDeleteMarker) { notes.append("\(name): a delete marker lies on it") }
    let others = versions.count { !$0.isDeleteMarker } - 1
    if others > 0 {
      notes.append(
        "\(name): \(others) later versions lie on it; the oldest, \(oldest.versionID), is the one that is read")
    }
  }

  /// The object whose key has this behind it.
  ///
  /// - Returns: nil where there is none.
  public func beside(_ suffix: String) throws -> SingleObject? {
    switch place {
    case .file(let path):
      let other = SingleObject(path: path + suffix)
      return try other.exists() ? other : nil
    case .bucket(let client, let key, _):
      do { return try SingleObject(client, key: key + suffix) } catch let failure as Failure {
        guard failure.status == .nothingToCheck else { throw failure }
        return nil
      }
    }
  }

  /// Whether it is there; an object of a bucket was found to be when it was named.
  public func exists() throws -> Bool {
    guard case .file(let path) = place else { return true }
    return try FileReader(ifThere: path) != nil
  }

  public var isInBucket: Bool { if case .bucket = place { true } else { false } }

  func open() throws -> any ObjectReader {
    switch place {
    case .file(let path): return try FileReader(path: path)
    case .bucket(let client, let key, let versionID):
      guard let reader = try explaining({ try client.open(key, versionID: versionID) }) else {
        throw Failure(.nothingToCheck, "there is no such object", on: name, remedy: "check the bucket and the key")
      }
      return S3Reader(reader)
    }
  }
}
