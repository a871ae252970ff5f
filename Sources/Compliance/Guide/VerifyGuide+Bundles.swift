// SPDX-License-Identifier: Apache-2.0

extension VerifyGuide {
  /// Of a pull with bundles.
  static let bundleSteps = [
    Step(
      "The bundles are those that the manifests name",
      """
      Bytes, digest of the file and of its rows, number of rows, and the copy of the manifest that the bundle carries
      behind its rows; the table at a bundle's end says where that begins.
      """,
      #"""
      t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
      u32() { od -An -v -tu1 | { read -r a b c d; echo $((a + 256 * (b + 256 * (c + 256 * d)))); }; }
      form='^[0-9a-f]{64}  bundles/[0-9]{10}-[0-9a-f]{16}\.ndjson\.zst$'
      if LC_ALL=C grep -qvE "$form" bundles.sha256; then echo "bundles.sha256 is no list of bundles" >&2; exit 1; fi
      sha256sum --check --strict --quiet bundles.sha256
      cut -c67- bundles.sha256 > "$t/bundles"; : > "$t/facts"
      while IFS= read -r b; do
        zstd -dcq "$b" > "$t/rows"
        entries=$(tail -c 9 "$b" | head -c 4 | u32)
        size=$(tail -c 17 "$b" | head -c 4 | u32)
        {
          printf '{"carried": '
          tail -c $((17 + 8 * entries + size)) "$b" | head -c "$size" | tail -c +9
          printf ', "bytes": %s, "content": %s, "lines": %s, "sum": "%s"}\n' "$(wc -c < "$b")" "$(wc -c < "$t/rows")" \
            "$(wc -l < "$t/rows")" "$(sha256sum < "$t/rows" | cut -c1-64)"
        } >> "$t/facts"
      done < "$t/bundles"
      jq -cn 'inputs | .manifest | select(.bundle)' manifests/*.json | jq -rn --slurpfile facts "$t/facts" '
        reduce inputs as $m (0; . as $i | $facts[$i] as $f | $f.carried as $c | $m
          | if .bundle.bytes == $f.bytes and .bundle.contentBytes == $f.content and .bundle.contentSha256 == $f.sum
              and .rows.count == $f.lines and (.bundle.frames == ($c.frames | length))
              and ($c.frames | map(.rows) | add) == $f.lines and ($c.frames | map(.contentBytes) | add) == $f.content
              and ([.format, .stream, .sequence, $f.lines, $f.content, $f.sum, .merkleRoot]
                == ($c | [.format, .stream, .sequence, .rows, .contentBytes, .contentSha256, .merkleRoot]))
              and ([.chain.previousHash, .chain.headHash] == ($c | [.previousHash, .headHash]))
            then $i + 1 else error("manifest \(.sequence | tojson): its bundle is not what it says") end)
        | if . != ($facts | length) then error("bundles.sha256 lists other bundles") else . end
        | "OK: \(.) bundles have the bytes, the rows and the carried manifests that the manifests say"'
      """#),
    Step(
      "The rows make the Merkle roots",
      """
      RFC 6962: a leaf is SHA-256 of a zero byte and a row's line, a node that of a one byte and its two children. This
      takes some seconds for ten thousand rows.
      """,
      #"""
      t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
      digests() { find "$1" -type f | LC_ALL=C sort | xargs -r sha256sum | cut -c1-64; rm -rf "$1"; }
      root() {
        while [ "$(wc -l < "$1")" -gt 1 ]; do
          mkdir "$t/nodes"
          paste -d '\0' - - < "$1" | sed -n 's/^.\{128\}$/01&/p' | tr -d '\n' | tr a-f A-F | basenc --base16 -d |
            split -a 6 -b 65 - "$t/nodes/"
          paste -d '\0' - - < "$1" | sed -n '/^.\{64\}$/p' > "$t/odd"
          digests "$t/nodes" | cat - "$t/odd" > "$t/level"; mv "$t/level" "$1"
        done
        cat "$1"
      }
      jq -rn 'def text($form): type == "string" and test("\\A" + $form + "\\z");
        inputs | .manifest | select(.bundle)
        | if (.bundle.key | text("bundles/[0-9]{10}-[0-9a-f]{16}\\.ndjson\\.zst"))
            and (.merkleRoot | text("[0-9a-f]{64}"))
          then "\(.merkleRoot) \(.bundle.key)" else error("a bundle has no name") end' manifests/*.json > "$t/list"
      while read -r wanted b; do
        mkdir "$t/parts"; zstd -dcq "$b" | split -a 6 -l 4096 - "$t/parts/"; : > "$t/roots"
        for part in "$t"/parts/*; do
          mkdir "$t/leaves"; i=1000000
          while IFS= read -r line; do i=$((i + 1)); printf '\000%s' "$line" > "$t/leaves/$i"; done < "$part"
          digests "$t/leaves" > "$t/part"
          root "$t/part" >> "$t/roots"
        done
        rm -rf "$t/parts"
        [ "$(root "$t/roots")" = "$wanted" ] || { echo "$b: its rows do not make its Merkle root" >&2; exit 1; }
      done < "$t/list"
      echo "OK: the rows of $(wc -l < "$t/list") bundles make the Merkle roots that are signed"
      """#),
    rowLinks, rowHashes,
  ]

  private static let rowLinks = Step(
    "Each row follows the one before",
    """
    A row's `prev_hash` is the `hash` of the row before it, over the bundles' borders too. Where a manifest names
    anomalies, its rows are not followed: the manifest says which they are.
    """,
    #"""
    t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
    jq -cn 'inputs | .manifest | select(.bundle and .chain.intact)
      | if .bundle.key | type == "string" and test("\\Abundles/[0-9]{10}-[0-9a-f]{16}\\.ndjson\\.zst\\z")
        then . else error("a bundle has no name") end
      | {key: .bundle.key, rows: .rows.count, previous: .chain.previousHash, head: .chain.headHash}' \
      manifests/*.json > "$t/list"
    jq -r .key "$t/list" > "$t/bundles"
    while IFS= read -r b; do zstd -dcq "$b"; done < "$t/bundles" |
      jq -rn --slurpfile list "$t/list" --slurpfile report report.json '$report[0].columns as $c
        | def next: if .n == $list[.i].rows
            then if .at == $list[.i].head then {i: (.i + 1), n: 0, at: $list[.i + 1].previous}
              else error("\($list[.i].key): its last row is not the head") end
            else . end;
        reduce inputs as $row ({i: 0, n: 0, at: $list[0].previous};
          if $row[$c.prevHash] == .at then .n += 1 | .at = $row[$c.hash] | next
          else error("\($list[.i].key): row \(.n + 1) does not follow") end)
        | if .i == ($list | length) and .n == 0 then . else error("rows are missing") end
        | "OK: the rows of \(.i) bundles are one chain; bundles with anomalies that their manifests name were left out"'
    """#)

  private static let rowHashes = Step(
    "Each row's hash is that of its payload",
    """
    `hash` is the SHA-256 of the payload's canonical form (RFC 8785) and the 32 bytes of `prev_hash`. The first 1,000
    rows of each bundle are computed again; `ROWS=100000` takes more. Left out are payloads with numbers that jq cannot
    be trusted to write canonically (2^53 and more, and fractions below 0.001), and bundles with anomalies.
    """,
    #"""
    t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
    jq -rn 'inputs | .manifest | select(.bundle and .chain.intact)
      | if .bundle.key | type == "string" and test("\\Abundles/[0-9]{10}-[0-9a-f]{16}\\.ndjson\\.zst\\z")
        then .bundle.key else error("a bundle has no name") end' manifests/*.json > "$t/bundles"
    total=0 left=0
    while IFS= read -r b; do
      zstd -dcq "$b" | head -n "${ROWS:-1000}" | jq -r --slurpfile report report.json '
        def text: split("\u007f") | map(tojson[1:-1]) | "\"" + join("\u007f") + "\"";
        def utf16: explode
          | map(if . < 65536 then . else ((55296 + (. - 65536) / 1024) | floor), 56320 + . % 1024 end);
        def canonical:
          if type == "object" then . as $o
            | "{" + (keys | sort_by(utf16) | map(text + ":" + ($o[.] | canonical)) | join(",")) + "}"
          elif type == "array" then "[" + (map(canonical) | join(",")) + "]"
          elif type == "string" then text elif type == "number" then . + 0 | tojson else tojson end;
        def plain: all(.. | numbers; fabs < 9007199254740992 and (. == floor or fabs > 0.001));
        def octal: explode | map(if . > 96 then . - 87 else . - 48 end) | . as $d
          | [range(0; length; 2) | $d[.] * 16 + $d[. + 1]
            | "\\\(. / 64 | floor)\(. % 64 / 8 | floor)\(. % 8)"] | join("");
        $report[0].columns as $c | .[$c.payload] as $p
        | if $p | plain then "\(.[$c.hash]) \(.[$c.prevHash] // "" | octal)x \($p | canonical)"
          else "-" end' > "$t/list"
      mkdir "$t/rows"; : > "$t/wanted"; i=1000000
      while read -r hash octal payload; do
        [ "$hash" != - ] || { left=$((left + 1)); continue; }
        i=$((i + 1)); echo "$hash" >> "$t/wanted"
        printf %s "$payload" > "$t/rows/$i"; printf "${octal%x}" >> "$t/rows/$i"
      done < "$t/list"
      find "$t/rows" -type f | LC_ALL=C sort | xargs -r sha256sum | cut -c1-64 | cmp -s - "$t/wanted" ||
        { echo "$b: a row's hash is not that of its payload" >&2; exit 1; }
      rm -r "$t/rows"; total=$((total + i - 1000000))
    done < "$t/bundles"
    echo "OK: $total rows have the hashes of their payloads; $left were left out"
    """#)
}
