// SPDX-License-Identifier: Apache-2.0
internal import AuditCore
internal import Cryptography
internal import HTMLPage
internal import Signing

/// `report.html`: what was pulled and how it stands, for people.
struct PullPage {
  let report: PullReport

  init(_ report: PullReport) { self.report = report }

  var bytes: [UInt8] {
    let sections = [
      ("days", "Days"), ("keys", "Keys"), ("seams", "Seams"), ("anomalies", "Anomalies"), ("manifests", "Manifests"),
    ]
    return Page(
      title, header: [.paragraph(.text("Audit archive · \(report.stream)")), .navigation(sections)],
      main: [verdict, figures] + notes + [days, keys, seams, anomalies, manifests], footer: [footer]
    ).bytes
  }

  private var title: String {
    (report.isVerified ? "" : "UNVERIFIED: ") + "Pull of \(report.stream), \(span)"
  }

  private var span: String {
    guard let first = report.days.first, let last = report.days.last else { return "no day" }
    return first == last ? "\(first)" : "\(first) to \(last)"
  }

  // MARK: The answer

  private var verdict: HTML {
    let count = Formats.count(report.manifests.count, "manifest")
    let source: HTML = .group([
      .text("\(span), pulled "), .minute(report.pulledAt), .text(" from "), .code(report.archive),
    ])
    guard report.isVerified else {
      return .verdict(
        .problem, "Unverified: \(Formats.count(report.faulty)) of \(count) do not verify",
        [source, "They were pulled on demand all the same. Do not rely on them: the reasons are below."])
    }
    var words = "Each manifest's digest, signature and place verify."
    if report.anomaliesTotal > 0 {
      let count = Formats.count(report.anomaliesTotal, "anomaly", "anomalies")
      words += " They name \(count) of the log itself: see below."
    } else {
      words += " None names an anomaly."
    }
    if report.days.missingTotal > 0 {
      words += " \(Formats.count(report.days.missingTotal, "day")) asked for are missing."
    }
    let tone: Tone = report.anomaliesTotal == 0 && report.days.missingTotal == 0 ? .well : .notice
    return .verdict(tone, "Verified: \(count)", [source, .text(words)])
  }

  private var figures: HTML {
    var facts = [
      HTML.Fact("Rows", .text(Formats.count(report.rows))),
      HTML.Fact(
        "Days closed", .text(Formats.count(report.days.closed)),
        .text("\(Formats.count(report.days.empty)) without rows, \(Formats.count(report.days.missingTotal)) missing")),
      HTML.Fact(
        "Bundles", .text(Formats.count(report.bundles.named)),
        .text(Formats.bytes(report.bundles.bytes) + (report.bundles.arePulled ? ", pulled" : ", not pulled"))),
      HTML.Fact("Anomalies", .text(Formats.count(report.anomaliesTotal))),
    ]
    if let end = report.earliestRetentionEnd {
      facts.append(HTML.Fact("First lock ends", .day(end.day), "as the manifests say"))
    }
    return .facts(facts)
  }

  private var notes: [HTML] {
    let problems = report.problems(200).map { HTML.Notice(.problem, $0) }
    let notes = report.notes.map { HTML.Notice(.notice, $0) }
    guard !(problems + notes).isEmpty else { return [] }
    return [.section("notes", "What is to be known", [.notices(problems + notes)])]
  }

  // MARK: Sections

  private var days: HTML {
    var lines: [HTML] = []
    let asked =
      "\(report.requested.from?.description ?? "the first day") to "
      + (report.requested.to?.description ?? "the last one")
    lines.append(.paragraph(.text("Asked for: \(asked). Covered: \(span).")))
    if report.days.beforeArchive > 0 {
      lines.append(
        .paragraph(
          .text("\(Formats.count(report.days.beforeArchive, "day")) asked for lie before the archive's first one.")))
    }
    if report.days.missingTotal > 0 {
      let shown = report.days.missing.prefix(100).map(\.description).joined(separator: ", ")
      let more = report.days.missingTotal > 100 ? " and \(Formats.count(report.days.missingTotal - 100)) more" : ""
      lines.append(
        .notices([
          HTML.Notice(
            .problem, "\(Formats.count(report.days.missingTotal, "day")) that are over have no closed archive",
            .text(shown + more))
        ]))
    } else {
      lines.append(.paragraph(.badge(.well, "Every day asked for that is over is closed.")))
    }
    return .section("days", "Days", lines)
  }

  private var keys: HTML {
    let rows = report.keys.keys.map { key in
      [
        HTML.code(key.key.kid), .text(key.key.algorithm.rawValue), .text(key.kind),
        key.fingerprint.map { .code($0) } ?? "–", .text(Formats.count(key.manifests)),
      ]
    }
    let table = Table(
      "Keys that the manifests name",
      columns: [
        ("Id", .fixed), ("Algorithm", .fixed), ("Kind", .fixed), ("Fingerprint (SHA-256 of the DER form)", .fixed),
        ("Manifests", .number),
      ], rows: rows)
    let intro: HTML =
      report.keys.arePublic
      ? "Compare the fingerprints with those that you were given on another way."
      : "Signatures of keys that are not public can be checked only by who has part in them."
    return .section("keys", "Keys", [.paragraph(intro)] + (rows.isEmpty ? [] : [table.html]))
  }

  private var seams: HTML {
    let begin: HTML
    if let predecessor = report.predecessor {
      begin = .group([
        .text("The first manifest joins manifest \(predecessor.sequence), which is not in the folder: digest "),
        .code(predecessor.digest?.hex ?? "not readable"), ".",
      ])
    } else {
      begin = "The first manifest is the stream's first."
    }
    let head = report.manifests.last?.facts?.headHash?.hex
    let rows: HTML =
      report.bundles.arePulled
      ? .text(
        "\(Formats.count(report.bundles.rowsVerified, "row")) of the bundles were read and verified: hashes, links, "
          + "Merkle leaves; signatures: \(signatureWords).")
      : "The rows were not read: the manifests say which bundles hold them."
    return .section(
      "seams", "Seams",
      [.paragraph(begin), .paragraph("The chain's head at the end: ", .code(head ?? "–")), .paragraph(rows)])
  }

  private var signatureWords: String {
    let counts = report.bundles.signatures
    return "\(Formats.count(counts.valid)) valid, \(Formats.count(counts.unsigned)) unsigned, "
      + "\(Formats.count(counts.invalid)) invalid, \(Formats.count(counts.unverifiable)) without a key at hand"
  }

  private var anomalies: HTML {
    guard report.anomaliesTotal > 0 else {
      return .section("anomalies", "Anomalies", [.paragraph(.badge(.well, "The manifests name none."))])
    }
    let rows = report.anomalies.map { sequence, anomaly in
      [
        HTML.text("\(sequence)"), .text(anomaly.kind.rawValue), .text(anomaly.row.map { "\($0)" } ?? "–"),
        .code(anomaly.id), .text(anomaly.detail),
      ]
    }
    let table = Table(
      "Rows that the chain does not account for, as the manifests name them",
      columns: [
        ("Manifest", .number), ("Kind", .fixed), ("Row", .number), ("Id", .fixed), ("Detail", .words),
      ], rows: rows)
    let shown = Formats.count(rows.count)
    let intro = "\(Formats.count(report.anomaliesTotal)) in all, \(shown) listed here."
    return .section("anomalies", "Anomalies", [.paragraph(.text(intro)), table.html])
  }

  private var manifests: HTML {
    let table = Table(
      "Manifests in their order",
      columns: [
        ("Sequence", .number), ("Day", .fixed), ("Part", .number), ("Rows", .number), ("Anomalies", .number),
        ("Verdict", .fixed), ("Signed by", .fixed), ("Locked until", .fixed), ("Digest", .fixed),
      ], rows: report.manifests.map(row))
    return .section("manifests", "Manifests", [table.html])
  }

  private func row(_ manifest: PulledManifest) -> [HTML] {
    // A sign in each of some thousand rows would be most of the page.
    let verdict: HTML = manifest.problems.isEmpty ? "valid" : .badge(.problem, "does not verify")
    let signers = HTML.text(manifest.signers.joined(separator: ", "))
    guard let facts = manifest.facts else {
      return ["\(manifest.sequence)", "–", "–", "–", "–", verdict, signers, "–", "–"]
    }
    return [
      "\(manifest.sequence)", .text(facts.coverage.day.description),
      .text("\(facts.coverage.part)" + (facts.coverage.isLast ? "" : ", open")), .text(Formats.count(facts.rows)),
      .text(Formats.count(facts.anomalies)), verdict, signers,
      .text(facts.retention.until.day.description + (facts.retention.hasLegalHold ? ", legal hold" : "")),
      .code(facts.digest.hex),
    ]
  }

  private var footer: HTML {
    .paragraph(
      .text("Made by \(Tool.name). This page is not signed: the files beside it are what counts, and "),
      .code("VERIFY.md"), " says how to check them without this software.")
  }
}
