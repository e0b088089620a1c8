"""The verifier of a dossier, alone in a folder: what was done to the pieces is found and named."""

from __future__ import annotations

import ast
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.browser.chromium import Chromium
from fleet.evidence.dossier import verifier
from fleet.ledger.signing import SigningKey, is_signed
from fleet.practice.authority import PracticeAuthority
from fleet.storage.store import Store
from tests.evidence.dossier.dossiers import past, unpack, verify
from tests.evidence.tampered_dossier import Unpacked, flip

SOURCE = Path(verifier.__file__)


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


# What is no dossier, or not a whole one -----------------------------------------------------------


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


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "ne contient pas de dossier (ni dossier.json, ni attempts, ni chain)"),
        (["dossier.zip"], "dossier.zip est un fichier : décompressez d'abord le ZIP"),
        (["--en", "dossier.zip"], "dossier.zip is a file: unpack the ZIP first"),
        (["nowhere"], "nowhere n'existe pas."),
        (["empty", "--en"], "empty holds no dossier"),
    ],
)
def test_a_place_without_a_dossier_is_one_clear_line_and_no_verdict(
    tmp_path: Path, arguments: list[str], problem: str
) -> None:
    shutil.copy(SOURCE, tmp_path / "verifier.py")
    (tmp_path / "dossier.zip").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()

    said = verify(tmp_path, *arguments)

    assert (said.returncode, said.stderr) == (2, "")
    assert problem in said.stdout
    assert said.stdout.count("\n") == 1


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["--help"], ["one", "two"], ["-x"]])
def test_what_it_does_not_know_is_answered_with_how_it_is_used(
    tmp_path: Path, arguments: list[str]
) -> None:
    shutil.copy(SOURCE, tmp_path / "verifier.py")

    said = verify(tmp_path, *arguments)

    assert (said.returncode, said.stderr) == (2, "")
    assert "python3 verifier.py DOSSIER" in said.stdout
    assert "MODIFIÉ" not in said.stdout


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dossier.json", b'{"lacking": [1], "links": 3}'),
        ("removals.json", b"[]"),
        ("chain/links.jsonl", b"\xff\n3\n{}\n"),
        ("seals/seal-000001.json", b'{"number": "one", "authorities": 3}'),
        ("certificates/roots.pem", b"none"),
        (
            "certificates/roots.pem",
            b"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----",
        ),
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
            assert found == is_signed(key.public, changed, content)
    # RFC 8032, 7.1, test 2
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verifier.signed(public, signature.encode(), b"\x72")
