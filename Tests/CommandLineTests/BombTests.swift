// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

@Suite("Small files that stand for large ones")
struct BombTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory("bomb") }

  /// A zstd file of what a shell command prints.
  private func bomb(_ command: String, _ name: String) throws -> String {
    let path = directory(name)
    let made = try Command.run("bash", ["-euo", "pipefail", "-c", "{ \(command); } | zstd -q -1 -o '\(path)'"])
    guard made.status == 0 else { throw TestSupportError(made.errorText) }
    return path
  }

  /// Runs the program and gives, beside what it said, the most memory that it had.
  private func run(_ arguments: String...) throws -> (output: CommandOutput, mebibytes: Int) {
    let command = try Command(
      Fixtures.product("memoryctl"), arguments,
      environment: ["AUDIT_SIGNERS_FILE": Fixtures.path("registry.json"), "AUDIT_SIGNING_KEY": "vector-key"],
      inheritsEnvironment: false)
    var most = 0
    while command.isRunning {
      let status = (try? String(contentsOfFile: "/proc/\(command.processID)/status", encoding: .utf8)) ?? ""
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      most = max(most, line.flatMap { Int($0.filter(\.isNumber)) } ?? 0)
      usleep(500)
    }
    return (try command.wait(), most >> 10)
  }

  private static let longLine = #"printf '{"payload":"'; head -c 1G /dev/zero | tr '\0' 0; echo '"}'"#

  @Test(
    "a single file",
    arguments: [
      (BombTests.longLine, "64 MiB"), ("head -c 1G /dev/zero | tr '\\0' '\\n'", "shorter than a row"),
      (#"printf '{"payload":'; head -c 1G /dev/zero | tr '\0' '['; echo '}'"#, "64 MiB"),
    ])
  func file(command: String, words: String) throws {
    let (output, mebibytes) = try run("audit", "verify", bomb(command, "bomb.zst"))
    #expect(output.status == 65)
    #expect(output.text.contains(words), "\(output.text)")
    #expect(mebibytes > 0 && mebibytes < 256, "\(mebibytes)")
  }

  @Test("an archive with forged manifests", arguments: [true, false])
  func archive(checksSignatures: Bool) throws {
    try FileManager.default.copyItem(atPath: Fixtures.path("golden-archive"), toPath: directory("archive"))
    let archive = try Archive(FileStore(path: directory("archive")), stream: "memory-layer")
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: bomb(Self.longLine, "bomb.zst"))))
    let sha = SHA256.hash(bytes)
    for sequence in 0...1 {
      var manifest = try archive.manifest(sequence).manifest
      let key = "bundles/\(Manifest.sequenceText(sequence))-\(sha.hex.prefix(16)).ndjson.zst"
      manifest.bundle = Manifest.Bundle(
        key: key, bytes: bytes.count, sha256: sha, contentBytes: 4 << 30, contentSHA256: sha, frames: 1)
      let forged = try LocalSigner(hmacKey: [1], kid: "forger").sign(.manifest, manifest.json).bytes
      for (name, content) in [(key, bytes), (Archive.manifestKey(sequence), forged)] {
        let path = directory("archive/memory-layer/\(name)")
        try? FileManager.default.removeItem(atPath: path)
        try Data(content).write(to: URL(fileURLWithPath: path))
      }
    }
    let url = "file://" + directory("archive")
    let (output, mebibytes) =
      try checksSignatures
      ? run("audit", "verify", "--archive", url) : run("audit", "verify", "--archive", url, "--no-signatures")
    #expect(output.status == 65)
    #expect(output.text.components(separatedBy: "64 MiB").count == 3, "\(output.text)")
    #expect(mebibytes > 0 && mebibytes < 256, "\(mebibytes)")
  }
}
