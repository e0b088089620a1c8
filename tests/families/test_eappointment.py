"""Every state, decoy and fault of eAppointment, in real Chromium and real mongod."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

import pytest

import fleet
from fleet.evidence.rejudge import judge_stored
from fleet.families import eappointment
from fleet.models import Scenario, Verdict
from fleet.practice import (
    Appointment,
    AppointmentTrap,
    Fault,
    Motive,
    PracticeServer,
    always,
    never,
)
from fleet.practice.offers import PARIS
from fleet.storage.store import Store
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.conftest import Visit, scenario_of
from tests.families.misfortunes import FAULTS, lingering

MOTIVES = (
    Motive("101", "Première demande de titre de séjour", never),
    Motive("120", "Retrait de titre", always),
)
NOON = datetime(2026, 12, 29, 12, tzinfo=PARIS)  # a Tuesday; the first free days are in January


def desk(*traps: AppointmentTrap, **changes: object) -> Appointment:
    fields: dict[str, object] = {
        "host": "rdv-etrangers-94",
        "id": "P941",
        "department": "94",
        "prefecture": "Préfecture du Val-de-Marne",
        "title": "Titre de séjour",
        "motives": MOTIVES,
        "measured": ("101",),
        "traps": frozenset(traps),
        **changes,
    }
    return Appointment(**fields)  # type: ignore[arg-type]


OFFERS: dict[str, object] = {"measured": ("120",)}


def aimed(**changes: Any) -> Scenario:
    """The scenario of `desk()` with other parameters."""
    return scenario_of(desk(), **changes)


SHORT = AttemptLimits(
    visit=VisitLimits(deadline_s=20, answer_timeout_s=1.5, settle_s=1), last_look_s=5, close_s=5
)
"""Where nothing known is expected, waiting less long can only make a test pass sooner."""


@pytest.mark.parametrize("wording", ["motives", "service"])
async def test_a_box_that_says_there_is_nothing_is_no_slots(visit: Visit, wording: str) -> None:
    got = await visit(desk(wording=wording))

    assert got.verdict == Verdict.NO_SLOTS
    assert [sign.split()[0] for sign in got.signs] == ["dialog", "css"]
    assert [s.status for s in got.served] == [302, 200]
    assert [d.message[:8] for d in got.dialogs] in (["Aucun re"], ["Il n'y a"])


@pytest.mark.parametrize("calendar", ["open", "late", "shut"])
async def test_free_days_are_slots_with_the_first_two_and_no_count(
    visit: Visit, calendar: str
) -> None:
    flow = desk(calendar=calendar, **OFFERS)
    async with PracticeServer((flow,), clock=lambda: NOON) as server:
        got = await visit(flow, server=server)

    assert got.verdict == Verdict.SLOTS
    assert got.first_dates == (date(2027, 1, 1), date(2027, 1, 4))
    assert got.slot_count is None, "days are shown, not slots"


def in_spring(visit: int, at: datetime) -> Sequence[datetime]:
    """Slots from Monday 5 April 2027 on, in the month after those that NOON shows."""
    return always(visit, datetime(2027, 4, 1, 12, tzinfo=PARIS))


async def test_free_days_of_a_month_further_on_are_found(visit: Visit) -> None:
    flow = desk(motives=(Motive("120", "Retrait de titre", in_spring),), **OFFERS)
    async with PracticeServer((flow,), clock=lambda: NOON) as server:
        got = await visit(flow, server=server)

    assert got.verdict == Verdict.SLOTS, got.detail
    assert got.first_dates == (date(2027, 4, 5), date(2027, 4, 6))


async def test_months_without_a_free_day_are_looked_through_to_their_end(visit: Visit) -> None:
    patient = AttemptLimits(VisitLimits(deadline_s=60, answer_timeout_s=1.5, settle_s=1))

    got = await visit(desk(AppointmentTrap.NO_FREE_DAYS), limits=patient)

    assert got.verdict == Verdict.UNRECOGNISED
    assert "looked at 4 weeks of the calendar: the control to the next one is shut" in got.detail


async def test_the_answer_is_waited_for_however_long_the_site_asks_itself(visit: Visit) -> None:
    first = await visit(desk(slow_s=1.0))
    second = await visit(desk(slow_s=1.0, **OFFERS))

    assert (first.verdict, second.verdict) == (Verdict.NO_SLOTS, Verdict.SLOTS)


@pytest.mark.parametrize(
    ("motives", "verdict"),
    [
        (["101"], Verdict.NO_SLOTS),
        (["120"], Verdict.SLOTS),
        (["retrait de titre"], Verdict.SLOTS),
        (["101", "Retrait de titre"], Verdict.NO_SLOTS),
    ],
)
async def test_motives_are_ticked_by_number_or_by_words(
    visit: Visit, motives: list[str], verdict: Verdict
) -> None:
    got = await visit(desk(), scenario=aimed(motives=motives))

    assert got.verdict == verdict


@pytest.mark.parametrize(
    ("motives", "words"),
    [
        ([], "asks which motives: 101, 120 (Première demande de titre de séjour Retrait"),
        (["101", "7"], "does not offer 7 but 101, 120 (Première demande"),
        (["Naturalisation"], "shows no checkbox Naturalisation"),
    ],
)
async def test_motives_are_never_guessed(visit: Visit, motives: list[str], words: str) -> None:
    got = await visit(desk(), scenario=aimed(motives=motives), limits=SHORT)

    assert got.verdict == Verdict.UNRECOGNISED
    assert words in got.detail


async def test_a_desk_without_motives_shows_its_calendar_at_once(visit: Visit) -> None:
    got = await visit(desk(motives=(), measured=()))

    assert got.verdict == Verdict.SLOTS
    assert len(got.first_dates) == 2


async def test_an_answer_for_other_motives_than_the_measured_is_unrecognised(visit: Visit) -> None:
    got = await visit(desk(motives=(), measured=()), scenario=aimed(motives=["101"]))

    assert got.verdict == Verdict.UNRECOGNISED
    assert "asks for no motive any more" in got.detail


async def test_a_desk_that_the_site_does_not_know_is_unrecognised(visit: Visit) -> None:
    got = await visit(desk(), scenario=aimed(sitekey="P949"))

    assert got.verdict == Verdict.UNRECOGNISED
    assert "asks for a post code instead of opening the desk P949" in got.detail


async def test_an_answer_without_the_anchor_is_unrecognised(visit: Visit) -> None:
    with_it = await visit(desk(), scenario=aimed(anchor="Première demande de titre"))
    without = await visit(desk(), scenario=aimed(anchor="Carte grise"))

    assert (with_it.verdict, without.verdict) == (Verdict.NO_SLOTS, Verdict.UNRECOGNISED)
    assert without.missing_anchor == "Carte grise"


TRAPS = {
    AppointmentTrap.ENTRY_AGAIN: (Verdict.UNRECOGNISED, "asks for a post code instead"),
    AppointmentTrap.ERROR_PAGE: (Verdict.UNRECOGNISED, "shows none of entry, motives"),
    AppointmentTrap.MAINTENANCE: (Verdict.MAINTENANCE, "maintenance"),
    AppointmentTrap.CAPTCHA_BEFORE: (Verdict.CAPTCHA, "captcha"),
    AppointmentTrap.ALERT_ON_ARRIVAL: (Verdict.UNRECOGNISED, "contradict"),
    AppointmentTrap.OTHER_ALERT: (Verdict.UNRECOGNISED, "en cours de réorganisation"),
    AppointmentTrap.SILENT: (Verdict.UNRECOGNISED, "shows none of entry, calendar, no_slots"),
    AppointmentTrap.QUOTED_SENTENCE: (Verdict.UNRECOGNISED, "shows none of"),
    AppointmentTrap.HIDDEN_SENTENCE: (Verdict.UNRECOGNISED, "shows none of"),
    AppointmentTrap.COMMENT_SENTENCE: (Verdict.UNRECOGNISED, "shows none of"),
    AppointmentTrap.SESSION_LOST: (Verdict.SESSION_EXPIRED, "threw the visit back"),
    AppointmentTrap.NO_FREE_DAYS: (Verdict.UNRECOGNISED, "shows none of slots, no_slots"),
    AppointmentTrap.CALENDAR_NEVER: (Verdict.UNRECOGNISED, "shows none of slots, no_slots"),
    AppointmentTrap.LEGEND_ONLY: (Verdict.UNRECOGNISED, "shows none of slots, no_slots"),
    AppointmentTrap.FIELD_DISABLED: (Verdict.UNRECOGNISED, "it is disabled"),
    AppointmentTrap.BOTH_ANSWERS: (Verdict.UNRECOGNISED, "contradict"),
}


def test_every_trap_of_the_practice_desk_is_tested() -> None:
    assert {*TRAPS, AppointmentTrap.SUBMITS_ITSELF} == set(AppointmentTrap)


@pytest.mark.parametrize("trap", list(TRAPS))
async def test_a_trap_gets_the_right_verdict(visit: Visit, trap: AppointmentTrap) -> None:
    """The world is closed: what is not known is unrecognised, what is refused says so."""
    verdict, words = TRAPS[trap]

    got = await visit(desk(trap), limits=SHORT)

    assert got.verdict == verdict, got.detail
    assert re.search(words, got.detail)
    assert any(e.kind == "picture" for e in got.evidence), got.notes


async def test_a_box_beside_free_days_contradicts_them_even_when_both_come_late(
    visit: Visit,
) -> None:
    got = await visit(desk(AppointmentTrap.BOTH_ANSWERS, calendar="late"))

    assert got.verdict == Verdict.UNRECOGNISED
    assert "slots and no_slots at once" in got.detail


async def test_a_calendar_that_takes_a_slot_by_itself_is_stopped_and_the_attempt_crashed(
    visit: Visit,
) -> None:
    """Nothing leaves (`visit` looks at the tripwires), however long the visit stays there."""
    usual = scenario_of(desk())

    got = await visit(
        desk(AppointmentTrap.SUBMITS_ITSELF),
        scenario=lingering(usual),
    )

    assert got.verdict == Verdict.CRASHED
    assert "guard stopped a request that would take or hold a slot: POST" in got.detail


async def test_a_script_that_continues_from_the_calendar_is_stopped(visit: Visit) -> None:
    """The step before has the same address, the same button and the same words."""
    usual = aimed(motives=["120"])

    async def too_far(here: fleet.Visit) -> fleet.Outcome:
        outcome = await usual.script(here)
        await here.press("Continuer")
        await here.which(personal=[here.text("4/4 : informations personnelles")])
        return outcome

    got = await visit(desk(), scenario=usual.model_copy(update={"script": too_far}))

    assert got.verdict == Verdict.CRASHED
    assert "checkSelectionValidity" in got.detail


SITUATIONS: list[tuple[str, str, Literal["GET", "POST"]]] = [
    *((fault, "motives", "GET") for fault in FAULTS),
    *((fault, "send", "POST") for fault in ("http_403", "http_502", "reset")),
    *((fault, "calendar", "GET") for fault in ("http_429", "http_503", "surcharge_200")),
]


@pytest.mark.parametrize(("fault", "step", "method"), SITUATIONS)
async def test_a_fault_at_any_step_is_never_an_answer(
    visit: Visit, fault: str, step: str, method: Literal["GET", "POST"]
) -> None:
    got = await visit(desk(faults=(Fault(step, fault, method=method),), **OFFERS))

    assert got.verdict == FAULTS[fault], got.detail


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        ("http_502", Verdict.OVERLOAD),
        ("http_403", Verdict.BLOCKED),
        ("reset", Verdict.UNRECOGNISED),
    ],
)
async def test_a_failing_call_for_the_answer_is_never_no_slots(
    visit: Visit, fault: str, verdict: Verdict
) -> None:
    """The page stays as it was; only a box of the script's library speaks of it."""
    failing = (Fault("availabilities", fault, method="POST"),)

    got = await visit(desk(faults=failing), limits=SHORT)

    assert got.verdict == verdict, got.detail
    if verdict is Verdict.UNRECOGNISED:
        assert "no answer for what the page itself asked for" in got.detail
        assert "A server error has occurred." in got.dialogs[0].message


STORED = {
    "no slots": desk(),
    "slots": desk(**OFFERS),
    "slots behind a shut calendar": desk(calendar="shut", **OFFERS),
    "another box": desk(AppointmentTrap.OTHER_ALERT),
    "both answers": desk(AppointmentTrap.BOTH_ANSWERS),
    "no free days": desk(AppointmentTrap.NO_FREE_DAYS),
    "session lost": desk(AppointmentTrap.SESSION_LOST),
}


@pytest.mark.parametrize("state", STORED)
async def test_stored_attempts_are_judged_the_same_again(
    visit: Visit, store: Store, state: str
) -> None:
    scenario = scenario_of(STORED[state])
    attempt = await visit(STORED[state], scenario=scenario, limits=SHORT)

    judgement = await judge_stored(store, scenario, attempt)

    assert judgement.verdict == attempt.verdict, judgement.detail
    assert judgement.first_dates == attempt.first_dates


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "https://rdv-etrangers-94.interieur.gouv.fr/"}, "is not …/eAppointment…"),
        ({"sitekey": "P941&x=1"}, "is not a word such as P941"),
        ({"motives": "101"}, "is not a list"),
        ({"motives": [" "]}, "is not a list"),
    ],
)
def test_a_wrong_parameter_says_what_was_expected(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        aimed(**wrong)


def test_the_version_changes_with_what_is_ticked() -> None:
    assert (
        len({aimed().version, aimed(motives=["120"]).version, aimed(sitekey="P942").version}) == 3
    )


def test_a_visit_begins_where_the_entry_page_would_lead() -> None:
    assert eappointment.appointment_address(scenario_of(desk()).url, "P942") == (
        "http://rdv-etrangers-94.localhost/eAppointmentpref94/appointment.do"
        "?sitekey=P942&mobile=false"
    )


@pytest.mark.parametrize(
    ("years", "months", "days", "found"),
    [
        (["2026", "2027"], ["11", "0"], ["31", "4"], [date(2026, 12, 31), date(2027, 1, 4)]),
        (["2026"], ["11"], ["31", "4"], []),
        (["2026"], ["1"], ["30"], []),
        (["2026"], ["x"], ["30"], []),
    ],
)
def test_free_days_are_read_together_or_not_at_all(
    years: list[str], months: list[str], days: list[str], found: list[date]
) -> None:
    assert eappointment.days_of(years, months, days) == found
