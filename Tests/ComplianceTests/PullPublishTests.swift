// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Compliance
import Cryptography
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Where and when a pull appears")
struct PullPublishTests {
  @Test("the digest of SHA256SUMS is told before the folder is there")
  func announced() throws {
    let signed = try SignedArchive()
    let directory = try TemporaryDirectory("pull")
    let told = Mutex<[Digest]>([])
    let job = PullJob(PullJob.Settings(), signed.archive, keys: signed.keys, registry: nil)
    let sums = try job.run(into: directory("out")) { digest in
      #expect(!FileManager.default.fileExists(atPath: directory("out")))
      told.withLock { $0.append(digest) }
    }.sums
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory("out/SHA256SUMS"))))
    #expect(told.withLock { $0 } == [sums] && sums == SHA256.hash(bytes))
  }

  @Test("nothing is pulled into the archive itself", arguments: ["pulled", "new/../new/pulled", "linked"])
  func within(name: String) throws {
    let signed = try SignedArchive()
    let directory = try TemporaryDirectory("pull")
    let root = signed.place.path("memory-layer")
    try FileManager.default.createSymbolicLink(atPath: directory("link"), withDestinationPath: root)
    let before = try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
    let out = name == "linked" ? directory("link/deep/out") : "\(root)/\(name)"
    let failure = #expect(throws: Failure.self) { try signed.pull(into: out) }
    #expect(failure?.status == .refused && failure?.description.contains("lies in the archive") == true)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: root).sorted() == before)
    #expect(try signed.pull(into: directory("out")).isVerified)
  }
}
