// SPDX-License-Identifier: Apache-2.0
public import AWS
public import AuditCore
internal import HTTPTransport

/// Where a signing proxy is, and how we prove to it who we are.
public struct SigningProxySettings: Sendable {
  /// Whatever path it has goes before the proxy's own.
  public let endpoint: Endpoint
  /// What named it, for errors.
  public let variable: String
  public var apiKey: Secret?
  /// PEM texts, or paths of PEM files.
  public var clientCertificate: String?
  public var clientKey: Secret?
  /// The authorities that the proxy's certificate is checked by, in place of the machine's.
  public var authorities: String?

  /// Seconds for name, connection and TLS.
  public static let connectTimeout = 5.0
  /// Seconds that an attempt takes at most, unless told otherwise.
  public static let defaultTimeout = 10.0
  public static let maxAttempts = 3
  public var timeout = SigningProxySettings.defaultTimeout

  /// - Parameters:
  ///   - url: http is spoken only where it says so.
  ///   - variable: where the URL was written.
  public init(_ url: String, from variable: String, _ environment: Environment) throws(Failure) {
    endpoint = try Endpoint(url, from: variable)
    self.variable = variable
    apiKey = try environment.value("SIGNING_PROXY_API_KEY").map(Secret.init)
    clientCertificate = try Self.pem("SIGNING_PROXY_CLIENT_CERT", environment)
    clientKey = try Self.pem("SIGNING_PROXY_CLIENT_KEY", environment).map(Secret.init)
    authorities = try Self.pem("SIGNING_PROXY_CA", environment)
    // It becomes a header.
    guard apiKey?.text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) ?? true else {
      throw Failure(
        .configuration, "this is no API key: it has white space, or what is not ASCII", on: "SIGNING_PROXY_API_KEY",
        remedy: "correct it")
    }
    guard clientKey == nil || clientCertificate != nil else {
      throw Failure(
        .configuration, "there is a key, and no certificate", on: "SIGNING_PROXY_CLIENT_KEY",
        remedy: "set SIGNING_PROXY_CLIENT_CERT, too")
    }
    guard endpoint.scheme == "https" || clientCertificate == nil else {
      throw Failure(
        .configuration, "a client certificate is of no use over http", on: variable, remedy: "write https://")
    }
  }

  /// A PEM text, or the path of a file: libcurl's words would repeat what is neither, which may be a key.
  private static func pem(_ variable: String, _ environment: Environment) throws(Failure) -> String? {
    guard let value = try environment.value(variable) else { return nil }
    if value.contains("-----BEGIN") { return value.replacing("\\n", with: "\n") }
    guard readSmallFile(value) != nil else {
      throw Failure(
        .configuration, "this is neither a PEM text nor the path of a file that can be read", on: variable,
        remedy: "give one of them")
    }
    return value
  }

  /// How connections to it are made.
  var http: HTTPSettings {
    HTTPSettings(
      connectTimeout: min(Self.connectTimeout, timeout), totalTimeout: timeout, stall: nil, caBundle: authorities,
      clientCertificate: clientCertificate, clientKey: clientKey?.text, userAgent: "memoryctl/\(Tool.version)")
  }

  /// What an operator should know about the connection in production; nil where it is as it should be.
  var warning: String? {
    if endpoint.scheme == "http" { return "the connection to the signing proxy is not encrypted: write https://" }
    guard apiKey == nil, clientCertificate == nil else { return nil }
    return "nothing tells the signing proxy who asks: set SIGNING_PROXY_API_KEY or SIGNING_PROXY_CLIENT_CERT"
  }
}
