// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Files

@main
struct Memoryctl: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memoryctl",
    abstract: "Archives, verifies and restores an audit log so that others can check it.",
    discussion: """
      Exit status: 0 done and verified, 64 usage, 65 something does not verify, 66 there was nothing to check, \
      69 a service stayed unreachable, 70 our own fault, 73 refused, 75 try later, 77 permission denied, \
      78 configuration.
      """,
    version: Tool.build,
    subcommands: [
      Audit.self, ManifestCommand.self, RetentionCommand.self, HoldCommand.self, BucketCommand.self,
      SignerCommand.self, KeysCommand.self, MultisigCommand.self, Signoff.self, Serve.self, Dev.self,
    ])

  static func main() {
    Process.ignoreBrokenPipes()
    do {
      // Swift's runtime reads them in /proc. Where that is missing, a job would pass for a question for help.
      guard !CommandLine.arguments.isEmpty else {
        throw Failure(.configuration, "the arguments cannot be read", on: "/proc/self/cmdline", remedy: "mount /proc")
      }
      var command = try parseAsRoot()
      try command.run()
    } catch {
      Outcome.exit(error)
    }
  }
}

struct Audit: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The chain: archive it, verify it, restore it.",
    subcommands: [
      Archive.self, Verify.self, Replay.self, Drill.self, Status.self, Prove.self, CheckProof.self, Append.self,
      Canonicalize.self,
    ])
}
