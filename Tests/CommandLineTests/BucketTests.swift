// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Foundation
import S3Client
import TestSupport
import Testing

@Suite("bucket check and create", .enabled(if: TemporaryPostgres.isUsable && SeaweedS3.isUsable))
struct BucketTests {
  private static let settings = [
    "bucket", "versions", "object lock", "default retention", "encryption", "public access", "bucket policy",
  ]
  private static let probes = [
    "list versions", "write under lock", "read a version", "checksum kept", "lock kept", "legal hold", "If-None-Match",
    "wrong checksum", "longer retention", "shorter retention", "delete a locked version",
  ]

  /// States by name.
  private func states(_ output: CommandOutput) throws -> [String: String] {
    let checks = try json(output)["checks"]?.array ?? []
    return Dictionary(
      uniqueKeysWithValues: checks.map { ($0["name"]?.string ?? "", $0["state"]?.string ?? "") })
  }

  @Test("a bucket that was made right passes, and what was tried on it stays below .check")
  func made() throws {
    let place = try BucketSite(creates: false)
    let absent = try place.run("bucket", "check")
    #expect(absent.status == 78, "\(absent.errorText)")
    let made = try place.run("bucket", "create", "--retention-days", "500", "--json")
    #expect(made.status == 0, "\(made.errorText)")
    #expect(try place.bucket.client.bucketLock()?.defaultRetention == .init(mode: .compliance, period: .days(500)))
    let checked = try place.run("bucket", "check", "--json")
    #expect(checked.status == 0, "\(checked.text)")
    #expect(try json(checked)["verdict"] == "fit")
    #expect(try json(checked)["checks"]?.array?.compactMap { $0["name"]?.string } == Self.settings + Self.probes)
    for name in Self.probes { #expect(try states(checked)[name] == "ok", "\(name): \(checked.text)") }
    let written = try place.bucket.client.listVersions(prefix: "")
    #expect(written.count == 1 && written.allSatisfy { $0.key.hasPrefix("a/b/.check/") })

    // Once more: nothing is made weaker.
    #expect(try place.run("bucket", "create", "--retention-days", "400").status == 0)
    #expect(try place.bucket.client.bucketLock()?.defaultRetention == .init(mode: .compliance, period: .days(500)))
    #expect(try place.run("bucket", "create", "--retention-days", "600").status == 0)
    #expect(try place.bucket.client.bucketLock()?.defaultRetention == .init(mode: .compliance, period: .days(600)))

    // Its first archive, and a check that writes nothing.
    try place.site.makeChain(rows: 30)
    #expect(try place.run("audit", "archive").status == 0)
    let count = try place.bucket.client.listVersions(prefix: "").count
    let looked = try place.run("bucket", "check", "--read-only", "--json")
    #expect(looked.status == 0)
    for name in Self.probes { #expect(try states(looked)[name] == "not tried") }
    #expect(try place.bucket.client.listVersions(prefix: "").count == count)
  }

  @Test("a bucket without Object Lock is unfit, and is not taken over")
  func unlocked() throws {
    let place = try BucketSite(creates: false)
    _ = try place.bucket.client.createBucket(objectLock: false)
    let checked = try place.run("bucket", "check", "--json")
    #expect(checked.status == 78)
    #expect(try json(checked)["verdict"] == "unfit")
    #expect(try states(checked)["versions"] == "failed")
    #expect(try states(checked)["object lock"] == "failed")
    let refused = try place.run("bucket", "create")
    #expect(refused.status == 73, "\(refused.errorText)")
    #expect(refused.errorText.contains("has no Object Lock"))
  }

  @Test("what is set already gets no weaker, and credentials that are none say nothing of the bucket")
  func kept() throws {
    let place = try BucketSite()
    try place.bucket.client.setDefaultRetention(.init(mode: .governance, period: .years(10)))
    #expect(try place.run("bucket", "create").status == 0)
    let lock = try place.bucket.client.bucketLock()?.defaultRetention
    #expect(lock == .init(mode: .compliance, period: .days(3660)))
    let half = try place.run("bucket", "check", change: ["AWS_SECRET_ACCESS_KEY": nil])
    #expect(half.status == 78 && half.text.isEmpty && half.errorText.contains("AWS_SECRET_ACCESS_KEY"))
    let nameless = try place.run("bucket", "check", change: ["S3_ENDPOINT": "http://nosuch.invalid"])
    #expect(nameless.status == 69 && nameless.text.isEmpty, "\(nameless.errorText)")
    let pasted = try place.run("bucket", "check", "--archive", "s3://user:S3cr3tPW@bucket/x")
    #expect(pasted.status == 78 && !pasted.errorText.contains("S3cr3tPW"))
  }

  @Test("what a server ignores is named")
  func ignorant() throws {
    let server = try FaultServer(handler: FaultServer.forwarding(to: try SeaweedS3.shared().url))
    let place = try BucketSite(through: server.url)
    // It says that a second write took effect, behind the first and two of the hold, and that a changed body did.
    server.inject(
      .answer(ServedResponse(200, headers: [.init(name: "x-amz-version-id", value: "v2")])), method: "PUT",
      target: "*.check*", nth: 4)
    server.inject(.answer(ServedResponse(200)), method: "PUT", target: "*-sum*")
    let careless = try place.run("bucket", "check", "--json")
    #expect(careless.status == 0, "\(careless.text)")
    #expect(try states(careless)["If-None-Match"] == "warning")
    #expect(try states(careless)["wrong checksum"] == "warning")

    // It keeps no lock.
    server.removeFaults()
    server.inject(
      .answer(ServedResponse(404, text: "<Error><Code>NoSuchObjectLockConfiguration</Code></Error>")), method: "GET",
      target: "*retention*", times: .max)
    let loose = try place.run("bucket", "check", "--json")
    #expect(loose.status == 78, "\(loose.text)")
    #expect(try states(loose)["lock kept"] == "failed")
    #expect(try states(loose)["shorter retention"] == "failed")
  }

  @Test("missing permissions are named, each in its line")
  func denied() throws {
    let server = try FaultServer(handler: FaultServer.forwarding(to: try SeaweedS3.shared().url))
    let place = try BucketSite(through: server.url)
    let refusal = ServedResponse(403, text: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
    server.inject(.answer(refusal), method: "GET", target: "*retention*", times: .max)
    server.inject(.answer(refusal), method: "GET", target: "*encryption*", times: .max)
    let checked = try place.run("bucket", "check", "--json")
    #expect(checked.status == 77, "\(checked.text)")
    let lock = try json(checked)["checks"]?.array?.first { $0["name"] == "lock kept" }
    #expect(lock?["detail"] == "denied: needs s3:GetObjectRetention")
    #expect(try states(checked)["encryption"] == "unknown")

    server.removeFaults()
    server.inject(.answer(refusal), method: "PUT", times: .max)
    let reader = try place.run("bucket", "check", "--json")
    #expect(reader.status == 77)
    #expect(try states(reader)["write under lock"] == "failed")
    #expect(try states(reader)["read a version"] == "not tried")

    let stranger = try place.run("bucket", "check", change: ["AWS_SECRET_ACCESS_KEY": "another-secret"])
    #expect(stranger.status == 77)
    #expect(!stranger.errorText.contains("another-secret"))
    server.stop()
    let dead = try place.run("bucket", "check", change: ["AWS_MAX_ATTEMPTS": "1"])
    #expect(dead.status == 69, "\(dead.errorText)")
    #expect(try place.run("bucket", "check", "--archive", "file:///tmp").status == 78)
  }
}
