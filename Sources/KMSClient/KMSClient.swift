// SPDX-License-Identifier: Apache-2.0
public import AWS
public import AuditCore
public import Cryptography

/// Calls AWS KMS for signatures over digests of 32 bytes.
///
/// Every call can be made twice: none of them changes anything. So each has the attempts and pauses of the SDKs'
/// standard mode, and ends within attempts × ``timeout`` and those pauses.
public struct KMSClient: Sendable {
  /// Seconds that an attempt takes at most, unless told otherwise.
  public static let defaultTimeout = 10.0

  let client: AWSClient
  let timeout: Double

  /// - Parameter timeout: seconds that an attempt takes at most.
  public init(_ session: AWSSession, timeout: Double = KMSClient.defaultTimeout) throws(Failure) {
    client = try session.client(of: "kms")
    self.timeout = timeout
  }

  /// What KMS says of a key.
  public func describe(_ id: KMSKeyID) throws(Failure) -> KMSKey {
    let endpoint = client.endpoint
    if let region = id.region, region != endpoint.region, !endpoint.isConfigured {
      throw Failure(
        .configuration, "the key is in \(region), and the region of this run is \(endpoint.region)", on: id.text,
        remedy: "set AWS_REGION=\(region)")
    }
    let answer = try call("DescribeKey", on: id.text, .object(["KeyId": .string(id.text)]))
    guard let key = KMSKey(answer["KeyMetadata"]) else { throw unreadable("DescribeKey", id.text) }
    return key
  }

  /// The public half of an asymmetric key.
  public func publicKey(of key: KMSKey) throws(Failure) -> PublicKey {
    let answer = try call("GetPublicKey", on: key.arn, .object(["KeyId": .string(key.arn)]))
    let der = try bytes("PublicKey", of: answer, "GetPublicKey", key)
    do throws(KeyError) { return try PublicKey(der: der) } catch {
      throw Failure(
        .configuration, "KMS gave a public key that cannot be used: \(error)", on: key.arn,
        remedy: "name a key of spec RSA_2048, RSA_3072, RSA_4096 or ECC_NIST_EDWARDS25519", cause: error)
    }
  }

  /// Signs a digest, or makes a MAC over it.
  public func sign(_ digest: Digest, with key: KMSKey, _ algorithm: KMSAlgorithm) throws(Failure) -> [UInt8] {
    guard algorithm != .hmacSHA256 else {
      let answer = try call("GenerateMac", on: key.arn, request(digest, key, algorithm))
      return try bytes("Mac", of: answer, "GenerateMac", key)
    }
    let answer = try call("Sign", on: key.arn, request(digest, key, algorithm))
    return try bytes("Signature", of: answer, "Sign", key)
  }

  /// Whether a signature, or a MAC, is the key's over a digest. KMS compares MACs in constant time.
  public func isValid(
    _ signature: [UInt8], over digest: Digest, with key: KMSKey, _ algorithm: KMSAlgorithm
  ) throws(Failure) -> Bool {
    let isMAC = algorithm == .hmacSHA256
    let operation = isMAC ? "VerifyMac" : "Verify"
    let member = JSONValue.Member(isMAC ? "Mac" : "Signature", .string(Base64.encode(signature)))
    let body = (request(digest, key, algorithm).members ?? []) + [member]
    do throws(AWSCallError) {
      let answer = try exchange(operation, .object(body))
      guard answer["KeyId"]?.string == key.arn,
        let isValid = answer[isMAC ? "MacValid" : "SignatureValid"]?.bool
      else { throw AWSCallError.failure(unreadable(operation, key.arn)) }
      return isValid
    } catch {
      if let code = error.service?.code, Self.invalidCodes.contains(code) { return false }
      throw failure(error, operation, on: key.arn)
    }
  }

  /// KMS has no answer `false`: a signature that does not verify is an error of its own.
  private static let invalidCodes: Set<String> = ["KMSInvalidMacException", "KMSInvalidSignatureException"]

  private func request(_ digest: Digest, _ key: KMSKey, _ algorithm: KMSAlgorithm) -> JSONValue {
    var members = [
      JSONValue.Member("KeyId", .string(key.arn)), JSONValue.Member("Message", .string(Base64.encode(digest.bytes))),
    ]
    if let type = algorithm.messageType { members.append(JSONValue.Member("MessageType", .string(type))) }
    members.append(
      JSONValue.Member(
        algorithm == .hmacSHA256 ? "MacAlgorithm" : "SigningAlgorithm", .string(algorithm.rawValue)))
    return .object(members)
  }

  /// Bytes of an answer about the key that was asked about.
  private func bytes(
    _ member: String, of answer: JSONValue, _ operation: String, _ key: KMSKey
  ) throws(Failure) -> [UInt8] {
    guard answer["KeyId"]?.string == key.arn, let text = answer[member]?.string, let bytes = Base64.decode(text),
      !bytes.isEmpty
    else { throw unreadable(operation, key.arn) }
    return bytes
  }
}
