// SPDX-License-Identifier: Apache-2.0
internal import HTTPTransport

extension FaultServer {
  /// A handler that passes requests on to another server, so that faults happen in front of a real one.
  ///
  /// `Host` goes through as the client wrote it, so that signatures over it still fit.
  ///
  /// - Parameter origin: such as `http://127.0.0.1:8333`, without a slash at the end.
  public static func forwarding(to origin: String, limit: Int = 256 << 20) -> Handler {
    let client = HTTPClient(HTTPSettings(proxy: .none, expectContinueBytes: .max))
    return { request in
      let dropped = ["connection", "content-length", "expect", "transfer-encoding"]
      func kept(_ headers: [HTTPHeader], _ names: [String]) -> [HTTPHeader] {
        headers.filter { !names.contains($0.name.lowercased()) }
      }
      let passed = HTTPRequest(
        method: request.method, url: origin + request.target, headers: kept(request.headers, dropped),
        body: request.body.isEmpty ? .none : .bytes(request.body))
      let (response, body) = try client.send(passed, limit: limit)
      // A HEAD's length tells of a body that does not follow.
      let names = request.method == "HEAD" ? dropped.filter { $0 != "content-length" } : dropped
      return ServedResponse(response.status, headers: kept(response.headers, names), body: body)
    }
  }
}
