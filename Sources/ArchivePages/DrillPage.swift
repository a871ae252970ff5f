// SPDX-License-Identifier: Apache-2.0
public import ArchiveStore
internal import AuditCore
internal import Cryptography
public import HTMLPage
public import Signing

/// A drill's report as a page: what was restored, what was checked, and who signed it.
public struct DrillPage: Sendable {
  private let drill: StoredDrill
  private let stream: String
  private let url: String
  private let key: String?
  private let verdict: ProofVerdict?

  /// - Parameters:
  ///   - key: of the stored report; nil where it could not be stored.
  ///   - verdict: what the keys at hand say of its signature; nil where there is none.
  public init(_ drill: StoredDrill, of archive: Archive, key: String?, verdict: ProofVerdict?) {
    self.init(drill, stream: archive.stream, url: archive.url, key: key, verdict: verdict)
  }

  /// - Parameter url: of the stream, without secrets.
  public init(_ drill: StoredDrill, stream: String, url: String, key: String?, verdict: ProofVerdict?) {
    (self.drill, self.stream, self.url, self.key, self.verdict) = (drill, stream, url, key, verdict)
  }

  public var page: Page {
    Page(
      "\(title) · \(stream)", style: .archive,
      header: [
        .element("p", [.element("strong", [.text(stream)]), " ", .element("span", ["class": "muted"], [.text(url)])]),
        .navigation([
          ("steps", "Steps"), ("control", "Negative control"), ("restored", "Restored"), ("found", "Found"),
          ("signature", "Signature"),
        ]),
      ], main: [banner, facts, steps, control, restored, found, signature],
      footer: [
        .paragraph(
          "Made by ", .text(Tool.name), " from the report",
          .text(drill.tool.isEmpty ? "" : " that \(drill.tool) wrote"), "."),
        .paragraph(
          "The signed report is the evidence; this page only shows it. ", .code("docs/archive-format.md"),
          " tells how its proof is checked."),
      ])
  }

  private var isSigned: Bool { if case .valid = verdict { true } else { false } }

  private var title: String {
    "Drill of \(Formats.day(drill.startedAt.day)): \(drill.isPassed ? "passed" : "failed")"
  }

  private var banner: HTML {
    var words: [HTML] = []
    if drill.isPassed {
      words.append(
        .text(
          "\(Formats.count(drill.rows, "row")) came back from the archive, byte for byte, and were verified in a database "
            + "of their own; an altered row was found."))
    } else if let step = drill.steps.first(where: { !$0.isPassed }) {
      words.append(.text("It failed at “\(step.name)”: \(step.detail)"))
    } else {
      words.append("It did not get as far as to prove that the archive can be restored.")
    }
    if !isSigned { words.append(.element("strong", [.text(signatureWords)])) }
    return .verdict(drill.isPassed ? (isSigned ? .well : .notice) : .problem, title, words)
  }

  private var facts: HTML {
    func time(_ milliseconds: Int) -> HTML {
      milliseconds > 0 ? .text(Formats.duration(milliseconds: milliseconds)) : "–"
    }
    return .facts([
      HTML.Fact("Recovery time", time(drill.recoveryMilliseconds), "until the restored chain was verified"),
      HTML.Fact(
        "Recovery point", drill.recoveryPoint.map { .minute($0) } ?? "–", "time of the newest row that came back"),
      HTML.Fact("Rows restored", .text(Formats.count(drill.rows))),
      HTML.Fact("Began", .minute(drill.startedAt)),
    ])
  }

  private var restored: HTML {
    .section(
      "restored", "What was restored",
      [
        .pairs([
          ("Stream", .code(stream)),
          ("Days", .text(drill.period ?? "not known")),
          (
            "Manifests",
            .text(
              drill.manifests.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)" }
                ?? "not known")
          ),
          ("Rows", .text(Formats.count(drill.rows))), ("Hash of the last row", .code(drill.headHash ?? "none")),
        ])
      ])
  }

  private var steps: HTML {
    .section("steps", "Steps and their evidence", [Self.steps(drill, of: "this drill", showsCaption: false)])
  }

  /// Each step with its verdict, its time and its evidence.
  static func steps(_ drill: StoredDrill, of whose: String, showsCaption: Bool = true) -> HTML {
    guard !drill.steps.isEmpty else { return .paragraph("The report names no step.") }
    let whole = max(1, drill.steps.map(\.milliseconds).max() ?? 1)
    let rows = drill.steps.map { step -> [HTML] in
      [
        .text(step.name), step.isPassed ? .badge(.well, "ok") : .badge(.problem, "failed"),
        .group([
          .text(Formats.duration(milliseconds: step.milliseconds)),
          .bar(step.milliseconds, of: whole, isFault: !step.isPassed),
        ]), .text(step.detail),
      ]
    }
    return Table(
      "Steps of \(whose), in their order",
      columns: [("Step", .words), ("Verdict", .fixed), ("Time", .fixed), ("Evidence", .words)],
      rows: rows, showsCaption: showsCaption
    ).html
  }

  private var control: HTML {
    let steps = drill.steps.filter { $0.name.hasPrefix("negative control") }
    let words =
      "To prove that the check can fail, one staged row is altered in a transaction that is rolled back, and the same checks "
      + "have to find that row and no other."
    let outcomes: HTML =
      steps.isEmpty
      ? .notices([
        HTML.Notice(
          .problem, "It was not reached",
          "A drill without it proves nothing: a check that finds nothing may be no check.")
      ])
      : .notices(
        steps.map {
          HTML.Notice(
            $0.isPassed ? .well : .problem, $0.isPassed ? "The altered row was found" : "It failed", .text($0.detail))
        })
    return .section("control", "Negative control", [.paragraph(.text(words)), outcomes])
  }

  private var found: HTML {
    var parts: [HTML] = [
      .facts([
        HTML.Fact("Valid row signatures", .text(Formats.count(drill.signatures.valid))),
        HTML.Fact("Unsigned", .text(Formats.count(drill.signatures.unsigned))),
        HTML.Fact("Invalid", .text(Formats.count(drill.signatures.invalid))),
        HTML.Fact("No key at hand", .text(Formats.count(drill.signatures.unverifiable))),
      ])
    ]
    parts.append(
      drill.findings.isEmpty
        ? .paragraph("Nothing was found to be wrong with the archive's objects.")
        : .notices(drill.findings.map { HTML.Notice(.problem, $0) }))
    if !drill.anomalies.isEmpty {
      let kinds = AnomalyKind.allCases.filter { kind in drill.anomalies.contains { $0.kind == kind } }
      let more = drill.anomaliesTotal - drill.anomalies.count
      parts.append(.element("h3", [.text(Formats.count(drill.anomaliesTotal, "anomaly", "anomalies"))]))
      parts.append(.element("ul", ["class": "rows"], drill.anomalies.map(StatusPage.row)))
      if more > 0 {
        parts.append(.aside(.text("and \(Formats.count(more)) more, of which the report has the first thousand")))
      }
      parts.append(StatusPage.meanings(kinds))
    }
    return .section("found", "What was found", parts)
  }

  private var signatureWords: String {
    switch verdict {
    case .valid: "A key at hand verifies the report."
    case .unverifiable(let reason): "The report's signature could not be verified here: \(reason)."
    case .invalid(let reason): "The report's signature is invalid: \(reason)."
    case nil: "The report is not signed, and proves nothing."
    }
  }

  private var signature: HTML {
    var pairs: [(name: String, value: HTML)] = [("Digest of the report", .code(drill.digest.hex))]
    if let key { pairs.append(("Stored as", .code(key))) }
    for signer in drill.signers {
      let name = signer.signerID == signer.kid ? signer.kid : "\(signer.signerID), \(signer.kid)"
      pairs.append(("Signed by", .group([.code(name), " (", .code(signer.algorithm), ")"])))
    }
    var notices = [HTML.Notice(isSigned ? .well : .problem, signatureWords)]
    if key == nil { notices.append(HTML.Notice(.problem, "The report could not be stored.")) }
    return .section("signature", "Signature", [.notices(notices), .pairs(pairs)])
  }
}

extension StoredDrill {
  /// The days that were restored; nil where it did not get as far.
  var period: String? {
    let ends = days.replacing("..", with: " ").split(separator: " ")
    guard let first = ends.first, let last = ends.last else { return nil }
    return first == last ? String(first) : "\(first) to \(last)"
  }
}
