"""Every state, decoy and fault of the eZ booking engine, in real Chromium and real mongod."""

from __future__ import annotations

from typing import Literal

import pytest

from fleet.models import Verdict
from fleet.practice import Fault, Form, Planning, Trap, always, never
from fleet.practice.bookingserver.forms import WEEK_TRAPS
from tests.conftest import Visit, scenario_of
from tests.families.misfortunes import FAULTS, lingering

DESK = Planning("14510", "Guichet 1", never)


def form(*traps: Trap, **changes: object) -> Form:
    fields: dict[str, object] = {
        "host": "clermont-ferrand",
        "id": "4411",
        "department": "63",
        "prefecture": "Préfecture du Puy-de-Dôme",
        "title": "Titre de séjour",
        "plannings": (DESK,),
        "traps": frozenset(traps),
        **changes,
    }
    return Form(**fields)  # type: ignore[arg-type]


OFFERS: dict[str, object] = {"plannings": (Planning("14510", "Guichet 1", always),)}


@pytest.mark.parametrize("skin", ["old", "new"])
@pytest.mark.parametrize("cookies", ["none", "old", "tarteaucitron"])
async def test_a_full_planning_is_no_slots(visit: Visit, skin: str, cookies: str) -> None:
    got = await visit(form(skin=skin, cookies=cookies))

    assert got.verdict == Verdict.NO_SLOTS
    assert len(got.signs) == 2
    assert [s.status for s in got.served] == [200, 302, 200]


@pytest.mark.parametrize("skin", ["old", "new"])
@pytest.mark.parametrize("describes", [True, False])
async def test_a_free_planning_is_slots_with_the_first_two_dates(
    visit: Visit, skin: str, describes: bool
) -> None:
    got = await visit(form(skin=skin, describes=describes, **OFFERS))

    assert got.verdict == Verdict.SLOTS
    # the page shows one week, which may begin with its last free day
    days = sorted({each.date() for each in always(1, got.started_at)})
    week = [day for day in days if day.isocalendar()[:2] == days[0].isocalendar()[:2]]
    assert list(got.first_dates) == week[:2]
    assert got.slot_count is not None
    assert got.slot_count >= 2
    assert got.served[-1].url.endswith("/4")


async def test_every_page_leaves_a_picture_and_an_outline_the_last_its_html(visit: Visit) -> None:
    got = await visit(form(describes=True, **OFFERS))

    pictures = [e for e in got.evidence if e.kind == "picture"]
    assert [p.step for p in pictures] == [0, 1, 2]
    assert [p.url.rsplit("/", 1)[-1] for p in pictures] == ["4411", "3", "4"]
    assert [e.step for e in got.evidence if e.kind == "outline"] == [0, 1, 2]
    assert [e.step for e in got.evidence if e.kind == "html"] == [2]


async def test_a_desk_is_chosen_by_its_planning(visit: Visit) -> None:
    desks = (Planning("1", "Guichet 1", never), Planning("2", "Guichet 2", always))

    first = await visit(form(plannings=desks), scenario=scenario_of(form(), planning="1"))
    second = await visit(form(plannings=desks), scenario=scenario_of(form(), planning="2"))

    assert (first.verdict, second.verdict) == (Verdict.NO_SLOTS, Verdict.SLOTS)


@pytest.mark.parametrize(
    ("planning", "words"), [(None, "asks which desk: 1, 2"), ("9", "does not offer planning 9")]
)
async def test_a_desk_that_cannot_be_chosen_is_unrecognised(
    visit: Visit, planning: str | None, words: str
) -> None:
    desks = (Planning("1", "Guichet 1", always), Planning("2", "Guichet 2", always))

    got = await visit(form(plannings=desks), scenario=scenario_of(form(), planning=planning))

    assert got.verdict == Verdict.UNRECOGNISED
    assert words in got.detail


async def test_an_answer_for_another_desk_than_the_one_measured_is_unrecognised(
    visit: Visit,
) -> None:
    got = await visit(form(**OFFERS), scenario=scenario_of(form(), planning="14510"))

    assert got.verdict == Verdict.UNRECOGNISED
    assert "asks for no desk any more" in got.detail


TRAPS = {
    Trap.DISABLED: Verdict.CLOSED,
    Trap.NOT_AVAILABLE: Verdict.CLOSED,
    Trap.MAINTENANCE: Verdict.MAINTENANCE,
    Trap.LOGIN_WALL: Verdict.LOGIN_REQUIRED,
    Trap.REDIRECT_LOOP: Verdict.SITE_DOWN,
    Trap.CAPTCHA_BEFORE: Verdict.CAPTCHA,
    Trap.SESSION_EXPIRED: Verdict.SESSION_EXPIRED,
    Trap.QUOTED_SENTENCE: Verdict.NO_SLOTS,
    Trap.ENGLISH_LOCALE: Verdict.NO_SLOTS,
    Trap.INSECURE_FORM: Verdict.NO_SLOTS,
    Trap.CONFIRM_DIALOG: Verdict.UNRECOGNISED,
    Trap.BEFOREUNLOAD_DIALOG: Verdict.NO_SLOTS,
    Trap.POPUP_ANSWER: Verdict.NO_SLOTS,
    Trap.SERVICE_WORKER: Verdict.NO_SLOTS,
    Trap.UNKNOWN_WORDING: Verdict.UNRECOGNISED,
    Trap.BOTH_ANSWERS: Verdict.UNRECOGNISED,
    Trap.TRUNCATED_HTML: Verdict.UNRECOGNISED,
    Trap.HIDDEN_SENTENCE: Verdict.UNRECOGNISED,
    Trap.IFRAME_SENTENCE: Verdict.NO_SLOTS,
    Trap.SPLIT_SENTENCE: Verdict.NO_SLOTS,
    Trap.ALERT_DIALOG: Verdict.NO_SLOTS,
    Trap.DOWNLOAD_ANSWER: Verdict.UNRECOGNISED,
    Trap.INFINITE_PAGE: Verdict.NO_SLOTS,
    Trap.ENDLESS_BODY: Verdict.NO_SLOTS,
    Trap.HANGING_IMAGE: Verdict.NO_SLOTS,
    Trap.LEGEND_ONLY: Verdict.UNRECOGNISED,
    Trap.TITLE_WITHOUT_SLOTS: Verdict.UNRECOGNISED,
    Trap.LATE_GRID: Verdict.SLOTS,
    Trap.GRID_NEVER: Verdict.UNRECOGNISED,
    Trap.TAKEN_BETWEEN: Verdict.SLOTS,
}


HOSTILE = [
    Trap.AUTOSUBMIT,
    Trap.AUTOSUBMIT_POST,
    Trap.WINDOW_OPEN_SLOT,
    Trap.IFRAME_SLOT,
    Trap.META_REFRESH_SLOT,
]


def test_every_trap_of_the_practice_prefecture_is_tested() -> None:
    assert {*TRAPS, *HOSTILE, *WEEK_TRAPS} == set(Trap)


@pytest.mark.parametrize("trap", list(TRAPS))
async def test_a_trap_gets_the_right_verdict(visit: Visit, trap: Trap) -> None:
    """The world is closed: what is not known is unrecognised, what is refused says so."""
    got = await visit(form(trap))

    assert got.verdict == TRAPS[trap], got.detail
    assert any(e.kind == "picture" for e in got.evidence), got.notes


@pytest.mark.parametrize("trap", HOSTILE)
async def test_a_page_that_takes_a_slot_by_itself_is_stopped_and_the_attempt_crashed(
    visit: Visit, trap: Trap
) -> None:
    """Nothing leaves (`visit` looks at the tripwires), however long the visit stays there."""
    usual = scenario_of(form(trap))

    got = await visit(form(trap), scenario=lingering(usual))

    assert got.verdict == Verdict.CRASHED
    assert "guard stopped a request that would take or hold a slot" in got.detail


SITUATIONS: list[tuple[str, int, str]] = [
    *((fault, step, "GET") for fault in FAULTS for step in (0, 2)),
    *((fault, 0, "POST") for fault in ("http_403", "http_502", "reset")),
    *(
        (fault, 4, "GET")
        for fault in ("http_403", "http_429", "http_502", "surcharge_200", "reset")
    ),
]


@pytest.mark.parametrize(("fault", "step", "method"), SITUATIONS)
async def test_a_fault_at_any_step_is_never_an_answer(
    visit: Visit, fault: str, step: int, method: Literal["GET", "POST"]
) -> None:
    """A site often dies between two steps; "no 'no slots' sentence" must not mean slots."""
    offers = OFFERS if step == 4 else {}

    got = await visit(form(faults=(Fault(step, fault, method=method),), **offers))

    assert got.verdict == FAULTS[fault], got.detail


async def test_a_calendar_whose_own_request_fails_is_overload(
    visit: Visit,
) -> None:
    got = await visit(form(faults=(Fault("grid", "http_502"),), **OFFERS))

    assert got.verdict == Verdict.OVERLOAD


async def test_a_slow_site_is_waited_for(visit: Visit) -> None:
    got = await visit(form(faults=(Fault(2, "slow", seconds=2.0),)))

    assert got.verdict == Verdict.NO_SLOTS
