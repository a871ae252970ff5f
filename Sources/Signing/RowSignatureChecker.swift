// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// Which rows' signatures are checked.
public enum SignaturePolicy: Equatable, Sendable, CustomStringConvertible {
  case all
  /// One row in `n`, chosen by the row's own hash.
  case sample(Int)
  case none

  /// Reads `all`, `sample:N` or `none`.
  public init?(_ text: String) {
    if text == "all" {
      self = .all
    } else if text == "none" {
      self = .none
    } else {
      guard text.hasPrefix("sample:"), let n = Int(text.dropFirst(7)), (1...1_000_000_000).contains(n) else {
        return nil
      }
      self = .sample(n)
    }
  }

  public var description: String {
    switch self {
    case .all: "all"
    case .sample(let n): "sample:\(n)"
    case .none: "none"
    }
  }
}

/// What a look at a row's signature found.
public enum SignatureVerdict: UInt8, Sendable {
  case valid, unsigned, invalid, unverifiable
  /// Made by a key that was revoked from before the row's time on.
  case untrusted
  /// Made by the key that a report after a theft is about, at or after that time.
  case suspect
  /// The policy left this row out.
  case skipped
  /// Only a service can tell; ``RowSignatureChecker/settle()`` asks it.
  case deferred
}

/// Checks rows' signatures on one thread; where a service keeps the key, it is asked about several of them at once.
public struct RowSignatureChecker {
  private let keys: [VerificationKey]
  /// Keys that services keep.
  private let kept: [VerificationKey]
  /// Keys at hand that sign something else than events, or do not count yet: a row that names one of them is not signed by any other.
  private let otherKids: [String]
  private let policy: SignaturePolicy
  private let suspect: SuspectKey?
  private let suspectVerifier: SignatureVerifier?
  /// Places among the keys of those that were revoked.
  private let revoked: [Int]
  /// Of the keys, where they are public ones.
  private let verifiers: [SignatureVerifier?]
  /// The key that verified the last row most likely verifies the next.
  private var lastKey = 0
  private var decoded: [UInt8] = Array(repeating: 0, count: KeyKind.longestSignature)
  private var deferred: [DeferredSignature] = []

  public init(_ ring: KeyRing, _ policy: SignaturePolicy) {
    let isForEvents = { (key: VerificationKey) in key.uses.contains(.events) && key.standing != .candidate }
    keys = ring.keys.filter { isForEvents($0) && $0.keeper == nil }
    verifiers = keys.map { $0.publicKey?.makeVerifier() }
    revoked = keys.indices.filter { [keys] in keys[$0].standing != .active }
    kept = ring.keys.filter { isForEvents($0) && $0.keeper != nil }
    otherKids = ring.keys.filter { !isForEvents($0) }.map(\.kid)
    self.policy = policy
    suspect = ring.suspect
    suspectVerifier = ring.suspect?.key.publicKey?.makeVerifier()
  }

  /// - Parameters:
  ///   - signature: base64 text; nil for NULL.
  ///   - digest: the row's stored hash.
  ///   - signerID: the key's id where the row names it.
  @safe
  public mutating func check(
    _ signature: UnsafeRawBufferPointer?, over digest: Digest, createdAt: Timestamp,
    signerID: UnsafeRawBufferPointer?
  ) -> SignatureVerdict {
    let verdict = unsafe look(signature, digest, createdAt, signerID)
    if let suspect, let signature = unsafe signature, [.invalid, .unverifiable, .deferred].contains(verdict),
      isSuspect(suspect, signature, digest, createdAt)
    {
      if verdict == .deferred { deferred.removeLast() }
      return .suspect
    }
    guard verdict == .invalid, !revoked.isEmpty, let signature = unsafe signature,
      let length = unsafe Base64.decodedLength(signature), Self.isSignatureLength(length)
    else { return verdict }
    return revoked.contains { isUntrusted($0, length, digest, createdAt) } ? .untrusted : verdict
  }

  private mutating func look(
    _ signature: UnsafeRawBufferPointer?, _ digest: Digest, _ createdAt: Timestamp, _ signerID: UnsafeRawBufferPointer?
  ) -> SignatureVerdict {
    guard let signature = unsafe signature else { return .unsigned }
    switch policy {
    case .all: break
    case .none: return .skipped
    case .sample(let n): if digest.words.0 % UInt64(n) != 0 { return .skipped }
    }
    guard let length = unsafe Base64.decodedLength(signature), Self.isSignatureLength(length) else {
      return .invalid
    }
    let isCanonical = unsafe decoded.withUnsafeMutableBytes {
      unsafe Base64.decode(signature, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<length]))
    }
    guard isCanonical else { return .invalid }
    if let signerID = unsafe signerID {
      if let named = keys.firstIndex(where: { unsafe signerID.elementsEqual($0.kid.utf8) }) {
        if isValid(named, length, digest, createdAt) { return .valid }
        // A service may keep another secret under the same id.
        guard let other = kept.firstIndex(where: { unsafe signerID.elementsEqual($0.kid.utf8) }) else {
          return .invalid
        }
        return `defer`(to: kept[other...other], length, digest, createdAt) ?? .invalid
      }
      if otherKids.contains(where: { unsafe signerID.elementsEqual($0.utf8) }) { return .invalid }
      if let named = kept.firstIndex(where: { unsafe signerID.elementsEqual($0.kid.utf8) }) {
        return `defer`(to: kept[named...named], length, digest, createdAt) ?? .invalid
      }
    }
    let verdict = checkFittingKeys(length, digest, createdAt)
    if verdict == .valid || kept.isEmpty { return verdict }
    return `defer`(to: kept[...], length, digest, createdAt) ?? verdict
  }

  /// Asks the services about the signatures that ``check(_:over:createdAt:signerID:)`` deferred.
  ///
  /// - Returns: their verdicts, in the order of those calls.
  /// - Throws: ``Failure`` where a service does not answer: then nobody has looked.
  public mutating func settle() throws -> [SignatureVerdict] {
    guard !deferred.isEmpty else { return [] }
    defer { deferred.removeAll() }
    return try DeferredSignature.verdicts(deferred)
  }

  /// - Returns: nil where none of the keys fits.
  private mutating func `defer`(
    to keys: ArraySlice<VerificationKey>, _ length: Int, _ digest: Digest, _ createdAt: Timestamp
  ) -> SignatureVerdict? {
    let fitting = keys.filter { $0.signatureLength == length }
    guard !fitting.isEmpty else { return nil }
    let keepers = fitting.filter { $0.counts(at: createdAt) }.compactMap(\.keeper)
    guard !keepers.isEmpty else { return .invalid }
    deferred.append(DeferredSignature(signature: Array(decoded[..<length]), digest: digest, keepers: keepers))
    return .deferred
  }

  /// Whether any algorithm makes signatures of this many bytes; another length is no signature, whoever's key it is.
  private static func isSignatureLength(_ length: Int) -> Bool {
    length == 32 || length == 64 || (256...KeyKind.longestSignature).contains(length)
  }

  private mutating func checkFittingKeys(_ length: Int, _ digest: Digest, _ createdAt: Timestamp) -> SignatureVerdict {
    if lastKey < keys.count, isValid(lastKey, length, digest, createdAt) { return .valid }
    var hasFittingKey = false
    for index in keys.indices where keys[index].signatureLength == length {
      hasFittingKey = true
      if index != lastKey, isValid(index, length, digest, createdAt) {
        lastKey = index
        return .valid
      }
    }
    return hasFittingKey ? .invalid : .unverifiable
  }

  private func isValid(_ index: Int, _ length: Int, _ digest: Digest, _ createdAt: Timestamp) -> Bool {
    let key = keys[index]
    guard key.signatureLength == length, key.counts(at: createdAt) else { return false }
    return verifies(index, length, digest)
  }

  /// Whether a revoked key made the signature that was decoded last.
  private func isUntrusted(_ index: Int, _ length: Int, _ digest: Digest, _ createdAt: Timestamp) -> Bool {
    keys[index].signatureLength == length && keys[index].isUntrusted(at: createdAt) && verifies(index, length, digest)
  }

  /// Whether the key in question made a signature, whatever it may sign, and by whatever id the row names it.
  @safe
  private func isSuspect(
    _ suspect: SuspectKey, _ signature: UnsafeRawBufferPointer, _ digest: Digest, _ createdAt: Timestamp
  ) -> Bool {
    guard suspect.mayHaveSigned(at: createdAt), let length = unsafe Base64.decodedLength(signature),
      length == suspect.key.signatureLength
    else { return false }
    return verifies(suspect.key, suspectVerifier, length, digest)
  }

  private func verifies(_ index: Int, _ length: Int, _ digest: Digest) -> Bool {
    verifies(keys[index], verifiers[index], length, digest)
  }

  private func verifies(
    _ key: VerificationKey, _ verifier: SignatureVerifier?, _ length: Int, _ digest: Digest
  ) -> Bool {
    return unsafe decoded.withUnsafeBytes {
      let signature = unsafe UnsafeRawBufferPointer(rebasing: $0[..<length])
      if let verifier { return unsafe verifier.isValid(signature, over: digest) }
      return key.isValid(signature, over: digest)
    }
  }
}
