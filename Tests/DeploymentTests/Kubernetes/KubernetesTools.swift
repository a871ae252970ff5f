// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// The programs that render and check manifests; `scripts/dependencies test` installs them.
enum KubernetesTools {
  static let kubectl = Repository.path(".venv/bin/kubectl")
  static let validate = Repository.path(".venv/bin/kubernetes-validate")
  static let promtool = Repository.path(".venv/bin/promtool")
  static let checkov = Repository.path(".venv-checkov/bin/checkov")

  /// Whether tests that need them are to run. In CI they always are: a skip there would hide a missing tool.
  static let areUsable =
    ProcessInfo.processInfo.environment["CI"] != nil
    || [kubectl, validate, promtool, checkov].allSatisfy(FileManager.default.isExecutableFile(atPath:))

  /// What `kubectl kustomize` makes of a folder.
  static func render(_ folder: String) throws -> String {
    let output = try Command.run(kubectl, ["kustomize", folder])
    guard output.status == 0 else { throw TestSupportError("\(folder): \(output.errorText)") }
    return output.text
  }
}
