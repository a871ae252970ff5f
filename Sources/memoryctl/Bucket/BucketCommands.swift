// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Pipeline
import S3Client
import Signing

struct BucketCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bucket", abstract: "The bucket that the archive is in: check it, or make a right one.",
    subcommands: [Check.self, Create.self])
}

extension BucketCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Try what an archive needs of its bucket.",
      discussion: """
        Looks at versions, Object Lock, default retention, encryption and public access; then writes two objects of a few \
        bytes below PREFIX/.check/, under a lock of an hour, and tries on them which calls the credentials may make and how \
        the server treats locks, conditions and checksums. They stay behind: nothing is deleted.

        Variables: AUDIT_ARCHIVE_URL, AUDIT_ARCHIVE_BUCKET, AUDIT_ARCHIVE_PREFIX, AUDIT_ARCHIVE_KMS_KEY_ID, and those of AWS.

        Exit status: 77 a permission is missing, 78 an archive must not be kept here.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @Flag(help: "Write nothing: look at the settings only.") var readOnly = false

    func run() throws {
      let place = try archive.bucket(common.environment(), Cancellation.onTermination())
      let check = BucketCheck(place.client)
      var lines = try check.settings()
      lines +=
        try readOnly
        ? BucketCheck.untriedProbes
        : check.probes(prefix: place.prefix, kmsKeyID: place.kmsKeyID)
      let status = BucketCheck.status(lines)
      let verdict = status == .success ? "fit" : "unfit"
      let json = JSONValue.object(["verdict": .string(verdict), "checks": .array(lines.map(\.json))])
      try Console(common).finish(json, table(lines) + "\n\(verdict) for an archive", status: status)
    }
  }

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a bucket with versions, Object Lock, default retention and no public access.",
      discussion: """
        Goes on with a bucket of your own that has Object Lock; nothing that is set there is made weaker.

        Variables: as for bucket check, and AUDIT_ARCHIVE_RETENTION_DAYS, AWS_REGION.

        Exit status: 73 the name is taken, or the bucket is there without Object Lock.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions
    @OptionGroup var retention: RetentionOptions
    @Flag(help: "No lock for objects that come without one.") var noDefaultRetention = false

    func run() throws {
      let environment = common.environment()
      let place = try archive.bucket(environment, Cancellation.onTermination())
      var setup = BucketSetup(place.client)
      setup.retentionDays = noDefaultRetention ? nil : try retention.days(environment)
      setup.kmsKeyID = place.kmsKeyID
      let done = try setup.run()
      let lines = try BucketCheck(place.client).settings()
      let json = JSONValue.object([
        "bucket": .string(place.client.bucket), "done": .array(done.map { .string($0) }),
        "checks": .array(lines.map(\.json)),
      ])
      let text = "\(place.client.url): \(done.joined(separator: "; "))\n" + table(lines)
      try Console(common).finish(json, text, status: BucketCheck.status(lines))
    }
  }
}

private func table(_ lines: [BucketCheck.Line]) -> String {
  let width = lines.map(\.name.utf8.count).max() ?? 0
  return lines.map { line in
    let state = line.state == .failed ? "FAILED" : line.state.rawValue
    return "\(state.padded(to: 9))  \(line.name.padded(to: width))  \(line.detail)"
  }.joined(separator: "\n")
}

extension BucketCheck.Line {
  fileprivate var json: JSONValue {
    .object(["name": .string(name), "state": .string(state.rawValue), "detail": .string(detail)])
  }
}
