// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTransport
import TestSupport
import Testing

/// One way in which a call to S3 goes wrong, and what a run exits with then.
struct S3Fault: Sendable, CustomTestStringConvertible {
  enum Effect: Sendable {
    case fault(@Sendable () -> Fault)
    /// Nobody listens any more, from that call on.
    case refusal
  }

  let name: String
  private(set) var effect: Effect
  /// Exit status where it happens once, and where it always does.
  let once: Int32
  let always: Int32
  /// Words of the sentence that the run ends with, where they are not the call's name.
  var says: String?
  /// What the run needs for it: a short patience.
  var change: [String: String] = [:]

  init(
    _ name: String, _ fault: @autoclosure @escaping @Sendable () -> Fault, once: Int32 = 0, always: Int32 = 69,
    says: String? = nil
  ) {
    (self.name, self.once, self.always, self.says) = (name, once, always, says)
    effect = .fault(fault)
  }

  init(refused name: String) {
    // Any call may be the one that finds nobody.
    (self.name, effect, once, always, says) = (name, .refusal, 0, 69, "gave no answer")
    // The pauses between attempts are random; one of these is longer than the server is away.
    change = ["AWS_MAX_ATTEMPTS": "6"]
  }

  private func with(_ change: [String: String]) -> S3Fault {
    var fault = self
    fault.change = change
    return fault
  }

  var testDescription: String { name }

  /// The same with another status where it happens once.
  func exiting(once: Int32, says: String) -> S3Fault {
    var fault = S3Fault(name, .interim([]), once: once, always: always, says: says)
    fault.effect = effect
    return fault
  }

  /// Those that make sense for a call.
  static func all(of call: S3Call) -> [S3Fault] {
    let special: [S3Fault] =
      switch call.kind {
      case .document: refusals + documents
      case .object: refusals + objects
      case .head: heads
      case .write: refusals + writes
      }
    return connections + answers + special
  }

  private static let connections = [
    S3Fault(refused: "connection refused"),
    S3Fault("reset before the body", .reset(.beforeBody)),
    S3Fault("closed before the effect", .close(.beforeEffect)),
    S3Fault("reset behind the effect", .loseReply),
    S3Fault("reset inside the answer's head", .reset(.responseHead(20))),
    S3Fault("silence", .stall(.beforeEffect)).with(impatience),
    S3Fault("silence behind the effect", .stall(.afterEffect)).with(impatience),
  ]

  /// A busy machine is slower than this now and then: one more attempt.
  private static let impatience = ["AUDIT_STALL_SECONDS": "2", "AWS_MAX_ATTEMPTS": "3"]

  private static let answers = [
    S3Fault("500", .answer(.error(500, "InternalError"))),
    S3Fault("500 behind the effect", .applyThenAnswer(.error(500, "InternalError"))),
    S3Fault("503", .answer(.error(503, "SlowDown"))),
    S3Fault("a proxy's 502", .answer(ServedResponse(502, text: "<html>Bad Gateway</html>"))),
    S3Fault("403", .answer(.error(403, "AccessDenied")), once: 77, always: 77),
    S3Fault("an expired token", .answer(.error(400, "ExpiredToken")), once: 77, always: 77),
  ]

  private static let refusals = [
    S3Fault("a wrong clock", .answer(.error(403, "RequestTimeTooSkewed")), always: 78)
  ]

  private static let documents = [
    S3Fault("a body cut short", .truncate(after: 30)),
    S3Fault("a length that is too long", .misstateLength(by: 7)),
    S3Fault("a length that is too short", .misstateLength(by: -7), once: 69),
    S3Fault("a body that changed", .corruptNearEnd, once: 69),
    S3Fault("200 with an error", .applyThenAnswer(.error(200, "InternalError"))),
  ]

  /// What an object is, its manifest says: other bytes than those are damage, wherever that came about. A server that
  /// announces more than it has contradicts itself when it is asked for the rest.
  private static let objects = [
    S3Fault("a body cut short", .truncate(after: 30)),
    S3Fault("a length that is too long", .misstateLength(by: 7), once: 65, always: 65),
    S3Fault("a length that is too short", .misstateLength(by: -7), once: 65, always: 65, says: "manifests/"),
    S3Fault("a body that changed", .corruptNearEnd, once: 65, always: 65, says: "manifests/"),
    S3Fault("silence inside the body", .stall(.responseBody(30))).with(impatience),
    S3Fault("404", .answer(.error(404, "NoSuchVersion")), once: 65, always: 65, says: "missing"),
  ]

  /// A HEAD's refusal has a status and no words.
  private static let heads = [
    S3Fault("another length", .alter { $1.setting("Content-Length", "7") }, once: 78, always: 78, says: "as it was"),
    S3Fault("404", .answer(ServedResponse(404)), once: 78, always: 78, says: "as it was written"),
    S3Fault("a wrong clock", .answer(.error(403, "RequestTimeTooSkewed", secondsAhead: 600)), always: 77),
  ]

  private static let writes = [
    S3Fault("reset inside the body", .reset(.requestBody(100))),
    S3Fault("silence inside the body", .stall(.requestBody(100))).with(impatience),
    S3Fault("409", .answer(.error(409, "ConditionalRequestConflict")), always: 75),
    S3Fault("412", .answer(.error(412, "PreconditionFailed")), always: 65),
    S3Fault("a body that changed", .answer(.error(400, "XAmzContentChecksumMismatch"))),
    S3Fault("200 with an error", .answer(.error(200, "InternalError"))),
    S3Fault("no version", .alter { $1.removing("x-amz-version-id") }, once: 78, always: 78, says: "keeps no versions"),
    S3Fault("another checksum", .alter { $1.setting("x-amz-checksum-sha256", otherSum) }, once: 69),
  ]

  /// What a lock that is read back may say, beside those that go for every document.
  static let weakRetentions = [
    S3Fault("no lock", .answer(.error(404, "NoSuchObjectLockConfiguration")), once: 78, always: 78, says: "not locked"),
    S3Fault("an early end", .answer(.retention("COMPLIANCE", "2027-01-01")), once: 78, always: 78, says: "less than"),
    S3Fault("another mode", .answer(.retention("GOVERNANCE", "2099-01-01")), once: 78, always: 78, says: "GOVERNANCE"),
    S3Fault("no mode", .answer(.retention("SOFT", "2099-01-01")), once: 69),
  ]

  static let weakHolds = [
    S3Fault("no hold", .answer(.legalHold("OFF")), once: 78, always: 78, says: "legal hold is missing"),
    S3Fault("never held", .answer(.error(404, "NoSuchObjectLockConfiguration")), once: 78, always: 78, says: "missing"),
    S3Fault("half a hold", .answer(.legalHold("MAYBE")), once: 69),
  ]

  static let weakBuckets = [
    S3Fault(
      "no versions", .answer(ServedResponse(200, text: "<VersioningConfiguration/>")), once: 78, says: "versions"),
    S3Fault("suspended", .answer(.versioning("Suspended")), once: 78, says: "keeps no versions"),
    S3Fault("no lock", .answer(.error(404, "ObjectLockConfigurationNotFoundError")), once: 78, says: "Object Lock"),
    S3Fault("no bucket", .answer(.error(404, "NoSuchBucket")), once: 78, says: "NoSuchBucket"),
    S3Fault("elsewhere", .answer(.elsewhere), once: 78, says: "AWS_REGION=eu-west-9"),
  ]

  private static let otherSum = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
}

extension Fault {
  /// One byte of the body's end comes out as another.
  static let corruptNearEnd = Fault.alter { _, response in
    var response = response
    if response.body.count > 5 { response.body[response.body.count - 5] ^= 0x01 }
    return response
  }
}

extension ServedResponse {
  /// An error's document, with the server's time.
  static func error(_ status: Int, _ code: String, secondsAhead: Double = 0) -> ServedResponse {
    let text = "<Error><Code>\(code)</Code><Message>\(code)</Message><RequestId>REQ1</RequestId></Error>"
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    let date = format.string(from: Date(timeIntervalSinceNow: secondsAhead))
    return ServedResponse(status, headers: [HTTPHeader(name: "Date", value: date)], text: text)
  }

  static func retention(_ mode: String, _ day: String) -> ServedResponse {
    let until = "<RetainUntilDate>\(day)T00:00:00Z</RetainUntilDate>"
    return ServedResponse(200, text: "<Retention><Mode>\(mode)</Mode>\(until)</Retention>")
  }

  static func legalHold(_ status: String) -> ServedResponse {
    ServedResponse(200, text: "<LegalHold><Status>\(status)</Status></LegalHold>")
  }

  static func versioning(_ status: String) -> ServedResponse {
    ServedResponse(200, text: "<VersioningConfiguration><Status>\(status)</Status></VersioningConfiguration>")
  }

  static let elsewhere = ServedResponse(
    301, headers: [HTTPHeader(name: "x-amz-bucket-region", value: "eu-west-9")],
    text: "<Error><Code>PermanentRedirect</Code></Error>")

  func setting(_ name: String, _ value: String) -> ServedResponse {
    var response = self
    response.set(name, value)
    return response
  }

  func removing(_ name: String) -> ServedResponse {
    var response = self
    response.headers.removeAll { $0.name.lowercased() == name }
    return response
  }
}
