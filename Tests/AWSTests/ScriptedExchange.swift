// SPDX-License-Identifier: Apache-2.0
import AuditCore
import HTTPTransport
import Pipeline
import Synchronization

@testable import AWS

/// A server in a script: what it answers to one request after another, and what it was asked.
final class ScriptedExchange: HTTPExchange {
  enum Answer: Sendable {
    case status(Int, [HTTPHeader] = [], body: String = "")
    case error(HTTPError.Kind, wasSent: Bool = true)
  }

  private let answer: @Sendable (Int, HTTPRequest) -> Answer
  private let asked = Mutex<[HTTPRequest]>([])

  /// - Parameter answer: is passed the request and its number from 0 on.
  init(_ answer: @escaping @Sendable (Int, HTTPRequest) -> Answer) { self.answer = answer }

  /// One answer after another; the last one again and again.
  convenience init(_ answers: Answer...) {
    self.init { number, _ in answers[min(number, answers.count - 1)] }
  }

  var requests: [HTTPRequest] { asked.withLock { $0 } }

  func send(_ request: HTTPRequest, limit: Int) throws(HTTPError) -> (HTTPResponse, [UInt8]) {
    let number = asked.withLock { asked in
      asked.append(request)
      return asked.count - 1
    }
    switch answer(number, request) {
    case .status(let status, let headers, let body):
      return (HTTPResponse(status: status, headers: headers), Array(body.utf8))
    case .error(let kind, let wasSent): throw HTTPError(kind, "the script says \(kind)", wasSent: wasSent)
    }
  }
}

/// A clock that moves when a test says so.
final class FakeTime: Sendable {
  private let time: Mutex<Timestamp>

  init(_ text: String = "2026-11-23T02:00:00Z") { time = Mutex(Timestamp(text) ?? .distantPast) }

  var now: Timestamp { time.withLock { $0 } }
  func advance(_ seconds: Int64) { time.withLock { $0 = $0.advanced(bySeconds: seconds) } }
}

/// Pauses that were made, none of which took time.
final class Pauses: Sendable {
  private let made = Mutex<[Double]>([])

  var seconds: [Double] { made.withLock { $0 } }
  func add(_ seconds: Double) { made.withLock { $0.append(seconds) } }
}

extension Retrier {
  /// One that does not wait, and draws the same number always.
  static func immediate(
    _ pauses: Pauses = Pauses(), maxAttempts: Int = 3, quota: RetryQuota = RetryQuota(), draw: Double = 1,
    cancellation: Cancellation = Cancellation()
  ) -> Retrier {
    Retrier(
      maxAttempts: maxAttempts, quota: quota, cancellation: cancellation, random: { draw }, sleep: { pauses.add($0) })
  }
}

extension HTTPRequest {
  func header(_ name: String) -> String? { headers.last { $0.name.lowercased() == name }?.value }

  var bodyText: String {
    if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
  }
}
