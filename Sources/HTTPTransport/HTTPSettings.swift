// SPDX-License-Identifier: Apache-2.0

/// How a client connects. Servers' certificates are always verified: there is no setting for it.
public struct HTTPSettings: Sendable {
  /// The least speed that is put up with.
  public struct Stall: Sendable, Equatable {
    /// Bytes a second, both ways together, at least 1.
    public var bytesPerSecond: Int
    /// How long it may be slower than that, in whole seconds, at least 1. A server that thinks about its answer moves
    /// nothing: this bounds that as well.
    public var seconds: Int

    public init(bytesPerSecond: Int, seconds: Int) {
      self.bytesPerSecond = bytesPerSecond
      self.seconds = seconds
    }
  }

  public enum Proxy: Sendable, Equatable {
    /// As `https_proxy`, `HTTPS_PROXY`, `http_proxy`, `all_proxy`, `ALL_PROXY`, `no_proxy` and `NO_PROXY` say, by
    /// libcurl's rules: `HTTP_PROXY` in capitals is not read, for a CGI program's client could set it.
    case environment
    /// Never one, as for addresses of the machine's own.
    case none
    /// Always this one; it may hold user and password.
    case url(String)
  }

  /// Seconds for name, connection and TLS together.
  public var connectTimeout: Double
  /// Seconds for a whole exchange; nil for no bound, as large bodies need.
  public var totalTimeout: Double?
  public var stall: Stall?
  /// The authorities that are trusted instead of the machine's: a file in PEM, or its text.
  public var caBundle: String?
  /// Our certificate and those between it and its authority: a file in PEM, or its text.
  public var clientCertificate: String?
  /// The key of ``clientCertificate``, a file in PEM or its text; nil where it is beside the certificate.
  public var clientKey: String?
  /// What the key is encrypted with.
  public var clientKeyPassphrase: String?
  public var proxy: Proxy
  public var userAgent: String
  /// Bodies of at least so many bytes wait up to a second for the server's `100 Continue`, so that one that will be
  /// refused is not sent at all.
  public var expectContinueBytes: Int

  public init(
    connectTimeout: Double = 10, totalTimeout: Double? = nil,
    stall: Stall? = Stall(bytesPerSecond: 1024, seconds: 60), caBundle: String? = nil,
    clientCertificate: String? = nil, clientKey: String? = nil, clientKeyPassphrase: String? = nil,
    proxy: Proxy = .environment, userAgent: String = "memoryctl", expectContinueBytes: Int = 1 << 20
  ) {
    self.connectTimeout = connectTimeout
    self.totalTimeout = totalTimeout
    self.stall = stall
    self.caBundle = caBundle
    self.clientCertificate = clientCertificate
    self.clientKey = clientKey
    self.clientKeyPassphrase = clientKeyPassphrase
    self.proxy = proxy
    self.userAgent = userAgent
    self.expectContinueBytes = expectContinueBytes
  }
}
