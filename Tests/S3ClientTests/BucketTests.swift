// SPDX-License-Identifier: Apache-2.0
import Crypto
import HTTPTransport
import S3Client
import TestSupport
import Testing

@Suite("Buckets, as AWS and others answer")
struct BucketTests {
  let server: FaultServer
  let site: Site
  var client: S3Client { site.client }

  init() throws {
    server = try FaultServer()
    site = try Site(server)
  }

  private func serve(_ text: String) {
    server.removeFaults()
    server.inject(.answer(ServedResponse(200, text: text)), times: .max)
  }

  private func refuse(_ status: Int, _ code: String) {
    server.removeFaults()
    server.inject(.answer(.error(status, code)), times: .max)
  }

  @Test("versioning")
  func versioning() throws {
    serve("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
    #expect(try client.bucketVersioning() == .enabled)
    serve("<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>")
    #expect(try client.bucketVersioning() == .suspended)
    serve("<VersioningConfiguration/>")
    #expect(try client.bucketVersioning() == .off)
    serve("<VersioningConfiguration><Status>Perhaps</Status></VersioningConfiguration>")
    #expect(try failure(client.bucketVersioning).kind == .badAnswer)
    #expect(server.requests.allSatisfy { $0.target == "/bucket?versioning" })
  }

  @Test("Object Lock and its default")
  func lock() throws {
    func serve(_ content: String) { self.serve("<ObjectLockConfiguration>\(content)</ObjectLockConfiguration>") }
    func rule(_ content: String) -> String { "<Rule><DefaultRetention>\(content)</DefaultRetention></Rule>" }
    let enabled = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"
    serve(enabled)
    #expect(try client.bucketLock() == BucketLock(isEnabled: true, defaultRetention: nil))
    serve("")
    #expect(try client.bucketLock() == BucketLock(isEnabled: false, defaultRetention: nil))
    serve(enabled + rule("<Mode>COMPLIANCE</Mode><Days>400</Days>"))
    #expect(try client.bucketLock()?.defaultRetention == .init(mode: .compliance, period: .days(400)))
    serve(enabled + rule("<Mode>GOVERNANCE</Mode><Years>2</Years>"))
    #expect(try client.bucketLock()?.defaultRetention == .init(mode: .governance, period: .years(2)))
    for bad in ["<Mode>X</Mode><Days>1</Days>", "<Mode>COMPLIANCE</Mode>", "<Mode>COMPLIANCE</Mode><Days>-1</Days>"] {
      serve(enabled + rule(bad))
      #expect(try failure(client.bucketLock).kind == .badAnswer)
    }
    refuse(404, "ObjectLockConfigurationNotFoundError")
    #expect(try client.bucketLock() == nil)
    refuse(404, "NoSuchBucket")
    #expect(try failure(client.bucketLock).kind == .noSuchBucket)
  }

  @Test("encryption")
  func encryption() throws {
    serve(
      """
      <ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>\
      <KMSMasterKeyID>arn:k</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true\
      </BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>
      """)
    #expect(
      try client.bucketEncryption() == BucketEncryption(algorithm: "aws:kms", kmsKeyID: "arn:k", usesBucketKey: true))
    refuse(404, "ServerSideEncryptionConfigurationNotFoundError")
    #expect(try client.bucketEncryption() == nil)
    refuse(403, "AccessDenied")
    #expect(try failure(client.bucketEncryption).missingPermission == "s3:GetEncryptionConfiguration")
  }

  @Test("public access")
  func publicAccess() throws {
    func serve(_ last: Bool) {
      self.serve(
        """
        <PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>TRUE</IgnorePublicAcls>\
        <BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>\(last)</RestrictPublicBuckets>\
        </PublicAccessBlockConfiguration>
        """)
    }
    serve(true)
    #expect(try client.publicAccessBlock()?.isComplete == true)
    serve(false)
    #expect(try client.publicAccessBlock()?.isComplete == false)
    refuse(404, "NoSuchPublicAccessBlockConfiguration")
    #expect(try client.publicAccessBlock() == nil)
    refuse(501, "NotImplemented")
    #expect(try failure(client.publicAccessBlock).kind == .unsupported)
    self.serve("<PolicyStatus><IsPublic>TRUE</IsPublic></PolicyStatus>")
    #expect(try client.bucketPolicyIsPublic() == true)
    self.serve("<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>")
    #expect(try client.bucketPolicyIsPublic() == false)
    refuse(404, "NoSuchBucketPolicy")
    #expect(try client.bucketPolicyIsPublic() == nil)
  }

  @Test("places", arguments: [("", "us-east-1"), ("EU", "eu-west-1"), ("eu-central-1", "eu-central-1")])
  func location(_ text: String, _ region: String) throws {
    serve("<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(text)</LocationConstraint>")
    #expect(try client.location() == region)
    // As SeaweedFS writes it.
    serve("<CreateBucketConfiguration><LocationConstraint>\(text)</LocationConstraint></CreateBucketConfiguration>")
    #expect(try client.location() == region)
    serve("<Location>\(text)</Location>")
    #expect(try failure(client.location).kind == .badAnswer)
  }

  @Test("whether a bucket is there")
  func head() throws {
    server.inject(.answer(ServedResponse(200, headers: [header("x-amz-bucket-region", "eu-west-1")])))
    #expect(try client.headBucket() == "eu-west-1")
    server.inject(.answer(ServedResponse(404)))
    let error = try failure(client.headBucket)
    #expect(error.kind == .noSuchBucket && error.failure.status == .configuration)
    server.inject(.answer(ServedResponse(403)))
    #expect(try failure(client.headBucket).missingPermission == "s3:ListBucket")
    #expect(server.requests.allSatisfy { $0.method == "HEAD" && $0.target == "/bucket" })
  }

  @Test("a bucket is made with Object Lock, where requests are signed for")
  func create() throws {
    #expect(try client.createBucket(objectLock: true) == .created)
    #expect(server.requests.last?.header("x-amz-bucket-object-lock-enabled") == "true")
    #expect(server.requests.last?.body == [])
    #expect(try Site(server, region: "eu-west-1").client.createBucket(objectLock: false) == .created)
    let request = try #require(server.requests.last)
    #expect(request.header("x-amz-bucket-object-lock-enabled") == nil)
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == """
        <CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>eu-west-1\
        </LocationConstraint></CreateBucketConfiguration>
        """)
    refuse(409, "BucketAlreadyOwnedByYou")
    #expect(try client.createBucket(objectLock: true) == .alreadyOurs)
    refuse(409, "BucketAlreadyExists")
    let error = try failure { () throws(S3Error) in try client.createBucket(objectLock: true) }
    #expect(error.kind == .nameTaken && error.failure.status == .refused)
  }

  @Test("settings go out as documents with a checksum")
  func settings() throws {
    try client.setDefaultRetention(.init(mode: .compliance, period: .days(400)))
    try client.setDefaultRetention(nil)
    try client.enableVersioning()
    try client.setPublicAccessBlock()
    try client.setEncryption(BucketEncryption(algorithm: "aws:kms", kmsKeyID: "a<&>b", usesBucketKey: true))
    let sent = server.requests.map { request in
      String(decoding: request.body, as: UTF8.self).replacing(
        " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", with: "")
    }
    #expect(
      sent == [
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>"
          + "COMPLIANCE</Mode><Days>400</Days></DefaultRetention></Rule></ObjectLockConfiguration>",
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>",
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true"
          + "</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true"
          + "</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
          + "</SSEAlgorithm><KMSMasterKeyID>a&lt;&amp;&gt;b</KMSMasterKeyID></ApplyServerSideEncryptionByDefault>"
          + "<BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>",
      ])
    #expect(
      server.requests.map(\.target) == [
        "/bucket?object-lock", "/bucket?object-lock", "/bucket?versioning", "/bucket?publicAccessBlock",
        "/bucket?encryption",
      ])
    for request in server.requests {
      #expect(request.header("x-amz-checksum-sha256") == Base64.encode(SHA256.hash(request.body).bytes))
    }
  }
}
