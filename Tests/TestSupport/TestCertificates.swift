// SPDX-License-Identifier: Apache-2.0
internal import Foundation

/// Authorities and certificates of a test's own, made by the openssl(1) program, as PEM files.
public final class TestCertificates: Sendable {
  private let directory: TemporaryDirectory

  /// A certificate and its key.
  public struct Pair: Sendable {
    public let certificate: String
    public let key: String

    public init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }
  }

  public init() throws { directory = try TemporaryDirectory("certificates") }

  /// Makes an authority.
  public func authority(_ name: String) throws -> Pair {
    try make(name, ["-addext", "basicConstraints=critical,CA:TRUE", "-subj", "/CN=authority \(name)"])
  }

  /// Makes a certificate that `authority` signs.
  ///
  /// - Parameter names: what it is for, as `DNS:localhost` or `IP:127.0.0.1`.
  public func certificate(_ name: String, by authority: Pair, names: [String]) throws -> Pair {
    try make(
      name,
      [
        "-CA", authority.certificate, "-CAkey", authority.key, "-subj", "/CN=\(name)",
        "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=\(names.joined(separator: ","))",
      ])
  }

  /// Makes a certificate that `authority` signed, and that ended years ago.
  public func expired(_ name: String, by authority: Pair, names: [String]) throws -> Pair {
    let pair = Pair(certificate: directory("\(name).pem"), key: directory("\(name).key"))
    let settings = """
      [ca]
      default_ca = own
      [own]
      database = \(directory("index"))
      serial = \(directory("serial"))
      new_certs_dir = \(directory.path)
      policy = policy
      default_md = sha256
      copy_extensions = copy
      [policy]
      commonName = supplied

      """
    for (file, text) in [("index", ""), ("serial", "01\n"), ("ca.cnf", settings)] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: directory(file)))
    }
    try run(
      [
        "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-batch", "-subj",
        "/CN=\(name)",
        "-addext", "subjectAltName=\(names.joined(separator: ","))", "-out", directory("csr"), "-keyout", pair.key,
      ])
    try run(
      [
        "ca", "-config", directory("ca.cnf"), "-batch", "-notext", "-in", directory("csr"), "-out", pair.certificate,
        "-cert", authority.certificate, "-keyfile", authority.key, "-startdate", "20200101000000Z",
        "-enddate", "20200102000000Z",
      ])
    return pair
  }

  /// Copies a key, encrypted with a passphrase.
  public func encrypt(_ pair: Pair, passphrase: String) throws -> Pair {
    let key = pair.key + ".encrypted"
    try run(["pkey", "-in", pair.key, "-aes256", "-passout", "pass:\(passphrase)", "-out", key])
    return Pair(certificate: pair.certificate, key: key)
  }

  private func make(_ name: String, _ options: [String]) throws -> Pair {
    let pair = Pair(certificate: directory("\(name).pem"), key: directory("\(name).key"))
    try run(
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-batch",
        "-out", pair.certificate, "-keyout", pair.key,
      ] + options)
    return pair
  }

  private func run(_ arguments: [String]) throws {
    let output = try Command.run("openssl", arguments)
    guard output.status == 0 else { throw TestSupportError("openssl \(arguments[0]) failed: \(output.errorText)") }
  }
}
