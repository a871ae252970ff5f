// SPDX-License-Identifier: Apache-2.0

/// A signer by name: `kms:<key id or ARN>[:<alg>]`, `proxy:<url>`, `local:<PEM file>`, `mock`.
public enum SignerSpec: Equatable, Sendable, CustomStringConvertible {
  case kms(key: String, algorithm: SignatureAlgorithm?)
  case proxy(url: String)
  case local(path: String)
  case mock

  public init?(_ text: String) {
    if text == "mock" {
      self = .mock
      return
    }
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let rest = String(text[text.index(after: colon)...])
    guard !rest.isEmpty else { return nil }
    switch text[..<colon] {
    case "proxy": self = .proxy(url: rest)
    case "local": self = .local(path: rest)
    case "kms":
      // An ARN has colons of its own: only a last part that names an algorithm is one.
      if let last = rest.lastIndex(of: ":"),
        let algorithm = SignatureAlgorithm(name: String(rest[rest.index(after: last)...]))
      {
        guard last > rest.startIndex else { return nil }
        self = .kms(key: String(rest[..<last]), algorithm: algorithm)
      } else {
        self = .kms(key: rest, algorithm: nil)
      }
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .kms(let key, let algorithm): "kms:\(key)" + (algorithm.map { ":\($0.rawValue)" } ?? "")
    case .proxy(let url): "proxy:\(url)"
    case .local(let path): "local:\(path)"
    case .mock: "mock"
    }
  }
}
