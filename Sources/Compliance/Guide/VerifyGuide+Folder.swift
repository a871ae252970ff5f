// SPDX-License-Identifier: Apache-2.0

extension VerifyGuide {
  /// Of every pull.
  static let folderSteps = [
    Step(
      "Nothing in this folder has changed since it was pulled",
      "The digest that it prints is the one that the pull printed.",
      #"""
      t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
      sha256sum --check --strict --quiet SHA256SUMS
      cut -c67- SHA256SUMS | LC_ALL=C sort > "$t/listed"
      find . ! -type d ! -path ./SHA256SUMS | cut -c3- | LC_ALL=C sort | cmp - "$t/listed"
      echo "OK: all files are as SHA256SUMS lists them, none is beside them; SHA256SUMS itself: $(
        sha256sum < SHA256SUMS | cut -c1-64)"
      """#),
    Step(
      "The keys", "Compare the fingerprints with those that you were given.",
      #"""
      t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
      jq -r '.keys[] | "\(.fingerprint // "-") \(.file // "-") \(.kid | tojson)"' keys.json > "$t/keys"
      while read -r fingerprint file kid; do
        [ "$file" != - ] || { echo "no public key: $kid"; continue; }
        found=$(openssl pkey -pubin -in "$file" -outform DER | sha256sum | cut -c1-64)
        [ "$found" = "$fingerprint" ] && [ "$file" = "keys/$(echo "$found" | cut -c1-16).pem" ] ||
          { echo "$file is not the key that keys.json lists" >&2; exit 1; }
        echo "$found $kid"
      done < "$t/keys"
      echo "OK: the keys are those that keys.json lists"
      """#),
    Step(
      "Each manifest is what was signed",
      """
      The digest is the SHA-256 of the manifest's canonical form, which `jq -cS` prints; `del` undoes an escape that jq
      1.6 writes. The layout is one that the format allows, so that nothing hides outside of the digest.
      """,
      #"""
      t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
      del() { sed -E ':a; s/(^|[^\\])((\\\\)*)\\u007f/\1\2\x7f/; ta'; }
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

  private static let signatures = Step(
    "Each signature verifies",
    """
    A signature is over the 32 bytes of the digest: for Ed25519 they are the message, for RSA (PKCS#1 v1.5) the
    message's SHA-256. A MAC (`hmac-sha256`) can be checked only by who has the secret, and who has it can also make
    one: set `HMAC_KEY_FILE` to a file of just its bytes, on a machine of your own, as openssl takes it as an argument.
    A MAC of AWS KMS is checked by `aws kms verify-mac`.
    """,
    #"""
    t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
    jq -rn --slurpfile list keys.json 'inputs | .manifest.createdAt as $at | .proof as $proof
      | [$proof.signatures[] | . as $s
        | first($list[0].keys[] | select(.kid == $s.kid and .alg == $s.alg)) // error("no key \($s.kid | tojson)")
        | if $s.signerId != $s.kid then error("it names two signers for one signature") else . end
        | if (.uses | index("manifests") | not) or .status == "candidate" or $at < (.validFrom // "0")
            or $at > (.validUntil // "9999") or $at >= (.revokedSince // "9999")
          then error("\(.kid | tojson) did not count at \($at)") else . end
        | {file: (.file // "-"), id: (.fingerprint // .kid), alg, signature: $s.signature}]
      | if $proof.threshold < 1 or (map(.id) | unique | length) < $proof.threshold
          or ($proof.signatures | map(.kid) | unique | length) < length
        then error("too few signers") else . end
      | .[] | "\(input_filename) \($proof.digestHex | ascii_upcase) \(.alg) \(.file) \(.signature)"' \
      manifests/*.json > "$t/list"
    [ -s "$t/list" ]
    while read -r m digest alg file signature; do
      printf %s "$digest" | basenc --base16 -d > "$t/digest"
      printf %s "$signature" | base64 -d > "$t/signature"
      case $alg in
      ed25519)
        openssl pkeyutl -verify -pubin -inkey "$file" -rawin -in "$t/digest" -sigfile "$t/signature" ;;
      rsa-sha256)
        openssl pkeyutl -verify -pubin -inkey "$file" -pkeyopt digest:sha256 -in "$t/digest" -sigfile "$t/signature" ;;
      hmac-sha256)
        [ -n "${HMAC_KEY_FILE:-}" ] ||
          { echo "$m: only who has the secret can check its MAC: set HMAC_KEY_FILE" >&2; exit 1; }
        openssl dgst -sha256 -binary -mac HMAC \
          -macopt "hexkey:$(od -An -v -tx1 "$HMAC_KEY_FILE" | tr -d ' \n')" "$t/digest" | cmp - "$t/signature" ;;
      *) false ;;
      esac > "$t/out" || { cat "$t/out" >&2; echo "$m: the signature does not verify" >&2; exit 1; }
    done < "$t/list"
    echo "OK: $(ls manifests | wc -l) manifests, and every signature verifies"
    """#)

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
      def must(f; $why): if f then . else error("manifest \(.sequence): \($why)") end;
      reduce inputs as [$name, $m, $digest] (null; . as $before | $m | .digest = $digest
        | must($name == "manifests/" + ("0000000000\(.sequence)")[-10:] + ".json"; "it is in another place")
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
    jq -rn 'inputs | .manifest.bundle | select(.) | .sha256 + "  " + .key' manifests/*.json | cmp - bundles.sha256
    echo "OK: bundles.sha256 is what the manifests say"
    """#)
}
