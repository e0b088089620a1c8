"""Every state, decoy and fault of RDV Service Public, in real Chromium and real mongod."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from fleet.families import rdv_service_public
from fleet.models import Attempt, Verdict
from fleet.practice import Fault, PracticeServer, RdvMotif, RdvPlace, RdvTrap, always, never
from fleet.practice.offers import PARIS
from fleet.rules.stored_visit import judge
from fleet.storage.store import Store
from tests.conftest import Visit, scenario_of
from tests.evidence.test_rejudge import pages_of
from tests.families.misfortunes import FAULTS, going_on, lingering

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)  # a Wednesday
FIRST_DATES = (
    date(2026, 11, 30),
    date(2026, 12, 1),
)  # of `always` then: three days ahead, a weekday


def later(visit: int, at: datetime) -> Sequence[datetime]:
    """Slots from Friday 18 December 2026 on."""
    return always(visit, at + timedelta(days=20))


QUIMPER = RdvPlace("101", "Préfecture de Quimper", "1 rue d'Essai, Quimper", never)
BREST = RdvPlace("102", "Sous-préfecture de Brest", "2 rue d'Essai, Brest", always)
MORLAIX = RdvPlace("103", "Sous-préfecture de Morlaix", "3 rue d'Essai, Morlaix", later)


def motif(*traps: RdvTrap, **changes: object) -> RdvMotif:
    fields: dict[str, object] = {
        "host": "rdv",
        "id": "2901",
        "department": "29",
        "prefecture": "Préfecture du Finistère",
        "title": "Renouvellement de récépissés",
        "places": (QUIMPER,),
        "traps": frozenset(traps),
        **changes,
    }
    return RdvMotif(**fields)  # type: ignore[arg-type]


LIST: dict[str, object] = {"places": (QUIMPER, BREST, MORLAIX)}
WEEK: dict[str, object] = {"places": (BREST,), "measured": "102"}
EMPTY_WEEK: dict[str, object] = {"places": (MORLAIX,), "measured": "103"}
NOTHING_IN_A_WEEK: dict[str, object] = {"measured": "101"}


async def at_that_time(visit: Visit, flow: RdvMotif) -> Attempt:
    async with PracticeServer((flow,), clock=lambda: NOW) as server:
        return await visit(flow, server=server)


@pytest.mark.parametrize("skin", ["2024", "2026"])
@pytest.mark.parametrize("invitation", [False, True])
@pytest.mark.parametrize("entry", ["prendre_rdv", "org"])
async def test_nothing_to_show_is_no_slots(
    visit: Visit, skin: str, invitation: bool, entry: str
) -> None:
    got = await visit(motif(skin=skin, invitation=invitation, entry=entry))

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert len(got.signs) == 2
    assert [s.status for s in got.served] == ([302, 200] if entry == "org" else [200])


async def test_a_list_of_places_is_slots_with_the_first_two_next_availabilities(
    visit: Visit,
) -> None:
    """The page names the days; nothing is pressed to learn them."""
    got = await at_that_time(visit, motif(**LIST))

    assert got.verdict == Verdict.SLOTS
    assert got.first_dates == (date(2026, 11, 30), date(2026, 12, 18))
    assert (got.slot_count, got.facts) == (None, {"places": "2"})
    assert len(got.served) == 1


@pytest.mark.parametrize("skin", ["2024", "2026"])
async def test_a_week_with_slots_is_slots_with_their_days_and_number(
    visit: Visit, skin: str
) -> None:
    got = await at_that_time(visit, motif(skin=skin, **WEEK))

    assert got.verdict == Verdict.SLOTS
    assert got.first_dates == FIRST_DATES
    assert got.slot_count == 6
    assert len(got.served) == 1


@pytest.mark.parametrize("skin", ["2024", "2026"])
async def test_an_empty_week_that_names_a_later_day_is_slots_and_not_no_slots(
    visit: Visit, skin: str
) -> None:
    got = await at_that_time(visit, motif(skin=skin, **EMPTY_WEEK))

    assert got.verdict == Verdict.SLOTS
    assert (got.first_dates, got.slot_count) == ((date(2026, 12, 18),), None)
    assert got.facts == {}


async def test_days_that_are_closed_to_booking_do_not_hide_the_slots_of_others(
    visit: Visit,
) -> None:
    got = await at_that_time(visit, motif(closes_after_days=6, **WEEK))

    assert (got.verdict, got.first_dates) == (Verdict.SLOTS, FIRST_DATES[:1])


@pytest.mark.parametrize("closes_after_days", [0, 3, 90])
async def test_an_empty_week_that_names_no_later_day_is_unrecognised(
    visit: Visit, closes_after_days: int
) -> None:
    """It has no words for "no slot", and a later week may have some."""
    got = await visit(motif(closes_after_days=closes_after_days, **NOTHING_IN_A_WEEK))

    assert got.verdict == Verdict.UNRECOGNISED
    assert re.search(r"looked at [3-6] weeks of the calendar", got.detail)


TRAPS: dict[RdvTrap, tuple[dict[str, object], Verdict, str]] = {
    RdvTrap.QUOTED_SENTENCE: (LIST, Verdict.SLOTS, "Sélectionnez un lieu"),
    RdvTrap.QUOTED_ALONE: ({}, Verdict.UNRECOGNISED, "only quotes the sentence"),
    RdvTrap.HIDDEN_SENTENCE: ({}, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.BOTH_ANSWERS: (LIST, Verdict.UNRECOGNISED, "contradict"),
    RdvTrap.LEGEND_ONLY: (NOTHING_IN_A_WEEK, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.TITLE_WITHOUT_SLOTS: (
        {"skin": "2026", **NOTHING_IN_A_WEEK},
        Verdict.UNRECOGNISED,
        "shows none of",
    ),
    RdvTrap.TRUNCATED_HTML: ({}, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.ENGLISH_LOCALE: ({}, Verdict.NO_SLOTS, "aucun créneau"),
    RdvTrap.UNKNOWN_WORDING: ({}, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.UNREADABLE_DATE: (LIST, Verdict.SLOTS, "Prochaine disponibilité le"),
    RdvTrap.NO_NEXT_AVAILABILITY: ({}, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.ASKS_MOTIF: ({}, Verdict.UNRECOGNISED, "asks first which service or motif"),
    RdvTrap.ASKS_SERVICE: ({}, Verdict.UNRECOGNISED, "asks first which service or motif"),
    RdvTrap.MOTIF_GONE: ({}, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.ORGANISATION_GONE: ({"entry": "org"}, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.WRONG_DEPARTMENT: ({}, Verdict.UNRECOGNISED, "shows none of"),
    RdvTrap.LOGIN_WALL: ({"skin": "2026"}, Verdict.LOGIN_REQUIRED, "/users/sign_in"),
    RdvTrap.LATE_ANSWER: ({}, Verdict.NO_SLOTS, "aucun créneau"),
    RdvTrap.SILENT_WEEKS: (EMPTY_WEEK, Verdict.SLOTS, "looked at 4 weeks"),
    RdvTrap.NEXT_WEEK_SHUT: (
        EMPTY_WEEK,
        Verdict.UNRECOGNISED,
        "looked at 2 weeks of the calendar: the control to the next one is shut",
    ),
    RdvTrap.SAME_WEEK_AGAIN: (
        EMPTY_WEEK,
        Verdict.UNRECOGNISED,
        "looked at 1 week of the calendar: the control to the next one changed nothing",
    ),
    RdvTrap.NEXT_WEEK_FAILS: (EMPTY_WEEK, Verdict.OVERLOAD, "HTTP 500"),
}

HOSTILE = [
    RdvTrap.SLOT_BY_ITSELF,
    RdvTrap.SLOT_IN_FRAME,
    RdvTrap.SLOT_BY_FETCH,
    RdvTrap.CREATES_ACCOUNT,
]


def test_every_trap_of_the_practice_motif_is_tested() -> None:
    assert {*TRAPS, *HOSTILE} == set(RdvTrap)


@pytest.mark.parametrize("trap", list(TRAPS))
async def test_a_trap_gets_the_right_verdict(visit: Visit, trap: RdvTrap) -> None:
    more, verdict, words = TRAPS[trap]

    got = await at_that_time(visit, motif(trap, **more))

    assert got.verdict == verdict, got.detail
    assert words in got.detail
    assert any(e.kind == "picture" for e in got.evidence), got.notes


@pytest.mark.parametrize("where", [LIST, EMPTY_WEEK])
async def test_an_unreadable_day_leaves_the_first_dates_empty(
    visit: Visit, where: dict[str, object]
) -> None:
    """A link to a slot and its words are two signs all the same; a guessed day would be none."""
    got = await visit(motif(RdvTrap.UNREADABLE_DATE, **where))

    assert (got.verdict, got.first_dates) == (Verdict.SLOTS, ())


@pytest.mark.parametrize("trap", HOSTILE)
async def test_a_page_that_takes_a_slot_by_itself_is_stopped_and_the_attempt_crashed(
    visit: Visit, trap: RdvTrap
) -> None:
    """Nothing leaves (`visit` looks at the tripwires), however long the visit stays there."""
    usual = scenario_of(motif(trap))

    got = await visit(motif(trap), scenario=lingering(usual))

    assert got.verdict == Verdict.CRASHED
    assert "guard stopped a request that would take or hold a slot" in got.detail


async def test_a_slot_is_not_pressed(visit: Visit) -> None:
    usual = scenario_of(motif(**WEEK))

    got = await visit(
        motif(**WEEK),
        scenario=going_on(usual, lambda here: here.press(css=rdv_service_public.SLOT_LINK)),
    )

    assert got.verdict == Verdict.CRASHED
    assert "the guard refused to press '09:00'" in got.detail


@pytest.mark.parametrize("step", ["link", "search"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_at_any_step_is_never_an_answer(visit: Visit, fault: str, step: str) -> None:
    got = await visit(motif(entry="org", faults=(Fault(step, fault),), **LIST))

    assert got.verdict == FAULTS[fault], got.detail


async def test_too_many_requests_keep_the_time_that_the_site_asks_for(visit: Visit) -> None:
    got = await visit(motif(faults=(Fault("search", "http_429", retry_after_s=77),)))

    assert "Retry-After: 77" in got.detail


async def test_a_slow_site_is_waited_for(visit: Visit) -> None:
    got = await visit(motif(faults=(Fault("search", "slow", seconds=1.0),)))

    assert got.verdict == Verdict.NO_SLOTS


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, Verdict.NO_SLOTS),
        ({"skin": "2026"}, Verdict.NO_SLOTS),
        (LIST, Verdict.SLOTS),
        (WEEK, Verdict.SLOTS),
        (EMPTY_WEEK, Verdict.SLOTS),
        ({"traps": frozenset({RdvTrap.SILENT_WEEKS}), **EMPTY_WEEK}, Verdict.SLOTS),
        ({"traps": frozenset({RdvTrap.NEXT_WEEK_SHUT}), **EMPTY_WEEK}, Verdict.UNRECOGNISED),
        ({"traps": frozenset({RdvTrap.QUOTED_ALONE})}, Verdict.UNRECOGNISED),
        ({"traps": frozenset({RdvTrap.HIDDEN_SENTENCE})}, Verdict.UNRECOGNISED),
        ({"traps": frozenset({RdvTrap.LOGIN_WALL})}, Verdict.LOGIN_REQUIRED),
    ],
)
async def test_a_stored_attempt_is_judged_the_same_again(
    visit: Visit, store: Store, more: dict[str, object], verdict: Verdict
) -> None:
    flow = motif(**more)
    got = await visit(flow)

    again = await judge(scenario_of(flow), got, await pages_of(store, got))

    assert again.verdict == got.verdict == verdict
    assert (again.first_dates, again.slot_count) == (got.first_dates, got.slot_count)
    assert again.facts == got.facts


async def test_an_answer_without_the_anchor_does_not_count(visit: Visit) -> None:
    other = scenario_of(motif(**LIST), anchor="Naturalisation")
    same = scenario_of(motif(**LIST), anchor="renouvellement de récépissés")

    assert (await visit(motif(**LIST), scenario=other)).verdict == Verdict.UNRECOGNISED
    assert (await visit(motif(**LIST), scenario=same)).verdict == Verdict.SLOTS
    assert other.version != same.version


HOST = "https://rdv.anct.gouv.fr"


@pytest.mark.parametrize(
    "url",
    [
        f"{HOST}/prendre_rdv?public_link_organisation_id=2458",
        f"{HOST}/org/2458",
        f"{HOST}/org/2458/prefecture-du-finistere",
        f"{HOST}/org/ext/29/prefecture",
        f"{HOST}/motif/abc-def/renouvellement",
    ],
)
def test_the_addresses_where_somebody_begins_to_look_are_taken(url: str) -> None:
    made = rdv_service_public.flow(department="29", flow="x", title="X", url=url)

    assert (made.url, made.family) == (url, "rdv_service_public")


@pytest.mark.parametrize(
    "url",
    [
        f"{HOST}/",
        f"{HOST}/prendre_rdv_prescripteur?departement=29",
        f"{HOST}/prendre_rdv?starts_at=2026-11-30+09%3A00",
        f"{HOST}/creneaux?lieu_id=1&motif_id=2&starts_at=2026-11-30+09%3A00",
        f"{HOST}/users/rdv_wizard_step/new",
        "https://www.finistere.gouv.fr/booking/create/1",
    ],
)
def test_an_address_that_is_a_slot_or_another_page_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Give the page where somebody would start to look"):
        rdv_service_public.flow(department="29", flow="x", title="X", url=url)


def test_the_day_of_a_slot_is_read_from_its_link() -> None:
    path = "/users/rdv_wizard_step/new?lieu_id=1&starts_at="

    assert rdv_service_public.days_of(
        [
            f"{path}2026-11-30+09%3A00%3A00+%2B0100",
            f"{path}2026-12-01T09%3A00%3A00%2B01%3A00",
            f"{path}demain",
            "/users/rdv_wizard_step/new",
        ]
    ) == [date(2026, 11, 30), date(2026, 12, 1)]
