// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Cryptography
import Files
import Server
import Signing

extension Dev {
  struct SigningProxy: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "signing-proxy",
      abstract: "A mock of a signing proxy for development and CI; refuses to run in production.",
      discussion: """
        Prints its URL once it listens, and ends by SIGTERM. Signs with --key, else with AUDIT_SIGNING_KEY, else with an \
        Ed25519 key of its own that goes when it ends.

        POST /sign/hash {digest_hex}, /sign/canonical {canonical}, /verify {digest_hex, signature}; GET /health.

        Variables: SIGNING_PROXY_API_KEY (callers must send it), AUDIT_SIGNING_KEY, AUDIT_SIGNING_PRIVATE_KEY_PASSPHRASE, \
        NODE_ENV; secrets also as NAME_FILE.
        """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var listen: ListenOptions
    @Option(help: "PEM file of an RSA or Ed25519 key.") var key: String?
    @Option(help: "PEM file of the server's certificate, and what leads to its authority.") var tlsCert: String?
    @Option(help: "PEM file of the certificate's key.") var tlsKey: String?
    @Option(help: "PEM file of the authorities of clients' certificates, which callers need then.") var clientCa:
      String?
    @Option(help: "File to write the public key to, in PEM.") var publicKeyOut: String?

    func validate() throws {
      guard (tlsCert == nil) == (tlsKey == nil) else { throw ValidationError("--tls-cert and --tls-key go together") }
      guard clientCa == nil || tlsCert != nil else { throw ValidationError("--client-ca needs --tls-cert") }
    }

    func run() throws {
      let address = try listen.address(default: "127.0.0.1:8081")
      let environment = common.environment()
      guard try environment.value("NODE_ENV") != "production" else {
        throw Failure(
          .configuration, "this proxy keeps its key in memory and is for development alone", on: "NODE_ENV",
          remedy: "run a signing proxy that was built for production")
      }
      let signer = try signer(environment)
      if let publicKeyOut { try write(signer, to: publicKeyOut) }
      let tls = tlsCert.map { SigningProxyServer.TLS(certificate: $0, key: tlsKey ?? "", clientAuthorities: clientCa) }
      let server = SigningProxyServer(signer, apiKey: try environment.value("SIGNING_PROXY_API_KEY"), tls: tls)
      let console = Console(common)
      try blocking { () throws(Failure) in
        try await server.run(at: address, log: { console.note($0, $1) }) { url in
          Process.write(url + "\n", to: 1)
        }
      }
    }

    private func signer(_ environment: Environment) throws -> any Signer {
      if let key {
        return try SignerChoice.signer(
          .local(path: key), environment, registry: try KeyRegistry.load(environment), variable: "--key")
      }
      if let secret = try environment.value("AUDIT_SIGNING_KEY") {
        return LocalSigner(hmacKey: Array(secret.utf8), kid: "proxy-hmac", backend: "proxy")
      }
      return LocalSigner(privateKey: try PrivateKey.generateEd25519(), kid: nil)
    }

    private func write(_ signer: any Signer, to path: String) throws {
      guard let pem = signer.description.publicKey else {
        throw Failure(
          .configuration, "a shared secret has no public key", on: "--public-key-out",
          remedy: "give an RSA or Ed25519 key by --key")
      }
      do { try File.create(path).write(Array(pem.utf8)) } catch { throw Failure.file(error) }
    }
  }
}
