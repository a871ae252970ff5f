// SPDX-License-Identifier: Apache-2.0
internal import AWS
internal import HTTPTransport

extension S3Client {
  /// Bytes that the answer of a call has at most, unless it says otherwise.
  static let answerLimit = 1 << 20

  /// Sends a request and takes the whole of its answer, which is a success.
  func send(
    _ operation: AWSOperation, _ request: S3Request, on object: String, limit: Int = S3Client.answerLimit
  ) throws(S3Error) -> S3Answer {
    var unsigned = request.httpRequest(self)
    unsigned.isRepeatable = operation.isRepeatable
    do throws(AWSCallError) {
      return try service.perform(operation) { (attempt: AWSAttempt) throws(AWSCallError) in
        let signed = attempt.sign(unsigned, payload: request.digest)
        let (response, body) = try exchange(signed, limit: max(limit, AWSError.bodyLimit))
        guard (200...299).contains(response.status), !ErrorInSuccess.isError(body) else {
          throw AWSCallError.service(attempt.error(response, body: Array(body.prefix(AWSError.bodyLimit))))
        }
        return S3Answer(response: response, body: body)
      }
    } catch { throw explain(error, operation, on: object) }
  }

  private func exchange(_ request: HTTPRequest, limit: Int) throws(AWSCallError) -> (HTTPResponse, [UInt8]) {
    do throws(HTTPError) { return try http.send(request, limit: limit) } catch { throw .transport(error) }
  }

  /// Sends a request and leaves the body of its answer, which is a success, to be read.
  func open(_ operation: AWSOperation, _ request: S3Request, on object: String) throws(S3Error) -> HTTPBodyReader {
    let unsigned = request.httpRequest(self)
    do throws(AWSCallError) {
      return try service.perform(operation) { (attempt: AWSAttempt) throws(AWSCallError) in
        let body = try opened(attempt.sign(unsigned, payload: request.digest))
        guard (200...299).contains(body.response.status) else {
          defer { body.close() }
          throw AWSCallError.service(attempt.error(body.response, body: Self.errorBody(body)))
        }
        return body
      }
    } catch { throw explain(error, operation, on: object) }
  }

  private func opened(_ request: HTTPRequest) throws(AWSCallError) -> HTTPBodyReader {
    do throws(HTTPError) { return try http.open(request) } catch { throw .transport(error) }
  }
}
