"""
Recorded visits: `tests/pages/<department>/<flow>/<verdict>[_n].har` still end as named.

`fleet record ID` writes these files; no network and no practice server is needed to play them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.browser.chromium import Chromium
from fleet.visit.recording import har
from tests.families.replay import PAGES, expected, fixtures, replay


def name(path: Path) -> str:
    return path.relative_to(PAGES).with_suffix("").as_posix()


@pytest.mark.parametrize("path", fixtures(), ids=name)
async def test_a_recorded_visit_still_ends_as_its_file_is_named(
    path: Path, chromium: Chromium
) -> None:
    tape = har.load(path)

    attempt, player = await replay(tape, chromium)

    assert player.missing_pages == [], "the scenario asks for pages that its recording has not"
    assert attempt.verdict == expected(path), attempt.detail
    assert path.parent == PAGES / tape.scenario_id
