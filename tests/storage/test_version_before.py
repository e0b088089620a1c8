"""
A database that an earlier version of the fleet made is opened, judged, proved and gone on with.

`before/2026-11-28.tar.gz` is what `fleet backup --practice` of that version (before its modules
were packages, and before pages had to settle) wrote after two visits of 63/titre-de-sejour under
one seal.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.cli.test_cli import fleet

BEFORE = Path(__file__).parent / "before" / "2026-11-28.tar.gz"


@pytest.mark.slow
async def test_a_database_of_an_earlier_version_is_read_judged_proved_and_gone_on_with(
    database: dict[str, str], tmp_path: Path
) -> None:
    with tarfile.open(BEFORE) as archive:
        archive.extractall(tmp_path / "backup", filter="data")
    here = {**database, "FLEET_DATA_DIR": str(tmp_path / "data")}

    steps = {
        " ".join(command): await fleet(*command, "--practice", **here)
        for command in (
            ("restore", str(tmp_path / "backup")),
            ("verify",),
            ("rejudge",),
            ("export", "attempts"),
            ("run", "63/titre-de-sejour"),
            ("seal",),
            ("verify", "--new"),
            ("rollup", "--check"),
        )
    }

    assert {name: said.code for name, said in steps.items() if said.code} == {}
    assert "Nothing was altered in what was read" in steps["verify"].out
    assert "2 attempts, 2 judged again" in steps["rejudge"].out
    assert ", 0 changed" in steps["rejudge"].out
    assert "2 verdicts given before" in steps["rejudge"].out
    assert steps["export attempts"].out.count("\n") == 2
    assert "1 attempts under 1 new seals" in steps["seal"].out
    assert "Nothing was altered in what was read" in steps["verify --new"].out
