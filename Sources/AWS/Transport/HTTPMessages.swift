// SPDX-License-Identifier: Apache-2.0

public struct HTTPHeader: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

public struct HTTPRequest: Sendable {
  public enum Body: Sendable {
    case none
    case bytes([UInt8])
    case file(path: String, bytes: Int)
  }

  public var method: String
  public var url: String
  public var headers: [HTTPHeader]
  public var body: Body

  public init(method: String, url: String, headers: [HTTPHeader] = [], body: Body = .none) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
  }
}

public struct HTTPResponse: Sendable {
  public let status: Int
  public let headers: [HTTPHeader]

  public init(status: Int, headers: [HTTPHeader] = []) {
    self.status = status
    self.headers = headers
  }

  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }
}

public struct HTTPError: Error, Sendable {
  public enum Kind: Sendable { case connection, timeout, tls, cancelled, tooLarge, other }
  public let kind: Kind
  public let message: String
  public let wasSent: Bool

  public init(_ kind: Kind, _ message: String, wasSent: Bool) {
    self.kind = kind
    self.message = message
    self.wasSent = wasSent
  }
}
