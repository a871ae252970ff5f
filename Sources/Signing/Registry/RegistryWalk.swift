// SPDX-License-Identifier: Apache-2.0
public import AuditCore
public import Cryptography

/// Where a verifier's trust in a registry begins: a version at hand, or one that it knows by number and digest.
public struct RegistryPin: Equatable, Sendable {
  /// At least this version must be there.
  public let version: Int?
  public let digest: Digest?

  public init(version: Int?, digest: Digest?) {
    self.version = version
    self.digest = digest
  }

  /// Reads `N`, a digest in hex, or `N:digest`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, let last = parts.last else { return nil }
    digest = Digest(hex: last)
    let number = parts.count == 2 || digest == nil ? Int(parts[0]) : nil
    guard parts.count == 1 || (number != nil && digest != nil), number ?? 1 >= 1, number != nil || digest != nil
    else { return nil }
    version = number
  }
}

/// The way from a version that a verifier trusts to the newest one.
public struct RegistryWalk: Sendable {
  /// What an archive holds under a version's name, the oldest first.
  public enum Stored: Sendable {
    case version(RegistryVersion)
    case unreadable(String)
  }

  public struct Finding: Equatable, Sendable {
    public let version: Int
    public let reason: String
    /// Somebody who may write, but not sign, can have done it: to be reported, and to stop nobody.
    public let isJunk: Bool
  }

  /// From the one that is trusted by itself on.
  public private(set) var trusted: [RegistryVersion]
  public private(set) var findings: [Finding] = []

  public var newest: RegistryVersion { trusted[trusted.count - 1] }

  /// Walks forward as far as each version is approved by the one before.
  ///
  /// - Parameters:
  ///   - start: trusted by itself.
  ///   - stored: what the archive holds, by version.
  ///   - pin: a later version that must be on the way.
  ///   - now: what is from later than an hour behind it is not believed.
  public init(from start: RegistryVersion, _ stored: [Int: [Stored]], pin: RegistryPin? = nil, now: Timestamp = .now())
  {
    trusted = [start]
    checkStart(start, stored)
    while let next = step(stored, now) { trusted.append(next) }
    check(pin)
  }

  private static func readable(_ stored: [Stored]) -> [RegistryVersion] {
    stored.compactMap { if case .version(let version) = $0 { version } else { nil } }
  }

  /// Why what is there cannot be read.
  private static func fault(_ stored: [Stored]) -> String? {
    stored.lazy.compactMap { if case .unreadable(let reason) = $0 { reason } else { nil } }.first
  }

  private mutating func checkStart(_ start: RegistryVersion, _ stored: [Int: [Stored]]) {
    let number = start.registry.version
    if let fault = start.signatureFault(after: nil) { add(number, fault) }
    let newest = stored.keys.max() ?? 0
    if newest < number {
      return add(number, "rolled back: the archive's newest version is \(newest), and \(number) is known")
    }
    let found = Self.readable(stored[number] ?? [])
    let same = found.filter { $0.digest == start.digest }
    if same.isEmpty {
      return add(
        number,
        found.isEmpty
          ? "a gap: it is missing" + (Self.fault(stored[number] ?? []).map { ", or \($0)" } ?? "")
          : "a fork: the archive holds another version \(number)")
    }
    // Who pins the digest alone finds the version by its signatures.
    let faults = same.compactMap { $0.signatureFault(after: nil) }
    if findings.isEmpty, faults.count == same.count, let fault = faults.first {
      add(number, "of the archive's copy: \(fault)")
    }
  }

  /// The version behind the newest so far; nil where there is none that can be trusted.
  private mutating func step(_ stored: [Int: [Stored]], _ now: Timestamp) -> RegistryVersion? {
    let number = newest.registry.version + 1
    guard let found = stored[number], !found.isEmpty else {
      if let later = stored.keys.max(), later > number {
        let isOurs = stored.contains { $0.key > number && Self.readable($0.value).contains(where: isSigned) }
        add(number, "a gap: it is missing, and \(later) is there", isJunk: !isOurs)
      }
      return nil
    }
    var reason: String?
    var approved: [RegistryVersion] = []
    for version in Self.readable(found) {
      let fault =
        version.registry.createdAt > now.advanced(bySeconds: 3600)
        ? "it is from the future" : version.fault(after: newest)
      if let fault {
        reason = reason ?? fault
      } else if !approved.contains(where: { $0.digest == version.digest }) {
        approved.append(version)
      }
    }
    reason = reason ?? Self.fault(found)
    if approved.count > 1 { add(number, "a fork: \(approved.count) different versions \(number) are approved") }
    // Beside an approved version anything else is junk that somebody put there, and hides nothing.
    if let reason { add(number, reason, isJunk: true) }
    return approved.count == 1 ? approved[0] : nil
  }

  private mutating func check(_ pin: RegistryPin?) {
    guard let pin else { return }
    if let version = pin.version, newest.registry.version < version {
      add(version, "rolled back: the newest version that can be trusted is \(newest.registry.version)")
    }
    guard let digest = pin.digest else { return }
    guard let found = trusted.first(where: { $0.digest == digest }) else {
      return add(pin.version ?? newest.registry.version, "no trusted version has the pinned digest \(digest.hex)")
    }
    if let version = pin.version, found.registry.version != version {
      add(version, "the pinned digest is that of version \(found.registry.version)")
    }
  }

  /// Whether enough signers of the newest version have signed another one, wherever that belongs.
  private func isSigned(_ version: RegistryVersion) -> Bool {
    newest.registry.quorum.count(version.proof.signatures, over: version.digest, at: [version.registry.createdAt])
      .isReached
  }

  private mutating func add(_ version: Int, _ reason: String, isJunk: Bool = false) {
    findings.append(Finding(version: version, reason: reason, isJunk: isJunk))
  }
}
