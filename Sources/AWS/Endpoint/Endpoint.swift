// SPDX-License-Identifier: Apache-2.0
public import AuditCore

/// Where a service is reached.
public struct Endpoint: Sendable, Equatable {
  /// `https`, or `http` where the user wrote that.
  public let scheme: String
  /// In lower case; an IPv6 address in brackets.
  public let host: String
  public let port: Int?
  /// What goes before every path: empty, or from a slash to no slash.
  public let path: String

  init(https host: String) { (scheme, self.host, port, path) = ("https", host, nil, "") }

  private init(scheme: String, host: String, port: Int?, path: String) {
    (self.scheme, self.host, self.port, self.path) = (scheme, host, port, path)
  }

  /// Reads a URL that a user wrote.
  ///
  /// - Parameter variable: where it was written, for the error, which does not show the URL: it may hold a password.
  public init(_ text: String, from variable: String) throws(Failure) {
    let failure = Failure(
      .configuration, "this is no URL of a service", on: variable,
      remedy: "write https://host, https://host:port, or http:// where the connection shall not be encrypted")
    guard let colon = text.range(of: "://") else { throw failure }
    let scheme = text[..<colon.lowerBound].lowercased()
    let rest = text[colon.upperBound...]
    let end = rest.firstIndex(of: "/") ?? rest.endIndex
    guard scheme == "https" || scheme == "http", let (host, port) = Self.authority(rest[..<end]) else { throw failure }
    var path = rest[end...]
    while path.hasSuffix("/") { path = path.dropLast() }
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !path.contains("?"), !path.contains("#") else {
      throw failure
    }
    self.init(scheme: scheme, host: host, port: port, path: String(path))
  }

  private static func authority(_ text: Substring) -> (String, Int?)? {
    let bracket = text.lastIndex(of: "]")
    let colon = text.lastIndex(of: ":").flatMap { bracket == nil || $0 > bracket! ? $0 : nil }
    let host = text[..<(colon ?? text.endIndex)].lowercased()
    let isAddress = host.hasPrefix("[") && host.hasSuffix("]")
    let isName = host.utf8.allSatisfy { isHostByte($0) || (isAddress && [0x3a, 0x5b, 0x5d].contains($0)) }
    guard !host.isEmpty, isName else { return nil }
    guard let colon else { return (host, nil) }
    guard let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port) else { return nil }
    return (host, port)
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x61...0x7a, 0x30...0x39, 0x2d, 0x2e, 0x5f: true
    default: false
    }
  }

  /// Without a slash at the end.
  public var url: String { "\(scheme)://\(host)\(port.map { ":\($0)" } ?? "")\(path)" }

  /// The endpoint with labels in front of its host.
  func prefixed(_ label: String) -> Endpoint {
    Endpoint(scheme: scheme, host: "\(label).\(host)", port: port, path: path)
  }

  /// The endpoint with a segment behind its path.
  func appending(_ segment: String) -> Endpoint {
    Endpoint(scheme: scheme, host: host, port: port, path: "\(path)/\(PercentEncoding.encode(segment))")
  }

  /// Whether the host can have no names below it: an address, or this machine.
  var isAddressOrLocal: Bool {
    if host == "localhost" || host.hasPrefix("[") { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }
}

extension StringProtocol {
  /// The first place of a text; Foundation has this, and the standard library has `ranges(of:)`.
  fileprivate func range(of text: String) -> Range<Index>? { ranges(of: text).first }
}
