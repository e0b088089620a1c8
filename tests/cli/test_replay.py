"""`fleet test`: recordings played without a checkout, and who is told that one ends otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.test_cli import fleet
from tests.families.replay import PAGES

pytestmark = pytest.mark.process


async def test_a_recording_ends_as_its_name_says_or_the_exit_code_tells(tmp_path: Path) -> None:
    blocked = PAGES / "69" / "titre-de-sejour" / "blocked.har"
    promised = tmp_path / "no_slots_2.har"
    unnamed = tmp_path / "lyon.har"
    for copy in (promised, unnamed):
        shutil.copy(blocked, copy)

    said = await fleet("test", blocked, promised, unnamed, FLEET_SCENARIOS_DIR=tmp_path)

    assert said.code == 1, said.err
    assert [line for line in said.out.splitlines() if not line.startswith("  ")] == [
        f"{blocked}: 69/titre-de-sejour → blocked, as expected",
        f"{promised}: 69/titre-de-sejour → blocked, expected no_slots",
        f"{unnamed}: 69/titre-de-sejour → blocked, as expected",
        "3 played, 1 not as expected",
    ]


async def test_a_recording_whose_scenario_is_not_there_is_told_with_its_id(tmp_path: Path) -> None:
    """That of a real site is never played by a practice scenario of the same id."""
    recorded = json.loads((PAGES / "69" / "titre-de-sejour" / "blocked.har").read_text())
    recorded["log"]["_fleet"]["practice"] = False
    real = tmp_path / "blocked.har"
    real.write_text(json.dumps(recorded))

    said = await fleet("test", real, FLEET_SCENARIOS_DIR=tmp_path)

    assert said.code == 2
    assert f"{real}: a recording of 69/titre-de-sejour, which is not in {tmp_path}" in said.line
