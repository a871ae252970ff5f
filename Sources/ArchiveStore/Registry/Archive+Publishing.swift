// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
public import Signing

extension Archive {
  /// Stores the registry's next version; from then on verifiers go by it.
  ///
  /// Nothing goes on top of an approved version: that would be a fork, and under lock for good.
  ///
  /// - Parameter previous: the version that it follows; nil for the first.
  /// - Returns: the version as it is stored, by the signatures that came first.
  /// - Throws: status `tryLater` where another version has come first.
  @discardableResult
  public func publish(
    _ version: RegistryVersion, after previous: RegistryVersion?, retention: Manifest.Retention
  ) throws -> RegistryVersion {
    let key = Self.signersKey(version.registry.version)
    if let fault = previous.map({ version.fault(after: $0) }) ?? version.signatureFault(after: nil) {
      throw Failure(
        .integrity, "verifiers would refuse this version: \(fault)", on: name(key),
        remedy: "propose another one; nothing was written")
    }
    if let known = try approved(version, after: previous) {
      try secure(known.document, at: key, retention: retention)
      return known
    }
    // The store itself refuses where something is there by now; only what no signers have approved is covered up.
    if try !put(version.document.bytes, at: key, retention: retention), try approved(version, after: previous) == nil {
      try cover(key, by: version.document, retention)
    }
    guard let stored = try approved(version, after: previous) else {
      throw Failure(
        .tryLater, "version \(version.registry.version) is not there as it was written", on: name(key),
        remedy: "look at what is there: memoryctl keys list")
    }
    return stored
  }

  /// A version as the archive holds it, where it is the one that counts of its number.
  ///
  /// - Returns: nil where no version of this number is approved.
  /// - Throws: status `tryLater` where another one counts; an ``ArchiveFinding`` where another one is approved beside it.
  private func approved(_ version: RegistryVersion, after previous: RegistryVersion?) throws -> RegistryVersion? {
    let number = version.registry.version
    let approved = (try storedRegistries()[number] ?? []).compactMap { stored -> RegistryVersion? in
      guard case .version(let other) = stored else { return nil }
      return (previous.map { other.fault(after: $0) } ?? other.signatureFault(after: nil)) == nil ? other : nil
    }
    guard let oldest = approved.first else { return nil }
    guard oldest.digest == version.digest else {
      throw Failure(
        .tryLater, "another version \(number) has been published", on: name(Self.signersKey(number)),
        remedy: "make the change on top of that one")
    }
    if approved.contains(where: { $0.digest != oldest.digest }) {
      throw ArchiveFinding(name(Self.signersKey(number)), "a fork: another version \(number) is approved, too")
    }
    return oldest
  }
}
