// SPDX-License-Identifier: Apache-2.0
internal import ArchiveStore
internal import AuditCore
internal import Cryptography
internal import HTMLPage

extension StatusPage {
  /// From the genesis to the head, with what lies between.
  var chain: HTML {
    let stretches = status.ledger.stretches
    guard let first = stretches.first, let last = stretches.last else {
      return .section("chain", "Chain, from genesis to head", [.paragraph("No manifest could be read.")])
    }
    let breaks = status.ledger.stretchesTotal - 1
    let words =
      breaks == 0
      ? "Each manifest names the digest of the one before, and each bundle's first row the hash of the last row before it: "
        + "no seam is open."
      : "\(Formats.count(breaks, "seam")) \(breaks == 1 ? "is" : "are") open. What stands on the two sides of one is not "
        + "proved to belong together."
    var links: [HTML] = [end(first.previousHash)]
    for stretch in stretches.prefix(12) {
      if let fault = stretch.fault { links.append(gap(fault)) }
      links.append(link(stretch))
    }
    if stretches.count > 12 {
      links.append(gap("\(Formats.count(status.ledger.stretchesTotal - 12)) more, in the table"))
    }
    links.append(head(last))
    var parts: [HTML] = [.paragraph(.text(words)), .element("ol", ["class": "chain"], links)]
    if stretches.count > 1 { parts.append(table(stretches)) }
    return .section("chain", "Chain, from genesis to head", parts)
  }

  private func end(_ previous: Digest?) -> HTML {
    guard let previous else {
      return .element(
        "li", ["class": "end"],
        [.element("strong", ["Genesis"]), .element("span", ["the first row, which has none before it"])])
    }
    return .element(
      "li", ["class": "end open"],
      [
        .element("strong", ["Not the genesis"]),
        .element("span", ["the first row goes on from ", .code(String(previous.hex.prefix(16)) + "…")]),
      ])
  }

  private func link(_ stretch: ChainStretch) -> HTML {
    let numbers = stretch.manifests
    let name =
      numbers.count == 1 ? "Manifest \(numbers.lowerBound)" : "Manifests \(numbers.lowerBound) to \(numbers.upperBound)"
    return .element(
      "li", ["class": "link"],
      [
        .element("strong", [.text(name)]),
        .element(
          "span",
          [
            .text(
              "\(Formats.day(stretch.days.lowerBound)) to \(Formats.day(stretch.days.upperBound)), \(Formats.count(stretch.rows, "row"))"
            )
          ]),
      ])
  }

  private func gap(_ fault: String) -> HTML {
    .element("li", ["class": "gap"], [.element("strong", ["Open seam"]), .element("span", [.text(fault)])])
  }

  private func head(_ stretch: ChainStretch) -> HTML {
    .element(
      "li", ["class": "end"],
      [
        .element("strong", ["Head"]),
        .element("span", ["hash of the newest archived row: ", .code(stretch.headHash?.hex ?? "none yet")]),
        .element("span", ["digest of manifest \(stretch.manifests.upperBound): ", .code(stretch.manifestDigest.hex)]),
      ])
  }

  private func table(_ stretches: [ChainStretch]) -> HTML {
    let rows = stretches.map { stretch -> [HTML] in
      [
        .text("\(stretch.manifests.lowerBound) to \(stretch.manifests.upperBound)"),
        .text("\(stretch.days.lowerBound) to \(stretch.days.upperBound)"),
        .text(stretch.previousHash.map { $0.hex.prefix(16) + "…" } ?? "genesis"),
        .text(stretch.headHash.map { $0.hex.prefix(16) + "…" } ?? "–"), .text(stretch.fault ?? "the first"),
      ]
    }
    return Table(
      "Stretches whose manifests join each other",
      columns: [
        ("Manifests", .fixed), ("Days", .fixed), ("Begins behind", .fixed), ("Ends with", .fixed),
        ("Why it does not join the one before", .words),
      ], rows: rows
    ).html
  }

  /// Who signed manifests, and what is known of the rows' signatures.
  var signers: HTML {
    let ledger = status.ledger
    let rows = ledger.signers.map { share -> [HTML] in
      let faults = share.manifests - share.valid - share.countersigned - share.unverifiable
      let verdict: HTML =
        faults > 0
        ? .badge(.problem, "\(Formats.count(faults)) invalid")
        : share.unverifiable > 0
          ? .badge(.notice, "no key at hand for \(Formats.count(share.unverifiable))")
          : share.countersigned > 0
            ? .badge(.notice, "\(Formats.count(share.countersigned)) countersigned by others")
            : .badge(.well, "verified")
      return [
        .code(share.kid), .code(share.algorithm), .text(Formats.count(share.manifests)),
        .group([
          .text(Formats.share(share.manifests, of: ledger.manifests)), .bar(share.manifests, of: ledger.manifests),
        ]),
        .day(share.times.lowerBound.day), .day(share.times.upperBound.day), verdict,
      ]
    }
    var parts: [HTML] = [
      Table(
        "Signers of the manifests",
        columns: [
          ("Key", .words), ("Algorithm", .fixed), ("Manifests", .number), ("Share", .fixed), ("First", .fixed),
          ("Last", .fixed),
          ("Signatures", .fixed),
        ], rows: rows
      ).html
    ]
    if ledger.signersTotal > ledger.signers.count { parts.append(.aside("Further names of signers are not listed.")) }
    return .section("signers", "Signers", parts + [rowSignatures])
  }

  private var rowSignatures: HTML {
    let counts = status.ledger.signatures
    let all = max(1, status.ledger.rows)
    func fact(_ name: String, _ count: Int) -> HTML.Fact {
      HTML.Fact(name, .text(Formats.count(count)), .text(Formats.share(count, of: all)))
    }
    return .group([
      .element("h3", ["Rows, as the archiver found their signatures"]),
      .facts([
        fact("Valid", counts.valid), fact("Unsigned", counts.unsigned), fact("Invalid", counts.invalid),
        fact("No key at hand then", counts.unverifiable),
      ]),
    ])
  }
}
