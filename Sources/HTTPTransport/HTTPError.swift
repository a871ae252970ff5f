// SPDX-License-Identifier: Apache-2.0

/// Why an exchange gave no whole response.
///
/// A status such as 503 is a response, not an error. The text names the server and what happened; it never has the
/// request's headers, its path or its query in it, nor a proxy's password.
public struct HTTPError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// The URL is not one that can be asked; nothing was sent.
    case badURL
    /// The method or a header is none, such as one with a line break; nothing was sent.
    case badRequest
    /// The CA bundle, the client's certificate or its key cannot be used.
    case badCertificateFile
    /// The file that is to be sent cannot be read, or is shorter than was said.
    case bodyUnreadable
    /// The server's name has no address.
    case resolve
    /// No connection came about.
    case connect
    /// The proxy cannot be reached, or refuses to pass us on.
    case proxy
    /// The server is not who it must be, does not accept who we are, or speaks no TLS that is good enough.
    case tls
    /// Connecting, or the whole exchange, took longer than was allowed.
    case timeout
    /// Too little moved for too long.
    case stalled
    /// The connection broke while the request was being sent.
    case sendFailed
    /// The connection broke before the response was whole.
    case receiveFailed
    /// The response ended before its announced length.
    case truncated
    /// What came is no HTTP/1.1 response.
    case invalidResponse
    /// The response's head or body has more bytes than are allowed.
    case tooLarge
    /// ``HTTPClient/cancelAll()`` was called.
    case cancelled
    /// libcurl cannot work: out of memory, or built without something we need.
    case system
  }

  public let kind: Kind
  /// One line, without secrets.
  public let message: String
  /// Whether any byte of the request may have reached the server, which may then have acted on it.
  public let wasSent: Bool

  public init(_ kind: Kind, _ message: String, wasSent: Bool) {
    self.kind = kind
    self.message = message
    self.wasSent = wasSent
  }

  public var description: String { message }
}
