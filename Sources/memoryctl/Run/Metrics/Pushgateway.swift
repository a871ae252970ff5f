// SPDX-License-Identifier: Apache-2.0
import AWS
import AuditCore
import Cryptography
import HTTPTransport

/// Keeps metrics of jobs that have ended until Prometheus comes for them.
///
/// - SeeAlso: Prometheus Pushgateway, "API".
struct Pushgateway: Sendable {
  let endpoint: Endpoint
  private let http: HTTPClient

  private static let timeout = 10.0
  private static let largestAnswer = 1 << 16

  init(_ endpoint: Endpoint) {
    self.endpoint = endpoint
    http = HTTPClient(HTTPSettings(connectTimeout: 5, totalTimeout: Self.timeout))
  }

  /// Replaces the metrics of the same names in the run's group; what this run does not say, as its last success where it
  /// was none, stays.
  func push(_ text: String, _ end: JobEnd) throws(Failure) {
    let url =
      endpoint.url + "/metrics/job/memoryctl" + Self.label("command", end.command)
      + Self.label("stream", end.stream)
    let request = HTTPRequest(
      method: "POST", url: url, headers: [HTTPHeader(name: "Content-Type", value: "text/plain; version=0.0.4")],
      body: .bytes(Array(text.utf8)))
    let answer: (HTTPResponse, [UInt8])
    do throws(HTTPError) { answer = try http.send(request, limit: Self.largestAnswer) } catch {
      throw Failure(
        .unavailable, "\(error)", on: "AUDIT_PUSHGATEWAY_URL", remedy: "check the way to it", cause: error)
    }
    guard (200...299).contains(answer.0.status) else {
      throw Failure(
        .unavailable, "it answered \(answer.0.status)", on: "AUDIT_PUSHGATEWAY_URL", remedy: "look at its log")
    }
  }

  /// A label as a part of a path: any value is fine in base64 without padding.
  private static func label(_ name: String, _ value: String) -> String {
    let encoded = Base64.encode(Array(value.utf8)).replacing("+", with: "-").replacing("/", with: "_")
    return "/\(name)@base64/\(encoded)"
  }
}
