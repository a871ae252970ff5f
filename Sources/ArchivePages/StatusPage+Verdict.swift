// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import HTMLPage

extension StatusPage {
  var tone: Tone { status.isWell ? (warnings.isEmpty ? .well : .notice) : .problem }

  var title: String {
    switch tone {
    case .problem: "The archive needs attention"
    case .notice: "The archive is well, with something to look at"
    case .well, .plain: "The archive is well"
    }
  }

  var verdict: HTML {
    var words: [HTML] = []
    if !status.isWell {
      let count = Formats.count(status.findings.count, "thing is not as it must be", "things are not as they must be")
      words.append(.text("\(count). What to do about it is below."))
    } else if let first = status.firstDay, let newest = status.newestClosedDay {
      words.append(
        .group([
          "Every day from ", .day(first), " to ", .day(newest), " is closed, and ",
          .text(Formats.count(status.manifests, "manifest joins", "manifests join")),
          " each other from the genesis to the head.",
        ]))
    }
    words.append(.group(["Looked at ", .minute(status.now), signatureWords]))
    return .verdict(tone, title, words)
  }

  private var signatureWords: HTML {
    switch status.unverifiable {
    case 0: "; every manifest was held against the keys at hand."
    case status.manifests: "; no key was at hand to verify the manifests' signatures."
    default: .text("; no key was at hand for \(Formats.count(status.unverifiable, "manifest")).")
    }
  }

  /// Problems first, then what is to be looked at, then what is only to be known.
  var notices: HTML {
    let problems = manifestFaults + status.findings.filter { !$0.isOfManifest }.map(notice)
    let notes = status.notes.map { HTML.Notice(.plain, Self.sentence($0)) }
    let all = problems + warnings + notes
    return all.isEmpty ? .group([]) : .element("div", ["id": "notices"], [.notices(all)])
  }

  private func notice(_ problem: ArchiveProblem) -> HTML.Notice {
    let (advice, command) = advice(problem)
    return HTML.Notice(.problem, Self.sentence(problem.description), .text(advice), command: command)
  }

  /// One notice for all of them: what there is to do is the same.
  private var manifestFaults: [HTML.Notice] {
    let faults = status.findings.filter(\.isOfManifest)
    guard !faults.isEmpty else { return [] }
    let count = status.ledger.faultsTotal
    let title =
      count == 1
      ? Self.sentence(faults[0].description) : "\(Formats.count(count)) manifests do not verify, or are out of place"
    let list = HTML.element("ul", ["class": "rows"], faults.map { .element("li", [.text($0.description)]) })
    let (words, command) = advice(faults[0])
    return [
      HTML.Notice(
        .problem, title, .text(words), command: command, more: count == 1 ? nil : list)
    ]
  }

  private func advice(_ problem: ArchiveProblem) -> (String, String?) {
    let drill = "memoryctl audit drill --staging \"$STAGING_DATABASE_URL\" --select latest"
    switch problem {
    case .registry:
      return (
        "Nothing here is worth more than the keys it was judged by. Look at both registries, find out who wrote them, and tell "
          + "the security team.", "memoryctl keys list"
      )
    case .manifest, .moreManifests:
      return (
        "Keep everything as it is, find out who wrote to the store, and tell the security team. A full verification says "
          + "what else is touched.", "memoryctl audit verify --archive \"$AUDIT_ARCHIVE_URL\""
      )
    case .unverifiable:
      return (
        "Give the public keys of their signers: AUDIT_SIGNERS_FILE lists them. A signer that nobody knows is a matter for "
          + "the security team.", "AUDIT_SIGNERS_FILE=signers.json memoryctl audit status"
      )
    case .oldNewestDay:
      return (
        "The nightly job did not run, or did not come to its end: its log says why. Nothing is lost while the source has "
          + "the rows; one run closes every day that is due.", "memoryctl audit archive"
      )
    case .missingDays(_, let first) where first < status.newestClosedDay ?? first:
      return (
        "Later days are there, which no nightly job leaves behind: manifests were taken away, or others put in.",
        "memoryctl audit verify --archive \"$AUDIT_ARCHIVE_URL\" --database \"$DATABASE_URL\""
      )
    case .missingDays: return ("The next run closes them, in their order.", nil)
    case .oldDrill: return ("Whether the archive can be restored is proved each quarter.", drill)
    case .noDrill: return ("Nothing proves yet that the archive can be restored.", drill)
    case .failedDrill:
      return ("Its failed step is below, under Drills. Mend what it names, then run a drill again.", drill)
    }
  }

  /// What is no problem of the archive's keeping, and yet somebody has to look at.
  var warnings: [HTML.Notice] {
    [anomalyWarning, endingWarning, briefWarning].compactMap { $0 }
  }

  private var anomalyWarning: HTML.Notice? {
    guard status.anomalies > 0, let first = status.ledger.anomalousDays.first else { return nil }
    let days = status.ledger.days.count { $0.anomalies > 0 }
    return HTML.Notice(
      .notice,
      "\(Formats.count(status.anomalies, "row")) of \(Formats.count(days, "day")) "
        + "\(status.anomalies == 1 ? "does" : "do") not verify",
      .group([
        "They are archived as they were found, and named in their manifests: ",
        .element("a", ["href": "#anomalies"], ["the anomalies"]),
        " say what each kind means. Let the security team look at them; nothing in the archive is to be changed.",
      ]), command: "memoryctl manifest show \(first.sequence)")
  }

  private var endingWarning: HTML.Notice? {
    let days = days(in: .ending)
    guard let first = days.first, let last = days.last else { return nil }
    return HTML.Notice(
      .notice, "The locks of \(Formats.count(days.count, "day")) end within \(status.limits.retentionWarning) days",
      "If they are to be kept for longer, lock them for longer now.",
      command: "memoryctl retention extend --from \(first) --to \(last) --days 400")
  }

  private var briefWarning: HTML.Notice? {
    let days = days(in: .brief)
    guard let first = days.first, let last = days.last else { return nil }
    return HTML.Notice(
      .notice,
      "\(Formats.count(days.count, "day")) \(days.count == 1 ? "was" : "were") locked for less than "
        + "\(ArchiveStatus.leastLockDays) days",
      .text("No archive may be locked for less. Make the locks longer, and look at who wrote these manifests."),
      command: "memoryctl retention extend --from \(first) --to \(last) --days 400")
  }

  private func days(in state: DayState) -> [UTCDay] {
    status.ledger.days.compactMap { status.state(of: $0.day, $0) == state ? $0.day : nil }
  }

  static func sentence(_ words: String) -> String { words.prefix(1).uppercased() + words.dropFirst() }
}

extension ArchiveProblem {
  fileprivate var isOfManifest: Bool {
    switch self {
    case .manifest, .moreManifests: true
    default: false
    }
  }
}
