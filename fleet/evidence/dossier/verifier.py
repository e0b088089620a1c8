#!/usr/bin/env python3
# coding: utf-8  # noqa: UP009 (an old Python must get as far as the words below)
"""
Vérifie un dossier de preuves, sans rien d'autre que Python (3.8 ou plus) et `openssl`.

    python3 verifier.py             dans le dossier décompressé, en français
    python3 verifier.py --en        the same, in English
    python3 verifier.py DOSSIER     un dossier qui est ailleurs
    python3 verifier.py --key CLÉ   la clé que l'association publie (plusieurs : plusieurs fois)

Tout est recalculé à partir des fichiers ; rien n'est envoyé nulle part. Code de sortie : 0, tout
est conforme ; 1, quelque chose a été modifié ou manque, ou des heures se contredisent ; 2, tout
n'a pas pu être vérifié, ou quelque chose n'est prouvé par personne.

Every hash is made anew from the files: pictures and HTML, the manifest of each attempt, its link,
the order of the chain, the Merkle root, the seal's Ed25519 signature (RFC 8032, below), and the
timestamps of the authorities (RFC 3161, by the `openssl` command). What the dossier says it is
about is compared with what is in it. Nothing is sent anywhere.
"""

import sys

# Python looks for modules beside a script first: whoever puts one there would check instead
if __name__ == "__main__" and not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
    del sys.path[0]

import base64
import calendar
import datetime
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

PYTHON: str = "Il faut Python 3.8 ou plus récent. / Python 3.8 or later is needed."

# Above whatever an older Python cannot run; one that cannot even read the file prints that line.
if sys.version_info < (3, 8):  # noqa: UP036
    print(PYTHON)
    sys.exit(2)

if TYPE_CHECKING:
    from collections.abc import Callable

    Point = tuple[int, int, int, int]

HEX = re.compile(r"[0-9a-f]{64}")
NOTHING = "0" * 64
ENDINGS = {"picture": "png", "html": "html", "outline": "json"}
PROVED = ("attempts/", "chain/", "seals/")  # what is wrong with these is named already
FORMATS = ("prefecture-fleet/dossier/1", "prefecture-fleet/dossier/2")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
OWN_CLOCK_S, AUTHORITY_CLOCK_S, SITE_CLOCK_S = 120, 300, 600
MAX_WORDS = 1500
MAX_PRINTED = 200
NOT_OURS = (".DS_Store", "Thumbs.db", "desktop.ini")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def sha256(content: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


class Checking:
    """One dossier, what was found wrong with it, what else its reader must know."""

    def __init__(self, folder: Path, english: bool, believed: "list[str]") -> None:
        self.folder, self.english, self.believed = folder, english, believed
        self.findings: list[str] = []
        self.unproven: list[str] = []
        self.notes: list[str] = []
        self.unchecked: list[str] = []
        self.seen: set[str] = set()
        self.links: dict[int, tuple[bytes, dict[str, Any]]] = {}
        self.proofs: dict[int, tuple[str, bytes, dict[str, Any] | None]] = {}
        self.began: dict[int, str] = {}
        self.statements: dict[int, dict[str, Any]] = {}
        self.counted = {"attempts": 0, "files": 0, "links": 0, "seals": 0, "tokens": 0}
        self.stamped: list[tuple[int, ...]] = []
        self.keys: list[str] = []
        self.signers: dict[str, list[str]] = {}
        self.stamps: dict[int, list[float]] = {}
        self.longest: dict[str, float] = {}
        self.about: dict[str, Any] = {}
        self.removed: dict[str, Any] = {}
        self.flow = ""

    def say(self, french: str, english: str) -> str:
        """The words in the reader's language."""
        return english if self.english else french

    def wrong(self, french: str, english: str) -> None:
        """Something was altered, added or is missing."""
        words = self.say(french, english)
        if words not in self.findings:
            self.findings.append(words)

    def doubt(self, french: str, english: str) -> None:
        """Something that nobody proves: no more than the word of whoever gave the dossier."""
        self.unproven.append(self.say(french, english))

    def note(self, french: str, english: str) -> None:
        """Something a reader must know."""
        self.notes.append(self.say(french, english))

    def read(self, name: str) -> "bytes | None":
        """A file's bytes; None, and a finding, if it is not there."""
        self.seen.add(name)
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            self.wrong(f"{name} manque", f"{name} is missing")
            return None

    def data(self, name: str, content: "bytes | None" = None) -> "dict[str, Any]":
        """A file's JSON object; empty, and a finding, if it is none."""
        content = self.read(name) if content is None else content
        if content is None:
            return {}
        try:
            found = json.loads(content.decode("utf-8"))
            if isinstance(found, dict):
                return found
        except (ValueError, RecursionError):
            pass
        self.wrong(f"{name} est illisible : modifié", f"{name} cannot be read: it was altered")
        return {}

    def part(self, name: str, check: "Callable[..., None]", *arguments: object) -> None:
        """Check one piece: whatever it was made to hold is a finding with its name, no crash."""
        try:
            check(*arguments)
        except Exception as exc:  # noqa: BLE001 (said, and nothing is sound then)
            self.wrong(f"{name} est illisible : {exc!r}", f"{name} cannot be read: {exc!r}")

    def all(self) -> None:
        """Everything, in the order in which one thing rests on another."""
        self.about = self.data("dossier.json")
        self.removed = self.data("removals.json")
        self.since, self.until = str(self.about.get("since")), str(self.about.get("until"))
        self.flow = str(self.about.get("scenario_id"))
        self.part("chain/links.jsonl", self.chain)
        self.part("ledger-public-key.pem", self.read_keys)
        self.part("seals", self.seals)
        for folder in sorted(p for p in (self.folder / "attempts").glob("*") if p.is_dir()):
            self.part(f"attempts/{folder.name}", self.attempt, folder.name)
        last_sealed = max((n for n, (_, _, proof) in self.proofs.items() if proof), default=0)
        for number in sorted(self.proofs):
            who, leaf, proof = self.proofs[number]
            if proof is not None:
                self.part(f"{who}/proof.json", self.proof, who, leaf, proof)
            elif number < last_sealed:  # seals cover a chain in its order
                self.wrong(
                    f"la preuve de scellement de la tentative {who} manque",
                    f"the proof that attempt {who} is sealed is missing",
                )
            else:
                at = self.began.get(number, "?")
                self.doubt(
                    f"la tentative {who} du {at} (maillon {number}) n'est sous aucun sceau",
                    f"attempt {who} of {at} (link {number}) is under no seal",
                )
        self.part("chain", self.missing)
        self.part("dossier.json", self.said)
        self.part("SHA256SUMS", self.sums)
        self.part("SHA256SUMS.sig", self.signature_of_the_list)
        self.who_signed()

    # What the dossier says of itself --------------------------------------------------------------

    def said(self) -> None:
        """Whether the dossier is what `dossier.json` says: flow, department, period, counts."""
        about, numbers = self.about, sorted(self.proofs)
        if about.get("format") not in FORMATS:
            self.unchecked.append(
                self.say(
                    f"dossier.json : format inconnu ({about.get('format')}) ; prenez le"
                    " verifier.py plus récent de l'association",
                    f"dossier.json: unknown format ({about.get('format')}); take a newer"
                    " verifier.py from the association",
                )
            )
        department = self.flow.partition("/")[0]
        if about.get("department", department) != department:
            self.unlike("department", about.get("department"), department)
        folders = [p for p in (self.folder / "attempts").glob("*") if p.is_dir()]
        if about.get("attempts") != len(folders):
            self.unlike("attempts", about.get("attempts"), len(folders))
        ends = {"first": numbers[0], "last": numbers[-1]} if numbers else None
        if about.get("links") != ends:
            self.unlike("links", about.get("links"), ends)
        days = midnight(self.since), midnight(self.until)
        for name, day in zip(("since", "until"), days):  # noqa: B905 (Python 3.8)
            if day is None:
                self.wrong(
                    f"dossier.json : la période est coupée : {name} {about.get(name)} n'est pas"
                    " minuit à Paris",
                    f"dossier.json: the period is cut: {name} {about.get(name)} is not midnight"
                    " in Paris",
                )
        if days[0] and days[1]:
            last = days[1] - datetime.timedelta(days=1)
            self.title = self.say(
                f"{self.flow}, du {days[0]} au {last} inclus, fait le {about.get('made_at')}",
                f"{self.flow}, from {days[0]} to {last}, both included, made on"
                f" {about.get('made_at')}",
            )

    def unlike(self, name: str, said: object, seen: object) -> None:
        """What `dossier.json` says is not what is there."""
        self.wrong(
            f"dossier.json dit {name} {said}, mais le contenu est {seen}",
            f"dossier.json says {name} {said}, but what is there is {seen}",
        )

    title = ""

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
            if link and link.get("scenario_id") != self.flow:
                self.wrong(
                    f"la chaîne est de la démarche {link.get('scenario_id')}, pas de {self.flow},"
                    " que dit dossier.json",
                    f"the chain is of the flow {link.get('scenario_id')}, not of {self.flow},"
                    " which dossier.json names",
                )
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
        at = self.began[number] = str(manifest.get("started_at"))
        place = manifest.get("scenario_id"), manifest.get("department")
        if place != (self.flow, self.flow.partition("/")[0]):
            self.wrong(
                f"la tentative {who} est de la démarche {place[0]} (département {place[1]}), pas"
                f" de {self.flow}, que dit dossier.json",
                f"attempt {who} is of the flow {place[0]} (department {place[1]}), not of"
                f" {self.flow}, which dossier.json names",
            )
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
        self.times(who, link, manifest)
        for file in manifest.get("evidence", ()):
            self.file(folder, who, str(file.get("sha256")), ENDINGS.get(file.get("kind"), "bin"))

    def took(self, step: str, seconds: float) -> None:
        """A step took so long; the longest is printed."""
        self.longest[step] = max(seconds, self.longest.get(step, seconds))

    def times(self, who: str, link: "dict[str, Any]", manifest: "dict[str, Any]") -> None:
        """Whether an attempt's instants fit: its end, its link, the clocks of the sites."""
        ended = instant(manifest.get("started_at")) + float(manifest.get("seconds", 0))
        facts = manifest.get("facts")
        told = str(facts.get("clock_jump_s", "")) if isinstance(facts, dict) else ""
        bound = OWN_CLOCK_S + sum(abs(float(each)) for each in told.split())
        linked = instant(link.get("linked_at"))
        self.took("link", linked - ended)
        if not linked >= ended - bound:
            self.wrong(
                f"la tentative {who} a fini le {utc(ended)} et a été enchaînée avant, le"
                f" {utc(linked)} : l'une des deux heures est fausse",
                f"attempt {who} ended at {utc(ended)} and was linked before, at {utc(linked)}: one"
                " of the two is not true",
            )
        stood = [
            instant(each["at"]) - instant(each["server_date"]) - (each.get("age_s") or 0)
            for each in manifest.get("served", ())
            if each.get("server_date")
        ]
        least = min(stood, key=abs, default=0.0)
        if not abs(least) <= max(SITE_CLOCK_S, bound):
            self.wrong(
                f"tentative {who} : l'horloge du robot était {least:.0f} s après celle de tous les"
                " sites qui ont répondu : elle était fausse, ou la tentative est d'un autre moment",
                f"attempt {who}: the robot's clock stood {least:.0f} s after that of every site"
                " that answered: it was wrong, or the attempt is of another time",
            )

    def sealed(self, who: str, leaf: bytes, number: int, statement: "dict[str, Any]") -> None:
        """Whether the seal of an attempt, and its timestamps, are later than the attempt."""
        linked = instant(json.loads(leaf.decode("utf-8"))["linked_at"])
        sealed = instant(statement.get("sealed_at"))
        self.took("seal", sealed - linked)
        if not sealed >= linked - OWN_CLOCK_S:
            self.wrong(
                f"le sceau {number} a été fait le {utc(sealed)}, avant que la tentative {who},"
                f" qu'il couvre, ne soit enchaînée, le {utc(linked)}",
                f"seal {number} was made at {utc(sealed)}, before attempt {who} under it was"
                f" linked, {utc(linked)}",
            )
        own = [number for number in self.proofs if self.proofs[number][1] == leaf]
        began = instant(self.began.get(own[0]))
        for at in self.stamps.get(number, ()):
            if not at >= began - AUTHORITY_CLOCK_S:
                self.wrong(
                    f"la tentative {who} est datée du {utc(began)}, mais l'horodatage du sceau"
                    f" {number}, du {utc(at)}, est plus ancien",
                    f"attempt {who} is dated {utc(began)}, but the timestamp of seal {number}, of"
                    f" {utc(at)}, is older",
                )

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
            if isinstance(removal, dict) and removal.get("reason"):
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
        """All seals, in their order."""
        for path in sorted((self.folder / "seals").glob("seal-*.json")):
            self.part(f"seals/{path.name}", self.seal, path)

    def seal(self, path: Path) -> None:
        """One seal: its signature, the seal before it, its timestamps."""
        name = f"seals/{path.name}"
        content = self.read(name) or b""
        statement = self.data(name, content)
        number, key = statement.get("number"), str(statement.get("key"))
        who = self.say(f"le sceau {path.stem[5:]}", f"seal {path.stem[5:]}")
        self.counted["seals"] += 1
        signature = self.read(f"{name[:-5]}.sig") or b""
        self.signers.setdefault(key, []).append(path.stem[5:])
        if key not in self.keys or not signed(key, signature, content):
            self.wrong(
                f"{who} a été modifié : sa signature n'est pas celle de la clé publique",
                f"{who} was altered: its signature is not that of the public key",
            )
        if not isinstance(number, int) or path.name != f"seal-{number:06d}.json":
            self.wrong(f"{who} a été renommé", f"{who} was renamed")
            return
        before = self.folder / "seals" / f"seal-{number - 1:06d}.json"
        if before.is_file() and statement.get("previous") != sha256(before.read_bytes()):
            self.wrong(f"{who} ne suit pas le précédent", f"{who} does not follow the last")
        self.statements[number] = statement
        self.tokens(path, statement, who)

    def who_signed(self) -> None:
        """Whether one key signed everything, and the one that the reader believes."""
        for key in sorted(self.signers) if self.believed else ():
            if key not in self.believed:
                self.wrong(
                    f"la clé {key} a signé ({', '.join(self.signers[key])}), et vous ne l'avez pas"
                    " nommée : elle n'est pas à l'association, ou a changé",
                    f"the key {key} signed ({', '.join(self.signers[key])}), and you did not name"
                    " it: it is not the association's, or was changed",
                )
        if len(self.signers) > 1 and not self.believed:
            each = "; ".join(f"{k} ({v[0]}–{v[-1]})" for k, v in sorted(self.signers.items()))
            self.doubt(
                f"plusieurs clés ont signé : {each}. Comparez chacune avec celles que"
                " l'association publie, puis nommez-les : --key CLÉ --key CLÉ",
                f"several keys signed: {each}. Compare each with those that the association"
                " publishes, then name them: --key KEY --key KEY",
            )

    def tokens(self, path: Path, statement: "dict[str, Any]", who: str) -> None:
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
                self.stamp_after(who, calendar.timegm(at), statement)

    def stamp_after(self, who: str, at: float, statement: "dict[str, Any]") -> None:
        """Whether a timestamp is later than the seal of which it is."""
        sealed = instant(statement.get("sealed_at"))
        self.stamps.setdefault(int(statement["number"]), []).append(at)
        self.took("timestamp", at - sealed)
        if not at >= sealed - AUTHORITY_CLOCK_S:
            self.wrong(
                f"{who} a été fait le {utc(sealed)}, après son horodatage, le {utc(at)}",
                f"{who} was made at {utc(sealed)}, after its timestamp, {utc(at)}",
            )

    def stamp(self, statement: Path, token: Path) -> "tuple[tuple[int, ...] | None, str | None]":
        """The instant of a timestamp, or what is wrong with it; neither without `openssl`."""
        if hashlib.sha256(statement.read_bytes()).digest() not in token.read_bytes():
            return None, self.say("autre empreinte", "another hash")
        roots = self.folder / "certificates" / "roots.pem"
        self.seen.add("certificates/roots.pem")
        openssl = command(self.folder)
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

    def proof(self, who: str, leaf: bytes, proof: "dict[str, Any]") -> None:
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
        else:
            self.sealed(who, leaf, int(statement["number"]), statement)

    def sums(self) -> None:
        """Every file is as it was listed, and there are no others."""
        listed = {"SHA256SUMS", "SHA256SUMS.sig"}
        proved = {name for name in self.seen if name.startswith(PROVED)}
        for line in (self.read("SHA256SUMS") or b"").decode("utf-8", "replace").splitlines():
            digest, _, name = line.partition("  ")
            if ".." in name or name.startswith("/") or "\\" in name or name in listed:
                self.wrong(f"SHA256SUMS : nom douteux, {name}", f"SHA256SUMS: odd name, {name}")
                continue
            listed.add(name)
            content = self.read(name)
            # what a manifest, link or seal proves is named already
            if content is not None and sha256(content) != digest and name not in proved:
                self.wrong(f"{name} a été modifié", f"{name} was altered")
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            strange = name.startswith(("attempts/", "seals/")) and name not in proved
            if path.is_dir() or path.name in NOT_OURS:
                continue
            if name not in listed or (strange and path.name != "framed.png"):
                self.wrong(f"{name} est en trop : ajouté", f"{name} was added")

    def signature_of_the_list(self) -> None:
        """Whether the operator signed the list of files: all that no seal covers rests on it."""
        rests = self.say(
            "dossier.pdf, dossier.json, removals.json et les copies encadrées",
            "dossier.pdf, dossier.json, removals.json and the framed copies",
        )
        if not (self.folder / "SHA256SUMS.sig").exists():
            self.doubt(
                f"la liste des fichiers n'est signée par personne : {rests} peuvent venir d'un"
                " autre que l'association, et des tentatives de la fin peuvent manquer",
                f"the list of files is signed by nobody: {rests} may come from somebody other than"
                " the association, and attempts of the end may be missing",
            )
            return
        signature = self.read("SHA256SUMS.sig") or b""
        content = self.read("SHA256SUMS") or b""
        for key in self.keys:
            if signed(key, signature, content):
                self.signers.setdefault(key, []).append("SHA256SUMS")
                return
        self.wrong(
            "SHA256SUMS a été modifié : sa signature n'est pas celle de la clé publique",
            "SHA256SUMS was altered: its signature is not that of the public key",
        )


def instant(words: object) -> float:
    """Seconds since 1970; raises ValueError if it is no instant."""
    at = datetime.datetime.strptime(str(words), "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007
    return (at - datetime.datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001


def utc(seconds: float) -> str:
    """An instant for a reader."""
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)  # noqa: DTZ001
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def midnight(words: str) -> "datetime.date | None":
    """The day that begins in Paris at this instant; None if none does."""
    try:
        at = datetime.datetime.strptime(words, "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007
    except ValueError:
        return None
    # the law of the European Union since 1996: summer time from the last Sunday of March, 1:00
    # UTC, to that of October
    ends = []
    for month in (3, 10):
        day = datetime.datetime(at.year, month, 31, 1)  # noqa: DTZ001
        ends.append(day - datetime.timedelta(days=(day.weekday() + 1) % 7))
    local = at + datetime.timedelta(hours=2 if ends[0] <= at < ends[1] else 1)
    return local.date() if local.time() == datetime.time() else None


def command(folder: Path) -> "str | None":
    """The `openssl` of this machine, and not one that lies in the dossier or where we are."""
    found = shutil.which("openssl")
    if found is None:
        return None
    places = Path(found).resolve().parents
    return None if folder.resolve() in places or Path.cwd() == Path(found).parent else found


def run(*words: object) -> "tuple[int, str]":
    """A command's exit code and words."""
    done = subprocess.run(
        [str(each) for each in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def root(leaf: bytes, proof: "dict[str, Any]") -> "str | None":
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


def roots_of(path: Path) -> "list[str]":
    """The certificates of a PEM file: whose, and their fingerprints, to be compared."""
    found = []
    text = path.read_text("ascii", "replace") if path.exists() else ""
    for block in re.findall(r"-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----", text):
        try:
            words = f"SHA-256 {sha256(base64.b64decode(''.join(block.splitlines()[1:-1])))}"
        except ValueError:
            continue  # `openssl` cannot read it either, and no timestamp leads to it
        openssl = command(path.parent.parent)
        if openssl:
            words_of = [openssl, "x509", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8"]
            done = subprocess.run(
                words_of, input=block.encode(), stdout=subprocess.PIPE, check=False
            )
            words = done.stdout.decode("utf-8", "replace").strip()[8:] + ", " + words
        found.append(words)
    return found


# Ed25519 (RFC 8032, section 6), points in extended coordinates ------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a: "Point", b: "Point") -> "Point":
    """The sum of two points."""
    low, high = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    t, z = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = high - low, z - t, z + t, high + low
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar: int, point: "Point") -> "Point":
    """A point so many times."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def point_of(encoded: bytes) -> "Point | None":
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


def no_dossier(folder: Path, check: Checking) -> "str | None":
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


def out(words: str) -> None:
    """Print one line: what a piece holds can neither begin another nor move a terminal's mark."""
    print(CONTROL.sub("\ufffd", words[:MAX_WORDS]))


def asked(arguments: "list[str]") -> "tuple[Path, bool, list[str]] | None":
    """The folder, whether in English, and the keys that are believed; None if it is none of it."""
    folders, keys, rest = [], [], [each for each in arguments if each != "--en"]
    while rest:
        word = rest.pop(0)
        if word == "--key" and rest and HEX.fullmatch(rest[0].lower()):
            keys.append(rest.pop(0).lower())
        elif word.startswith("-"):
            return None
        else:
            folders.append(word)
    if len(folders) > 1:
        return None
    folder = Path(folders[0]) if folders else Path(__file__).resolve().parent
    return folder, "--en" in arguments, keys


def main(arguments: "list[str]") -> int:
    """Check a dossier and print what came of it."""
    order = asked(arguments)
    if order is None:
        print((__doc__ or "").strip())
        return 2
    check = Checking(*order)
    problem = no_dossier(check.folder, check)
    if problem:
        print(problem)
        return 2
    check.part("dossier", check.all)
    tell(check)
    return conclusion(check)


def tell(check: Checking) -> None:
    """Print what was checked, and whatever a reader must know."""
    say = check.say
    out(say("Dossier : ", "Dossier: ") + (check.title or "?"))
    print(
        say(
            "Vérifié : {attempts} tentatives, {files} fichiers, {links} maillons, {seals} sceaux,"
            " {tokens} horodatages.",
            "Checked: {attempts} attempts, {files} files, {links} links, {seals} seals, {tokens}"
            " timestamps.",
        ).format(**check.counted)
    )
    for key in check.keys:
        print(say("Clé publique : ", "Public key: ") + key)
    for words in roots_of(check.folder / "certificates" / "roots.pem"):
        out(say("Autorité crue : ", "Authority believed: ") + words)
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
    spans = {name: f"{round(seconds / 60, 1) + 0.0} min" for name, seconds in check.longest.items()}
    if spans:
        link, seal, stamp = (spans.get(name, "?") for name in ("link", "seal", "timestamp"))
        print(
            say(
                f"Délais, au plus : {link} de la fin d'une visite à son maillon, {seal} de là au"
                f" sceau, {stamp} de là à l'horodatage",
                f"Delays, at most: {link} from a visit's end to its link, {seal} from there to the"
                f" seal, {stamp} from there to the timestamp",
            )
        )
    for label, lines in (
        (say("à savoir : ", "note: "), check.notes),
        (say("NON VÉRIFIÉ : ", "NOT CHECKED: "), check.unchecked),
        (say("NON PROUVÉ : ", "NOT PROVEN: "), check.unproven),
        (say("MODIFIÉ : ", "ALTERED: "), check.findings),
    ):
        for words in lines[:MAX_PRINTED]:
            out(label + words)
        if len(lines) > MAX_PRINTED:
            more = len(lines) - MAX_PRINTED
            print(label + say(f"… et {more} de plus", f"… and {more} more"))


def conclusion(check: Checking) -> int:
    """The last line, and the exit code."""
    say = check.say
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
    if check.unproven:
        print(
            say(
                "TOUT N'EST PAS PROUVÉ : ce qui est nommé plus haut ne repose que sur la parole de"
                " qui a remis le dossier ; le reste n'a pas été modifié depuis le scellement.",
                "NOT EVERYTHING IS PROVEN: what is named above rests on nothing but the word of"
                " whoever gave the dossier; the rest was not altered since it was sealed.",
            )
        )
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
