// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Signing

/// What an archive holds of the signer registry, for a verifier who trusts one version of it.
public struct FoundRegistry: Sendable {
  public let registry: TrustedRegistry
  /// All that is wrong.
  public let findings: [ArchiveFinding]
  /// Of that what nobody can have done who may only write.
  public let doubts: [ArchiveFinding]
  /// Of that what leaves open which of two registries is meant.
  public let forks: [ArchiveFinding]
}

extension Archive {
  public static func signersKey(_ version: Int) -> String { "signers/\(version).json" }

  /// The registry's versions that the archive holds, sound or not.
  public func storedRegistries() throws -> [Int: [RegistryWalk.Stored]] { try signerObjects().versions }

  /// What lies in the registry's folder, what is not called like a version by its name.
  private func signerObjects() throws -> (versions: [Int: [RegistryWalk.Stored]], odd: [String]) {
    var (versions, odd): ([Int: [RegistryWalk.Stored]], [String]) = ([:], [])
    for (name, document) in try documents("signers", .registry) {
      if let number = Self.version(name) {
        versions[number, default: []].append(Self.stored(document, number))
      } else if !odd.contains(name) {
        odd.append(name)
      }
    }
    return (versions, odd)
  }

  /// `7` of `7.json`; nil for what is not called like a version.
  private static func version(_ name: String) -> Int? {
    guard name.hasSuffix(".json"), let number = Int(name.dropLast(5)), number >= 1, "\(number).json" == name else {
      return nil
    }
    return number
  }

  private static func stored(_ document: Result<SignedDocument, DocumentError>, _ number: Int) -> RegistryWalk.Stored {
    do throws(DocumentError) {
      let document = try document.get()
      let registry = try SignerRegistry(json: document.content)
      guard registry.version == number else { throw DocumentError("it is version \(registry.version)") }
      return .version(RegistryVersion(registry, proof: document.proof))
    } catch { return .unreadable(error.reason) }
  }

  /// Walks from what a verifier trusts to the newest version.
  ///
  /// - Parameters:
  ///   - file: what `AUDIT_SIGNERS_FILE` holds.
  ///   - pin: what `AUDIT_SIGNERS_PIN` says.
  /// - Returns: nil where nothing is pinned.
  /// - Throws: a ``Failure`` where the pinned version is not there.
  public func trustedRegistry(
    _ file: SignersFile?, pin: RegistryPin?, now: Timestamp = .now()
  ) throws -> FoundRegistry? {
    guard file?.pinned != nil || pin?.digest != nil else { return nil }
    let (stored, odd) = try signerObjects()
    let start = try file?.pinned ?? pinned(pin, stored)
    let walk = RegistryWalk(from: start, stored, pin: pin, now: now)
    guard walk.newest.registry.stream == stream else {
      throw Failure(
        .configuration, "this is the registry of the stream \"\(walk.newest.registry.stream)\"",
        on: "AUDIT_SIGNERS_FILE", remedy: "give the registry of \"\(stream)\"")
    }
    let finding = { (found: RegistryWalk.Finding) in
      ArchiveFinding(name(Self.signersKey(found.version)), found.reason)
    }
    var findings = walk.findings.map(finding)
    findings += odd.map { ArchiveFinding(name("signers/\($0)"), "it is called like no version of the registry") }
    let doubts = walk.findings.filter { !$0.isJunk }.map(finding)
    let emergencies = try emergencies(beside: walk.newest.registry, now, &findings)
    do throws(DocumentError) {
      return FoundRegistry(
        registry: try TrustedRegistry(walk, emergencies: emergencies, candidates: file?.candidates ?? []),
        findings: findings, doubts: doubts, forks: walk.findings.filter(\.isFork).map(finding))
    } catch { throw ArchiveFinding(name("revocations"), error.reason) }
  }

  private func pinned(_ pin: RegistryPin?, _ stored: [Int: [RegistryWalk.Stored]]) throws -> RegistryVersion {
    for case .version(let version) in stored.values.joined() where version.digest == pin?.digest {
      // Of several copies the one that its own signers have signed.
      if version.signatureFault(after: nil) == nil { return version }
    }
    throw Failure(
      .integrity, "the archive holds no version of the signer registry with the pinned digest", on: name("signers"),
      remedy: "check AUDIT_SIGNERS_PIN and --archive; if both are right, somebody withholds the registry")
  }

  private func emergencies(
    beside registry: SignerRegistry, _ now: Timestamp, _ findings: inout [ArchiveFinding]
  ) throws -> [EmergencyRevocation] {
    var found: [EmergencyRevocation] = []
    for (name, document) in try documents("revocations", .revocation) {
      do throws(DocumentError) {
        let document = try document.get()
        let revocation = try EmergencyRevocation(json: document.content)
        // What has been decided is decided, whatever became of who asked for it.
        if found.contains(revocation) || registry.settles(revocation) { continue }
        if let fault = revocation.fault(document.proof, beside: registry, now: now) { throw DocumentError(fault) }
        found.append(revocation)
      } catch { findings.append(ArchiveFinding(self.name("revocations/\(name)"), error.reason)) }
    }
    return found
  }
}
