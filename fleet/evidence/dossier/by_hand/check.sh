#!/bin/sh
# Checks these files with sha256sum, openssl (3.0 or later) and Python's standard library only.
# Read it before you run it: it is short so that you can. Then compare the public key and the root
# certificates with those that the association and the authorities publish.
set -eu
cd "$(dirname "$0")"
sha256sum --check --quiet SHA256SUMS

if [ -e manifest.json ]; then
    python3 - <<'PY'
import hashlib, json

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

link = open("link.json", "rb").read()
manifest = sha256(open("manifest.json", "rb").read()).hex()
assert manifest == json.loads(link)["manifest"], "the manifest is not the one of the link"
print("manifest", manifest, "is the one of the link")

# RFC 6962, 2.1.1: from the leaf to the root
try:
    proof = json.load(open("proof.json"))
except FileNotFoundError:
    print("it is under no seal yet")
    raise SystemExit
seal = json.load(open(f"seal-{proof['seal']:06d}.json"))
found, number, last = sha256(b"\0", link), proof["leaf"], proof["count"] - 1
path = [bytes.fromhex(each) for each in proof["path"]]
while last:
    if number % 2:
        found = sha256(b"\1", path.pop(0), found)
    elif number != last:
        found = sha256(b"\1", found, path.pop(0))
    number, last = number // 2, last // 2
assert not path and found.hex() == seal["root"], "the link is not under the seal"
print("link is under the root", seal["root"])
PY
fi

bytes=$(mktemp)
trap 'rm -f "$bytes"' EXIT
for signature in seal-*.sig; do
    [ -e "$signature" ] || continue
    seal=${signature%.sig}.json
    python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' \
        < "$signature" > "$bytes"
    openssl pkeyutl -verify -pubin -inkey ledger-public-key.pem -rawin -in "$seal" -sigfile "$bytes"
    for token in "${signature%.sig}".*.tsr; do
        [ -e "$token" ] || { echo "$seal has no timestamp"; continue; }
        openssl ts -verify -data "$seal" -in "$token" -CAfile roots.pem
        openssl ts -reply -in "$token" -text | grep 'Time stamp'
    done
done
