"""The verifier of a dossier, alone in a folder: what was done to the pieces is found and named."""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.browser import Chromium
from fleet.dossier import verify as verifier
from fleet.dossier.proofs import public_pem
from fleet.manifest import canonical
from fleet.models import Attempt
from fleet.practice.authority import PracticeAuthority
from fleet.signing import SigningKey, signed
from fleet.store import Store
from tests.dossiers import past, unpack, verify

SOURCE = Path(verifier.__file__)


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


@pytest.fixture(scope="session")
async def dossier(
    chromium: Chromium, mongodb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Unpacked]:
    folder = tmp_path_factory.mktemp("dossier")
    name = f"test_{uuid.uuid4().hex[:12]}"
    async with (
        PracticeAuthority(folder / "authority") as authority,
        await Store.open(mongodb_url, name) as store,
    ):
        own = await past(store, authority, folder)
        await own.make(chromium, folder / "dossier.zip")
        yield Unpacked(unpack(folder / "dossier.zip", folder / "sound"), own.inside)


@pytest.fixture
def copy(dossier: Unpacked, tmp_path: Path) -> Unpacked:
    shutil.copytree(dossier.folder, tmp_path / "copy")
    return Unpacked(tmp_path / "copy", dossier.attempts)


def test_an_untouched_dossier_is_sound_and_says_what_was_checked(dossier: Unpacked) -> None:
    said = verify(dossier.folder)

    assert said.returncode == 0, said.stdout
    assert "5 tentatives, 10 fichiers, 8 maillons, 2 sceaux, 2 horodatages" in said.stdout
    assert "CONFORME : rien n'a été modifié" in said.stdout
    assert said.stdout.count("à savoir") == 0
    assert verify(dossier.folder, "--en").stdout.splitlines()[-1].startswith("SOUND")


def test_it_needs_nothing_but_an_old_python_in_any_folder(dossier: Unpacked) -> None:
    tree = ast.parse(SOURCE.read_text(), feature_version=(3, 8))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert "fleet" not in imported
    assert imported < {"__future__", *__import__("sys").stdlib_module_names}
    assert (dossier.folder / "verifier.py").read_bytes() == SOURCE.read_bytes()


def test_without_openssl_it_says_that_timestamps_were_not_checked(dossier: Unpacked) -> None:
    said = verify(dossier.folder, "--en", PATH="/nowhere")

    assert said.returncode == 2
    assert "NOT CHECKED: seal-000001." in said.stdout
    assert "SOUND" not in said.stdout


# What an opponent may have done ------------------------------------------------------------------

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


def add_a_file(it: Unpacked) -> None:
    (it.folder / "attempts" / "more.png").write_bytes(b"more")
    it.sum_anew()
    (it.of(0) / "more.png").write_bytes(b"more")


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (flip_a_picture, "{0.evidence[0].sha256}.png of attempt {0.id} was altered"),
        (flip_html, "{1.evidence[1].sha256}.html of attempt {1.id} was altered"),
        (flip_a_manifest, "attempt {0.id} (000002-2026-11-12-"),
        (alter_a_verdict, "attempt {0.id} (000002-2026-11-12-"),
        (flip_a_link, "has no such place in the chain"),
        (alter_a_link_of_the_chain, "the chain is broken at link 4"),
        (alter_a_proof, "attempt {0.id} is not under seal 1"),
        (alter_a_statement, "seal 000001 was altered: its signature is not"),
        (flip_a_signature, "seal 000001 was altered: its signature is not"),
        (flip_a_token, "seal 000001: timestamp seal-000001.127.0.0.1-"),
        (swap_tokens, "seal 000002: timestamp seal-000002.127.0.0.1-"),
        (take_a_token_away, "seal 000001: the timestamp of http://127.0.0.1"),
        (take_a_seal_away, "seal 1 of attempt {0.id} is missing"),
        (take_a_proof_away, "the proof that attempt {0.id} is sealed is missing"),
        (sign_with_another_key, "seal 000001: timestamp seal-000001.127.0.0.1-"),
        (delete_a_picture, "{2.evidence[0].sha256}.png of attempt {2.id} is missing"),
        (delete_an_attempt, "attempt {1.id} (link 3) is missing"),
        (delete_the_first_attempt, "attempt {0.id} (link 2) is missing"),
        (delete_the_last_attempt, "attempt {4.id} (link 7) is missing"),
        (delete_an_attempt_with_its_link, "the chain is broken: link 4 comes after link 2"),
        (pass_an_attempt_off_as_one_of_another_period, "attempt {1.id} (link 3) is missing"),
        (lie_about_the_day_of_an_attempt_left_out, "attempt {1.id} (link 3) is missing"),
        (insert_an_attempt, "attempt 00000000000000000000000000000000 (000009-"),
        (reorder_two_folders, "holds another attempt, {1.id}, link 3"),
        (reorder_two_links, "the chain is broken: link 3 comes after link 1"),
        (swap_two_pictures, "{1.evidence[0].sha256}.png of attempt {1.id} was altered"),
        (backdate_one, "attempt {3.id} (000006-"),
        (backdate_one_and_link_all_anew, "attempt {3.id} is not under seal 2"),
    ],
)
def test_what_was_done_to_the_pieces_is_found_and_named(
    copy: Unpacked, tamper: Tamper, named: str
) -> None:
    tamper(copy)
    copy.sum_anew()

    said = verify(copy.folder, "--en")

    assert said.returncode == 1, said.stdout + said.stderr
    assert said.stderr == ""
    assert f"{named.format(*copy.attempts)}" in said.stdout, said.stdout
    assert "ALTERED: " in said.stdout


@pytest.mark.parametrize("name", ["dossier.pdf", "LISEZ-MOI.txt", "removals.json", "dossier.json"])
def test_what_only_the_sums_cover_is_found_too(copy: Unpacked, name: str) -> None:
    flip(copy.folder / name)

    said = verify(copy.folder, "--en")

    assert said.returncode == 1
    assert f"{name} was altered" in said.stdout


def test_a_file_that_nobody_listed_is_found(copy: Unpacked) -> None:
    (copy.of(0) / "more.png").write_bytes(b"more")

    said = verify(copy.folder)

    assert said.returncode == 1
    assert "more.png est en trop" in said.stdout


def test_a_folder_without_a_dossier_is_no_crash(tmp_path: Path) -> None:
    shutil.copy(SOURCE, tmp_path / "verifier.py")

    said = verify(tmp_path)

    assert (said.returncode, said.stderr) == (1, "")
    assert "dossier.json manque" in said.stdout


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dossier.json", b'{"lacking": [1], "links": 3}'),
        ("removals.json", b"[]"),
        ("chain/links.jsonl", b"\xff\n3\n{}\n"),
        ("seals/seal-000001.json", b'{"number": "one", "authorities": 3}'),
        ("certificates/roots.pem", b"none"),
        ("ledger-public-key.pem", b"-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----"),
    ],
)
def test_what_no_dossier_holds_is_a_finding_and_no_crash(
    copy: Unpacked, name: str, content: bytes
) -> None:
    (copy.folder / name).write_bytes(content)

    said = verify(copy.folder, "--en")

    assert (said.returncode, said.stderr) == (1, "")
    assert "NOT SOUND" in said.stdout


def test_its_own_signature_check_agrees_with_a_library() -> None:
    key = SigningKey(Ed25519PrivateKey.generate())
    for content in (b"", b"x" * 1000):
        signature = key.sign(content)
        for changed in (signature, signature[:-1] + "0", "0" * 128, signature[64:] * 2):
            found = verifier.signed(key.public, changed.encode(), content)
            assert found == signed(key.public, changed, content)
    # RFC 8032, 7.1, test 2
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verifier.signed(public, signature.encode(), b"\x72")
