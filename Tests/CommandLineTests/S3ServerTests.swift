// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTransport
import Synchronization
import TestSupport
import Testing

/// What docs/s3.md says of servers that lack something, each made of SeaweedFS by taking it out of requests.
@Suite("Servers that lack something", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct S3ServerTests {
  private func place(_ change: @escaping @Sendable (inout HTTPRequest) -> Void) throws -> ShakyArchive {
    try ShakyArchive(FaultServer.rewriting(to: SeaweedS3.shared(), change))
  }

  @Test("one that has all is no other for being in between")
  func complete() throws {
    let place = try place { _ in }
    #expect(try place.archive(through: place.front).status == 0)
    #expect(try place.damage() == [])
  }

  @Test("no condition: a write that is made again is a second version of the same, a note and no finding")
  func repeatedWrite() throws {
    let place = try place(FaultServer.without("if-none-match"))
    place.front.inject(.loseReply, method: "PUT", target: "*/bundles/*")
    place.front.inject(.loseReply, method: "PUT", target: "*/manifests/*")
    let output = try place.archive(through: place.front)
    #expect(output.status == 0, "\(output.errorText)")
    let image = try place.image()
    #expect(try image.differences(from: ShakyArchive.undisturbed.get()) == [])
    #expect(image.odd.count == 2 && image.unlocked == [], "\(image.odd) \(image.unlocked)")
    let verified = try place.verify()
    #expect(verified.status == 0, "\(verified.text)")
    #expect(verified.text.components(separatedBy: "2 versions of the same content").count == 3, "\(verified.text)")
    let again = try place.archive(through: place.front)
    #expect(again.status == 0, "\(again.errorText)")
  }

  @Test("no condition: of two writers the first is the commit, and the other says so")
  func race() throws {
    let place = try place(FaultServer.without("if-none-match"))
    let other = Mutex<CommandOutput?>(nil)
    let arrive = Fault.meanwhile(.beforeEffect) { other.withLock { $0 = try? place.archive() } }
    place.front.inject(arrive, method: "PUT", target: "*/manifests/*")
    let late = try place.archive(through: place.front)
    #expect(other.withLock { $0?.status } == 0)
    #expect(late.status == 75 && late.sentences.first?.contains("another run has committed") == true)
    let image = try place.image()
    #expect(try image.differences(from: ShakyArchive.undisturbed.get()) == [])
    // What lies on top of the commit is of another content: who does not race sees that somebody did.
    #expect(image.odd.contains { $0.hasSuffix("manifests/0000000000.json") })
    let verified = try place.verify()
    #expect(verified.status == 65 && verified.text.contains("2 versions of different content"), "\(verified.text)")
    #expect(try place.archive().status == 0)
  }

  private static func damaging(_ folder: String) -> @Sendable (inout HTTPRequest) -> Void {
    { request in
      request.headers.removeAll { $0.name.lowercased().hasPrefix("x-amz-checksum") }
      guard request.method == "PUT", request.url.contains(folder), case .bytes(var body) = request.body else { return }
      body[body.count / 2] ^= 1
      request.body = .bytes(body)
    }
  }

  @Test("no checksums: a bundle that changed on its way is found when it is read")
  func damagedBundle() throws {
    let place = try place(Self.damaging("/bundles/"))
    let output = try place.archive(through: place.front)
    #expect(output.status == 0, "\(output.errorText)")
    let verified = try place.verify()
    #expect(verified.status == 65, "\(verified.text)")
    for sequence in 0..<3 { #expect(verified.text.contains("bundles/000000000\(sequence)-"), "\(verified.text)") }
  }

  @Test("no checksums: a manifest that changed on its way ends the run that wrote it, and nothing is appended to it")
  func damagedManifest() throws {
    let place = try place(Self.damaging("/manifests/"))
    for server in [place.front, nil] {
      let output = try place.archive(through: server)
      #expect(output.status == 65 && output.sentences.first?.contains("manifests/0000000000.json") == true)
    }
    let image = try place.image()
    #expect(image.unlocked == [] && image.odd == [])
    #expect(image.objects.keys.count { $0.contains("/manifests/") } == 1)
    #expect(try place.verify().status == 65)
  }

  @Test("checksums: what changed on its way is refused and sent again", arguments: ["bundles", "manifests"])
  func refusedBody(folder: String) throws {
    let hasChanged = Atomic(false)
    let forward = FaultServer.forwarding(to: try SeaweedS3.shared().url)
    let place = try ShakyArchive { request in
      guard request.method == "PUT", request.target.contains("/\(folder)/"),
        !hasChanged.exchange(true, ordering: .relaxed)
      else { return try forward(request) }
      return try forward(request.changingBody())
    }
    let output = try place.archive(through: place.front)
    #expect(output.status == 0, "\(output.errorText)")
    let isChanged = hasChanged.load(ordering: .relaxed)
    #expect(isChanged)
    #expect(try place.damage() == [])
  }

  @Test(
    "no locks: the run stops at the first object, and an honest server's run locks what is there",
    arguments: [("x-amz-object-lock", "it is not locked"), ("x-amz-object-lock-legal", "legal hold is missing")])
  func noLocks(prefix: String, says: String) throws {
    let place = try place(FaultServer.without(prefix))
    let output = try place.archive(through: place.front)
    #expect(output.status == 78, "\(output.errorText)")
    #expect(output.sentences.count == 1 && output.sentences.first?.contains(says) == true, "\(output.errorText)")
    #expect(try place.verify().status == 66)
    #expect(try place.archive().status == 0)
    #expect(try place.damage() == [])
  }

  @Test("no locks, and the reply to a manifest's write is lost: its lock is mended all the same")
  func lostReplyWithoutLock() throws {
    let place = try ShakyArchive(
      FaultServer.rewriting(to: SeaweedS3.shared()) { request in
        if request.url.contains("/manifests/") { FaultServer.without("x-amz-object-lock")(&request) }
      })
    place.front.inject(.loseReply, method: "PUT", target: "*/manifests/0000000000.json")
    let output = try place.archive(through: place.front)
    // The first manifest is seen to and mended, the second, whose reply comes, is found without a lock.
    #expect(output.status == 78 && output.sentences.first?.contains("0000000001.json: it is not locked") == true)
    #expect(try place.image().unlocked.allSatisfy { $0.contains("0000000001.json") })
    // The next run begins with what this one left.
    #expect(try place.archive().status == 0)
    let damage = try place.damage()
    #expect(damage == [])
  }
}
