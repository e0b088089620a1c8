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
        files = sorted(p for p in self.folder.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
        lines = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(self.folder)}\n"
            for path in files
        ]
        (self.folder / "SHA256SUMS").write_text("".join(lines))


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
