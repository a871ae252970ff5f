// SPDX-License-Identifier: Apache-2.0
import AWS
import AuditCore
import Pipeline
import S3Client
import TestSupport
import Testing

/// Certificates and hosts' names as they are in the world, in front of a real server.
@Suite(
  "SeaweedFS over TLS and by hosts' names", .enabled(if: SeaweedS3.isUsable, "scripts/dependencies test is needed"))
struct SeaweedTLSTests {
  private struct Secured {
    let server: SeaweedS3
    let authority: String
    let stranger: String
    /// Keeps the files.
    let certificates: TestCertificates
  }

  private static let secured = Result {
    let certificates = try TestCertificates()
    let authority = try certificates.authority("trusted")
    let domain = SeaweedS3.domain
    let pair = try certificates.certificate(
      "server", by: authority, names: ["IP:127.0.0.1", "DNS:\(domain)", "DNS:*.\(domain)"])
    return Secured(
      server: try SeaweedS3(certificate: pair), authority: authority.certificate,
      stranger: try certificates.authority("stranger").certificate, certificates: certificates)
  }

  private func client(
    _ endpoint: String, _ bucket: String, bundle: String? = nil, server: SeaweedS3
  ) throws -> S3Client {
    var variables = [
      "S3_ENDPOINT": endpoint, "S3_ACCESS_KEY": server.accessKey, "S3_SECRET": server.secretKey,
      "AWS_REGION": server.region, "AWS_MAX_ATTEMPTS": "1",
    ]
    variables["AWS_CA_BUNDLE"] = bundle
    let (session, http) = try AWSSession.connected(AWSVariables(variables), cancellation: Cancellation())
    return try S3Client(session, over: http, bucket: bucket)
  }

  /// Makes a bucket and an object in it, and looks at that in all ways in which a request can be addressed.
  private func check(_ client: S3Client) throws {
    _ = try client.createBucket(objectLock: true)
    let lock = ObjectLock(mode: .compliance, until: Timestamp.now().advanced(bySeconds: 86_400))
    let key = "a b/ü+c.json"
    let version = try client.version(key, [1, 2, 3], lock: lock, ifAbsent: true)
    #expect(try client.listVersions(prefix: "a b/").map(\.key) == [key])
    #expect(try client.read(key, versionID: version, limit: 3) == [1, 2, 3])
    #expect(try client.read(key, versionID: version, range: 1..<2) == [2])
    #expect(try client.head(key, versionID: version)?.lock == lock)
    #expect(try client.retention(key, versionID: version) == lock)
    #expect(try client.bucketVersioning() == .enabled)
  }

  @Test("a bundle with its authority is trusted, by address and by name")
  func trusted() throws {
    let secured = try Self.secured.get()
    let port = try #require(secured.server.tlsPort)
    let byAddress = try client(
      "https://127.0.0.1:\(port)", "by-address", bundle: secured.authority, server: secured.server)
    #expect(byAddress.endpointURL == "https://127.0.0.1:\(port)/by-address")
    try check(byAddress)
    let byName = try client(
      "https://\(SeaweedS3.domain):\(port)", "by-name", bundle: secured.authority, server: secured.server)
    #expect(byName.endpointURL == "https://by-name.\(SeaweedS3.domain):\(port)")
    try check(byName)
  }

  @Test("another authority, the machine's own, another name and no TLS are refused before anything is asked")
  func refused() throws {
    let secured = try Self.secured.get()
    let port = try #require(secured.server.tlsPort)
    for (endpoint, bundle, status) in [
      ("https://127.0.0.1:\(port)", secured.stranger, ExitStatus.configuration),
      ("https://127.0.0.1:\(port)", nil, .configuration),
      ("https://localhost:\(port)", secured.authority, .configuration),
      ("https://127.0.0.1:\(secured.server.port)", secured.authority, .configuration),
    ] {
      let client = try client(endpoint, "refused", bundle: bundle, server: secured.server)
      let error = try failure { () throws(S3Error) in try client.put("k", [1]) }
      #expect(error.failure.status == status, "\(endpoint): \(error)")
      #expect(error.failure.remedy?.contains("AWS_CA_BUNDLE") == true, "\(error)")
    }
  }

  @Test("the bucket as a label of the host, over plain HTTP")
  func virtualHost() throws {
    let server = try SeaweedS3.shared()
    let name = "label-\(UInt32.random(in: 0 ... .max))"
    let client = try client("http://\(SeaweedS3.domain):\(server.port)", name, server: server)
    #expect(client.endpointURL == "http://\(name).\(SeaweedS3.domain):\(server.port)")
    try check(client)
    // The same bucket by its path.
    let byPath = try Site(server.url, bucket: name, keys: (server.accessKey, server.secretKey)).client
    #expect(try byPath.listVersions(prefix: "").count == 1)
  }
}
