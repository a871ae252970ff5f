// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import Cryptography
internal import HTTPTransport
public import XML

extension AWSClient {
  /// Bytes that an answer of KMS or STS has at most.
  private static var answerLimit: Int { 1 << 20 }

  /// Calls a service that speaks JSON 1.1, such as KMS.
  ///
  /// - Parameters:
  ///   - target: what the operation is called in `X-Amz-Target`, such as `TrentService.Sign`.
  ///   - timeout: seconds that an attempt may take; nil for no bound.
  public func call(
    _ operation: AWSOperation, target: String, _ body: JSONValue, timeout: Double? = nil
  ) throws(AWSCallError) -> JSONValue {
    let bytes = Array(body.compactText.utf8)
    let answer = try post(
      operation, bytes,
      [HTTPHeader("content-type", "application/x-amz-json-1.1"), HTTPHeader("x-amz-target", target)], timeout)
    do throws(JSONParseError) { return try JSONValue(parsing: answer) } catch {
      throw .failure(unreadable(operation, error))
    }
  }

  /// Calls a service that takes a form and answers in XML, such as STS.
  public func call(
    _ operation: AWSOperation, version: String, _ parameters: [(name: String, value: String)]
  ) throws(AWSCallError) -> XMLElement {
    let form = [("Action", operation.name), ("Version", version)] + parameters
    let answer = try post(
      operation, Array(PercentEncoding.encode(form).utf8),
      [HTTPHeader("content-type", "application/x-www-form-urlencoded; charset=utf-8")], nil)
    do throws(XMLError) { return try XMLElement(parsing: answer) } catch {
      throw .failure(unreadable(operation, error))
    }
  }

  private func post(
    _ operation: AWSOperation, _ body: [UInt8], _ headers: [HTTPHeader], _ timeout: Double?
  ) throws(AWSCallError) -> [UInt8] {
    let request = HTTPRequest(
      method: "POST", url: endpoint.endpoint.url + "/", headers: headers, body: .bytes(body), timeout: timeout)
    return try send(request, operation, payload: SHA256.hash(body), limit: Self.answerLimit).1
  }

  private func unreadable(_ operation: AWSOperation, _ cause: any Error) -> Failure {
    Failure(
      .unavailable, "\(endpoint.service) \(operation.name) was answered by what cannot be read",
      on: endpoint.endpoint.url, remedy: "check that the endpoint is that service", cause: cause)
  }
}
