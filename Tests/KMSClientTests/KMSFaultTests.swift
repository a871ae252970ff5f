// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import Foundation
import HTTPTransport
import KMSClient
import TestSupport
import Testing

@Suite("KMS that fails, hangs or lies")
struct KMSFaultTests {
  private let digest = SHA256.hash(Array("event".utf8))
  private let signature = String(repeating: "A", count: 43) + "="

  private func key(_ client: KMSClient) throws -> KMSKey { try client.describe(arn) }

  /// A KMS that describes a key and answers everything else alike.
  private func server(_ answer: @escaping @Sendable (ServedRequest) -> ServedResponse) throws -> FaultServer {
    try FaultServer { request in
      request.header("x-amz-target") == "TrentService.DescribeKey" ? description() : answer(request)
    }
  }

  @Test(
    "passing faults are tried again, and end in unavailable",
    arguments: [
      ("ThrottlingException", 400), ("KMSInternalException", 500), ("DependencyTimeoutException", 503),
      ("KeyUnavailableException", 500), ("LimitExceededException", 400),
    ])
  func passing(code: String, status: Int) throws {
    let server = try server { _ in ServedResponse(200, text: #"{"KeyId":"\#(arn)","Mac":"\#(signature)"}"#) }
    let client = try KMSClient(variables(server))
    let key = try key(client)
    let before = server.requests.count
    server.inject(.answer(refusal(code, status: status)))
    #expect(try client.sign(digest, with: key, .hmacSHA256).count == 32)
    #expect(server.requests.count == before + 2)
    server.inject(.answer(refusal(code, status: status)), times: .max)
    let failure = try failure { _ = try client.sign(digest, with: key, .hmacSHA256) }
    #expect(failure?.status == .unavailable)
    #expect(server.requests.count == before + 5)
  }

  @Test(
    "codes that mean something else than their status",
    arguments: [
      ("AccessDeniedException", AuditCore.ExitStatus.permission, "kms:GenerateMac"),
      ("UnrecognizedClientException", .permission, "check the credentials"),
      ("NotFoundException", .configuration, "check the key's name"),
      ("DisabledException", .configuration, "enable it"),
      ("KMSInvalidStateException", .configuration, "describe-key"),
      ("InvalidKeyUsageException", .configuration, "another use"),
      ("InvalidArnException", .configuration, "correct the key's name"),
      ("ExpiredTokenException", .permission, "renew the credentials"),
    ])
  func codes(code: String, status: AuditCore.ExitStatus, words: String) throws {
    let server = try server { _ in refusal(code) }
    let client = try KMSClient(variables(server))
    let key = try key(client)
    let failure = try failure { _ = try client.sign(digest, with: key, .hmacSHA256) }
    #expect(failure?.status == status)
    #expect(failure?.description.contains(words) == true, "\(failure?.description ?? "")")
    #expect(failure?.object == arn)
  }

  @Test("a signature that does not verify is no error")
  func invalid() throws {
    for (code, algorithm) in [
      ("KMSInvalidMacException", KMSAlgorithm.hmacSHA256), ("KMSInvalidSignatureException", .rsaSHA256),
    ] {
      let server = try server { _ in refusal(code) }
      let client = try KMSClient(variables(server))
      #expect(try !client.isValid([1, 2, 3], over: digest, with: key(client), algorithm))
    }
  }

  @Test(
    "what KMS must be asked for",
    arguments: [
      (
        KMSAlgorithm.rsaSHA256, "Sign",
        #""MessageType":"DIGEST","SigningAlgorithm":"RSASSA_PKCS1_V1_5_SHA_256"}"#
      ),
      (.ed25519, "Sign", #""MessageType":"RAW","SigningAlgorithm":"ED25519_SHA_512"}"#),
      (.hmacSHA256, "GenerateMac", #""MacAlgorithm":"HMAC_SHA_256"}"#),
    ])
  func requests(algorithm: KMSAlgorithm, operation: String, rest: String) throws {
    let member = algorithm == .hmacSHA256 ? "Mac" : "Signature"
    let server = try server { _ in ServedResponse(200, text: #"{"KeyId":"\#(arn)","\#(member)":"\#(signature)"}"#) }
    let client = try KMSClient(variables(server))
    _ = try client.sign(digest, with: key(client), algorithm)
    let request = try #require(server.requests.last)
    #expect(request.header("x-amz-target") == "TrentService." + operation)
    #expect(request.header("content-type") == "application/x-amz-json-1.1")
    let message = Base64.encode(digest.bytes)
    #expect(
      String(decoding: request.body, as: UTF8.self)
        == #"{"KeyId":"\#(arn)","Message":"\#(message)",\#(rest)"#)
  }

  @Test(
    "answers that are none",
    arguments: [
      "", "{}", "[]", "<html>", #"{"KeyId":"other","Mac":"AAAA"}"#, #"{"KeyId":"ARN","Mac":"AA=A"}"#,
      #"{"KeyId":"ARN","Mac":""}"#, #"{"KeyId":"ARN","Mac":7}"#, #"{"KeyId":"ARN","Signature":"AAAA"}"#,
      #"{"KeyId":"ARN","Mac":"AAAA","Mac":"AAAA"}"#,
    ])
  func wrong(answer: String) throws {
    let server = try server { _ in ServedResponse(200, text: answer.replacingOccurrences(of: "ARN", with: arn)) }
    let client = try KMSClient(variables(server))
    let key = try key(client)
    let failure = try failure { _ = try client.sign(digest, with: key, .hmacSHA256) }
    #expect(failure?.status == .unavailable)
  }

  @Test("an answer without an end is not read")
  func huge() throws {
    let server = try server { _ in ServedResponse(200, body: Array(repeating: 0x20, count: 4 << 20)) }
    let client = try KMSClient(variables(server))
    let key = try key(client)
    #expect(try failure { _ = try client.sign(digest, with: key, .hmacSHA256) }?.status == .unavailable)
    #expect(server.bytesSent < 4 << 20)
  }

  @Test("a KMS that hangs ends in unavailable, within attempts times the timeout and the pauses")
  func hang() throws {
    let server = try server { _ in ServedResponse(200) }
    let client = try KMSClient(variables(server), timeout: 1)
    let key = try key(client)
    server.inject(.stall(.beforeEffect), times: .max)
    let started = Date()
    let failure = try failure { _ = try client.sign(digest, with: key, .hmacSHA256) }
    #expect(failure?.status == .unavailable)
    #expect(failure?.problem.contains("kms GenerateMac") == true)
    #expect(server.requests.count == 4)
    #expect((3...20).contains(Date().timeIntervalSince(started)))
  }

  @Test("Ed25519 keys that only sign a hash of the digest are refused with the reason")
  func prehashed() throws {
    let server = try FaultServer { _ in
      description(spec: "ECC_NIST_EDWARDS25519", algorithms: #""SigningAlgorithms":["ED25519_PH_SHA_512"]"#)
    }
    let key = try KMSClient(variables(server)).describe(arn)
    let reason = try failure { _ = try key.algorithm(on: "AUDIT_SIGNING_KMS_KEY_ID") }
    #expect(reason?.status == .configuration && reason?.problem.contains("ED25519_PH_SHA_512 hashes") == true)
  }

  @Test("states", arguments: [("Unavailable", 69), ("Creating", 69), ("PendingReplicaDeletion", 78), ("Odd", 78)])
  func states(state: String, status: Int32) throws {
    let server = try FaultServer { _ in description(state: state) }
    let key = try KMSClient(variables(server)).describe(arn)
    #expect(try failure { try key.requireUsable(on: "key") }?.status.rawValue == status)
    #expect(key.deletion?.isoSeconds == "2026-11-28T08:00:00Z")
  }

  @Test("an ARN of another region is refused before anything is asked")
  func regions() throws {
    let client = try KMSClient([
      "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_REGION": "eu-west-2",
      "AWS_EC2_METADATA_DISABLED": "true",
    ])
    let failure = try failure { _ = try client.describe(arn) }
    #expect(failure?.status == .configuration && failure?.remedy == "set AWS_REGION=eu-west-1")
  }

  @Test(
    "names of keys",
    arguments: [
      ("1234abcd-12ab-34cd-56ef-1234567890ab", true), ("mrk-1234abcd12ab34cd56ef1234567890ab", true),
      ("alias/a/b_c-D", true), (arn, true), ("arn:aws-cn:kms:cn-north-1:111122223333:alias/a", true),
      ("", false), ("key", false), ("alias/", false), ("alias/a:ed25519ph", false), ("1234", false),
      ("arn:aws:s3:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", false),
      (arn + ":rsa", false), ("arn:aws:kms:eu-west-1:1:alias/a", false), ("alias/a b", false), ("alias/ä", false),
    ])
  func names(text: String, isName: Bool) { #expect((KMSKeyID(text) != nil) == isName) }
}
