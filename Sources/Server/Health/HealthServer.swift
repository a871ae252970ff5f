// SPDX-License-Identifier: Apache-2.0
public import AuditCore
internal import CoreMetrics
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// `/healthz`, `/readyz`, `/metrics`, and the status page at `/`.
public struct HealthServer: Sendable {
  private let readiness: Readiness
  private let status: StatusProbe
  private let registry: PrometheusRegistry

  /// - Parameter registry: gets the metrics; the process's own where it was bootstrapped with it.
  public init(_ probes: Probes, registry: PrometheusRegistry) {
    self.registry = registry
    let metrics = HealthMetrics(registry, stream: probes.stream)
    readiness = Readiness(probes, metrics: metrics)
    status = StatusProbe(probes, metrics: metrics)
  }

  /// A registry that knows the server's metrics.
  public static func makeRegistry() -> PrometheusRegistry { PrometheusRegistry(help: HealthMetrics.help) }

  /// Runs until it is told to end.
  public func run(
    at address: ListenAddress, log: @escaping ServerLog, onReady: @escaping @Sendable (_ url: String) -> Void
  ) async throws(Failure) {
    try await serve(makeRouter(), at: address, scheme: "http", over: patientHTTP, log: log, onReady: onReady)
  }

  private func makeRouter() -> Router<BasicRequestContext> {
    let router = Router(options: .autoGenerateHeadEndpoints)
    router.middlewares.add(MetricsMiddleware())
    router.get("/") { _, _ in await status.response() }
    router.get("healthz") { _, _ in
      Response(.object(["status": "ok", "version": .string(Tool.version)]))
    }
    router.get("readyz") { _, _ in
      let snapshot = await readiness.snapshot()
      return Response(snapshot.json, status: snapshot.isReady ? .ok : .serviceUnavailable)
    }
    router.get("metrics") { _, _ in
      await status.renew()  // its look may take long: what the last one found is told
      _ = await readiness.snapshot()  // scrapes see states that are no older than probes' results may be
      return Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: ResponseBody(byteBuffer: ByteBuffer(string: registry.text)))
    }
    return router
  }
}

extension Response {
  /// A JSON document that is not to be kept.
  init(_ json: JSONValue, status: HTTPResponse.Status = .ok) {
    self.init(
      status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.prettyBytes)))
  }
}
