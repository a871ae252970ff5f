// SPDX-License-Identifier: Apache-2.0
internal import ArchivePages
public import ArchiveStore
internal import AuditCore
internal import HTMLPage

/// The status page that a server shows, drawn once a look.
public struct StatusView: Sendable {
  let status: ArchiveStatus
  let page: Page
  let bytes: [UInt8]

  public init(_ status: ArchiveStatus, of archive: Archive) {
    self.status = status
    page = StatusPage(status, of: archive).page
    bytes = page.bytes
  }

  /// Reports that a look should read for the page.
  public static var drills: Int { StatusPage.drills }
}

extension Page {
  /// What is shown while there is no status to show.
  static func waiting(_ problem: Failure?) -> Page {
    let title = problem == nil ? "The archive is being read" : "The archive cannot be looked at"
    let words: HTML =
      problem.map { .text("\($0)") }
      ?? "The first look at an archive reads each of its manifests, which takes a while. Load this page again in a moment."
    return Page(
      title, header: [.element("p", [.element("strong", ["memoryctl serve"])])],
      main: [.verdict(problem == nil ? .notice : .problem, title, [words])], footer: [.paragraph(.text(Tool.name))])
  }

  static var withoutArchive: Page {
    let title = "No archive is configured"
    return Page(
      title, header: [.element("p", [.element("strong", ["memoryctl serve"])])],
      main: [.verdict(.notice, title, ["Set AUDIT_ARCHIVE_URL, and this page shows how the archive stands."])],
      footer: [.paragraph(.text(Tool.name))])
  }
}
