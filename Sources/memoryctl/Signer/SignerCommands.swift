// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Signing

struct SignerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signer", abstract: "Look whether signing works.", subcommands: [Check.self, Test.self])
}

/// The signers of a run, each with what it is for.
private func configuredSigners(_ environment: Environment) throws -> [(use: String, signer: any Signer)] {
  let registry = try KeyRegistry.load(environment)
  var signers: [(use: String, signer: any Signer)] = []
  if let events = try SignerChoice.events(environment, registry: registry) { signers.append(("events", events)) }
  if try environment.value("AUDIT_MANIFEST_SIGNER") != nil || !signers.isEmpty {
    signers.append(("manifests", try SignerChoice.manifests(environment, registry: registry)))
  }
  guard !signers.isEmpty else {
    throw Failure(
      .configuration, "no signer is configured", remedy: "set AUDIT_MANIFEST_SIGNER or AUDIT_SIGNING_PRIVATE_KEY")
  }
  return signers
}

extension SignerCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Probe every configured signer.",
      discussion: "Exit status: 69 one cannot be used, 78 none is configured.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      try report(try configuredSigners(common.environment()).map { ($0.use, $0.signer, $0.signer.probe()) }, common)
    }
  }

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sign and verify a training payload with every configured signer.",
      discussion: "Exit status: 69 one cannot be used, 78 none is configured.")

    @OptionGroup var common: CommonOptions

    func run() throws {
      try report(
        try configuredSigners(common.environment()).map { ($0.use, $0.signer, try $0.signer.selfTest()) }, common)
    }
  }
}

private func report(
  _ results: [(use: String, signer: any Signer, health: SignerHealth)], _ common: CommonOptions
) throws {
  let json = JSONValue.array(
    results.map { result in
      .object([
        "use": .string(result.use), "backend": .string(result.signer.description.backend),
        "kid": .string(result.signer.description.kid),
        "algorithm": .string(result.signer.description.algorithm.rawValue),
        "ok": .bool(result.health.isReachable), "detail": .string(result.health.detail),
      ])
    })
  let text = results.map { result in
    let description = result.signer.description
    return "\(result.use): \(result.health.isReachable ? "ok" : "FAILED")  \(description.backend) \(description.kid) "
      + "(\(description.algorithm.rawValue)): \(result.health.detail)"
  }
  try Console(common).finish(
    .object(["signers": json]), text.joined(separator: "\n"),
    status: results.allSatisfy(\.health.isReachable) ? .success : .unavailable)
}
