// SPDX-License-Identifier: Apache-2.0
import ArchiveStore
import ArgumentParser
import AuditCore
import Files
import HTMLPage

/// Where a command's page goes.
struct PageOptions: ParsableArguments {
  @Option(help: "Write it as one self-contained page, too; - prints the page instead of the text.")
  var html: String?

  func validate() throws {
    guard let html else { return }
    guard !html.isEmpty, !html.hasSuffix("/") else { throw ValidationError("--html takes the path of a file, or -") }
    try requirePath(html)
  }

  /// Refuses two documents on one standard output.
  func requireText(_ common: CommonOptions) throws {
    if html == "-", common.json { throw ValidationError("--html - and --json both print: give --html a file") }
  }

  /// Writes the page, prints the result and ends the run.
  ///
  /// What was found comes before what could not be written: the latter decides the exit status of a success alone.
  func finish(
    _ page: @autoclosure () throws -> Page, _ console: Console, _ json: JSONValue, _ text: String, status: ExitStatus
  ) throws {
    guard let html else { return try console.finish(json, text, status: status) }
    if html == "-" { return try console.finish(try page(), status: status) }
    let bytes = try page().bytes
    do { try File.replace(html, with: bytes) } catch {
      let failure = Failure.file(error, remedy: "give --html a path that can be written")
      guard status == .success else {
        console.warn("the page could not be written: \(failure)")
        return try console.finish(json, text, status: status)
      }
      try console.finish(json, text)
      throw failure
    }
    try console.finish(json, text, status: status)
  }
}

extension Console {
  /// Prints a page in the place of a result.
  func finish(_ page: Page, status: ExitStatus) throws {
    Self.clearLine()
    try Results.check(Process.write(String(decoding: page.bytes, as: UTF8.self), to: 1), status)
    if status != .success { throw ExitCode(status.rawValue) }
  }
}
