// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import AuditCore
internal import HTTPTransport
internal import Pipeline

/// Why an attempt at a call of the proxy came to nothing.
enum SigningProxyError: Error {
  case transport(HTTPError)
  /// An answer that is no success, the first line of what it says, and the seconds that it asks to wait.
  case status(Int, words: String?, retryAfter: Double?)

  var verdict: RetryVerdict {
    switch self {
    case .transport(let error) where error.kind == .tls && !error.brokeOff: .stop
    case .transport(let error): error.reasonToRetry.map { .later($0, after: nil) } ?? .stop
    case .status(429, _, let seconds): .later(.throttling, after: seconds)
    case .status(500, _, let seconds), .status(502, _, let seconds), .status(503, _, let seconds),
      .status(504, _, let seconds):
      .later(.transient, after: seconds)
    case .status: .stop
    }
  }
}

extension SigningProxyClient {
  private var host: String { settings.endpoint.url }

  func failure(_ error: SigningProxyError, _ what: String) -> Failure {
    if retrier.cancellation.isCancelled { return .stopped }
    switch error {
    case .transport(let error): return failure(error, what)
    case .status(let status, let words, _):
      let (ending, remedy) = ending(status)
      let reason = words.map { ": \($0)" } ?? ""
      return Failure(
        ending, "the signing proxy answered \(what) with \(status)\(reason)", on: host, remedy: remedy)
    }
  }

  private func ending(_ status: Int) -> (ExitStatus, String) {
    switch status {
    case 401, 403:
      (.permission, "check SIGNING_PROXY_API_KEY or SIGNING_PROXY_CLIENT_CERT, and what the proxy lets us do")
    case 495, 496: (.permission, "check SIGNING_PROXY_CLIENT_CERT: the proxy wants another certificate, or one at all")
    case 400 where settings.endpoint.scheme == "https":
      (.configuration, "check SIGNING_PROXY_CLIENT_CERT, which some servers refuse by 400, and that it takes digests")
    case 300...399: (.configuration, "write its own URL into \(settings.variable): no redirect is followed")
    case 404, 405: (.configuration, "check the path in \(settings.variable)")
    case 429, 500...599: (.unavailable, "run it again later")
    default: (.configuration, "check that \(settings.variable) is a signing proxy that takes digests")
    }
  }

  private func failure(_ error: HTTPError, _ what: String) -> Failure {
    let isEncrypted = settings.endpoint.scheme == "https"
    let (status, remedy): (ExitStatus, String) =
      switch error.kind {
      case .tls where error.refusesUs: (.permission, "check SIGNING_PROXY_CLIENT_CERT: the proxy refuses it")
      case .tls where !error.brokeOff:
        (.configuration, "check the proxy's certificate, its name in \(settings.variable), and SIGNING_PROXY_CA")
      case .badCertificateFile:
        (.configuration, "check SIGNING_PROXY_CLIENT_CERT, SIGNING_PROXY_CLIENT_KEY and SIGNING_PROXY_CA")
      case .badURL: (.configuration, "correct \(settings.variable)")
      case .badRequest, .bodyUnreadable, .system: (.bug, "report it")
      case .cancelled: (.tryLater, "run it again")
      // With TLS 1.3 a server that refuses our certificate does so behind our request, and its words may be lost.
      case .tls,
        .sendFailed where isEncrypted, .receiveFailed where isEncrypted:
        (.unavailable, "check the network and SIGNING_PROXY_CLIENT_CERT, where the proxy wants one; then run it again")
      default: (.unavailable, "check the network and \(settings.variable), then run it again")
      }
    return Failure(
      status, "the signing proxy gave no answer to \(what): \(error.message)", on: host, remedy: remedy, cause: error)
  }

  func unreadable(_ path: String, _ wanted: String) -> Failure {
    Failure(
      .unavailable, "the signing proxy's answer to POST \(path) lacks \(wanted)", on: host,
      remedy: "check that \(settings.variable) is a signing proxy")
  }
}

extension HTTPError {
  /// Whether the other side ended a TLS connection because of our certificate, or for want of one, by the words that
  /// OpenSSL has for its alert. That of an expired one libcurl puts into the last of these, without a problem of ours.
  fileprivate var refusesUs: Bool {
    guard kind == .tls else { return false }
    let reasons = ["certificate", "unknown ca", "access denied", "handshake failure"]
    return message.contains(" alert ") && reasons.contains { message.contains($0) }
      || message.hasSuffix("SSL certificate verification failed")
  }

  /// Whether a handshake ended without a word.
  fileprivate var brokeOff: Bool {
    kind == .tls && ["SSL_ERROR_SYSCALL", "SSL_ERROR_ZERO_RETURN", "unexpected eof"].contains { message.contains($0) }
  }
}
