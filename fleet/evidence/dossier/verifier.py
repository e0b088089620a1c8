#!/usr/bin/env python3
"""
Vérifie un dossier de preuves, sans rien d'autre que Python (3.8 ou plus) et `openssl`.

    python3 verifier.py             dans le dossier décompressé, en français
    python3 verifier.py --en        the same, in English
    python3 verifier.py DOSSIER     un dossier qui est ailleurs

Tout est recalculé à partir des fichiers ; rien n'est envoyé nulle part. Code de sortie : 0, tout
est conforme ; 1, quelque chose a été modifié ou manque ; 2, tout n'a pas pu être vérifié.

Every hash is made anew from the files: pictures and HTML, the manifest of each attempt, its link,
the order of the chain, the Merkle root, the seal's Ed25519 signature (RFC 8032, below), and the
timestamps of the authorities (RFC 3161, by the `openssl` command). Nothing is sent anywhere.
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    Point = tuple[int, int, int, int]

HEX = re.compile(r"[0-9a-f]{64}")
NOTHING = "0" * 64
ENDINGS = {"picture": "png", "html": "html", "outline": "json"}
PROVED = ("attempts/", "chain/", "seals/")  # what is wrong with these is named already
NOT_OURS = (".DS_Store", "Thumbs.db", "desktop.ini")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def sha256(content: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


class Checking:
    """One dossier, what was found wrong with it, what else its reader must know."""

    def __init__(self, folder: Path, english: bool) -> None:
        self.folder, self.english = folder, english
        self.findings: list[str] = []
        self.notes: list[str] = []
        self.unchecked: list[str] = []
        self.unsealed = 0
        self.seen: set[str] = set()
        self.links: dict[int, tuple[bytes, dict[str, Any]]] = {}
        self.proofs: dict[int, tuple[str, bytes, dict[str, Any] | None]] = {}
        self.statements: dict[int, dict[str, Any]] = {}
        self.counted = {"attempts": 0, "files": 0, "links": 0, "seals": 0, "tokens": 0}
        self.stamped: list[tuple[int, ...]] = []
        self.keys: list[str] = []
        self.about: dict[str, Any] = {}
        self.removed: dict[str, Any] = {}

    def say(self, french: str, english: str) -> str:
        """The words in the reader's language."""
        return english if self.english else french

    def wrong(self, french: str, english: str) -> None:
        """Something was altered, added or is missing."""
        words = self.say(french, english)
        if words not in self.findings:
            self.findings.append(words)

    def note(self, french: str, english: str) -> None:
        """Something a reader must know."""
        self.notes.append(self.say(french, english))

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None, and a finding, if it is not there."""
        self.seen.add(name)
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            self.wrong(f"{name} manque", f"{name} is missing")
            return None

    def data(self, name: str, content: bytes | None = None) -> dict[str, Any]:
        """A file's JSON object; empty, and a finding, if it is none."""
        content = self.read(name) if content is None else content
        if content is None:
            return {}
        try:
            found = json.loads(content.decode("utf-8"))
            if isinstance(found, dict):
                return found
        except ValueError:
            pass
        self.wrong(f"{name} est illisible : modifié", f"{name} cannot be read: it was altered")
        return {}

    def all(self) -> None:
        """Everything, in the order in which one thing rests on another."""
        self.about = self.data("dossier.json")
        self.removed = self.data("removals.json")
        self.since, self.until = str(self.about.get("since")), str(self.about.get("until"))
        self.chain()
        self.read_keys()
        self.seals()
        for folder in sorted(p for p in (self.folder / "attempts").glob("*") if p.is_dir()):
            self.attempt(folder.name)
        last_sealed = max((n for n, (_, _, proof) in self.proofs.items() if proof), default=0)
        for number in sorted(self.proofs):
            who, leaf, proof = self.proofs[number]
            if proof is not None:
                self.proof(who, leaf, proof)
            elif number < last_sealed:  # seals cover a chain in its order
                self.wrong(
                    f"la preuve de scellement de la tentative {who} manque",
                    f"the proof that attempt {who} is sealed is missing",
                )
            else:
                self.unsealed += 1
        self.missing()
        self.sums()

    # The chain: every attempt of the flow, in the order in which they came -----------------------

    def chain(self) -> None:
        """The links in their order, each naming the one before."""
        number, previous = 0, NOTHING
        for line in (self.read("chain/links.jsonl") or b"").splitlines():
            self.counted["links"] += 1
            link = self.data(f"chain/links.jsonl ({number + 1})", line)
            if link.get("number") != number + 1:
                self.wrong(
                    f"la chaîne est rompue : le maillon {link.get('number')} vient après le"
                    f" maillon {number}",
                    f"the chain is broken: link {link.get('number')} comes after link {number}",
                )
            elif link.get("previous") != previous:
                self.wrong(
                    f"la chaîne est rompue au maillon {number + 1} (tentative"
                    f" {link.get('attempt_id')}) : le maillon précédent a été modifié",
                    f"the chain is broken at link {number + 1} (attempt {link.get('attempt_id')}):"
                    " the link before it was altered",
                )
            number, previous = number + 1, sha256(line)
            if isinstance(link.get("number"), int):
                self.links[link["number"]] = (line, link)

    # Attempts and their files --------------------------------------------------------------------

    def attempt(self, folder: str) -> None:
        """One attempt: its link, its manifest, its files."""
        self.counted["attempts"] += 1
        leaf = self.read(f"attempts/{folder}/link.json")
        content = self.read(f"attempts/{folder}/manifest.json")
        if leaf is None or content is None:
            return
        link = self.data(f"attempts/{folder}/link.json", leaf)
        number, who = link.get("number"), str(link.get("attempt_id"))
        if not isinstance(number, int) or self.links.get(number, (b"",))[0] != leaf:
            self.wrong(
                f"la tentative {who} ({folder}) n'a pas cette place dans la chaîne : elle a été"
                " insérée, ou son maillon modifié",
                f"attempt {who} ({folder}) has no such place in the chain: it was inserted, or its"
                " link altered",
            )
            return
        if number in self.proofs:
            self.wrong(f"la tentative {who} est là deux fois", f"attempt {who} is there twice")
        name = f"attempts/{folder}/proof.json"
        proof = self.data(name) if (self.folder / name).exists() else None
        self.proofs[number] = (who, leaf, proof)
        if sha256(content) != link.get("manifest"):
            self.wrong(
                f"la tentative {who} ({folder}/manifest.json) a été modifiée : ce n'est pas"
                " l'empreinte qui a été enchaînée",
                f"attempt {who} ({folder}/manifest.json) was altered: its hash is not the one that"
                " was linked",
            )
            return
        manifest = self.data(f"attempts/{folder}/manifest.json", content)
        at = str(manifest.get("started_at"))
        if folder != f"{number:06d}-{at[:10]}-{who[:8]}" or manifest.get("_id") != who:
            self.wrong(
                f"le dossier {folder} contient une autre tentative, {who}, maillon {number}, du"
                f" {at} : il a été renommé",
                f"folder {folder} holds another attempt, {who}, link {number}, of {at}: it was"
                " renamed",
            )
        if not self.since <= at < self.until:
            self.wrong(
                f"la tentative {who} du {at} n'est pas de la période",
                f"attempt {who} of {at} is not of the period",
            )
        for file in manifest.get("evidence", ()):
            self.file(folder, who, str(file.get("sha256")), ENDINGS.get(file.get("kind"), "bin"))

    def file(self, folder: str, who: str, name: str, ending: str) -> None:
        """A picture, or another file, which its hash names."""
        path = f"attempts/{folder}/{name}.{ending}"
        if path in self.seen or not HEX.fullmatch(name):
            return
        self.seen.add(path)
        try:
            content = (self.folder / path).read_bytes()
        except OSError:
            removal = self.removed.get(name)
            if removal:
                at, why = removal.get("at"), removal.get("reason")
                self.note(
                    f"le fichier {name} de la tentative {who} a été retiré le {at} : {why}",
                    f"file {name} of attempt {who} was removed on {at}: {why}",
                )
            else:
                self.wrong(
                    f"le fichier {path} de la tentative {who} manque",
                    f"file {path} of attempt {who} is missing",
                )
            return
        self.counted["files"] += 1
        if sha256(content) != name:
            self.wrong(
                f"le fichier {path} de la tentative {who} a été modifié",
                f"file {path} of attempt {who} was altered",
            )

    def missing(self) -> None:
        """
        Whether an attempt of the period was left out: each link must be an attempt here.

        Needing no proof are links before the first attempt here, if they were made before the
        period: no visit begins after it was linked.
        """
        said = self.about.get("links", {}).get("first")
        first = min([said if isinstance(said, int) else 1, *self.proofs])
        for number, (_, link) in sorted(self.links.items()):
            early = number < first - 1 and str(link.get("linked_at")) < self.since
            if number in self.proofs or early:
                continue
            name, who = f"chain/outside/{number:06d}.json", link.get("attempt_id")
            if (self.folder / name).exists():
                content = self.read(name) or b""
                at = str(self.data(name, content).get("started_at"))
                if sha256(content) == link.get("manifest") and not self.since <= at < self.until:
                    continue
            self.wrong(
                f"la tentative {who} (maillon {number}) manque, ou elle a été modifiée",
                f"attempt {who} (link {number}) is missing, or it was altered",
            )

    # Seals ---------------------------------------------------------------------------------------

    def read_keys(self) -> None:
        """The public keys of the dossier."""
        text = (self.read("ledger-public-key.pem") or b"").decode("ascii", "replace")
        for block in re.findall(r"-----BEGIN PUBLIC KEY-----([^-]*)-----END", text):
            try:
                self.keys.append(base64.b64decode(block)[-32:].hex())
            except ValueError:
                self.wrong("la clé publique est illisible", "the public key cannot be read")

    def seals(self) -> None:
        """Each seal: its signature, the seal before it, its timestamps."""
        before: tuple[int, str] | None = None
        for path in sorted((self.folder / "seals").glob("seal-*.json")):
            name = f"seals/{path.name}"
            content = self.read(name) or b""
            statement = self.data(name, content)
            number, key = statement.get("number"), str(statement.get("key"))
            who = self.say(f"le sceau {path.stem[5:]}", f"seal {path.stem[5:]}")
            self.counted["seals"] += 1
            signature = self.read(f"{name[:-5]}.sig") or b""
            if key not in self.keys or not signed(key, signature, content):
                self.wrong(
                    f"{who} a été modifié : sa signature n'est pas celle de la clé publique",
                    f"{who} was altered: its signature is not that of the public key",
                )
            if not isinstance(number, int) or path.name != f"seal-{number:06d}.json":
                self.wrong(f"{who} a été renommé", f"{who} was renamed")
                continue
            if before and before[0] + 1 == number and statement.get("previous") != before[1]:
                self.wrong(f"{who} ne suit pas le précédent", f"{who} does not follow the last")
            before = (number, sha256(content))
            self.statements[number] = statement
            self.tokens(path, statement, who)

    def tokens(self, path: Path, statement: dict[str, Any], who: str) -> None:
        """The timestamps of a seal."""
        token_files = {p.stem[-8:]: p for p in sorted(path.parent.glob(f"{path.stem}.*.tsr"))}
        for url in statement.get("authorities", ()):
            if sha256(str(url).encode())[:8] not in token_files:
                why = self.about.get("lacking", {}).get(f"{statement.get('number')} {url}")
                if why:
                    self.note(
                        f"{who} n'a pas d'horodatage de {url} : {why}",
                        f"{who} has no timestamp of {url}: {why}",
                    )
                else:
                    self.wrong(
                        f"{who} : l'horodatage de {url} manque",
                        f"{who}: the timestamp of {url} is missing",
                    )
        if not token_files and not statement.get("authorities"):
            self.note(
                f"{who} n'est horodaté par personne : aucune autorité n'était configurée",
                f"{who} is timestamped by nobody: no authority was configured",
            )
        for token in token_files.values():
            self.seen.add(f"seals/{token.name}")
            at, problem = self.stamp(path, token)
            if problem:
                self.wrong(
                    f"{who} : l'horodatage {token.name} a été modifié, ou n'est pas de ce sceau"
                    f" ({problem})",
                    f"{who}: timestamp {token.name} was altered, or is not of this seal"
                    f" ({problem})",
                )
            elif at:
                self.counted["tokens"] += 1
                self.stamped.append(at)

    def stamp(self, statement: Path, token: Path) -> tuple[tuple[int, ...] | None, str | None]:
        """The instant of a timestamp, or what is wrong with it; neither without `openssl`."""
        if hashlib.sha256(statement.read_bytes()).digest() not in token.read_bytes():
            return None, self.say("autre empreinte", "another hash")
        roots = self.folder / "certificates" / "roots.pem"
        self.seen.add("certificates/roots.pem")
        openssl = shutil.which("openssl")
        if openssl is None:
            words = self.say("`openssl` est introuvable", "`openssl` was not found")
            self.unchecked.append(f"{token.name}: {words}")
            return None, None
        _, said = run(openssl, "ts", "-reply", "-in", token, "-text")
        found = re.search(r"Time stamp: (\w{3}) +(\d\d?) (\d\d?):(\d\d):(\d\d)\S* (\d{4}) ", said)
        if found is None or found[1] not in MONTHS:
            return None, self.say("illisible", "unreadable")
        day, hour, minute, second, year = map(int, found.groups()[1:])
        when = (year, MONTHS.index(found[1]) + 1, day, hour, minute, second)
        # as of its own instant: a certificate may have expired since, which takes nothing back
        code, said = run(
            *(openssl, "ts", "-verify", "-data", statement, "-in", token),
            *("-CAfile", roots, "-attime", str(calendar.timegm(when))),
        )
        if "certificate verify error" in said:
            return None, self.say(
                "son autorité ne mène à aucune racine de certificates/roots.pem",
                "its authority leads to no root of certificates/roots.pem",
            )
        if code or "Verification: OK" not in said:
            return None, " ".join(said.split())[-160:] or "openssl ts -verify"
        return when, None

    def proof(self, who: str, leaf: bytes, proof: dict[str, Any]) -> None:
        """Whether the seal covers this attempt."""
        number = proof.get("seal")
        statement = self.statements.get(number) if isinstance(number, int) else None
        if statement is None:
            self.wrong(
                f"le sceau {proof.get('seal')} de la tentative {who} manque",
                f"seal {proof.get('seal')} of attempt {who} is missing",
            )
        elif proof.get("count") != statement.get("count") or root(leaf, proof) != str(
            statement.get("root")
        ):
            self.wrong(
                f"la tentative {who} n'est pas sous le sceau {proof.get('seal')} : le maillon, la"
                " preuve ou le sceau a été modifié",
                f"attempt {who} is not under seal {proof.get('seal')}: the link, the proof or the"
                " seal was altered",
            )

    def sums(self) -> None:
        """The rest of the files, against damage on the way; and whether there are others."""
        listed = {"SHA256SUMS"}
        for line in (self.read("SHA256SUMS") or b"").decode("utf-8", "replace").splitlines():
            digest, _, name = line.partition("  ")
            listed.add(name)
            path = self.folder / name
            proved = name in self.seen and name.startswith(PROVED)
            if proved or ".." in name or self.removed.get(Path(name).stem):
                continue
            content = self.read(name)
            if content is not None and sha256(content) != digest:
                self.wrong(f"{path.name} ({name}) a été modifié", f"{name} was altered")
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and name not in listed and path.name not in NOT_OURS:
                self.wrong(f"{name} est en trop : ajouté", f"{name} was added")


def run(*command: object) -> tuple[int, str]:
    """A command's exit code and words."""
    done = subprocess.run(
        [str(each) for each in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def root(leaf: bytes, proof: dict[str, Any]) -> str | None:
    """The Merkle root that follows from a leaf and its audit path (RFC 6962, 2.1.1)."""
    try:
        number, last = int(proof["leaf"]), int(proof["count"]) - 1
        path = [bytes.fromhex(each) for each in proof["path"]]
    except (KeyError, TypeError, ValueError):
        return None
    found = hashlib.sha256(b"\x00" + leaf).digest()
    while last > 0 and 0 <= number <= last:
        if number % 2 or number != last:
            if not path:
                return None
            beside = path.pop(0)
            pair = beside + found if number % 2 else found + beside
            found = hashlib.sha256(b"\x01" + pair).digest()
        number, last = number // 2, last // 2
    return None if path or number else found.hex()


def roots_of(path: Path) -> list[str]:
    """The certificates of a PEM file: whose, and their fingerprints, to be compared."""
    found = []
    text = path.read_text("ascii", "replace") if path.exists() else ""
    for block in re.findall(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----", text):
        try:
            words = f"SHA-256 {sha256(base64.b64decode(''.join(block.splitlines()[1:-1])))}"
        except ValueError:
            continue  # `openssl` cannot read it either, and no timestamp leads to it
        if shutil.which("openssl"):
            command = ["openssl", "x509", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"]
            done = subprocess.run(
                command, input=block.encode(), stdout=subprocess.PIPE, check=False
            )
            words = done.stdout.decode("utf-8", "replace").strip()[8:] + ", " + words
        found.append(words)
    return found


# Ed25519 (RFC 8032, section 6), points in extended coordinates ------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a: Point, b: Point) -> Point:
    """The sum of two points."""
    low, high = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = high - low, z - t, z + t, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: Point) -> Point:
    """A point so many times."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def point_of(encoded: bytes) -> Point | None:
    """The point of 32 bytes; None if they are none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (not x and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed(key: str, signature: bytes, content: bytes) -> bool:
    """Whether the owner of this public key signed these bytes; both in hexadecimal digits."""
    try:
        public, parts = bytes.fromhex(key), bytes.fromhex(signature.decode("ascii").strip())
    except ValueError:
        return False
    if len(public) != 32 or len(parts) != 64:
        return False
    owner, r, s = point_of(public), point_of(parts[:32]), int.from_bytes(parts[32:], "little")
    if owner is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(parts[:32] + public + content).digest(), "little") % ORDER
    a, b = times(s, BASE), add(r, times(h, owner))
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def no_dossier(folder: Path, check: Checking) -> str | None:
    """What is wrong with a place at which no dossier can be verified; None if one can."""
    if folder.is_file():
        return check.say(
            f"{folder} est un fichier : décompressez d'abord le ZIP, puis indiquez son dossier.",
            f"{folder} is a file: unpack the ZIP first, then name its folder.",
        )
    if not folder.is_dir():
        return check.say(f"{folder} n'existe pas.", f"{folder} does not exist.")
    if not any((folder / name).exists() for name in ("dossier.json", "attempts", "chain")):
        return check.say(
            f"{folder} ne contient pas de dossier (ni dossier.json, ni attempts, ni chain) :"
            " indiquez le dossier décompressé.",
            f"{folder} holds no dossier (no dossier.json, attempts or chain): name the folder into"
            " which you unpacked it.",
        )
    return None


def main(arguments: list[str]) -> int:
    """Check a dossier and print what came of it."""
    folders = [each for each in arguments if each != "--en"]
    folder = Path(folders[0]) if folders else Path(__file__).resolve().parent
    check = Checking(folder, "--en" in arguments)
    if len(folders) > 1 or (folders and folders[0].startswith("-")):
        print((__doc__ or "").strip())
        return 2
    problem = no_dossier(folder, check)
    if problem:
        print(problem)
        return 2
    try:
        check.all()
    # whatever a piece was made to hold is a finding and no crash
    except Exception as exc:  # noqa: BLE001
        check.wrong(f"une pièce est illisible : {exc!r}", f"a piece cannot be read: {exc!r}")
    say, counted = check.say, check.counted
    print(
        say(
            "Vérifié : {attempts} tentatives, {files} fichiers, {links} maillons, {seals} sceaux,"
            " {tokens} horodatages.",
            "Checked: {attempts} attempts, {files} files, {links} links, {seals} seals, {tokens}"
            " timestamps.",
        ).format(**counted)
    )
    for key in check.keys:
        print(say("Clé publique : ", "Public key: ") + key)
    for words in roots_of(folder / "certificates" / "roots.pem"):
        print(say("Autorité crue : ", "Authority believed: ") + words)
    if check.stamped:
        first, last = (
            "{:04d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d} UTC".format(*at)
            for at in (min(check.stamped), max(check.stamped))
        )
        print(say(f"Horodatages : du {first} au {last}", f"Timestamps: {first} to {last}"))
    else:
        check.note(
            "aucun horodatage : seule l'association atteste les dates",
            "no timestamp: nobody but the association vouches for the dates",
        )
    if check.unsealed:
        check.note(
            f"{check.unsealed} tentatives ne sont encore sous aucun sceau : rien ne les prouve",
            f"{check.unsealed} attempts are under no seal yet: nothing proves them",
        )
    for words in check.notes:
        print(say("à savoir : ", "note: ") + words)
    for words in check.unchecked:
        print(say("NON VÉRIFIÉ : ", "NOT CHECKED: ") + words)
    for words in check.findings:
        print(say("MODIFIÉ : ", "ALTERED: ") + words)
    if check.findings:
        number = len(check.findings)
        print(say(f"{number} constatations : NON CONFORME.", f"{number} findings: NOT SOUND."))
        return 1
    if not check.counted["seals"]:
        print(
            say("RIEN N'EST SCELLÉ : rien n'est prouvé.", "NOTHING IS SEALED: nothing is proved.")
        )
        return 2
    if check.unchecked:
        print(say("Tout n'a pas pu être vérifié.", "Not everything could be checked."))
        return 2
    print(
        say(
            "CONFORME : rien n'a été modifié, ajouté ni retiré depuis le scellement. Comparez la"
            " clé publique avec celle que l'association publie.",
            "SOUND: nothing was altered, added or removed since it was sealed. Compare the public"
            " key with the one that the association publishes.",
        )
    )
    return 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))
