// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import TestSupport

/// This machine's own files, over which a script may install and change what it likes: nothing of it stays.
///
/// Folders that installers and daemons write to are overlays in a mount namespace of the script's own; its processes end
/// with it, as they are in a namespace, too.
enum ScratchMachine {
  /// Root can mount there. In CI it must: a skip would hide that nothing was tried.
  static let isUsable = ProcessInfo.processInfo.environment["CI"] != nil || geteuid() == 0
  static let need = "overlays and a cron daemon need root"

  /// Runs a script of bash.
  ///
  /// - Parameters:
  ///   - variables: of the script, beside `PATH`.
  ///   - timeout: seconds.
  static func run(_ script: String, _ variables: [String: String] = [:], timeout: Double = 300) throws -> CommandOutput
  {
    let folder = try TemporaryDirectory("machine")
    let file = folder("script")
    try (prelude + script).write(toFile: file, atomically: false, encoding: .utf8)
    let words = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", file]
    var environment: [String: String?] = ["SCRATCH": folder("scratch")]
    environment.merge(variables.mapValues { $0 }) { $1 }
    return try Command.run(
      "unshare", words, environment: environment, inheritsEnvironment: false, directory: "/", timeout: timeout)
  }

  /// The folders are layers over a file system in memory: an overlay's own may not lie on another overlay.
  private static let prelude = """
    set -euo pipefail
    mkdir "$SCRATCH"
    mount -t tmpfs scratch "$SCRATCH"
    for folder in etc usr/local usr/sbin var/lib var/spool; do
      mkdir -p "$SCRATCH/$folder/upper" "$SCRATCH/$folder/work"
      mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$SCRATCH/$folder/upper,workdir=$SCRATCH/$folder/work" "/$folder"
    done
    mount -t tmpfs run /run

    """
}
