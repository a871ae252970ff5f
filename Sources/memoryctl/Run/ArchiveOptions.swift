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
    guard let text = try Self.url(url, environment) else {
      throw Failure(
        .configuration, "no archive is configured", on: "AUDIT_ARCHIVE_URL",
        remedy: "set it to s3://bucket/prefix or file:///directory, or give --archive")
    }
    return try ArchiveStore.Archive(
      try Self.store(text, environment, cancellation),
      stream: try stream ?? environment.value("AUDIT_ARCHIVE_STREAM") ?? "memory-layer", keys: keys)
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
    let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard text.hasPrefix("s3://"), let bucket = parts.first, !bucket.isEmpty else {
      throw Failure(
        .configuration, "this is no URL of an archive", on: "AUDIT_ARCHIVE_URL",
        remedy: "write s3://bucket/prefix, or file:///directory with an absolute path")
    }
    let variables = AWSVariables { (name: String) throws(Failure) in try environment.value(name) }
    let (session, http) = try AWSSession.connected(variables, cancellation: cancellation)
    let prefix = parts.count > 1 ? parts[1].split(separator: "/").joined(separator: "/") : ""
    return S3Store(try S3Client(session, over: http, bucket: String(bucket)), prefix: prefix)
  }
}
