"""What one page does to its browser harms itself only: a visit beside it comes to its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from urllib.parse import quote

import pytest

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Outcome, Verdict
from fleet.models.attempt import Capture
from fleet.visit.attempt import attempt
from fleet.visit.interceptor import MAX_NOTES
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.browser.hostile import ANSWERS, ENDLESS, FLOODS, SAID, WAYS, hostile_site
from tests.visit.test_attempt import scripted

IMPATIENT = AttemptLimits(
    visit=VisitLimits(deadline_s=4, answer_timeout_s=0.5, settle_s=0.3), last_look_s=2, close_s=10
)
"""Of the pages that are hostile: the sooner they are left the less they burn."""

PATIENT = AttemptLimits(
    visit=VisitLimits(deadline_s=120, answer_timeout_s=60, settle_s=1), last_look_s=20, close_s=10
)
"""Of their neighbour: late is no harm, on a busy machine least of all."""

ON_ONE_PAGE = 5
AT_ONCE = 7


def batched(names: Iterable[str], size: int) -> list[tuple[str, ...]]:
    given = [*names]
    return [tuple(given[n : n + size]) for n in range(0, len(given), size)]


_SCRIPTS = {
    name: f"<script>try {{ (() => {{ {code} }})() }} catch (error) {{ }}</script>"
    for name, code in FLOODS.items()
}
PAGES = {
    **{
        ", ".join(names): "".join(_SCRIPTS[name] for name in names)
        for names in batched(FLOODS, ON_ONE_PAGE)
    },
    **ENDLESS,
    **dict.fromkeys(list(ANSWERS)[:6], ""),
}
GROUPS = batched(PAGES, AT_ONCE)


async def look(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(closed=[visit.text(SAID)])


def test_more_than_sixty_ways_are_tried() -> None:
    assert len(WAYS) >= 60


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: " | ".join(group)[:60])
async def test_a_page_harms_itself_only(chromium: Chromium, group: tuple[str, ...]) -> None:
    starts = chromium.starts
    paths = {f"page{number}": PAGES[name] for number, name in enumerate(group)}
    paths |= {name: PAGES[name] for name in group if name in ENDLESS}
    async with hostile_site(paths) as port:

        async def visit(host: str, path: str, limits: AttemptLimits) -> Capture:
            scenario = scripted(look, f"http://{host}.localhost:{port}/{quote(path)}")
            return await attempt(scenario, chromium, run_id="test", limits=limits)

        hostile = [
            visit("evil", name if name in ANSWERS else f"page{number}", IMPATIENT)
            for number, name in enumerate(group)
        ]
        *bad, good = await asyncio.gather(*hostile, visit("good", "good", PATIENT))
        after = await visit("good", "good", PATIENT)

    assert good.attempt.verdict == after.attempt.verdict == Verdict.CLOSED, (
        good.attempt.detail,
        after.attempt.detail,
    )
    assert chromium.starts == starts, "Chromium was ended for what one page did"
    assert chromium.open_contexts == 0
    for name, kept in zip(group, bad, strict=True):
        got = kept.attempt
        assert got.verdict.group.value in ("ours", "unavailable"), (name, got.verdict, got.detail)
        assert max(map(len, (got.notes, got.dialogs, got.served))) <= MAX_NOTES, name
        assert sum(len(file.content) for file in kept.files) < 50_000_000, name


SAYS = f"document.body.append('{SAID}')"
LEFT = {
    "memory": (
        f"const a = []; for (let n = 0; n < 26; n++) a.push(new Uint8Array(5e7).fill(1));"
        f"setTimeout(() => {SAYS}, 8000)",
        "page died",
    ),
    "requests": (
        f"for (let n = 0; n < 1100; n++) fetch('/plain?' + n).catch(() => 0);"
        f"setTimeout(() => {SAYS}, 10_000)",
        "asked for more than 1000 things",
    ),
}
"""Pages that would give an answer if they were not ended before, and what is said of them."""


@pytest.mark.parametrize("what", LEFT)
async def test_a_page_that_takes_too_much_is_ended_alone(chromium: Chromium, what: str) -> None:
    starts, (code, words) = chromium.starts, LEFT[what]
    limits = AttemptLimits(visit=VisitLimits(deadline_s=25, answer_timeout_s=12, settle_s=1))
    async with hostile_site({"much": f"<script>{code}</script>"}) as port:
        scenario = scripted(look, f"http://evil.localhost:{port}/much")
        got = (await attempt(scenario, chromium, run_id="test", limits=limits)).attempt

    assert got.verdict == Verdict.CRASHED, got.detail
    assert words in got.detail
    assert chromium.starts == starts


async def test_chromium_drops_what_a_page_changes_of_its_address_without_end(
    chromium: Chromium,
) -> None:
    changes = "for (let n = 1000; n < 3000; n++) history.pushState({}, '', '?' + n)"
    async with hostile_site({"loop": f"<script>{changes}; {SAYS}</script>"}) as port:
        scenario = scripted(look, f"http://evil.localhost:{port}/loop")
        got = (await attempt(scenario, chromium, run_id="test", limits=PATIENT)).attempt

    assert got.verdict == Verdict.CLOSED, got.detail
    assert "/loop?1" in got.detail, "a few hundred of two thousand at most were taken"
