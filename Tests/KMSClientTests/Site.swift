// SPDX-License-Identifier: Apache-2.0
import AWS
import AuditCore
import Cryptography
import KMSClient
import Pipeline
import TestSupport

extension KMSClient {
  /// One that goes where variables lead.
  init(_ variables: [String: String], timeout: Double = 30, cancellation: Cancellation = Cancellation()) throws {
    try self.init(
      try AWSSession.connected(AWSVariables(variables), cancellation: cancellation).session, timeout: timeout)
  }

  func describe(_ text: String) throws(Failure) -> KMSKey {
    guard let id = KMSKeyID(text) else { throw Failure(.usage, "no key id") }
    return try describe(id)
  }
}

/// Variables that lead to a server of the test's own, whose answers need no signature.
func variables(_ server: FaultServer, _ more: [String: String] = [:]) -> [String: String] {
  [
    "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "SECRETTEST", "AWS_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL_KMS": server.url, "AWS_EC2_METADATA_DISABLED": "true",
  ].merging(more) { $1 }
}

/// The failure that something ends in.
func failure(_ body: () throws -> Void) throws -> Failure? {
  do { try body() } catch let error as Failure { return error }
  return nil
}

/// What DescribeKey answers.
func description(
  spec: String = "RSA_2048", usage: String = "SIGN_VERIFY", state: String = "Enabled",
  algorithms: String = #""SigningAlgorithms":["RSASSA_PKCS1_V1_5_SHA_256","RSASSA_PSS_SHA_256"]"#
) -> ServedResponse {
  ServedResponse(
    200,
    text: """
      {"KeyMetadata":{"Arn":"\(arn)","KeyId":"1234abcd-12ab-34cd-56ef-1234567890ab","KeySpec":"\(spec)",
      "KeyUsage":"\(usage)","KeyState":"\(state)","DeletionDate":1.7958528E9,\(algorithms)}}
      """)
}

let arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

/// An error as KMS answers it.
func refusal(_ code: String, status: Int = 400, _ message: String = "no") -> ServedResponse {
  ServedResponse(status, text: #"{"__type":"\#(code)","message":"\#(message)"}"#)
}
