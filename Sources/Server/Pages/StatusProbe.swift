// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import HTMLPage
internal import Hummingbird
internal import HTTPTypes
internal import NIOCore

/// The status page at `/`, from a look that many requests share.
struct StatusProbe: Sendable {
  private let cache: CachedProbe<Result<StatusView, Failure>>?

  /// How long a look is given out again; shorter where it failed.
  private static let lifetime: (good: Duration, failed: Duration) = (.seconds(300), .seconds(30))

  init(_ probes: Probes, metrics: HealthMetrics) {
    cache = probes.status.map { look in
      CachedProbe(
        lifetime: { if case .success = $0 { Self.lifetime.good } else { Self.lifetime.failed } }, limit: probes.limit
      ) {
        let found = look()
        if case .success(let view) = found { metrics.note(view.status) }
        return found
      }
    }
  }

  /// Begins a look where it is time for one, and does not wait for it.
  func renew() async { await cache?.renew() }

  func response() async -> Response {
    guard let cache else { return Response(.withoutArchive, status: .serviceUnavailable) }
    switch await cache.valueOrLast() {
    case .success(let view)?: return Response(view.page, view.bytes)
    case .failure(let failure)?: return Response(.waiting(failure), status: .serviceUnavailable, retryAfter: 30)
    case nil: return Response(.waiting(nil), status: .serviceUnavailable, retryAfter: 5)
    }
  }
}

extension Response {
  /// A page with the headers that shut it off from everything else.
  init(_ page: Page, _ bytes: [UInt8]? = nil, status: HTTPResponse.Status = .ok, retryAfter: Int? = nil) {
    var headers = HTTPFields()
    headers[.contentType] = Page.contentType
    for (name, value) in page.headers {
      if let field = HTTPField.Name(name) { headers[field] = value }
    }
    if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
    self.init(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes ?? page.bytes)))
  }
}
