// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Signing

/// Who may approve a proposal, as far as the one who signs can know it without an archive.
struct SigningRoster {
  /// What gives the signers' keys their ids.
  private let names: KeyRegistry?
  /// Versions of the registry whose multisig has a say; none where `AUDIT_SIGNERS_FILE` names no signed version.
  private let versions: [SignerRegistry]

  init(_ proposal: Proposal, _ names: KeyRegistry?, _ environment: Environment) throws {
    self.names = names
    let pinned = try RegistryAtHand(environment)?.file?.pinned?.registry
    if case .registry(let next) = proposal {
      versions = [pinned, next].compactMap { $0 }
    } else {
      versions = [pinned].compactMap { $0 }
    }
  }

  /// The id that a signer approves by.
  ///
  /// - Throws: status `refused` where the approval would be nobody's: it is better known now than when they are counted.
  func kid(of signer: any Signer, asked: String?) throws(Failure) -> String? {
    let registries = [names].compactMap { $0 } + versions.map(\.keys)
    let listed = registries.lazy.compactMap { self.listed(signer, in: $0) }.first
    if let asked, let listed, asked != listed {
      throw refusal("this is the key of \"\(listed)\", not of \"\(asked)\"", on: "--kid", "leave --kid out")
    }
    guard !versions.isEmpty else { return asked ?? listed }
    guard let listed else {
      throw refusal(
        "the registry does not list this key", on: "--signer",
        "sign with a key of the multisig, or have AUDIT_SIGNERS_FILE name the newest version")
    }
    let mayApprove = versions.contains { version in
      version.policy.signers.contains(listed) && self.listed(signer, in: version.keys) == listed
    }
    guard mayApprove else {
      throw refusal(
        "\"\(listed)\" is no signer of the multisig", on: "--signer",
        "sign with a key of the multisig, or have AUDIT_SIGNERS_FILE name the newest version")
    }
    return listed
  }

  private func listed(_ signer: any Signer, in registry: KeyRegistry) -> String? {
    registry.standing(of: signer.description) == nil ? nil : registry.kid(of: signer.description)
  }

  private func refusal(_ problem: String, on object: String, _ remedy: String) -> Failure {
    Failure(.refused, problem, on: object, remedy: remedy + "; nothing was signed")
  }
}
