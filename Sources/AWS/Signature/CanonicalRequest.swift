// SPDX-License-Identifier: Apache-2.0
internal import Cryptography
internal import HTTPTransport

/// The form of a request that both sides derive and sign.
///
/// - SeeAlso: AWS IAM User Guide, "Create a signed AWS API request".
struct CanonicalRequest {
  let text: String
  /// Lower-case names, sorted, joined by semicolons.
  let signedHeaders: String

  /// - Parameters:
  ///   - request: with every header that is to be signed; Host may be missing.
  ///   - payload: SHA-256 of the body.
  init(_ request: HTTPRequest, payload: Digest, rules: SigningRules) {
    let target = RequestTarget(request.url)
    let headers = Self.headers(request.headers, host: target.host)
    signedHeaders = headers.map(\.name).joined(separator: ";")
    text = [
      request.method, Self.path(target.path, rules), Self.query(target.query),
      headers.map { "\($0.name):\($0.value)\n" }.joined(), signedHeaders, payload.hex,
    ].joined(separator: "\n")
  }

  static func path(_ path: String, _ rules: SigningRules) -> String {
    guard rules.normalizesPath else { return PercentEncoding.complete(path, keepsSlashes: true) }
    var kept: [Substring] = []
    let segments = path.split(separator: "/")
    for segment in segments {
      switch segment {
      case ".": continue
      case "..": _ = kept.popLast()
      default: kept.append(segment)
      }
    }
    let isOpen = path.utf8.last == UInt8(ascii: "/") && !kept.isEmpty
    return PercentEncoding.encodePath("/" + kept.joined(separator: "/") + (isOpen ? "/" : ""))
  }

  /// Sorted by name, then by value, as bytes of the encoded form.
  static func query(_ query: String) -> String {
    let pairs = query.utf8.split(separator: UInt8(ascii: "&")).map { pair -> (name: [UInt8], value: [UInt8]) in
      let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      func complete(_ part: Substring.UTF8View) -> [UInt8] {
        Array(PercentEncoding.complete(Substring(part), keepsSlashes: false).utf8)
      }
      return (complete(pair[..<equals]), complete(pair[equals...].dropFirst()))
    }
    let sorted = pairs.sorted { a, b in
      a.name == b.name ? a.value.lexicographicallyPrecedes(b.value) : a.name.lexicographicallyPrecedes(b.name)
    }
    return sorted.map { String(decoding: $0.name + [UInt8(ascii: "=")] + $0.value, as: UTF8.self) }
      .joined(separator: "&")
  }

  /// What hops between may change, add or drop is not signed; botocore leaves the same ones out.
  private static let unsigned: Set<String> = [
    "authorization", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer",
    "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
  ]

  private static func headers(_ headers: [HTTPHeader], host: String) -> [(name: String, value: String)] {
    var values: [String: [String]] = [:]
    for header in headers {
      let name = header.name.lowercased()
      if !unsigned.contains(name) { values[name, default: []].append(trimmed(header.value)) }
    }
    if values["host"] == nil { values["host"] = [host] }
    let sorted = values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    return sorted.map { ($0.key, $0.value.joined(separator: ",")) }
  }

  /// Without white space around, and with one space for a run of it within.
  private static func trimmed(_ value: String) -> String {
    value.split { $0 == " " || $0 == "\t" || $0.isNewline }.joined(separator: " ")
  }
}
