// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import TestSupport

/// A headless browser that looks at pages: at a phone's and a desktop's width, light and dark.
public enum Browser {
  /// Whether tests that need a browser are to run. In CI they always are: a skip there would hide a missing one.
  public static let isUsable = ProcessInfo.processInfo.environment["CI"] != nil || hasPrograms

  private static let python = Fixtures.directory + "/../../.venv/bin/python"
  private static let chromium = "/usr/bin/chromium"

  private static var hasPrograms: Bool {
    FileManager.default.isExecutableFile(atPath: chromium)
      && (try? Command.run(python, ["-c", "import playwright, axe_playwright_python"]).status) == 0
  }

  /// Opens a page in each way.
  ///
  /// Screenshots go to the folder that `AUDIT_SCREENSHOTS` names.
  ///
  /// - Returns: what is wrong with it, a line each.
  public static func faults(_ name: String, _ page: [UInt8]) throws -> [String] {
    let directory = try TemporaryDirectory("page")
    let file = directory("\(name).html")
    try Data(page).write(to: URL(fileURLWithPath: file))
    let script = Fixtures.directory + "/../Browser/look.py"
    let output = try Command.run(python, [script, chromium, file], environment: ["HOME": directory.path])
    guard output.status == 0 else { throw TestSupportError("the browser failed: \(output.errorText)") }
    return output.text.split(separator: "\n").map(String.init)
  }
}
