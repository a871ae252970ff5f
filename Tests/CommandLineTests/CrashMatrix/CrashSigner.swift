// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// A signing service that a job asks.
struct CrashSigner {
  enum Service: String, Sendable { case proxy, kms }

  /// Each service with each store, over the jobs.
  static func service(of job: CrashJob, on kind: StoreKind) -> Service {
    (kind == .file) == (job == .archive || job == .multisig) ? .proxy : .kms
  }

  private let service: Service
  private let url: String
  private let key: String
  /// Keeps the proxy running.
  private let program: ServingProgram?

  init(_ service: Service) throws {
    self.service = service
    switch service {
    case .proxy:
      let program = try ServingProgram(["dev", "signing-proxy"], environment: [:])
      (self.program, url, key) = (program, program.url, "")
    case .kms:
      let server = try Ministack.shared()
      (program, url, key) = (nil, server.url, try server.createKey(spec: "RSA_2048"))
    }
  }

  /// Names of its ports.
  var ports: [String: Int] {
    let port = url.split(separator: ":").last.flatMap { Int($0) } ?? 0
    return [service.rawValue: port]
  }

  /// Variables that let it sign what a job signs.
  func environment(of job: CrashJob) throws -> [String: String?] {
    switch service {
    case .proxy:
      return job.signsDocuments ? ["AUDIT_MANIFEST_SIGNER": "proxy:" + url] : ["SIGNING_PROXY_URL": url]
    case .kms:
      var environment: [String: String?] = [:]
      for (name, value) in try Ministack.shared().environment() { environment[name] = value }
      environment[job.signsDocuments ? "AUDIT_MANIFEST_SIGNER" : "AUDIT_SIGNING_KMS_KEY_ID"] =
        job.signsDocuments ? "kms:" + key : key
      return environment
    }
  }
}
