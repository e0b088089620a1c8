"""The verifier of a dossier, alone in a folder: what was done to the pieces is found and named."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.browser.chromium import Chromium
from fleet.evidence.dossier import verifier
from fleet.ledger.canonical import canonical
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
    assert said.stdout.count("à savoir") == said.stdout.count("NON PROUVÉ") == 0
    assert "Dossier : 91/titre-de-sejour, du 2026-11-12 au 2026-11-18 inclus" in said.stdout
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

    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for each in functions:  # 3.8 runs these lines, and knows no `list[str]`
        annotations = [each.returns, *(arg.annotation for arg in each.args.args)]
        assert not any(isinstance(a, ast.Subscript | ast.BinOp) for a in annotations), each.name
    assert "fleet" not in imported
    assert imported < {"__future__", *__import__("sys").stdlib_module_names}
    assert (dossier.folder / "verifier.py").read_bytes() == SOURCE.read_bytes()


def test_a_python_that_is_too_old_is_refused_in_words() -> None:
    """3.6 and 3.7 run into the check; of older ones the first line that they cannot read is it."""
    lines = SOURCE.read_text().splitlines()
    words = next(n for n, line in enumerate(lines) if "Python 3.8 or later is needed" in line)

    assert "sys.exit(2)" in "".join(lines[words : words + 8])
    assert "coding: utf-8" in lines[1]
    before = ast.parse("\n".join(lines[:words]))
    assert all(isinstance(n, ast.Expr | ast.Import | ast.ImportFrom | ast.If) for n in before.body)
    ast.parse("\n".join(lines), feature_version=(3, 6))


def test_keys_that_the_reader_names_are_the_only_ones_that_count(
    dossier: Unpacked, copy: Unpacked, capsys: pytest.CaptureFixture[str]
) -> None:
    own = json.loads((dossier.folder / "seals" / "seal-000001.json").read_bytes())["key"]

    assert verifier.main([str(dossier.folder), "--key", own]) == 0
    assert "CONFORME" in capsys.readouterr().out
    assert verifier.main([str(dossier.folder), "--en", "--key", "0" * 64]) == 1
    assert f"ALTERED: the key {own} signed (" in capsys.readouterr().out
    copy.sign_anew()
    assert verifier.main([str(copy.folder), "--en", "--key", own]) == 1
    assert "signed (SHA256SUMS), and you did not name it" in capsys.readouterr().out


def test_a_dossier_made_before_lists_were_signed_says_what_is_weaker_in_it(
    copy: Unpacked, capsys: pytest.CaptureFixture[str]
) -> None:
    about = json.loads((copy.folder / "dossier.json").read_bytes())
    del about["department"]
    about["format"] = "prefecture-fleet/dossier/1"
    (copy.folder / "dossier.json").write_bytes(canonical(about))
    copy.unsign()

    assert verifier.main([str(copy.folder), "--en"]) == 2
    said = capsys.readouterr().out.splitlines()
    assert "5 attempts, 10 files, 8 links, 2 seals, 2 timestamps" in said[1]
    (weaker,) = [line for line in said if line.startswith("NOT PROVEN: ")]
    assert "the list of files is signed by nobody: dossier.pdf, dossier.json" in weaker
    assert "the rest was not altered since it was sealed" in said[-1]


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
    (copy.of(0) / "listed.png").write_bytes(b"more")
    with (copy.folder / "SHA256SUMS").open("a") as sums:
        name = (copy.of(0) / "listed.png").relative_to(copy.folder)
        sums.write(f"{hashlib.sha256(b'more').hexdigest()}  {name}\n")

    said = verify(copy.folder)

    assert said.returncode == 1
    assert "more.png est en trop" in said.stdout
    assert "listed.png est en trop" in said.stdout


@pytest.mark.process
def test_what_lies_beside_it_does_not_check_in_its_place(copy: Unpacked) -> None:
    lie = "print('CONFORME'); raise SystemExit(0)"
    for name in ("json", "hashlib", "base64", "typing", "pathlib"):
        (copy.folder / f"{name}.py").write_text(lie)
    (copy.folder / "openssl").write_text("#!/bin/sh\necho Verification: OK\n")
    (copy.folder / "openssl").chmod(0o755)

    said = subprocess.run(
        [sys.executable, "verifier.py", "--en"],
        cwd=copy.folder,
        env={**os.environ, "PATH": str(copy.folder)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.returncode, said.stderr) == (1, "")
    assert "ALTERED: json.py was added" in said.stdout
    assert "ALTERED: openssl was added" in said.stdout
    assert "NOT CHECKED: seal-000001." in said.stdout  # that is nobody's openssl


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
