"""The commands that run these tests do what the Makefile and the documents say of them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]


def examples() -> list[str]:
    """Every `make quick` and `make test` that somebody is told to type."""
    texts = [
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
    ]
    command = re.compile(r"make (?:quick|test)(?: ARGS=(?:'[^']+'|[^\s'`]+))?")
    found = {each for path in texts for each in command.findall(path.read_text().replace("\\", ""))}
    return sorted(found - {"make test"})


def test_there_are_examples_with_a_file_and_with_words() -> None:
    assert "make quick" in examples()
    assert any(".py -k " in example for example in examples())


@pytest.mark.parametrize("example", examples())
def test_what_a_person_is_told_to_type_runs_tests(example: str) -> None:
    """The command that make would run, but that it only collects, and of all tests a folder."""
    here = os.path.relpath(Path(sys.executable).parent, ROOT)  # the path of ROOT may have a space
    said = sh(f"{example.replace('make', 'make --dry-run', 1)} BIN='{here}'")
    (command,) = [line for line in said.stdout.splitlines() if "/pytest " in line]
    place = "" if "tests/" in command else "tests/rules"

    found = sh(f"{command} --collect-only -qq {place}")

    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search(r"^tests/\S+\.py: \d+$", found.stdout, re.MULTILINE), found.stdout


QUICK = """
import asyncio, subprocess, sys

def test_nothing(): pass
def test_swallows():
    try: subprocess.run([sys.executable, "-c", ""])
    except Exception: pass
async def test_later(): await asyncio.create_subprocess_exec("true")
"""


def test_a_quick_test_that_starts_a_program_fails_and_is_told_its_mark(tmp_path: Path) -> None:
    (tmp_path / "test_own.py").write_text(QUICK)

    python = shlex.quote(sys.executable)
    said = sh(f"{python} -m pytest -q -p tests.conftest -c pyproject.toml {tmp_path}")

    assert "2 failed, 1 passed" in said.stdout, said.stdout + said.stderr
    for name in ("test_swallows", "test_later"):
        assert f"{name} starts a program: mark it `process`" in said.stdout


def sh(command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False
    )
