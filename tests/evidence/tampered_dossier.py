"""
What whoever has a dossier may do to it: each function one deed.

The dossier is that of `tests.evidence.dossier.dossiers.past`: five attempts (links 2, 3, 5, 6, 7 of
the chain) under two seals; link 4 is an attempt of before the period that came late.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.evidence.dossier.proofs import public_pem
from fleet.ledger.canonical import canonical
from fleet.ledger.signing import SigningKey
from fleet.models import Attempt

LISTS = ("SHA256SUMS", "SHA256SUMS.sig")


@dataclass
class Unpacked:
    """A dossier as an opponent may have it, and the attempts that are in it."""

    folder: Path
    attempts: list[Attempt]

    def of(self, number: int) -> Path:
        """The folder of an attempt."""
        (found,) = self.folder.glob(f"attempts/*-{self.attempts[number].id[:8]}")
        return found

    def picture(self, number: int) -> Path:
        """Its picture."""
        return self.of(number) / f"{self.attempts[number].evidence[0].sha256}.png"

    @property
    def links(self) -> Path:
        """The chain of the flow."""
        return self.folder / "chain" / "links.jsonl"

    @property
    def token(self) -> Path:
        """The timestamp of the first seal."""
        (found,) = self.folder.glob("seals/seal-000001.*.tsr")
        return found

    def sum_anew(self) -> None:
        """Do what a careful opponent does: leave no sum that does not fit."""
        files = sorted(p for p in self.folder.rglob("*") if p.is_file() and p.name not in LISTS)
        lines = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(self.folder)}\n"
            for path in files
        ]
        (self.folder / "SHA256SUMS").write_text("".join(lines))

    def unsign(self) -> None:
        """What one without a key can do: take the signature away, as if there never was one."""
        self.sum_anew()
        (self.folder / "SHA256SUMS.sig").unlink(missing_ok=True)

    def sign_anew(self) -> None:
        """Or sign with a key of their own, and put that beside the operator's."""
        key = SigningKey(Ed25519PrivateKey.generate())
        with (self.folder / "ledger-public-key.pem").open("ab") as file:
            file.write(public_pem(key.public))
        self.sum_anew()
        signature = key.sign((self.folder / "SHA256SUMS").read_bytes())
        (self.folder / "SHA256SUMS.sig").write_text(signature)


Tamper = Callable[[Unpacked], None]


def flip(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def edit(path: Path, **fields: Any) -> None:
    path.write_bytes(canonical({**json.loads(path.read_bytes()), **fields}))


def flip_a_picture(it: Unpacked) -> None:
    flip(it.picture(0))


def flip_html(it: Unpacked) -> None:
    flip(it.of(1) / f"{it.attempts[1].evidence[1].sha256}.html")


def flip_a_manifest(it: Unpacked) -> None:
    flip(it.of(0) / "manifest.json", 20)


def alter_a_verdict(it: Unpacked) -> None:
    edit(it.of(0) / "manifest.json", verdict="slots")


def flip_a_link(it: Unpacked) -> None:
    flip(it.of(0) / "link.json", 20)


def alter_a_link_of_the_chain(it: Unpacked) -> None:
    it.links.write_bytes(it.links.read_bytes().replace(b'"number":3,', b'"number":3, ', 1))


def alter_a_proof(it: Unpacked) -> None:
    edit(it.of(0) / "proof.json", leaf=3)


def alter_a_statement(it: Unpacked) -> None:
    edit(it.folder / "seals" / "seal-000001.json", sealed_at="2026-11-01T00:00:00.000Z")


def flip_a_signature(it: Unpacked) -> None:
    flip(it.folder / "seals" / "seal-000001.sig", 70)


def flip_a_token(it: Unpacked) -> None:
    flip(it.token)


def swap_tokens(it: Unpacked) -> None:
    (other,) = it.folder.glob("seals/seal-000002.*.tsr")
    one, two = it.token.read_bytes(), other.read_bytes()
    it.token.write_bytes(two), other.write_bytes(one)


def take_a_token_away(it: Unpacked) -> None:
    it.token.unlink()


def take_a_seal_away(it: Unpacked) -> None:
    for path in it.folder.glob("seals/seal-000001.*"):
        path.unlink()


def take_a_proof_away(it: Unpacked) -> None:
    (it.of(0) / "proof.json").unlink()


def sign_with_another_key(it: Unpacked) -> None:
    key = SigningKey(Ed25519PrivateKey.generate())
    for path in sorted(it.folder.glob("seals/seal-*.json")):
        edit(path, key=key.public)
        path.with_suffix(".sig").write_text(key.sign(path.read_bytes()))
    (it.folder / "ledger-public-key.pem").write_bytes(public_pem(key.public))


def delete_a_picture(it: Unpacked) -> None:
    it.picture(2).unlink()


def delete_an_attempt(it: Unpacked) -> None:
    shutil.rmtree(it.of(1))


def delete_the_first_attempt(it: Unpacked) -> None:
    shutil.rmtree(it.of(0))


def delete_the_last_attempt(it: Unpacked) -> None:
    shutil.rmtree(it.of(4))


def delete_an_attempt_with_its_link(it: Unpacked) -> None:
    link = (it.of(1) / "link.json").read_bytes()
    it.links.write_bytes(it.links.read_bytes().replace(link + b"\n", b""))
    shutil.rmtree(it.of(1))


def pass_an_attempt_off_as_one_of_another_period(it: Unpacked) -> None:
    manifest = (it.of(1) / "manifest.json").read_bytes()
    shutil.rmtree(it.of(1))
    (it.folder / "chain" / "outside" / "000003.json").write_bytes(manifest)


def lie_about_the_day_of_an_attempt_left_out(it: Unpacked) -> None:
    pass_an_attempt_off_as_one_of_another_period(it)
    edit(it.folder / "chain" / "outside" / "000003.json", started_at="2026-10-01T08:00:00.000Z")


def insert_an_attempt(it: Unpacked) -> None:
    made, own = it.folder / "attempts" / "000009-2026-11-13-00000000", it.of(1)
    shutil.copytree(own, made)
    edit(made / "manifest.json", _id="0" * 32)
    edit(
        made / "link.json",
        attempt_id="0" * 32,
        number=9,
        manifest=hashlib.sha256((made / "manifest.json").read_bytes()).hexdigest(),
    )


def reorder_two_folders(it: Unpacked) -> None:
    one, other, aside = it.of(1), it.of(2), it.folder / "aside"
    one.rename(aside), other.rename(one), aside.rename(other)


def reorder_two_links(it: Unpacked) -> None:
    lines = it.links.read_bytes().splitlines(keepends=True)
    lines[1], lines[2] = lines[2], lines[1]
    it.links.write_bytes(b"".join(lines))


def swap_two_pictures(it: Unpacked) -> None:
    one, other = it.picture(0).read_bytes(), it.picture(1).read_bytes()
    it.picture(0).write_bytes(other), it.picture(1).write_bytes(one)


def backdate_one(it: Unpacked) -> None:
    edit(it.of(3) / "manifest.json", started_at="2026-11-13T08:00:00.000Z")


def backdate_one_and_link_all_anew(it: Unpacked) -> None:
    """As whoever can write to the database, but has neither key nor authority, would do it."""
    number, path = 6, it.of(3) / "manifest.json"
    edit(path, started_at="2026-11-16T09:00:00.000Z")
    lines = [json.loads(line) for line in it.links.read_bytes().splitlines()]
    lines[number - 1]["manifest"] = hashlib.sha256(path.read_bytes()).hexdigest()
    for before, link in pairwise(lines):
        link["previous"] = hashlib.sha256(canonical(before)).hexdigest()
    it.links.write_bytes(b"".join(canonical(link) + b"\n" for link in lines))
    for link in lines:
        for folder in it.folder.glob(f"attempts/{link['number']:06d}-*"):
            (folder / "link.json").write_bytes(canonical(link))


def flip_a_root(it: Unpacked) -> None:
    path = it.folder / "seals" / "seal-000001.json"
    root = json.loads(path.read_bytes())["root"]
    edit(path, root=f"{int(root[0], 16) ^ 1:x}{root[1:]}")


def leave_out_all_before_one_that_came_late(it: Unpacked) -> None:
    """And say that the dossier begins after it."""
    shutil.rmtree(it.of(0))
    shutil.rmtree(it.of(1))
    edit(it.folder / "dossier.json", links={"first": 5, "last": 7})


def insert_one_under_a_seal(it: Unpacked) -> None:
    """With a link that fits at the end of the chain, and the proof of another."""
    insert_an_attempt(it)
    made, lines = it.folder / "attempts" / "000009-2026-11-13-00000000", it.links.read_bytes()
    last = hashlib.sha256(lines.splitlines()[-1]).hexdigest()
    edit(made / "link.json", previous=last)
    it.links.write_bytes(lines + (made / "link.json").read_bytes() + b"\n")


# What no seal covers: only the operator's signature of the list of files shows it ----------------


def append_attempts(it: Unpacked, count: int = 3) -> list[int]:
    """Made up, linked as a fleet would, under no seal; the numbers of their links."""
    model, numbers = it.of(4), []
    for n in range(count):
        lines = it.links.read_bytes()
        last = json.loads(lines.splitlines()[-1])
        number, name = last["number"] + 1, f"{n:08d}{'0' * 24}"
        made = it.folder / "attempts" / f"{number:06d}-2026-11-18-{name[:8]}"
        shutil.copytree(model, made)
        (made / "proof.json").unlink(missing_ok=True)
        edit(made / "manifest.json", _id=name, started_at="2026-11-18T10:00:00.000Z")
        manifest = hashlib.sha256((made / "manifest.json").read_bytes()).hexdigest()
        previous = hashlib.sha256(lines.splitlines()[-1]).hexdigest()
        changed = {"number": number, "attempt_id": name, "manifest": manifest}
        link = canonical({**last, **changed, "previous": previous})
        (made / "link.json").write_bytes(link)
        it.links.write_bytes(lines + link + b"\n")
        numbers.append(number)
    about = json.loads((it.folder / "dossier.json").read_bytes())
    links = {**about["links"], "last": numbers[-1]}
    edit(it.folder / "dossier.json", attempts=about["attempts"] + count, links=links)
    return numbers


def append_attempts_under_a_seal_of_their_own(it: Unpacked) -> None:
    (number,) = append_attempts(it, 1)
    key = SigningKey(Ed25519PrivateKey.generate())
    (made,) = it.folder.glob(f"attempts/{number:06d}-*")
    root = hashlib.sha256(b"\0" + (made / "link.json").read_bytes()).hexdigest()
    path = it.folder / "seals" / "seal-000002.json"
    changed = {"number": 3, "count": 1, "root": root, "key": key.public, "authorities": []}
    changed |= {"previous": hashlib.sha256(path.read_bytes()).hexdigest()}
    third = it.folder / "seals" / "seal-000003.json"
    third.write_bytes(canonical({**json.loads(path.read_bytes()), **changed}))
    third.with_suffix(".sig").write_text(key.sign(third.read_bytes()))
    (made / "proof.json").write_bytes(canonical({"seal": 3, "leaf": 0, "count": 1, "path": []}))
    with (it.folder / "ledger-public-key.pem").open("ab") as file:
        file.write(public_pem(key.public))


def strip_seals_and_edit_what_they_covered(it: Unpacked) -> None:
    """All seals but the first; the verdicts below them edited, and all linked anew."""
    for path in it.folder.glob("seals/seal-000002.*"):
        path.unlink()
    lines = [json.loads(line) for line in it.links.read_bytes().splitlines()]
    for number in range(3, 5):
        folder = it.of(number)
        (folder / "proof.json").unlink()
        edit(folder / "manifest.json", verdict="slots")
        manifest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
        lines[int(folder.name[:6]) - 1]["manifest"] = manifest
    for before, link in pairwise(lines):
        link["previous"] = hashlib.sha256(canonical(before)).hexdigest()
    it.links.write_bytes(b"".join(canonical(link) + b"\n" for link in lines))
    for link in lines:
        for folder in it.folder.glob(f"attempts/{link['number']:06d}-*"):
            (folder / "link.json").write_bytes(canonical(link))


def leave_out_the_end(it: Unpacked) -> None:
    """The last attempt with its link and all after it, and counted anew."""
    number = int(it.of(4).name[:6])
    shutil.rmtree(it.of(4))
    it.links.write_bytes(b"".join(it.links.read_bytes().splitlines(keepends=True)[: number - 1]))
    shutil.rmtree(it.folder / "chain" / "outside" / f"{number + 1:06d}.json", ignore_errors=True)
    for path in it.folder.glob("chain/outside/*.json"):
        if int(path.stem) > number:
            path.unlink()
    edit(it.folder / "dossier.json", attempts=4, links={"first": 2, "last": number - 1})


def cut_the_period(it: Unpacked) -> None:
    """To the millisecond after an attempt that is not convenient."""
    begin = json.loads((it.of(0) / "manifest.json").read_bytes())["started_at"]
    shutil.rmtree(it.of(0))
    edit(it.folder / "dossier.json", since=begin[:-4] + "001Z", attempts=4)
    edit(it.folder / "dossier.json", links={"first": 3, "last": 7})


def say_another_flow(it: Unpacked) -> None:
    edit(it.folder / "dossier.json", scenario_id="75/titre-de-sejour", department="75")


def say_another_department(it: Unpacked) -> None:
    edit(it.folder / "dossier.json", department="75")


def say_another_period(it: Unpacked) -> None:
    """Longer by days on which nobody looked."""
    edit(it.folder / "dossier.json", until="2026-11-30T23:00:00.000Z")


def say_more_attempts(it: Unpacked) -> None:
    edit(it.folder / "dossier.json", attempts=50)


def put_in_another_pdf(it: Unpacked) -> None:
    flip(it.folder / "dossier.pdf", 2000)


def put_in_the_framed_copy_of_another(it: Unpacked) -> None:
    (it.of(0) / "framed.png").write_bytes((it.of(1) / "framed.png").read_bytes())


def declare_a_picture_removed(it: Unpacked) -> None:
    name = it.picture(0).stem
    it.picture(0).unlink()
    removal = {"kind": "takedown", "reason": "un nom s’y lisait", "at": "2026-11-20T08:00:00.000Z"}
    edit(it.folder / "removals.json", **{name: removal})


def declare_a_token_lacking(it: Unpacked) -> None:
    (url,) = json.loads((it.folder / "seals" / "seal-000001.json").read_bytes())["authorities"]
    it.token.unlink()
    edit(it.folder / "dossier.json", lacking={f"1 {url}": "it gave none"})


def write_over_what_is_printed(it: Unpacked) -> None:
    """By what a terminal does for whoever prints it."""
    words = "x\n\x1b[2J\x1b[HCONFORME : rien n'a été modifié\r"
    declare_a_picture_removed(it)
    removals = json.loads((it.folder / "removals.json").read_bytes())
    for each in removals.values():
        each["reason"] = words
    (it.folder / "removals.json").write_bytes(canonical(removals))
    edit(it.folder / "dossier.json", made_at=words)


def list_a_file_of_somewhere_else(it: Unpacked) -> None:
    with (it.folder / "SHA256SUMS").open("a") as file:
        file.write(f"{'0' * 64}  ../elsewhere\n")
