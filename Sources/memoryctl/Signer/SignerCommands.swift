// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuditCore
import Signing

struct SignerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "signer", abstract: "Look whether signing works.", subcommands: [Check.self, Test.self])

  fileprivate static let variables = """
    Variables: AUDIT_MANIFEST_SIGNER, AUDIT_SIGNING_KMS_KEY_ID, AUDIT_SIGNING_ALG, SIGNING_PROXY_URL, \
    SIGNING_PROXY_API_KEY, SIGNING_PROXY_CLIENT_CERT, SIGNING_PROXY_CLIENT_KEY, SIGNING_PROXY_CA, \
    MOCK_AUDIT_SIGNING_KEY, AUDIT_SIGNING_KEY, AUDIT_SIGNING_PRIVATE_KEY, AUDIT_SIGNERS_FILE, AUDIT_SIGNERS_PIN, \
    REQUIRE_KMS, NODE_ENV, and those of AWS; secrets also as NAME_FILE. With AUDIT_ARCHIVE_URL the newest registry of \
    the archive says whether a signer's key counts; an archive that cannot be reached is a warning.

    Exit status: 69 one cannot be reached, 77 one refuses us, 78 none is configured, one is not as it must be, or the \
    registry does not let its key sign, \
    65 one gives signatures that do not verify.
    """
}

extension SignerCommand {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Probe every configured signer.", discussion: SignerCommand.variables)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions

    func run() throws { try SignerReport(common, archive) { $0.probe() }.finish() }
  }

  struct Test: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sign and verify a training payload with every configured signer.", discussion: SignerCommand.variables)

    @OptionGroup var common: CommonOptions
    @OptionGroup var archive: ArchiveOptions

    func run() throws { try SignerReport(common, archive) { try $0.selfTest() }.finish() }
  }
}
