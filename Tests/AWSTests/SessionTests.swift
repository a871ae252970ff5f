// SPDX-License-Identifier: Apache-2.0
import AuditCore
import Cryptography
import HTTPTransport
import Pipeline
import Testing
import TestSupport

@testable import AWS

/// Sessions as a run has them, with nothing in the place of their HTTP clients.
@Suite("Sessions")
struct SessionTests {
  private let operation = AWSOperation("Probe", permission: "kms:Probe", isRepeatable: true)

  private func variables(_ url: String, _ more: [String: String] = [:]) -> [String: String] {
    [
      "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_MAX_ATTEMPTS": "1",
    ].merging(more) { $1 }
  }

  /// - Returns: the status of an answer, or the failure.
  private func probe(
    _ variables: [String: String], _ cancellation: Cancellation = Cancellation()
  ) throws -> Result<Int, Failure> {
    let session = try AWSSession.connected(AWSVariables(variables), cancellation: cancellation).session
    let client = try session.client(of: "kms")
    let request = HTTPRequest(method: "GET", url: client.endpoint.endpoint.url + "/")
    do throws(AWSCallError) {
      let (response, _) = try client.send(request, operation, payload: SHA256.hash([]), limit: 1 << 20)
      return .success(response.status)
    } catch { return .failure(client.failure(error, operation)) }
  }

  @Test("TLS, by the authorities of AWS_CA_BUNDLE")
  func authorities() throws {
    let certificates = try TestCertificates()
    let authority = try certificates.authority("ca")
    let server = try TLSServer(certificates.certificate("server", by: authority, names: ["IP:127.0.0.1"]))
    let url = "https://127.0.0.1:\(server.port)"
    let trusted = try probe(variables(url, ["AWS_CA_BUNDLE": authority.certificate]))
    #expect(try trusted.get() == 200)
    let refused = #expect(throws: Failure.self) { try probe(variables(url)).get() }
    #expect(refused?.status == .configuration && refused?.remedy?.contains("AWS_CA_BUNDLE") == true)
    let missing = #expect(throws: Failure.self) { try probe(variables(url, ["AWS_CA_BUNDLE": "/nonexistent"])).get() }
    #expect(missing?.status == .configuration && missing?.remedy?.contains("AWS_CA_BUNDLE") == true)
  }

  @Test("the user agent is this program's, and attempts are as many as AWS_MAX_ATTEMPTS says")
  func agent() throws {
    let server = try FaultServer { _ in ServedResponse(500) }
    let failure = #expect(throws: Failure.self) { try probe(variables(server.url)).get() }
    #expect(failure?.status == .unavailable && server.requests.count == 1)
    #expect(server.requests.first?.header("user-agent") == "memoryctl/\(Tool.version)")
    #expect(server.requests.first?.header("host") == "127.0.0.1:\(server.port)")
  }

  @Test("a request to stop ends a call that is under way")
  func cancelled() throws {
    let cancellation = Cancellation()
    let server = try FaultServer { _ in
      cancellation.cancel()
      return ServedResponse(200)
    }
    server.inject(.stall(.afterEffect), times: .max)
    let failure = #expect(throws: Failure.self) { try probe(variables(server.url), cancellation).get() }
    #expect(failure?.status == .tryLater && server.requests.count == 1)
  }
}
