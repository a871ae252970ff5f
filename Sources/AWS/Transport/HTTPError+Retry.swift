// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import HTTPTransport

extension HTTPError {
  /// Why the same request may fare better later; nil where it will not.
  public var reasonToRetry: RetryVerdict.Reason? {
    switch kind {
    case .timeout, .stalled: .timeout
    // A handshake that broke off looks like one that was refused.
    case .resolve, .connect, .proxy, .tls, .sendFailed, .receiveFailed, .truncated, .invalidResponse: .transient
    case .badURL, .badRequest, .badCertificateFile, .bodyUnreadable, .tooLarge, .cancelled, .system: nil
    }
  }

  /// How a run ends that cannot do without the answer.
  ///
  /// - Parameter place: what was asked, and where.
  func failure(_ place: String, on object: String?) -> Failure {
    let (status, remedy): (ExitStatus, String) =
      switch kind {
      case .tls: (.configuration, "check the endpoint, and AWS_CA_BUNDLE where its authority is one's own")
      case .badURL, .badCertificateFile: (.configuration, "correct the endpoint, or AWS_CA_BUNDLE")
      case .badRequest, .bodyUnreadable, .system: (.bug, "report it")
      case .cancelled: (.tryLater, "run it again")
      default: (.unavailable, "check the network and the endpoint, then run it again")
      }
    return Failure(status, "\(place) gave no answer: \(message)", on: object, remedy: remedy, cause: self)
  }
}
