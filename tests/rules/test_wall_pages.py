"""
Whole pages in `wall_pages.txt`, as their products or sites word them: walls, limits, waiting rooms,
and pages of sites that only speak of such things (`none`).

Each begins with the verdict and a name; lines after `#` are headings.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.models import Verdict
from fleet.rules.classifier import judge_gate, judge_page, judge_status
from fleet.rules.signs import PageReading

URL = "https://www.puy-de-dome.gouv.fr/booking/create/14510/2"


def read_pages() -> dict[str, tuple[str, PageReading]]:
    blocks = Path(__file__).with_name("wall_pages.txt").read_text(encoding="utf-8").split("\n\n")
    return {name: (verdict, seen) for name, verdict, seen in map(read_page, blocks)}


def read_page(block: str) -> tuple[str, str, PageReading]:
    first, second, *lines = block.strip().splitlines()
    verdict, _, name = first.partition(": ")
    text = "\n".join(line.removeprefix("# ") for line in lines)
    heads = tuple(line[2:] for line in lines if line.startswith("# "))
    title = second.removeprefix("title:").strip()
    return name, verdict, PageReading(url=URL, title=title, text=text, headings=heads)


PAGES = read_pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_known_for_what_it_is(name: str) -> None:
    verdict, seen = PAGES[name]

    outcome = judge_page(seen) or judge_gate(seen)

    assert (outcome.verdict if outcome else "none") == verdict


@pytest.mark.parametrize(
    "name", [name for name, (verdict, _) in PAGES.items() if verdict != "none"]
)
@pytest.mark.parametrize("status", [403, 405, 406, 503])
def test_an_error_status_makes_no_wall_a_failure_of_the_site(name: str, status: int) -> None:
    verdict, seen = PAGES[name]

    outcome = judge_status(status, URL, seen)

    assert outcome is not None
    assert outcome.verdict == verdict


def test_a_check_of_the_browser_gets_its_time_once() -> None:
    _, check = PAGES["cf managed en"]

    assert judge_page(check, again=False) is None
    assert judge_gate(check, waited=False) is None
    for outcome in (judge_page(check), judge_gate(check)):
        assert outcome is not None
        assert outcome.verdict is Verdict.BLOCKED
