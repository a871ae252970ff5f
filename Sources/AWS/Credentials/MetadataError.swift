// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import HTTPTransport

/// Why a credential server gave nothing.
enum MetadataError: Error {
  case status(Int)
  case transport(HTTPError)
  case empty
  /// There is no such server here, in words.
  case noService(String)
  case failure(Failure)

  var isWorthRepeating: Bool {
    switch self {
    case .status(let status): status == 429 || status >= 500
    case .transport(let error): error.reasonToRetry != nil
    case .empty: true
    case .noService: false
    case .failure(let failure): failure.status == .unavailable
    }
  }

  var words: String {
    switch self {
    case .status(let status): "it answered \(status)"
    case .transport(let error): "it did not answer (\(error.message))"
    case .empty: "its answer is empty"
    case .noService(let reason): reason
    case .failure(let failure): failure.problem
    }
  }

  func failure(on source: String) -> Failure {
    if case .failure(let failure) = self { return failure }
    if case .transport(let error) = self, error.kind == .cancelled { return .stopped }
    return Failure(.unavailable, words, on: source, remedy: "check that server, then run it again")
  }

  /// Sends a request and takes a successful answer's body.
  ///
  /// - Parameter seconds: these servers are near; where there is none, nothing answers at all.
  static func exchange(
    _ request: HTTPRequest, _ exchange: any HTTPExchange, seconds: Double
  ) throws(MetadataError) -> [UInt8] {
    var request = request
    request.timeout = seconds
    let response: HTTPResponse
    let body: [UInt8]
    do throws(HTTPError) { (response, body) = try exchange.send(request, limit: 64 << 10) } catch {
      throw .transport(error)
    }
    guard response.status == 200 else { throw .status(response.status) }
    guard !body.isEmpty else { throw .empty }
    return body
  }
}
