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
    /// Two registries are approved, and nothing says which one its signers mean.
    public let isFork: Bool
  }

  /// From the one that is trusted by itself on.
  public private(set) var trusted: [RegistryVersion]
  /// Approved versions of the other branches of a fork that no pin has settled; what they revoke is in doubt.
  public private(set) var rivals: [RegistryVersion] = []
  public private(set) var findings: [Finding] = []

  public var newest: RegistryVersion { trusted[trusted.count - 1] }

  /// Walks forward as far as each version is approved by the one before.
  ///
  /// Of several approved versions of one number the oldest in the store counts, as of manifests: nothing that is put on
  /// top later can take its place.
  ///
  /// - Parameters:
  ///   - start: trusted by itself.
  ///   - stored: what the archive holds, by version.
  ///   - pin: a later version that must be on the way; it settles a fork.
  ///   - now: what is from later than an hour behind it is not believed.
  public init(from start: RegistryVersion, _ stored: [Int: [Stored]], pin: RegistryPin? = nil, now: Timestamp = .now())
  {
    trusted = [start]
    checkStart(start, stored)
    while let next = step(stored, pin, now) { trusted.append(next) }
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
    let there = Self.readable(stored[number] ?? [])
    if newest < number {
      return add(number, "rolled back: the archive's newest version is \(newest), and \(number) is known")
    }
    let same = there.filter { $0.digest == start.digest }
    if same.isEmpty {
      return add(
        number,
        there.isEmpty
          ? "a gap: it is missing" + (Self.fault(stored[number] ?? []).map { ", or \($0)" } ?? "")
          : "a fork: the archive holds another version \(number)", isFork: there.contains(where: isSigned))
    }
    // Who pins the digest alone finds the version by its signatures.
    let faults = same.compactMap { $0.signatureFault(after: nil) }
    if findings.isEmpty, faults.count == same.count, let fault = faults.first {
      add(number, "of the archive's copy: \(fault)")
    }
    if there.contains(where: { $0.digest != start.digest && isSigned($0) }) {
      // Whoever named the one to start from has chosen.
      add(number, "a fork: beside the version \(number) that this run starts from there is another one", isJunk: true)
    }
  }

  /// The version behind the newest so far; nil where there is none that can be trusted.
  private mutating func step(
    _ stored: [Int: [Stored]], _ pin: RegistryPin?, _ now: Timestamp
  ) -> RegistryVersion? {
    let number = newest.registry.version + 1
    guard let found = stored[number], !found.isEmpty else {
      if let later = stored.keys.max(), later > number {
        let isOurs = stored.contains { $0.key > number && Self.readable($0.value).contains(where: isSigned) }
        add(number, "a gap: it is missing, and \(later) is there", isJunk: !isOurs)
      }
      return nil
    }
    let (approved, fault) = Self.approved(found, after: newest, now)
    let choice = approved.count > 1 ? fork(approved, stored, pin, now) : 0
    // Beside an approved version anything else is junk that somebody put there, and hides nothing.
    if let reason = fault ?? Self.fault(found) { add(number, reason, isJunk: true) }
    return approved.isEmpty ? nil : approved[choice]
  }

  /// The approved ones of what is stored under one number, the oldest first, and what keeps the first other one from it.
  private static func approved(
    _ stored: [Stored], after previous: RegistryVersion, _ now: Timestamp
  ) -> (versions: [RegistryVersion], fault: String?) {
    var (approved, fault): ([RegistryVersion], String?) = ([], nil)
    for version in readable(stored) {
      let isLate = version.registry.createdAt > now.advanced(bySeconds: 3600)
      if let reason = isLate ? "it is from the future" : version.fault(after: previous) {
        fault = fault ?? reason
      } else if !approved.contains(where: { $0.digest == version.digest }) {
        approved.append(version)
      }
    }
    return (approved, fault)
  }

  /// Notes that several versions are approved.
  ///
  /// - Returns: which of them counts.
  private mutating func fork(
    _ approved: [RegistryVersion], _ stored: [Int: [Stored]], _ pin: RegistryPin?, _ now: Timestamp
  ) -> Int {
    let number = approved[0].registry.version
    let words = "a fork: \(approved.count) different versions \(number) are approved"
    let branches = approved.map { Self.branch($0, stored, now) }
    if let pinned = branches.firstIndex(where: { branch in branch.contains { $0.digest == pin?.digest } }) {
      add(number, words + ", and the pinned one counts", isJunk: true)
      return pinned
    }
    rivals += branches.dropFirst().joined()
    add(
      number, words + ", and nothing says which one counts: look at them, then pin the right one by AUDIT_SIGNERS_PIN",
      isFork: true)
    return 0
  }

  /// A version, and all that is approved behind it.
  private static func branch(
    _ start: RegistryVersion, _ stored: [Int: [Stored]], _ now: Timestamp
  ) -> [RegistryVersion] {
    var found = [start]
    var next = 0
    while next < found.count {
      found += approved(stored[found[next].registry.version + 1] ?? [], after: found[next], now).versions
      next += 1
    }
    return found
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

  private mutating func add(_ version: Int, _ reason: String, isJunk: Bool = false, isFork: Bool = false) {
    findings.append(Finding(version: version, reason: reason, isJunk: isJunk, isFork: isFork))
  }
}
