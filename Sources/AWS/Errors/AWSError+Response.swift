// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
public import HTTPTransport
internal import XML

extension AWSError {
  /// Bytes of an error's body that are worth reading.
  public static let bodyLimit = 64 << 10

  /// Reads an answer that is no success: XML of S3 and STS, JSON of KMS, or anything a proxy in between may say.
  ///
  /// - Parameter body: the first ``bodyLimit`` bytes; it may be empty, as for HEAD, or broken.
  public init(service: String, operation: String, _ response: HTTPResponse, body: [UInt8]) {
    let document = ErrorDocument(body)
    self.service = service
    self.operation = operation
    status = response.status
    let header = response.header("x-amzn-errortype")
    code = Self.code(header ?? document.code) ?? Self.code(document.code) ?? Self.nameOf(response.status)
    message = Self.firstLine(document.message ?? "")
    requestID = Self.identifier(
      response.header("x-amz-request-id") ?? response.header("x-amzn-requestid") ?? document.requestID)
    hostID = Self.identifier(response.header("x-amz-id-2") ?? document.hostID)
    bucketRegion = Self.identifier(response.header("x-amz-bucket-region") ?? document.region)
    serverTime = response.header("date").flatMap(HTTPDate.parse) ?? document.serverTime
    retryAfter = Self.retryAfter(response, at: serverTime)
  }

  /// `com.amazonaws.kms#NotFoundException` and `NotFoundException:http://…` are `NotFoundException`.
  private static func code(_ text: String?) -> String? {
    guard let text, let name = text.split(separator: ":").first?.split(separator: "#").last else { return nil }
    let isName = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x3c && $0 != 0x3e }
    return isName && name.utf8.count <= 128 ? String(name) : nil
  }

  /// The first line, in at most 512 characters. What may follow where a signature is refused quotes the whole request, and
  /// its signature with it.
  private static func firstLine(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).first ?? ""
    let quotes = ["The Canonical String", "Signature=", "signature="].compactMap {
      line.ranges(of: $0).first?.lowerBound
    }
    let own = quotes.min().map { line[..<$0] } ?? line
    let printable = own.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }
    return String(String.UnicodeScalarView(printable.prefix(512)))
  }

  private static func identifier(_ text: String?) -> String? {
    guard let text, !text.isEmpty, text.utf8.count <= 256, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      return nil
    }
    return text
  }

  /// `x-amz-retry-after` has milliseconds, `Retry-After` seconds or a date.
  private static func retryAfter(_ response: HTTPResponse, at now: Timestamp?) -> Double? {
    if let text = response.header("x-amz-retry-after"), let milliseconds = Int(text), milliseconds >= 0 {
      return Double(milliseconds) / 1000
    }
    guard let text = response.header("retry-after") else { return nil }
    if let seconds = Int(text), seconds >= 0 { return Double(seconds) }
    guard let now, let then = HTTPDate.parse(text) else { return nil }
    return max(0, Double(then.unixSeconds - now.unixSeconds))
  }

  private static func nameOf(_ status: Int) -> String {
    switch status {
    case 301, 307: "Redirect"
    case 304: "NotModified"
    case 400: "BadRequest"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "NotFound"
    case 405: "MethodNotAllowed"
    case 409: "Conflict"
    case 411: "LengthRequired"
    case 412: "PreconditionFailed"
    case 416: "InvalidRange"
    case 429: "TooManyRequests"
    case 500: "InternalError"
    case 501: "NotImplemented"
    case 502: "BadGateway"
    case 503: "ServiceUnavailable"
    case 504: "GatewayTimeout"
    default: "HTTP\(status)"
    }
  }
}
