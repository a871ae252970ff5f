// SPDX-License-Identifier: Apache-2.0

/// One header field of a request or a response.
public struct HTTPHeader: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// What is asked of a server.
///
/// Sent as it stands: nothing is normalised, encoded or followed, and no header is added but `Host`, `User-Agent`,
/// `Content-Length` and, before large bodies, `Expect`, each of them unless `headers` has it.
public struct HTTPRequest: Sendable {
  public enum Body: Sendable {
    case none
    case bytes([UInt8])
    /// The first `bytes` bytes of a file, read as they are sent; the whole is never in memory. The file must not change
    /// meanwhile, and a shorter one fails the request.
    case file(path: String, bytes: Int)

    /// Bytes of the body.
    public var count: Int {
      switch self {
      case .none: 0
      case .bytes(let bytes): bytes.count
      case .file(_, let bytes): bytes
      }
    }
  }

  public var method: String
  /// `http://` or `https://`, percent-encoded already, without user, password and fragment.
  public var url: String
  public var headers: [HTTPHeader]
  public var body: Body
  /// Seconds that the whole exchange may take; nil leaves it to ``HTTPSettings/totalTimeout``.
  public var timeout: Double?
  /// Whether it may reach the server twice. Where not, no kept connection is used: on one that turns out dead, libcurl
  /// would send the request again by itself.
  public var isRepeatable = true
  /// Hears how many bytes of the body have been handed to the connection, on the calling thread; fewer again where they are
  /// sent once more.
  public var onSent: (@Sendable (Int) -> Void)?

  public init(
    method: String, url: String, headers: [HTTPHeader] = [], body: Body = .none, timeout: Double? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
  }
}
