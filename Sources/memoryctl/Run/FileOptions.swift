// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import DrillRunner
import Pipeline
import S3Client
import Signing

/// Where the older tools' manifest is.
enum ManifestArgument: ExpressibleByArgument, CustomStringConvertible {
  case beside
  case at(String)

  init(argument: String) { self = .at(argument) }

  var description: String {
    switch self {
    case .beside: "beside it"
    case .at(let place): place
    }
  }
}

/// One object by itself, in the place of an archive.
struct FileOptions: ParsableArguments {
  @Argument(help: "A bundle, a manifest, or a JSON archive of the older tools; the same as --from-file.")
  var file: String?

  @Option(help: ArgumentHelp("A single object by its path, as FILE.", valueName: "file"))
  var fromFile: String?

  @Option(help: ArgumentHelp("A single object of a bucket: s3://bucket/key.", valueName: "url"))
  var fromS3: String?

  @Option(
    defaultAsFlag: ManifestArgument.beside, parsing: .next,
    help: ArgumentHelp(
      "Compare an archive of the older tools with its manifest: beside it, in this file, or s3://bucket/key.",
      valueName: "manifest"
    ))
  var compareManifest: ManifestArgument?

  @Flag(help: "Say what would be done, and do nothing.")
  var dryRun = false

  func validate() throws {
    guard [file, fromFile, fromS3].count(where: { $0 != nil }) <= 1 else {
      throw ValidationError("FILE, --from-file and --from-s3 name one object: give one of them")
    }
    guard compareManifest == nil || isGiven else {
      throw ValidationError(
        "--compare-manifest is for an archive of the older tools: name that by --from-file or --from-s3")
    }
    for path in [file, fromFile].compactMap(\.self) { try requirePath(path) }
    if case .at(let place) = compareManifest, !place.hasPrefix("s3://") { try requirePath(place) }
    if let fromS3 { _ = try Self.parts(fromS3, "--from-s3") }
  }

  var isGiven: Bool { file != nil || fromFile != nil || fromS3 != nil }

  /// The verifier of what is named.
  func verifier(_ settings: VerifySettings, _ context: JobContext) throws -> FileVerifier {
    let object: SingleObject
    if let fromS3 {
      object = try Self.object(fromS3, "--from-s3", context)
    } else {
      object = SingleObject(path: file ?? fromFile ?? "")
    }
    var verifier = FileVerifier(settings, object, progress: context.console, cancellation: context.cancellation)
    switch compareManifest {
    case nil: break
    case .beside: verifier.manifest = .beside
    case .at(let place): verifier.manifest = .at(try Self.object(place, "--compare-manifest", context))
    }
    return verifier
  }

  private static func object(_ place: String, _ option: String, _ context: JobContext) throws -> SingleObject {
    guard place.hasPrefix("s3://") else { return SingleObject(path: place) }
    let (bucket, key) = try parts(place, option)
    return try SingleObject(
      BucketPlace("s3://\(bucket)", context.environment, context.cancellation).client, key: key)
  }

  /// Bucket and key; a key is taken as it is, slashes and all.
  private static func parts(_ url: String, _ option: String) throws -> (bucket: String, key: String) {
    let parts = url.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard url.hasPrefix("s3://"), parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw ValidationError("\(option) takes s3://bucket/key")
    }
    return (String(parts[0]), String(parts[1]))
  }
}

/// What is restored on the way, and looked at behind it.
struct RestoreOptions: ParsableArguments {
  @Option(help: "Schema to create [memoryctl_replay].")
  var schema: String?

  @Flag(help: "Replace the schema that an earlier replay made. No other schema is ever replaced.")
  var force = false

  @Flag(
    name: .customLong("verify-db"),
    help: "Verify the chain in the database, too: of the table that was restored, or else of --database.")
  var verifyDB = false

  var schemaName: String { schema ?? "memoryctl_replay" }

  func validate() throws { try requireSchema(schema) }
}
