// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import TestSupport
import Testing

@Suite("cron/install") struct InstallTests {
  private let root: TemporaryDirectory

  init() throws { root = try TemporaryDirectory("root") }

  private func install(_ arguments: String...) throws -> CommandOutput {
    try Command.run(try Payload.folder() + "/cron/install", ["--root", root.path, "--prefix", "/usr"] + arguments)
  }

  /// Every file below the root, with its mode.
  private func files() throws -> [String: String] {
    let output = try Command.run("find", [root.path, "-type", "f", "-printf", "%P %m %i\n"])
    return Dictionary(
      uniqueKeysWithValues: output.text.split(separator: "\n").map { line in
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        return (words[0], words[1])
      })
  }

  private func mode(_ path: String) throws -> String? {
    try files()[path]?.split(separator: " ").first.map(String.init)
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: root(path), encoding: .utf8) }

  @Test("a second time it changes nothing")
  func isIdempotent() throws {
    let first = try install("--systemd", "--cron")
    try #require(first.status == 0, "\(first.errorText)")
    let before = try files()
    #expect(before.count > 50)
    let second = try install("--systemd", "--cron")
    #expect(second.text.hasPrefix("installed or removed 0 files of \(before.count - 1) below"))
    #expect(try files() == before)
  }

  @Test("everything is where it is looked for, with its mode and its prefix")
  func placesFiles() throws {
    _ = try install("--systemd", "--cron")
    let expected = [
      "usr/bin/memoryctl": "755", "usr/libexec/memoryctl/job": "755",
      "usr/share/man/man1/memoryctl.audit.archive.1": "644",
      "usr/share/bash-completion/completions/memoryctl": "644", "usr/share/zsh/site-functions/_memoryctl": "644",
      "usr/share/fish/vendor_completions.d/memoryctl.fish": "644", "etc/memoryctl/memoryctl.env": "640",
      "etc/cron.d/memoryctl": "644", "usr/lib/systemd/system/memoryctl-archive.timer": "644",
      "usr/lib/systemd/system/memoryctl-.service.d/hardening.conf": "644",
      "etc/systemd/system/memoryctl-.service.d/secrets.conf": "644",
      "etc/systemd/system/memoryctl-.service.d/metrics.conf": "644",
    ]
    for (path, mode) in expected { #expect(try self.mode(path) == mode, "\(path)") }
    let secrets = try Command.run("stat", ["-c", "%a", root("etc/memoryctl/secrets")])
    #expect(secrets.text == "750\n")
    for path in try files().keys where !path.hasSuffix("bin/memoryctl") && !path.contains("/doc/memoryctl/docs/") {
      #expect(try !text(path).contains("/usr/local/bin/memoryctl"), "\(path)")
    }
    #expect(try text("usr/lib/systemd/system/memoryctl-archive.service").contains("ExecStart=/usr/bin/memoryctl audit"))
    #expect(try text("etc/cron.d/memoryctl").contains("memoryctl /usr/libexec/memoryctl/job audit archive\n"))
  }

  @Test("units are put where systemd looks, wherever the program is")
  func placesUnits() throws {
    let output = try install("--prefix", "/opt/memoryctl", "--systemd")
    #expect(output.status == 0, "\(output.errorText)")
    let service = try text("etc/systemd/system/memoryctl-archive.service")
    #expect(service.contains("ExecStart=/opt/memoryctl/bin/memoryctl audit archive\n"))
    #expect(try mode("opt/memoryctl/bin/memoryctl") == "755")
    #expect(try mode("etc/systemd/system/memoryctl-.service.d/hardening.conf") == "644")
    _ = try install("--prefix", "/opt/memoryctl", "--uninstall")
    #expect(try files().isEmpty)
  }

  @Test("what somebody edited or removed stays so")
  func keepsEdits() throws {
    _ = try install("--cron")
    try "# mine\n".write(toFile: root("etc/cron.d/memoryctl"), atomically: false, encoding: .utf8)
    try FileManager.default.removeItem(atPath: root("etc/memoryctl/memoryctl.env"))
    try "old".write(toFile: root("usr/libexec/memoryctl/job"), atomically: false, encoding: .utf8)
    let output = try install("--cron")
    #expect(output.text.contains("kept \(root("etc/cron.d/memoryctl")), which was edited"))
    #expect(output.text.contains("left out \(root("etc/memoryctl/memoryctl.env")), which was removed"))
    #expect(try text("etc/cron.d/memoryctl") == "# mine\n")
    #expect(try mode("etc/memoryctl/memoryctl.env") == nil)
    // Not a setting, so ours.
    #expect(try text("usr/libexec/memoryctl/job") == Repository.text("cron/job"))
    #expect(try text("usr/share/doc/memoryctl/examples/crontab").contains("/usr/libexec/memoryctl/job audit archive"))
  }

  @Test("a newer version's settings replace those that nobody edited")
  func replacesUntouched() throws {
    _ = try install("--cron")
    let newer = try TemporaryDirectory("newer")
    _ = try Command.run("cp", ["-a", try Payload.folder() + "/.", newer.path])
    let changed = try text("etc/cron.d/memoryctl").replacing("/usr/", with: "/usr/local/") + "# newer\n"
    try changed.write(toFile: newer("cron/crontab"), atomically: false, encoding: .utf8)
    let output = try Command.run(newer("cron/install"), ["--root", root.path, "--prefix", "/usr", "--cron"])
    #expect(output.status == 0)
    #expect(try text("etc/cron.d/memoryctl").hasSuffix("# newer\n"))
  }

  @Test("one scheduler in place of the other leaves nothing of that one")
  func changesScheduler() throws {
    _ = try install("--cron")
    _ = try install("--systemd")
    let paths = try files().keys
    #expect(paths.contains("usr/lib/systemd/system/memoryctl-archive.timer"))
    #expect(!paths.contains("etc/cron.d/memoryctl") && !paths.contains("usr/libexec/memoryctl/job"))
  }

  @Test("run again without a word about jobs, it installs those that are there", arguments: ["--cron", "--systemd"])
  func keepsScheduler(_ scheduler: String) throws {
    _ = try install(scheduler)
    let before = try files()
    let output = try install()
    #expect(output.text.hasPrefix("installed or removed 0 files"), "\(output.text)")
    #expect(try files() == before)
  }

  @Test("the program alone leaves jobs that are installed as they are, and brings none")
  func leavesJobs() throws {
    _ = try install("--systemd", "--cron")
    let before = try files()
    #expect(try install("--no-jobs").text.hasPrefix("installed or removed 0 files"))
    #expect(try files() == before)
    // And they are still known as installed.
    _ = try install("--uninstall")
    #expect(try files().isEmpty)
    _ = try install("--no-jobs")
    #expect(try install().text.hasPrefix("no jobs are installed"))
    #expect(try files().keys.allSatisfy { $0.hasPrefix("usr/bin/") || $0.hasPrefix("usr/share/") })
  }

  @Test("a crontab that stays keeps the program that it calls, and goes out of force with it")
  func keepsWhatCrontabsCall() throws {
    _ = try install("--cron")
    let crontab = try text("etc/cron.d/memoryctl") + "# mine\n"
    try crontab.write(toFile: root("etc/cron.d/memoryctl"), atomically: false, encoding: .utf8)
    let changed = try install("--systemd")
    #expect(changed.text.contains("kept \(root("etc/cron.d/memoryctl")), which was edited\n  cron runs its jobs, too"))
    for _ in 0..<2 {
      #expect(try mode("usr/libexec/memoryctl/job") == "755" && text("etc/cron.d/memoryctl") == crontab)
      _ = try install()
    }
    try "0 4 * * * me /usr/libexec/memoryctl/job audit verify\n#1 1 * * * me /usr/libexec/memoryctl/job audit x\n"
      .write(
        toFile: root("etc/cron.d/other"), atomically: false, encoding: .utf8)
    let removed = try install("--uninstall")
    #expect(removed.text.contains("moved \(root("etc/cron.d/memoryctl")), which was edited, to"))
    #expect(
      removed.errorText
        == "\(root("etc/cron.d/other")) calls /usr/libexec/memoryctl/job, which is gone: remove that line\n")
    #expect(try text("etc/memoryctl/crontab.disabled") == crontab)
    #expect(Set(try files().keys) == ["etc/memoryctl/crontab.disabled", "etc/cron.d/other"])
  }

  @Test("a checkout without the man pages' generator is said, where Swift is not at hand")
  func needsGenerator() throws {
    let checkout = try TemporaryDirectory("checkout")
    let script = """
      cd "$1"
      mkdir -p .build/release scripts
      cp -r "$2/cron" .
      cp "$2/scripts/payload" scripts
      printf '#!/bin/sh\n' > .build/release/memoryctl
      chmod 755 .build/release/memoryctl
      PATH=/usr/bin:/bin exec cron/install --root "$3" --cron
      """
    let output = try Command.run("bash", ["-c", script, "bash", checkout.path, Repository.root, root.path])
    #expect(output.status == AuditCore.ExitStatus.unavailable.rawValue)
    #expect(
      output.errorText.hasPrefix("install: man pages need a generator that is not built yet; run scripts/payload"))
    #expect(output.errorText.split(separator: "\n").count == 1)
    #expect(try files().isEmpty)
  }

  @Test("whatever the umask, others can read what is installed")
  func isReadable() throws {
    let script = "umask 077; exec \"$0\" --root \"$1\" --prefix /usr --cron"
    _ = try Command.run("bash", ["-c", script, try Payload.folder() + "/cron/install", root.path])
    let closed = try Command.run("find", [root("usr"), root("etc"), "-type", "d", "!", "-perm", "-o=rx"])
    #expect(closed.text == root("etc/memoryctl/secrets") + "\n")
  }

  @Test("removal leaves the secrets, and what was edited")
  func uninstalls() throws {
    _ = try install("--systemd", "--cron")
    try "AUDIT_ARCHIVE_URL=file:///x\n".write(
      toFile: root("etc/memoryctl/memoryctl.env"), atomically: false, encoding: .utf8)
    try "secret".write(toFile: root("etc/memoryctl/secrets/DATABASE_URL"), atomically: false, encoding: .utf8)
    let output = try install("--uninstall")
    #expect(output.status == 0)
    #expect(Set(try files().keys) == ["etc/memoryctl/memoryctl.env", "etc/memoryctl/secrets/DATABASE_URL"])
    #expect(output.text.contains("kept \(root("etc/memoryctl/memoryctl.env")), which was edited"))
    #expect(output.text.contains("kept \(root("etc/memoryctl/secrets"))"))
    #expect(try install("--uninstall").status == AuditCore.ExitStatus.nothingToCheck.rawValue)
  }

  @Test(
    "arguments that make no sense are refused",
    arguments: [["--prefix", "usr"], ["--prefix", "/u sr"], ["--all"], ["--root"], ["--root", ""]])
  func refuses(_ arguments: [String]) throws {
    let output = try Command.run(try Payload.folder() + "/cron/install", ["--root", root.path] + arguments)
    #expect(output.status == AuditCore.ExitStatus.usage.rawValue)
    #expect(try files().isEmpty)
  }
}
