// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// A key as KMS describes it.
public struct KMSKey: Equatable, Sendable {
  public let arn: String
  /// Such as `RSA_3072`, `ECC_NIST_EDWARDS25519`, `HMAC_256`.
  public let spec: String
  /// `SIGN_VERIFY`, `GENERATE_VERIFY_MAC`, or something that does not sign.
  public let usage: String
  /// `Enabled`, or why it cannot be used.
  public let state: String
  /// Names of what it signs by, whether signatures or MACs; empty where the answer lists none.
  public let algorithms: [String]
  public let deletion: Timestamp?

  /// Reads `KeyMetadata`; nil for what is none.
  init?(_ metadata: JSONValue?) {
    guard let metadata, let arn = metadata["Arn"]?.string, KMSKeyID(arn)?.region != nil,
      let usage = metadata["KeyUsage"]?.string, let state = metadata["KeyState"]?.string,
      let spec = metadata["KeySpec"]?.string ?? metadata["CustomerMasterKeySpec"]?.string
    else { return nil }
    self.arn = arn
    self.spec = spec
    self.usage = usage
    self.state = state
    algorithms = ["SigningAlgorithms", "MacAlgorithms"].flatMap { name in
      (metadata[name]?.array ?? []).compactMap(\.string)
    }
    deletion = Self.time(metadata["DeletionDate"])
  }

  /// Seconds since 1970, with or without a fraction.
  private static func time(_ value: JSONValue?) -> Timestamp? {
    let seconds: Double? =
      switch value {
      case .integer(let seconds)?: Double(seconds)
      case .number(let text)?: Double(text)
      default: nil
      }
    guard let seconds, (0...253_402_300_799).contains(seconds) else { return nil }
    return Timestamp("1970-01-01T00:00:00Z")?.advanced(bySeconds: Int64(seconds))
  }
}

extension KMSKey {
  /// What it signs by.
  ///
  /// - Parameter object: what named the key, for errors.
  /// - Throws: where it is of a kind, or for a use, that signs no digests here.
  public func algorithm(on object: String) throws(Failure) -> KMSAlgorithm {
    guard let algorithm = KMSAlgorithm(spec: spec) else {
      throw Failure(
        .configuration, "a key of spec \(spec) signs nothing here", on: object,
        remedy: "name one of spec RSA_2048, RSA_3072, RSA_4096, ECC_NIST_EDWARDS25519 or HMAC_256")
    }
    guard usage == algorithm.usage else {
      throw Failure(
        .configuration, "the key is for \(usage), and its use cannot be changed", on: object,
        remedy: "name one that was made for \(algorithm.usage)")
    }
    guard algorithms.isEmpty || algorithms.contains(algorithm.rawValue) else {
      throw Failure(
        .configuration, "the key does not sign by \(algorithm.rawValue)\(Self.reason(algorithm))", on: object,
        remedy: "name one that does")
    }
    return algorithm
  }

  /// Why no other algorithm of the same key will do.
  private static func reason(_ algorithm: KMSAlgorithm) -> String {
    guard algorithm == .ed25519 else { return "" }
    return
      ": ED25519_PH_SHA_512 hashes the digest once more, and such a signature verifies by none of the chain's rules"
  }

  /// - Throws: where the key cannot be used now; the sentence says why.
  public func requireUsable(on object: String) throws(Failure) {
    let (status, problem, remedy): (ExitStatus, String, String)
    switch state {
    case "Enabled": return
    case "Disabled":
      (status, problem, remedy) = (.configuration, "the key is disabled", "enable it, or name another")
    case "PendingDeletion", "PendingReplicaDeletion":
      let time = deletion.map { " on \($0.day)" } ?? ""
      (status, problem) = (.configuration, "the key is to be deleted\(time)")
      remedy = "cancel the deletion and enable it, or name another"
    case "PendingImport":
      (status, problem) = (.configuration, "the key has no material: it waits for an import")
      remedy = "import its material, or name another"
    case "Unavailable":
      (status, problem) = (.unavailable, "the key's custom key store is not connected")
      remedy = "connect it, then run this again"
    case "Creating", "Updating":
      (status, problem, remedy) = (.unavailable, "the key is being made or changed", "run this again in a minute")
    default:
      (status, problem, remedy) = (.configuration, "the key's state is \(state)", "enable it, or name another")
    }
    throw Failure(status, problem, on: object, remedy: remedy)
  }
}
