// SPDX-License-Identifier: Apache-2.0
import AuditCore
import CanonicalJSON
import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

@Suite("An old archive of any size takes the same memory", .enabled(if: TemporaryPostgres.isUsable))
struct LargeOldArchiveTests {
  /// Writes a sound archive of about that many bytes, as the older exporter did; MEMORYCTL_OLD_MIB asks for more.
  private func write(_ path: String, bytes: Int, isObject: Bool) throws -> Int {
    #expect(FileManager.default.createFile(atPath: path, contents: nil))
    let file = try #require(FileHandle(forWritingAtPath: path))
    defer { try? file.close() }
    let signer = LocalSigner(hmacKey: Array("vector-key".utf8), kid: "local-hmac")
    let filler = String(repeating: "lorem ipsum ", count: 60)
    try file.write(contentsOf: Data((isObject ? #"{"exportedAt":"2026-11-23T02:00:00.000Z","events":["# : "[\n").utf8))
    var previous: Digest?
    var (rows, written) = (0, 0)
    var piece = Data()
    while written < bytes {
      let payload = #"{"n":\#(rows),"text":"\#(filler)"}"#
      var sha = SHA256()
      Array(payload.utf8).withUnsafeBytes { sha.update($0) }
      if let previous { sha.update(previous) }
      let hash = sha.finalize()
      let signature = Base64.encode(try signer.sign(hash))
      let number = String(rows + 1_000_000_000_000).dropFirst()
      piece += Data(
        """
        \(rows == 0 ? "" : ",\n"){"id":"00000000-0000-4000-8000-\(number)","event_type":"t","payload": \(payload),\
        "hash":"\(hash)","prev_hash":\(previous.map { "\"\($0)\"" } ?? "null"),"signature":"\(signature)",\
        "created_at":"2026-11-20T00:10:48.000Z"}
        """.utf8)
      previous = hash
      rows += 1
      if piece.count > 1 << 20 || written + piece.count >= bytes {
        try file.write(contentsOf: piece)
        written += piece.count
        piece.removeAll(keepingCapacity: true)
      }
    }
    try file.write(contentsOf: Data((isObject ? "],\"count\":\(rows)}" : "\n]\n").utf8))
    return rows
  }

  /// The greatest resident memory of a run, in KiB.
  private func peak(_ site: Site, _ arguments: [String], _ change: [String: String?]) throws -> (CommandOutput, Int) {
    let program =
      "import resource, subprocess, sys\nstatus = subprocess.call(sys.argv[1:])\n"
      + "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\nsys.exit(status)"
    let output = try Command.run(
      "python3", ["-c", program, site.program] + arguments, environment: site.environment.merging(change) { $1 },
      inheritsEnvironment: false, timeout: 3000)
    return (output, try #require(output.errorText.split(separator: "\n").last.flatMap { Int($0) }))
  }

  @Test("verified from a file and from a bucket, and restored, in less than 128 MiB", arguments: [true, false])
  func large(isObject: Bool) throws {
    let mebibytes = ProcessInfo.processInfo.environment["MEMORYCTL_OLD_MIB"].flatMap { Int($0) } ?? 30
    let site = try Site()
    let path = site.directory("old.json")
    let rows = try write(path, bytes: mebibytes << 20, isObject: isObject)
    var runs = [(["audit", "verify", "--from-file", path, "--json"], [String: String?]())]
    if isObject {
      runs.append((["audit", "replay", "--from-file", path, "--verify-db", "--json"], [:]))
    } else if SeaweedS3.isUsable {
      let bucket = try LockedBucket()
      _ = try bucket.client.put(
        "old.json", .file(path: path, bytes: Int(try #require(FileHandle(forReadingAtPath: path)).seekToEnd())),
        sha256: ObservedFile.digest(path), lock: nil, legalHold: false, ifAbsent: true)
      runs.append(
        (
          ["audit", "verify", "--from-s3", "s3://\(bucket.client.bucket)/old.json", "--json"],
          try LockedBucket.environment().mapValues { $0 }
        ))
    }
    for (arguments, change) in runs {
      let (output, peak) = try peak(site, arguments, change)
      #expect(output.status == 0, "\(output.errorText) \(output.text)")
      #expect(try json(output)["rows"] == .integer(Int64(rows)))
      #expect(peak < 128 << 10, "\(arguments): \(peak) KiB")
    }
  }
}

private enum ObservedFile {
  static func digest(_ path: String) throws -> Digest {
    let file = try #require(FileHandle(forReadingAtPath: path))
    var sha = SHA256()
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      [UInt8](piece).withUnsafeBytes { sha.update($0) }
    }
    return sha.finalize()
  }
}
