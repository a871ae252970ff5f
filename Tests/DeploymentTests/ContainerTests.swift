// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import Glibc
import TestSupport
import Testing

/// The Dockerfile by hadolint's rules and some of ours, and the root that it makes.
@Suite("container") struct ContainerTests {
  private func lint(_ text: String) throws -> CommandOutput {
    try Command.run(
      Repository.path(".venv-release/bin/hadolint"), ["--no-color", "--failure-threshold", "info", "-"],
      input: Array(text.utf8))
  }

  @Test("hadolint has nothing to say")
  func hadolint() throws {
    let output = try lint(try Repository.text("Dockerfile"))
    #expect(output.status == 0, "\(output.text)\(output.errorText)")
  }

  @Test(
    "and would have",
    arguments: [
      ("USER 65532:65532", "USER root", "DL3002"),
      ("ENTRYPOINT [\"/usr/bin/memoryctl\"]", "ENTRYPOINT memoryctl", "DL3025"),
      ("COPY . .", "ADD . .", "DL3020"),
      ("# hadolint ignore=DL3008\n", "", "DL3008"), ("apt-get install -y", "apt-get install", "DL3014"),
    ])
  func hadolintLooks(_ line: String, _ other: String, _ rule: String) throws {
    let text = try Repository.text("Dockerfile")
    try #require(text.contains(line))
    let output = try lint(text.replacing(line, with: other))
    #expect(output.status == 1 && output.text.contains(rule), "\(output.text)")
  }

  @Test("images, packages and times are pinned, and nobody is root")
  func isPinned() throws {
    let text = try Repository.text("Dockerfile")
    #expect(text.contains(/(?m)^ARG SWIFT_IMAGE=swift:\d+\.\d+\.\d+-bookworm(@sha256:[0-9a-f]{64})?$/))
    #expect(text.contains(/(?m)^ARG SNAPSHOT=\d{8}T\d{6}Z$/))
    let stages = text.matches(of: /(?m)^FROM (\S+)/).map { String($0.1) }
    #expect(stages == ["${SWIFT_IMAGE}", "scratch"])
    #expect(!text.contains("latest") && !text.contains(#/(?m)^ADD\s/#))
    #expect(text.contains(/(?m)^USER [1-9]\d*:[1-9]\d*$/))
    // Without the one apt does not want to go back to the snapshot's versions, without the other it may not.
    #expect(text.contains("Pin-Priority: 1001\\n' > /etc/apt/preferences.d/") && text.contains("--allow-downgrades"))
    #expect(text.contains("packages pin Package.resolved") && text.contains(" --force-resolved-versions"))
    #expect(text.contains("apt-get install") && text.contains(" && rm -rf /var/lib/apt/lists/*\n"))
    #expect(text.contains("ARG VERSION=\(Tool.version)\n"))
    for label in ["title", "description", "licenses", "version", "revision"] {
      #expect(text.contains("org.opencontainers.image.\(label)=\""))
    }
  }

  @Test("the container's program is built as a release's is")
  func buildsAlike() throws {
    let text = try Repository.text("Dockerfile")
    let release = try Repository.text("scripts/release")
    for words in ["-c release --static-swift-stdlib --product memoryctl", "strip -o"] {
      #expect(text.contains(words) && release.contains(words))
    }
    let installed = try #require(text.firstMatch(of: /--allow-downgrades \\\n([^&]+?) \\\n/)).1.split(separator: " ")
    let needed = try #require(try Repository.text("scripts/dependencies").firstMatch(of: /\npackages=\(([^)]+)\)/)).1
    #expect(Set(needed.split(separator: " ")).isSubset(of: Set(installed)))
  }

  @Test("the Dockerfile writes the commit where git archive does")
  func stampsCommit() throws {
    let command = try #require(try Repository.text("Dockerfile").firstMatch(of: /then (sed -i .*Commit\.swift); fi/)).1
    let folder = try TemporaryDirectory("stamp")
    let file = folder("Sources/AuditCore/Commit.swift")
    try FileManager.default.createDirectory(atPath: folder("Sources/AuditCore"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: Repository.path("Sources/AuditCore/Commit.swift"), toPath: file)
    let output = try Command.run(
      "bash", ["-c", String(command)], environment: ["COMMIT": "c0ffee"], directory: folder.path)
    #expect(output.status == 0, "\(output.errorText)")
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("stamp = \"c0ffee\"\n"))
  }

  @Test("the build's context has all that the package names, and no more of the checkout")
  func contextIsSmall() throws {
    let kept = try Repository.text(".dockerignore").split(separator: "\n").filter { $0.hasPrefix("!") }.map {
      $0.dropFirst()
    }
    #expect(try Repository.text(".dockerignore").contains("\n*\n"))
    for path in kept {
      #expect(FileManager.default.fileExists(atPath: Repository.path(String(path))), "\(path)")
    }
    for path in [
      "Package.swift", "Sources", "Tests", "Benchmarks", "Fuzz", "LICENSE", "scripts/image-root", "scripts/packages",
    ] {
      #expect(kept.contains(path[...]))
    }
  }

  @Test(
    "in its root the program runs as nobody in particular: it reads a database and archives, and there is no shell",
    .enabled(if: ScratchMachine.isUsable, "a root of its own needs root"))
  func rootSuffices() throws {
    let root = try TemporaryDirectory("image")
    try Payload.script("image-root", [Fixtures.product("memoryctl"), root.path])
    chmod(root.path, 0o755)
    let source = try TemporaryPostgres.shared().createDatabase("image")
    try FileManager.default.copyItem(atPath: Fixtures.path("chain/ed25519.pem"), toPath: root("tmp/key.pem"))
    chmod(root("tmp/key.pem"), 0o644)
    func run(_ arguments: [String]) throws -> CommandOutput {
      // The program reads its arguments in /proc, which every container has.
      try Command.run(
        "unshare",
        [
          "--mount", "--pid", "--fork", "--root=\(root.path)", "--mount-proc", "--setuid=65532", "--setgid=65532",
          "/usr/bin/memoryctl",
        ] + arguments,
        environment: [
          "DATABASE_URL": source, "AUDIT_SIGNING_KEY": "key", "AUDIT_MANIFEST_SIGNER": "local:/tmp/key.pem",
          "AUDIT_ARCHIVE_URL": "file:///tmp/archive", "TMPDIR": "/tmp",
        ], inheritsEnvironment: false)
    }
    #expect(try run(["--version"]).text == "\(Tool.version)\n")
    let blind = try Command.run("chroot", [root.path, "/usr/bin/memoryctl", "audit", "archive"])
    #expect(blind.status == AuditCore.ExitStatus.configuration.rawValue)
    #expect(blind.errorText.contains("the arguments cannot be read; mount /proc"))
    for arguments in [["dev", "chain", "--rows", "100", "--days", "1"], ["audit", "archive"], ["audit", "verify"]] {
      let output = try run(arguments)
      #expect(output.status == 0, "\(output.errorText)")
      if arguments == ["audit", "verify"] { #expect(output.text.hasPrefix("intact: 100 rows")) }
    }
    let shells = try Command.run("find", [root.path, "(", "-name", "*sh", "-o", "-name", "busybox", ")", "-type", "f"])
    #expect(shells.text == "")
    let described = try FileManager.default.contentsOfDirectory(atPath: root("var/lib/dpkg/status.d"))
    for package in ["libpq5", "libzstd1", "ca-certificates", "libc6"] { #expect(described.contains(package)) }
  }
}
