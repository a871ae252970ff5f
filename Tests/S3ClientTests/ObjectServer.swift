// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import Synchronization
import TestSupport

/// One object that is served whole or in ranges, as S3 does it.
final class ServedObject: Sendable {
  struct Content: Sendable {
    var bytes: [UInt8]
    var etag = "\"e1\""
    var versionID: String? = "v1"
    var knowsRanges = true
    var onRequest: @Sendable () -> Void = {}
  }

  let content: Mutex<Content>

  init(_ content: Content) { self.content = Mutex(content) }

  var handler: FaultServer.Handler { { [self] in answer($0) } }

  private func answer(_ request: ServedRequest) -> ServedResponse {
    let content = content.withLock { $0 }
    content.onRequest()
    var headers = [header("ETag", content.etag)]
    if let versionID = content.versionID { headers.append(header("x-amz-version-id", versionID)) }
    if let wanted = request.header("if-match"), wanted != content.etag { return .error(412, "PreconditionFailed") }
    guard content.knowsRanges, let range = request.header("range") else {
      return ServedResponse(200, headers: headers, body: content.bytes)
    }
    let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
    guard ends[0] < content.bytes.count else { return .error(416, "InvalidRange") }
    let last = min(ends[1], content.bytes.count - 1)
    headers.append(header("Content-Range", "bytes \(ends[0])-\(last)/\(content.bytes.count)"))
    return ServedResponse(206, headers: headers, body: Array(content.bytes[ends[0]...last]))
  }
}
