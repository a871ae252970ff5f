// SPDX-License-Identifier: Apache-2.0
import AWS
import ArchiveStore
import ArgumentParser
import AuditCore
import Pipeline
import S3Client
import Signing

/// Where the archive is.
struct ArchiveOptions: ParsableArguments {
  @Option(
    name: .customLong("archive"),
    help: "file:///directory or s3://bucket/prefix [AUDIT_ARCHIVE_URL, or AUDIT_ARCHIVE_BUCKET and _PREFIX].")
  var url: String?

  @Option(help: "The stream's name [AUDIT_ARCHIVE_STREAM, memory-layer].")
  var stream: String?

  /// - Parameter keys: tell a manifest from junk where a bucket holds several versions of it.
  func archive(
    _ environment: Environment, keys: KeyRing?, cancellation: Cancellation = Cancellation()
  ) throws -> ArchiveStore.Archive {
    return try ArchiveStore.Archive(
      try Self.store(try configuredURL(environment), environment, cancellation),
      stream: try streamName(environment), keys: keys)
  }

  func streamName(_ environment: Environment) throws -> String {
    try stream ?? environment.value("AUDIT_ARCHIVE_STREAM") ?? "memory-layer"
  }

  /// The bucket that the archive is in.
  func bucket(_ environment: Environment, _ cancellation: Cancellation) throws -> BucketPlace {
    let text = try configuredURL(environment)
    guard !text.hasPrefix("file:") else {
      throw Failure(
        .configuration, "a folder is no bucket", on: "AUDIT_ARCHIVE_URL", remedy: "give --archive s3://bucket/prefix")
    }
    return try BucketPlace(text, environment, cancellation)
  }

  private func configuredURL(_ environment: Environment) throws -> String {
    guard let text = try Self.url(url, environment) else {
      throw Failure(
        .configuration, "no archive is configured", on: "AUDIT_ARCHIVE_URL",
        remedy: "set it to s3://bucket/prefix or file:///directory, or give --archive")
    }
    return text
  }

  /// Whether an archive is configured.
  func isConfigured(_ environment: Environment) throws -> Bool { try Self.url(url, environment) != nil }

  private static func url(_ option: String?, _ environment: Environment) throws -> String? {
    if let url = try option ?? environment.value("AUDIT_ARCHIVE_URL") { return url }
    guard let bucket = try environment.value("AUDIT_ARCHIVE_BUCKET") else { return nil }
    return "s3://\(bucket)/\(try environment.value("AUDIT_ARCHIVE_PREFIX") ?? "archives")"
  }

  private static func store(
    _ text: String, _ environment: Environment, _ cancellation: Cancellation
  ) throws -> any ObjectStore {
    if text.hasPrefix("file:///"), text.utf8.count > 8 { return FileStore(path: String(text.dropFirst(7))) }
    let place = try BucketPlace(text, environment, cancellation)
    return S3Store(place.client, prefix: place.prefix, kmsKeyID: place.kmsKeyID)
  }
}

/// A bucket, and what the archive's keys begin with there.
struct BucketPlace {
  let client: S3Client
  /// Without slashes around it.
  let prefix: String
  /// Encrypts objects; nil leaves it to the bucket.
  let kmsKeyID: String?

  init(_ text: String, _ environment: Environment, _ cancellation: Cancellation) throws {
    let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard text.hasPrefix("s3://"), let bucket = parts.first, !bucket.isEmpty else {
      throw Failure(
        .configuration, "this is no URL of an archive", on: "AUDIT_ARCHIVE_URL",
        remedy: "write s3://bucket/prefix, or file:///directory with an absolute path")
    }
    kmsKeyID = try environment.value("AUDIT_ARCHIVE_KMS_KEY_ID")
    let variables = AWSVariables { (name: String) throws(Failure) in try environment.value(name) }
    let (session, http) = try AWSSession.connected(variables, cancellation: cancellation)
    client = try S3Client(session, over: http, bucket: String(bucket))
    prefix = parts.count > 1 ? parts[1].split(separator: "/").joined(separator: "/") : ""
  }
}

/// For how long objects are locked.
struct RetentionOptions: ParsableArguments {
  @Option(help: "Days of retention, at least 365 [AUDIT_ARCHIVE_RETENTION_DAYS, 400].")
  var retentionDays: Int?

  func days(_ environment: Environment) throws -> Int {
    let text = try environment.value("AUDIT_ARCHIVE_RETENTION_DAYS")
    guard let days = retentionDays ?? (text == nil ? 400 : Int(text!)), (365...36_500).contains(days) else {
      throw Failure(
        .configuration, "retention must be from 365 to 36500 days", on: "AUDIT_ARCHIVE_RETENTION_DAYS",
        remedy: "set at least 365")
    }
    return days
  }

  /// The lock of a document that is written now.
  func retention(_ environment: Environment) throws -> Manifest.Retention {
    let until = Timestamp.now().advanced(bySeconds: Int64(try days(environment)) * 86_400)
    return Manifest.Retention(until: until, hasLegalHold: try environment.isTrue("AUDIT_ARCHIVE_LEGAL_HOLD"))
  }
}
