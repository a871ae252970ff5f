# SPDX-License-Identifier: Apache-2.0
"""Checks inclusion proofs by docs/archive-format.md alone: check_proof.py KID=PEM-FILE... PROOF.json..."""
import base64, json, sys
from decimal import Decimal
from hashlib import sha256
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, utils
RSA = padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
def h(*parts): return sha256(b"".join(parts)).digest()
class Number(str): pass  # in the form that ECMAScript gives to it
def number(text):
    sign, digits, exponent = Decimal(repr(float(text) + 0.0)).normalize().as_tuple()
    digits, point = "".join(map(str, digits)), len(digits) + exponent
    if 0 < point <= 21: text = digits[:point].ljust(point, "0") + ("." + digits[point:] if digits[point:] else "")
    elif -6 < point <= 0: text = "0." + "0" * -point + digits
    else: text = digits[0] + ("." + digits[1:] if digits[1:] else "") + f"e{point - 1:+d}"
    return Number("-" * sign + text)
def members(pairs): assert len(dict(pairs)) == len(pairs), "a member occurs twice"; return dict(pairs)
def parse(text, fraction): return json.loads(text, object_pairs_hook=members, parse_int=number, parse_float=fraction)
def canonical(value):
    if isinstance(value, list): return "[" + ",".join(map(canonical, value)) + "]"
    if not isinstance(value, dict): return value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
def integer(value): assert isinstance(value, Number), "no number"; return int(value)
def digest(text): assert bytes.fromhex(text).hex() == text and len(text) == 64, "no digest"; return bytes.fromhex(text)
def names(value, *wanted): assert tuple(value) == wanted, "members"; return [value[name] for name in wanted]
def check(text, keys):
    wanted = "format row path frameRoots manifest proof".split()
    tag, row, path, roots, manifest, proof = names(parse(text, integer), *wanted)
    assert tag == "audit-inclusion/v1" and manifest["format"] == "audit-archive/v1", "format"
    (index, line), path, roots = names(row, "index", "line"), list(map(digest, path)), list(map(digest, roots))
    index, count, frames = map(integer, (index, manifest["rows"]["count"], manifest["bundle"]["frames"]))
    log2 = next(n for n in range(21) if count - 1 >> n < frames)
    assert len(roots) == frames == (count - 1 >> log2) + 1 and 0 <= index < count, "place"
    place, node = index & (1 << log2) - 1, h(b"\0", line.encode())
    last = min(count - (index - place), 1 << log2) - 1
    while last:
        if place & 1: node = h(b"\1", path.pop(0), node)
        elif place < last: node = h(b"\1", node, path.pop(0))
        place, last = place >> 1, last >> 1
    assert not path and node == roots[index >> log2], "path"
    while len(roots) > 1:
        roots = [h(b"\1", *pair) if pair[1:] else pair[0] for pair in (roots[i:i + 2] for i in range(0, len(roots), 2))]
    assert roots[0] == digest(manifest["merkleRoot"]), "root"
    signed, threshold, signatures = names(proof, "digestHex", "threshold", "signatures")
    assert digest(signed) == h(canonical(manifest).encode()), "digest"
    assert 1 <= integer(threshold) <= len(signatures) == len({s["kid"] for s in signatures}), "threshold"
    for name, kid, algorithm, signature in (names(s, "signerId", "kid", "alg", "signature") for s in signatures):
        raw, key = base64.b64decode(signature, validate=True), keys[kid]
        assert name == kid and base64.b64encode(raw).decode() == signature, "proof"
        assert algorithm == ("ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "rsa-sha256"), "algorithm"
        key.verify(raw, digest(signed), *(RSA if algorithm == "rsa-sha256" else ()))
    row = parse(line, number)
    assert digest(row["hash"]) == h(canonical(row["payload"]).encode(), bytes.fromhex(row["prev_hash"] or "")), "hash"
pems = [argument.split("=", 1) for argument in sys.argv[1:] if "=" in argument]
keys = {kid: serialization.load_pem_public_key(open(path, "rb").read()) for kid, path in pems}
for path in [argument for argument in sys.argv[1:] if "=" not in argument]:
    try: check(open(path, encoding="utf-8").read(), keys); print("proved", path)
    except Exception as error: print("refused", path, type(error).__name__, error)
