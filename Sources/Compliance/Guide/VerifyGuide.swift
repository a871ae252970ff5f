// SPDX-License-Identifier: Apache-2.0
internal import AuditCore

/// `VERIFY.md`: how to check a pulled folder with `sh`, `jq`, `openssl`, `zstd` and coreutils, without this software.
///
/// Nothing that a stranger may have written is in it: numbers, days, and the stream's name, which is plain.
struct VerifyGuide {
  let report: PullReport

  init(_ report: PullReport) { self.report = report }

  var bytes: [UInt8] {
    var steps = Self.folderSteps + [Self.links(first: first, last: last)] + [Self.bundleNames]
    if report.bundles.arePulled, report.bundles.named > 0 { steps += Self.bundleSteps }
    var text = heading + Self.howTo
    for (number, step) in steps.enumerated() { text += "## \(number + 1). \(step.title)\n\n\(step.text)\n\n" }
    text += report.bundles.arePulled ? "" : Self.withoutBundles
    return Array((text + Self.meaning).utf8)
  }

  /// One thing to check: what it shows, and commands that say OK or fail.
  struct Step {
    let title: String
    let text: String

    init(_ title: String, _ words: String, _ commands: String) {
      self.title = title
      text = (words.isEmpty ? "" : words + "\n\n") + "```sh\n(\nset -eu\n\(commands)\n)\n```"
    }
  }

  private var first: Int { report.manifests.first?.sequence ?? 0 }
  private var last: Int { report.manifests.last?.sequence ?? 0 }

  private var heading: String {
    let days = "\(report.days.first?.description ?? "-") to \(report.days.last?.description ?? "-")"
    var text = report.isVerified ? "" : "# UNVERIFIED\n\n"
    if !report.isVerified {
      text += "**\(report.faulty) of the \(report.manifests.count) manifests in this folder do not verify.** They were "
      text += "pulled on demand all the same; `UNVERIFIED.txt` says why, and some of the commands below fail.\n\n"
    }
    text += "# Checking this folder\n\n"
    text += "Stream `\(report.stream)`, days \(days), manifests \(first) to \(last), pulled "
    text += "\(report.pulledAt.isoSeconds).\n\n"
    return text
  }

  private static let howTo = """
    You need `sh`, coreutils, findutils, `sed`, `jq` 1.6 or newer, `openssl` 3 and `zstd` (`apt-get install jq openssl
    zstd`). Run each block in this folder. It prints a line that begins with OK, or it fails with a status that is not
    0. All at once, up to the first that fails:

    ```text
    sed -n '/^```sh$/,/^```$/p' VERIFY.md | grep -v '^```' | sh -e
    ```

    **What is trusted**: the lines of step 2: fingerprints of the keys, and what each key counts for, with its revocation.
    Compare all of it with what you were given on another way than this folder: nothing in it is signed, and everything
    else rests on it. Who could change this folder could change the commands on this page, too: if that
    is your question, take them from the project's documentation (verify-without-us) instead.


    """

  private static let withoutBundles = """
    ## The rows

    The bundles are not in this folder. Whoever has them can put them into `bundles/`, under the names in
    `bundles.sha256`; `sha256sum --check bundles.sha256` then shows that they are the ones that were signed.


    """

  private static let meaning = """
    ## What this shows, and what not

    It shows that the holder of the keys signed these manifests, that none is missing between the first and the last,
    and which bundles they stand for, byte for byte. It does not show that the last manifest was the newest one at the
    time of the pull, that each thing that happened was written to the log, or that a row was true. `report.json` and
    `report.html` say what was found at the pull; they are not signed, and nothing here rests on them but the names of
    the columns.

    """
}
