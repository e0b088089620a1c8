"""What every platform asks of its pages passes the rules that hold for scenario files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

import pytest

from fleet.catalog import loader
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.models import Scenario
from fleet.rules.base_visit import BaseVisit
from fleet.rules.signs import Sign
from fleet.rules.weeks import WeekWalk

ONE_OF_EACH = {each.family: each for each in loader.load(PRACTICE_SCENARIOS).scenarios}


class LedVisit(BaseVisit):
    """Is told of each page the `path`-th answer that it may give; no page is there."""

    today = date(2026, 11, 30)
    _anchored = True

    def __init__(self, scenario: Scenario, path: Sequence[int]) -> None:
        self.scenario, self._path, self._walk = scenario, list(path), WeekWalk()
        self.asked = 0

    @property
    def address(self) -> str:
        return self.scenario.url

    async def attributes(self, selector: str, attribute: str) -> list[str]:
        return []

    async def texts(self, selector: str) -> list[str]:
        return []

    async def open(self, url: str | None = None) -> None: ...

    async def press(self, *words: str, css: str | None = None) -> bool:
        return True

    async def tick(self, words: str | None = None, *, css: str | None = None) -> None: ...

    choose = tick

    def dismiss(self, *selectors: str) -> None: ...

    def _where(self) -> str:
        return self.scenario.id

    async def _watch(
        self, answers: Mapping[str, Sequence[Sign]], *, final: bool
    ) -> tuple[str, tuple[str, ...]]:
        self.asked += 1
        at = self._path.pop(0) if self._path else 0
        return list(answers)[min(at, len(answers) - 1)], ()


@pytest.mark.parametrize("family", ONE_OF_EACH)
async def test_the_signs_of_a_platform_are_proofs_and_no_opposites(family: str) -> None:
    asked, told = 0, list[str]()
    for path in product(range(5), repeat=3):
        visit: Any = LedVisit(ONE_OF_EACH[family], path)
        # it finds nothing on the pages that are not there; a sign that cannot stand is told before
        try:
            await ONE_OF_EACH[family].script(visit)
        except Exception as exc:  # noqa: BLE001 (a page that is not there says nothing)
            told.append(str(exc))
        asked += visit.asked
    assert asked
    assert [each for each in told if "=…" in each] == []
