// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import AuditCore
import Cryptography
import Files
import Foundation
import Synchronization
import TestSupport
import Testing

func makeSpooled(_ bytes: [UInt8], _ spool: Spool) throws -> ObjectContent {
  let file = try spool.makeFile()
  try file.file.write(bytes)
  return .file(file, bytes: bytes.count, sha256: SHA256.hash(bytes))
}

private func names(_ path: String) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
}

private func mode(_ path: String) throws -> Int {
  try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
}

@Suite("File store")
struct FileStoreTests {
  let directory: TemporaryDirectory
  let store: FileStore

  init() throws {
    directory = try TemporaryDirectory("store")
    store = FileStore(path: directory("archive"))
  }

  @Test("it is a store", arguments: ["archive/s/.spool", "elsewhere"])
  func conformance(spoolName: String) throws {
    let spool = try Spool(directory: directory(spoolName))
    try checkConformance({ store }, spooled: { try makeSpooled($0, spool) })
    #expect(names(directory(spoolName)).isEmpty)
  }

  @Test("a spool on another file system is copied")
  func otherFileSystem() throws {
    guard let spool = try? Spool(directory: "/dev/shm/memoryctl-test-\(UInt64.random(in: 0 ... .max))") else { return }
    defer { try? FileManager.default.removeItem(atPath: spool.directory) }
    try checkConformance({ store }, spooled: { try makeSpooled($0, spool) })
    #expect(!names(directory("archive/s/bundles")).contains { $0.hasPrefix(".") })
  }

  @Test("objects and their records are read-only, and nothing else is left")
  func modes() throws {
    _ = try store.create("s/manifests/m.json", .bytes([1]), retention: untilNextYear)
    #expect(names(directory("archive/s/manifests")) == ["m.json"])
    #expect(names(directory("archive/.retention/s/manifests")) == ["m.json.json"])
    #expect(try mode(directory("archive/s/manifests/m.json")) == 0o444)
    #expect(try mode(directory("archive/.retention/s/manifests/m.json.json")) == 0o444)
  }

  @Test("links, directories and FIFOs are no objects and lead nowhere")
  func noFiles() throws {
    _ = try store.create("s/manifests/m.json", .bytes([1]), retention: untilNextYear)
    try FileManager.default.createSymbolicLink(
      atPath: directory("archive/s/manifests/link"), withDestinationPath: "/etc/hostname")
    try FileManager.default.createSymbolicLink(atPath: directory("archive/s/bundles"), withDestinationPath: "/etc")
    try FileManager.default.createDirectory(
      atPath: directory("archive/s/manifests/folder"), withIntermediateDirectories: false)
    #expect(mkfifo(directory("archive/s/manifests/pipe"), 0o600) == 0)
    for key in ["manifests/link", "manifests/folder", "manifests/pipe", "bundles/hostname"] {
      let failure = #expect(throws: Failure.self, "\(key)") { try store.open("s/\(key)") }
      #expect(failure?.status == .integrity)
    }
    #expect(try store.list("s/manifests/").map(\.key).count == 4)
    #expect(throws: Failure.self) { try store.list("s/bundles/") }
    #expect(throws: Failure.self) { try store.create("s/bundles/x", .bytes([1]), retention: untilNextYear) }
    #expect(throws: Failure.self) { try store.create("s/manifests/link/x", .bytes([1]), retention: untilNextYear) }
    #expect(try store.create("s/manifests/link", .bytes([1]), retention: untilNextYear) == .exists)
  }

  @Test("what a crash leaves is ignored, and gone after the next run's start")
  func leftovers() throws {
    _ = try store.create("s/manifests/0000000000.json", .bytes([1]), retention: untilNextYear)
    let left = [
      "archive/s/manifests/.0000000001.json.5.part", "archive/.retention/s/manifests/.0000000001.json.json.5.part",
    ]
    for path in left { try Data([1]).write(to: URL(fileURLWithPath: directory(path))) }
    #expect(try store.list("s/manifests/").count == 1)
    #expect(try store.open("s/manifests/0000000001.json") === nil)
    let held = try File.open(directory(left[0]))
    #expect(held.tryLock())
    try store.removeLeftovers(in: "s/manifests")
    #expect(FileManager.default.fileExists(atPath: directory(left[0])), "another run is writing it")
    #expect(!FileManager.default.fileExists(atPath: directory(left[1])))
    _ = consume held
    try store.removeLeftovers(in: "s/manifests")
    #expect(!FileManager.default.fileExists(atPath: directory(left[0])))
    #expect(try store.create("s/manifests/0000000001.json", .bytes([2]), retention: untilNextYear) == .created)
  }

  @Test("the spool removes what no process holds, and takes its own files away")
  func spool() throws {
    let spool = try Spool(directory: directory("spool"))
    try Data([1]).write(to: URL(fileURLWithPath: directory("spool/7.memoryctl-spool")))
    try Data([1]).write(to: URL(fileURLWithPath: directory("spool/theirs")))
    do {
      let file = try spool.makeFile()
      #expect(try mode(file.file.path) == 0o600)
      _ = try Spool(directory: directory("spool"))
      #expect(names(directory("spool")).count == 2)
      _ = file
    }
    #expect(names(directory("spool")) == ["theirs"])
  }

  @Test("of many writers one creates the object, and readers see it whole or not at all")
  func race() throws {
    for round in 0..<20 {
      let key = "s/manifests/\(Manifest.sequenceText(round)).json"
      let created = Mutex<[UInt8]>([])
      let outcomes = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 6) { index in
        do {
          if index == 5 {
            for _ in 0..<20 {
              if let bytes = try store.read(key, limit: 1 << 20), bytes.count != 100_000 {
                outcomes.withLock { $0.append("\(bytes.count) bytes") }
              }
            }
            return
          }
          let content = [UInt8](repeating: UInt8(index), count: 100_000)
          if try store.create(key, .bytes(content), retention: untilNextYear) == .created {
            created.withLock { $0.append(UInt8(index)) }
          }
        } catch { outcomes.withLock { $0.append("\(error)") } }
      }
      #expect(outcomes.withLock { $0 } == [])
      let winners = created.withLock { $0 }
      #expect(winners.count == 1)
      #expect(try store.read(key, limit: 1 << 20)?.last == winners.first)
    }
  }

  @Test("errors of the file system become failures with a remedy")
  func failures() throws {
    try Data([1]).write(to: URL(fileURLWithPath: directory("file")))
    let blocked = FileStore(path: directory("file/archive"))
    let failure = #expect(throws: Failure.self) {
      try blocked.create("s/x", .bytes([1]), retention: untilNextYear)
    }
    #expect(failure?.remedy != nil)
    for (code, status) in [
      (ENOSPC, ExitStatus.unavailable), (EDQUOT, .unavailable), (EACCES, .permission), (EROFS, .permission),
      (EPERM, .permission), (EIO, .unavailable), (ENOENT, .configuration), (ELOOP, .integrity),
    ] {
      let failure = Failure.file(FileError("write", "/x", code: code))
      #expect(failure.status == status && failure.remedy != nil && "\(failure)".contains("/x"))
    }
    let full = try? File.open("/dev/full")
    #expect(full == nil || (try? full?.size()) == nil)
  }
}
