// SPDX-License-Identifier: Apache-2.0

extension VerifyGuide {
  /// `keys.json` is not signed: it is shown as what it says, line by line, and never taken at its word for a file's name.
  static let keys = Step(
    "The keys",
    """
    Each line is a key and what its signatures count for. **Nothing here signs `keys.json`**: compare the whole line with
    what you were given on another way than this folder, the fingerprint first, then `status`, `validFrom`, `validUntil`,
    `revokedSince` and `uses`. Who changed this folder can have set a revocation to null, and can have added a key.
    `registry.json`, which is not signed either, must say the same. A version of the registry in `signers/` counts where one
    of these keys signed it: none of them may revoke a key earlier than `keys.json`, nor may the newest allow a key less.
    """,
    #"""
    t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
    jq -cs '
      def must(f; $why): if f then . else error("keys.json: \($why)") end;
      def time: . == null or (type == "string" and
        test("\\A[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z\\z"));
      def among($list): . as $x | any($list[]; . == $x);
      must(length == 1 and (.[0] | type == "object" and keys == ["keys"] and (.keys | type == "array"));
        "it is no list of keys")
      | .[0].keys
      | map(must(type == "object"; "a key is none")
        | must(keys - ["alg", "file", "fingerprint", "kid", "kind", "manifests", "revokedSince", "status", "uses",
          "validFrom", "validUntil"] == []; "a key has a member that the format does not name")
        | must(.kid | type == "string" and . != ""; "a kid is no text")
        | must(.alg | among(["ed25519", "rsa-sha256", "hmac-sha256"]); "an alg is unknown")
        | must((.fingerprint == null and .file == null) or (.alg != "hmac-sha256"
          and (.fingerprint | type == "string" and test("\\A[0-9a-f]{64}\\z"))
          and .file == "keys/\(.fingerprint[0:16]).pem"); "a fingerprint or a file is not of the form")
        | must((.validFrom | time) and (.validUntil | time) and (.revokedSince | time); "a time is not of the form")
        | must(.status | among(["active", "candidate", "revoked"]); "a status is unknown")
        | must((.status == "revoked") == (.revokedSince != null); "a status does not fit revokedSince")
        | must(.uses | type == "array" and . - ["events", "manifests", "multisig"] == []; "a use is unknown")
        | must(.kind | among([null, "public", "secret", "kept by a service"]); "a kind is unknown")
        | must(.manifests | . == null or (type == "number" and . >= 0 and . == floor); "manifests is no count")
        | {fingerprint, alg, status, validFrom, validUntil, revokedSince, uses: (.uses | unique), kid})
      | must(map(select(.fingerprint).kid) | length == (unique | length); "two keys have one kid")' keys.json > "$t/keys"
    jq -r '.[].fingerprint // empty' "$t/keys" > "$t/fingerprints"
    while read -r fingerprint; do
      file=keys/$(printf %s "$fingerprint" | cut -c1-16).pem
      openssl pkey -pubin -in "$file" -outform DER -out "$t/der"
      [ "$(sha256sum < "$t/der" | cut -c1-64)" = "$fingerprint" ] ||
        { echo "$file is not the key that keys.json lists" >&2; exit 1; }
    done < "$t/fingerprints"
    jq -ac '.[]' "$t/keys" | tr '\177' '?'
    facts() {
      jq -c '(.registry // .).signers[]' "$1" > "$t/signers"; : > "$t/facts"
      while IFS= read -r signer; do
        printf '%s\n' "$signer" | jq -r .public_key_pem > "$t/pem"
        openssl pkey -pubin -in "$t/pem" -outform DER -out "$t/der"
        printf '%s\n' "$signer" | jq -c --arg f "$(sha256sum < "$t/der" | cut -c1-64)" '
          def must(f; $why): if f then . else error("a signer of a registry: \($why)") end;
          def time: must(. == null or (type == "string" and test("\\A[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T"
            + "([01][0-9]|2[0-3])(:[0-5][0-9]){2}(\\.[0-9]{1,6})?Z\\z")); "a time is not like 2026-01-01T00:00:00Z");
          def down: time | if . then .[0:19] + "Z" else . end;
          def up: time | if . and test("\\.0*[1-9]") then .[0:19] + "Z" | fromdate + 1 | todate else down end;
          def least: map(select(.)) | min;
          (if has("uses") then .uses else ["events", "manifests", "multisig"] end) as $uses
          | (.algorithm | ascii_downcase | if . == "rsa" then "rsa-sha256" else . end) as $alg
          | (if .status == "candidate" then null else [.revokedAt, .compromisedSince | up] | least end) as $revoked
          | must(.signer_kid | type == "string" and . != ""; "signer_kid is no text")
          | must($alg == "ed25519" or $alg == "rsa-sha256"; "its algorithm is unknown")
          | must($uses | type == "array" and . - ["events", "manifests", "multisig"] == []; "a use is unknown")
          | must(.status | . == null or . == "active" or . == "candidate" or . == "retired" or . == "revoked";
            "its status is unknown")
          | must((.status != "revoked" or $revoked) and (.status != "retired" or .retiredAt or .notAfter);
            "its status does not say since when")
          | {fingerprint: $f, alg: $alg,
            status: (if .status == "candidate" then .status elif $revoked then "revoked" else "active" end),
            validFrom: (.notBefore // .deployedAt | up), validUntil: ([.notAfter, .retiredAt | down] | least),
            revokedSince: $revoked, uses: ($uses | unique), kid: .signer_kid}' >> "$t/facts"
      done < "$t/signers"
    }
    if [ -e registry.json ]; then
      facts registry.json
      jq -rn --slurpfile keys "$t/keys" --slurpfile facts "$t/facts" '$keys[0][] | select(.fingerprint) | . as $k
        | [$facts[] | select(.kid == $k.kid or .fingerprint == $k.fingerprint)]
        | if length == 0 then "note: registry.json does not list \($k.fingerprint)"
          elif all(del(.kid) == ($k | del(.kid))) then empty
          else error("registry.json does not say what keys.json says of \($k.fingerprint)") end'
    else
      echo "note: there is no registry.json here to compare with"
    fi
    del() { sed -E ':a; s/(^|[^\\])((\\\\)*)\\u007f/\1\2\x7f/; ta'; }
    : > "$t/signed"
    for s in signers/*.json; do
      [ -e "$s" ] || continue
      case $s in *[!A-Za-z0-9._/-]*) echo "a name in signers/ is none of a version" >&2; exit 1 ;; esac
      jq -cS .registry "$s" | del | head -c -1 | openssl dgst -sha256 -binary > "$t/digest"
      jq -r --slurpfile keys "$t/keys" '.proof.signatures[] | . as $s | $keys[0][]
        | select(.fingerprint and .kid == $s.kid and .alg == $s.alg)
        | select($s.signature | type == "string" and test("\\A[A-Za-z0-9+/]+={0,2}\\z"))
        | "keys/\(.fingerprint[0:16]).pem \(.alg) \($s.signature)"' "$s" > "$t/list" || : > "$t/list"
      known=
      while read -r file alg signature; do
        printf %s "$signature" | base64 -d > "$t/signature" || continue
        case $alg in
        ed25519)
          openssl pkeyutl -verify -pubin -inkey "$file" -rawin -in "$t/digest" -sigfile "$t/signature" ;;
        *)
          openssl pkeyutl -verify -pubin -inkey "$file" -pkeyopt digest:sha256 -in "$t/digest" -sigfile "$t/signature" ;;
        esac > "$t/out" 2>&1 && known=1 || continue
      done < "$t/list"
      [ -n "$known" ] || { echo "note: none of these keys signed $s, which was passed over"; continue; }
      facts "$s"
      jq -cs --slurpfile s "$s" '{version: $s[0].registry.version, keys: .}' "$t/facts" >> "$t/signed"
    done
    jq -rn --slurpfile keys "$t/keys" --slurpfile signed "$t/signed" '$keys[0][] | select(.fingerprint) | . as $k
      | def same: select(.kid == $k.kid or .fingerprint == $k.fingerprint);
      if any($signed[].keys[] | same; (.kid == $k.kid and .fingerprint != $k.fingerprint)
          or (.revokedSince and ($k.revokedSince == null or $k.revokedSince > .revokedSince)))
        or any($signed | max_by(.version) | .keys[]? | same; (.status == "candidate" and $k.status != "candidate")
          or (.validFrom // "0") > ($k.validFrom // "0") or (.validUntil // "9999") < ($k.validUntil // "9999")
          or $k.uses - .uses != [])
      then error("signers/ has a signed registry that allows less than keys.json says of \($k.fingerprint)")
      else empty end'
    echo "OK: the keys have these fingerprints; $(wc -l < "$t/signed") signed versions of the registry agree with keys.json"
    """#)

  static let signatures = Step(
    "Each signature verifies",
    """
    A signature is over the 32 bytes of the digest: for Ed25519 they are the message, for RSA (PKCS#1 v1.5) the
    message's SHA-256. A key counts for manifests within its validity, before its revocation, and if its `uses` say so, as
    step 2 printed them. A MAC (`hmac-sha256`) can be checked only by who has the secret, and who has it can also make
    one: set `HMAC_KEY_FILE` to a file of just its bytes, on a machine of your own, as openssl takes it as an argument.
    A MAC of AWS KMS is checked by `aws kms verify-mac`.
    """,
    #"""
    t=$(mktemp -d); trap 'rm -rf "$t"' EXIT
    jq -rn --slurpfile list keys.json '
      def must(f; $why): if f then . else error("\(input_filename | tojson): \($why)") end;
      def text($form): type == "string" and test("\\A" + $form + "\\z");
      def time: text("[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T([01][0-9]|2[0-3])(:[0-5][0-9]){2}Z");
      inputs | .manifest.createdAt as $at | .proof as $proof
      | must(input_filename | text("manifests/[0-9]{10}\\.json"); "this is no name of a manifest")
      | must(.manifest | type == "object" and .format == "audit-archive/v1"; "it is no manifest")
      | must($at | time; "createdAt is not of the form")
      | must($proof.digestHex | text("[0-9a-f]{64}"); "digestHex is no digest")
      | must($proof.threshold | type == "number" and . >= 1 and . == floor; "threshold is no count")
      | must($proof.signatures | type == "array" and length > 0; "it has no signatures")
      | [$proof.signatures[] | . as $s
        | must(.kid | type == "string"; "a kid is no text")
        | must(.signerId == .kid; "it names two signers for one signature")
        | must(.signature | text("[A-Za-z0-9+/]+={0,2}"); "a signature is no base64")
        | first($list[0].keys[] | select(.kid == $s.kid and .alg == $s.alg)) // null
        | must(. != null; "keys.json has no such key")
        | must(.alg | text("ed25519|rsa-sha256|hmac-sha256"); "an alg is unknown")
        | must(.alg == "hmac-sha256" or (.fingerprint | text("[0-9a-f]{64}")); "a key has no fingerprint")
        | must(all(.validFrom, .validUntil, .revokedSince; . == null or time); "a time is not of the form")
        | must((.uses | type == "array" and index("manifests") != null)
            and (.status == "active" or .status == "revoked") and (.status == "revoked") == (.revokedSince != null)
            and $at >= (.validFrom // "0") and $at <= (.validUntil // "9999") and $at < (.revokedSince // "9999");
          "a key did not count at \($at)")
        | {file: (if .alg == "hmac-sha256" then "-" else "keys/\(.fingerprint[0:16]).pem" end),
          id: (.fingerprint // .kid), alg, signature: $s.signature}]
      | must((map(.id) | unique | length) >= $proof.threshold
        and ($proof.signatures | map(.kid) | unique | length) == length; "too few signers")
      | .[] | "\(input_filename) \($proof.digestHex | ascii_upcase) \(.alg) \(.file) \(.signature)"' \
      manifests/*.json > "$t/list"
    [ -s "$t/list" ]
    while read -r m digest alg file signature; do
      printf %s "$digest" | basenc --base16 -d > "$t/digest"
      printf %s "$signature" | base64 -d > "$t/signature"
      [ "$(base64 -w 0 < "$t/signature")" = "$signature" ] || { echo "$m: a signature is no base64" >&2; exit 1; }
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
    echo "OK: $(cut -d ' ' -f 1 "$t/list" | sort -u | wc -l) manifests, and every signature verifies"
    """#)
}
