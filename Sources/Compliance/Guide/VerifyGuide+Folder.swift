// SPDX-License-Identifier: Apache-2.0

extension VerifyGuide {
  /// Of every pull.
  static let folderSteps = [
    Step(
      "Nothing in this folder has changed since it was pulled",
      """
      The digest that it prints is the one that the pull printed. Nothing but files of a pull may be here: no link, and no
      empty folder.
      """,
      #"""
      t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
      find . -mindepth 1 ! -type d ! -type f > "$t/odd"; find . -type d -empty >> "$t/odd"
      names='SHA256SUMS|VERIFY\.md|UNVERIFIED\.txt|bundles\.sha256|(keys|registry|report)\.json|report\.html'
      names="$names|keys/[0-9a-f]{16}\.pem|signers/[A-Za-z0-9._-]+\.json|manifests/[0-9]{10}\.json"
      names="$names|bundles/[0-9]{10}-[0-9a-f]{16}\.ndjson\.zst"
      LC_ALL=C find . -type f -regextype posix-extended ! -regex "\./($names)" >> "$t/odd"
      [ ! -s "$t/odd" ] || { echo "what is no file of a pull is in this folder:" >&2; cat -v "$t/odd" >&2; exit 1; }
      if LC_ALL=C grep -qvE '^[0-9a-f]{64}  [A-Za-z0-9._/-]+$' SHA256SUMS; then echo "SHA256SUMS is no list" >&2; exit 1; fi
      sha256sum --check --strict --quiet SHA256SUMS
      cut -c67- SHA256SUMS | LC_ALL=C sort > "$t/listed"
      find . -type f ! -path ./SHA256SUMS | cut -c3- | LC_ALL=C sort | cmp - "$t/listed"
      echo "OK: all files are as SHA256SUMS lists them, none is beside them; SHA256SUMS itself: $(
        sha256sum < SHA256SUMS | cut -c1-64)"
      """#),
    keys,
    Step(
      "Each manifest is what was signed",
      """
      The digest is the SHA-256 of the manifest's canonical form, which `jq -cS` prints; `del` undoes an escape that jq
      1.6 writes. The layout and the members outside of the digest are those that the format allows, so that nothing hides
      there.
      """,
      #"""
      t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
      del() { sed -E ':a; s/(^|[^\\])((\\\\)*)\\u007f/\1\2\x7f/; ta'; }
      find manifests ! -path manifests ! -type f > "$t/odd"
      LC_ALL=C find manifests -type f -regextype posix-extended ! -regex 'manifests/[0-9]{10}\.json' >> "$t/odd"
      [ ! -L manifests ] && [ ! -s "$t/odd" ] || { echo "manifests/ holds what is no manifest" >&2; exit 1; }
      jq -n 'reduce inputs as $d ([]; if input_filename == .[-1:][0] then error("a file holds two documents")
          elif ($d | type) != "object" or ($d | keys_unsorted) != ["manifest", "proof"]
            or ($d.proof | type) != "object" or ($d.proof | keys_unsorted) != ["digestHex", "threshold", "signatures"]
            or ($d.proof.signatures | type) != "array"
            or any($d.proof.signatures[]; type != "object" or keys_unsorted != ["signerId", "kid", "alg", "signature"])
          then error("\(input_filename): its members are not those of the format") else [input_filename] end)' \
        manifests/*.json > "$t/out"
      mkdir "$t/m"; i=1000000
      jq -cSn 'inputs | .manifest' manifests/*.json | del > "$t/canonical"
      while IFS= read -r line; do i=$((i + 1)); printf %s "$line" > "$t/m/$i"; done < "$t/canonical"
      find "$t/m" -type f | LC_ALL=C sort | xargs sha256sum | cut -c1-64 > "$t/found"
      jq -rn 'inputs | .proof.digestHex' manifests/*.json > "$t/signed"
      [ "$(wc -l < "$t/signed")" = "$(ls manifests | wc -l)" ] && cmp "$t/signed" "$t/found" ||
        { echo "a manifest has another digest than it says" >&2; exit 1; }
      jq . manifests/*.json | del > "$t/layout"
      [ -z "$(head -qc 1 manifests/*.json | tr -d '{')" ] && cat manifests/*.json | cmp -s - "$t/layout" ||
        for m in manifests/*.json; do
          jq . "$m" | del | cmp -s - "$m" || jq --indent 1 . "$m" | head -c -1 | del | cmp -s - "$m" ||
            { echo "$m: it is not laid out as the format has it" >&2; exit 1; }
        done
      echo "OK: $(wc -l < "$t/found") manifests have the digests that are signed"
      """#),
    signatures,
  ]

  static func links(first: Int, last: Int) -> Step {
    Step(
      "The manifests follow each other",
      """
      Each names the digest of the one before, its chain begins where that one's ends, and each day is closed by one:
      none was dropped, swapped or put in.
      """,
      "first=\(first) last=\(last)\n" + linkCommands)
  }

  private static let linkCommands = #"""
    jq -cn 'inputs | [input_filename, .manifest, .proof.digestHex]' manifests/*.json |
      jq -rn --argjson first "$first" --argjson last "$last" '
      def time: . + "T00:00:00Z" | fromdate;
      def must(f; $why): if f then . else error("manifest \(.sequence | tojson): \($why)") end;
      def digest: type == "string" and test("\\A[0-9a-f]{64}\\z");
      reduce inputs as [$name, $m, $digest] (null; . as $before | $m | .digest = $digest
        | must($name == "manifests/" + ("0000000000\(.sequence)")[-10:] + ".json"; "it is in another place")
        | must(.coverage.day | type == "string" and test("\\A[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])\\z");
            "its day is not of the form")
        | must((.digest | digest) and (.chain.headHash | . == null or digest); "a digest is none")
        | must(.sequence == if $before then $before.sequence + 1 else $first end; "the one before it is missing")
        | if $before then
            must(.stream == $before.stream; "it is of another stream")
            | must(.previousManifest == $before.digest; "previousManifest is not the digest of the one before")
            | must(.chain.previousHash == $before.chain.headHash; "its chain does not go on where the one before ends")
            | must(.rows.total == $before.rows.total + .rows.count; "rows.total is not the sum")
            | if $before.coverage.last
              then must(.coverage.part == 0 and (.coverage.day | time) == ($before.coverage.day | time) + 86400;
                "a day is missing before it")
              else must(.coverage.part == $before.coverage.part + 1 and .coverage.day == $before.coverage.day;
                "a part of its day is missing") end
          elif .sequence == 0 then
            must(.previousManifest == null and .chain.previousHash == null and .rows.total == .rows.count;
              "it is not the first of its stream")
          else . end
        | must(.bundle != null or (.rows.count == 0 and .chain.headHash == .chain.previousHash);
            "it has rows and no bundle")
        | {sequence, stream, digest, coverage, rows, chain: (.chain | {headHash})})
      | must(. != null and .sequence == $last; "it is not the last one that was pulled")
      | "OK: manifests \($first) to \(.sequence) follow each other without a hole; the last day is \(.coverage.day), "
        + "the head \(.chain.headHash)"'
    """#

  static let bundleNames = Step(
    "bundles.sha256 lists the bundles that the manifests name", "",
    #"""
    t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
    jq -rn 'def text($form): type == "string" and test("\\A" + $form + "\\z");
      inputs | .manifest | select(.bundle) | .sequence as $n | .bundle
      | if (.sha256 | text("[0-9a-f]{64}")) and (.key | text("bundles/[0-9]{10}-[0-9a-f]{16}\\.ndjson\\.zst"))
          and .key == "bundles/" + ("0000000000\($n)")[-10:] + "-" + .sha256[0:16] + ".ndjson.zst"
        then .sha256 + "  " + .key else error("manifest \($n | tojson): this is no name of its bundle") end' \
      manifests/*.json > "$t/names"
    cmp "$t/names" bundles.sha256
    echo "OK: bundles.sha256 is what the manifests say"
    """#)
}
