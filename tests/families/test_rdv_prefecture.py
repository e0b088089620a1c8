"""Every state, trap and fault of RDV-Préfecture, in real Chromium and real mongod."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Literal

import pytest

import fleet
from fleet.evidence.rejudge import judge_stored
from fleet.families import rdv_prefecture
from fleet.models import PARIS, Scenario, Verdict
from fleet.practice import Demarche, DemarcheAnswer, DemarcheTrap, Fault, PracticeServer
from fleet.storage.store import Store
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.conftest import QUICK, Visit, scenario_of
from tests.families.misfortunes import FAULTS, lingering

SHORT = AttemptLimits(
    visit=VisitLimits(deadline_s=20, answer_timeout_s=1.6, settle_s=1), last_look_s=5, close_s=5
)
"""For what never comes; long enough for what stands in its place to be found after a second."""

NEXT_PUBLICATION = datetime(2026, 12, 1, 9, 30, tzinfo=PARIS)
LAST_PUBLICATION = datetime(2026, 7, 6, 18, 0, tzinfo=PARIS)


def two_days(visit: int, now: datetime) -> Sequence[datetime]:
    """Tuesday and Thursday of the week after next, two slots each; another week after that."""
    monday = now.date() - timedelta(days=now.weekday()) + timedelta(days=14)
    return [
        datetime.combine(monday + timedelta(days=day), time(hour, 30), tzinfo=PARIS)
        for day in (1, 3, 8)
        for hour in (9, 14)
    ]


def demarche(*traps: DemarcheTrap, **changes: object) -> Demarche:
    fields: dict[str, object] = {
        "host": "rdv-prefecture",
        "id": "93801",
        "department": "38",
        "prefecture": "Préfecture de l'Isère",
        "title": "Remise de titre de séjour",
        "offers": two_days,
        "traps": frozenset(traps),
        **changes,
    }
    return Demarche(**fields)  # type: ignore[arg-type]


def answering(answer: DemarcheAnswer, *traps: DemarcheTrap, **changes: object) -> Demarche:
    """A démarche whose captcha, so to say, a person has passed already."""
    return demarche(*traps, **{"answer": answer, "open_answer": True, **changes})


def reader(flow: Demarche) -> Scenario:
    """Opens `/creneau/` and reads it, as a session of a person does."""

    async def script(here: fleet.Visit) -> fleet.Outcome:
        await here.open(f"{here.scenario.url}creneau/")
        return await rdv_prefecture.read_answer(here)

    return scenario_of(flow).model_copy(update={"script": script})


# A visit by itself


async def test_a_visit_ends_at_the_captcha_with_its_picture_and_sends_nothing(
    visit: Visit,
) -> None:
    flow = demarche()

    async with PracticeServer((flow,)) as server:
        got = await visit(flow, server=server)

        assert {r.method for r in server.requests} == {"GET"}
    assert got.verdict == Verdict.CAPTCHA
    assert any("#captchaFR_CaptchaImage" in sign for sign in got.signs)
    pictures = [e for e in got.evidence if e.kind == "picture"]
    assert [p.url.rsplit("93801/", 1)[-1] for p in pictures] == ["", "cgu/"]


VISITED = {
    DemarcheTrap.CLOSED_UNKNOWN: Verdict.UNRECOGNISED,
    DemarcheTrap.INTERSTITIAL: Verdict.BLOCKED,
    DemarcheTrap.BLOCKED_PAGE: Verdict.BLOCKED,
    DemarcheTrap.COOKIES: Verdict.CAPTCHA,
    DemarcheTrap.MODAL: Verdict.UNRECOGNISED,
    DemarcheTrap.QUOTED_SENTENCE: Verdict.CAPTCHA,
    DemarcheTrap.THROWN_BACK: Verdict.SESSION_EXPIRED,
    DemarcheTrap.THROWN_BACK_BARE: Verdict.SESSION_EXPIRED,
    DemarcheTrap.LATE_CAPTCHA: Verdict.CAPTCHA,
    DemarcheTrap.NO_CAPTCHA_PICTURE: Verdict.CAPTCHA,
    DemarcheTrap.UNKNOWN_CONDITIONS: Verdict.UNRECOGNISED,
}


@pytest.mark.parametrize("trap", list(VISITED))
async def test_a_trap_before_the_captcha_gets_the_right_verdict(
    visit: Visit, trap: DemarcheTrap
) -> None:
    unknown = VISITED[trap] is Verdict.UNRECOGNISED
    got = await visit(demarche(trap), limits=SHORT if unknown else QUICK)

    assert got.verdict == VISITED[trap], got.detail
    assert any(e.kind == "picture" for e in got.evidence), got.notes


async def test_a_captcha_that_comes_late_is_waited_for_so_that_its_picture_shows_it(
    visit: Visit,
) -> None:
    got = await visit(demarche(DemarcheTrap.LATE_CAPTCHA))

    assert any("#captchaFR_CaptchaImage" in sign for sign in got.signs)


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(DemarcheAnswer.SLOTS, Verdict.SLOTS), (DemarcheAnswer.HIDDEN, Verdict.NO_SLOTS)],
)
async def test_a_visit_that_is_sent_to_the_answer_reads_it(
    visit: Visit, answer: DemarcheAnswer, verdict: Verdict
) -> None:
    got = await visit(answering(answer, DemarcheTrap.RESUMES))

    assert got.verdict == verdict, got.detail


async def test_a_visit_that_is_sent_to_the_answer_without_a_session_says_so(visit: Visit) -> None:
    got = await visit(demarche(DemarcheTrap.RESUMES))

    assert got.verdict == Verdict.SESSION_EXPIRED


# The answer


@pytest.mark.parametrize("answer", [DemarcheAnswer.SLOTS, DemarcheAnswer.LAST_WEEK_SLOTS])
async def test_slots_are_counted_and_only_days_that_have_some_are_dates(
    visit: Visit, answer: DemarcheAnswer
) -> None:
    flow = answering(answer)
    got = await visit(flow, scenario=reader(flow))

    assert got.verdict == Verdict.SLOTS, got.detail
    offered = sorted({s.date() for s in two_days(1, got.started_at.astimezone(PARIS))})
    assert got.first_dates == tuple(offered[:2])
    assert got.slot_count == 4


async def test_an_empty_week_that_names_the_next_availability_is_slots(visit: Visit) -> None:
    """The trap of this platform: « Aucun créneau disponible … », and there are some."""
    flow = answering(DemarcheAnswer.EMPTY_WEEK)
    got = await visit(flow, scenario=reader(flow))

    assert got.verdict == Verdict.SLOTS, got.detail
    first = two_days(1, got.started_at.astimezone(PARIS))[0].date()
    assert (got.first_dates, got.slot_count) == ((first,), None)


@pytest.mark.parametrize(
    "answer", [DemarcheAnswer.LAST_WEEK, DemarcheAnswer.HIDDEN, DemarcheAnswer.SHORT]
)
async def test_a_calendar_that_says_there_is_nothing_is_no_slots(
    visit: Visit, answer: DemarcheAnswer
) -> None:
    flow = answering(answer)
    got = await visit(flow, scenario=reader(flow))

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert len(got.signs) == 3


def test_every_answer_of_the_practice_prefecture_is_tested() -> None:
    slots = {DemarcheAnswer.SLOTS, DemarcheAnswer.LAST_WEEK_SLOTS, DemarcheAnswer.EMPTY_WEEK}

    assert {*slots, DemarcheAnswer.LAST_WEEK, DemarcheAnswer.HIDDEN, DemarcheAnswer.SHORT} == set(
        DemarcheAnswer
    )


SILENT = "shows none of"
UNREAD: dict[DemarcheTrap, tuple[DemarcheAnswer, str]] = {
    DemarcheTrap.NO_CALENDAR: (DemarcheAnswer.HIDDEN, SILENT),
    DemarcheTrap.TITLE_ONLY: (DemarcheAnswer.SLOTS, SILENT),
    DemarcheTrap.NO_TITLE: (DemarcheAnswer.SLOTS, SILENT),
    DemarcheTrap.BOTH_ANSWERS: (DemarcheAnswer.SLOTS, "shows slots and says 'veuillez réessayer"),
    DemarcheTrap.WEEK_AND_NOTHING: (DemarcheAnswer.EMPTY_WEEK, "sur cette semaine' and 'Veuillez"),
    DemarcheTrap.NEXT_AND_NOTHING: (DemarcheAnswer.HIDDEN, "and 'Prochaine disponibilité le'"),
    DemarcheTrap.NOTHING_IN_CALENDAR: (DemarcheAnswer.HIDDEN, "beside a calendar"),
    DemarcheTrap.HIDDEN_SENTENCE: (DemarcheAnswer.HIDDEN, SILENT),
    DemarcheTrap.HIDDEN_SLOTS: (DemarcheAnswer.SLOTS, SILENT),
    DemarcheTrap.ERROR_SENTENCE: (DemarcheAnswer.HIDDEN, "as a part of something else"),
    DemarcheTrap.DISABLED_SLOTS: (DemarcheAnswer.SLOTS, SILENT),
    DemarcheTrap.NO_NEXT_BUTTON: (DemarcheAnswer.EMPTY_WEEK, SILENT),
    DemarcheTrap.NO_NEXT_DAY: (DemarcheAnswer.EMPTY_WEEK, "without a day to come"),
    DemarcheTrap.PAST_NEXT_DAY: (DemarcheAnswer.EMPTY_WEEK, "without a day to come"),
    DemarcheTrap.TRUNCATED_HTML: (DemarcheAnswer.LAST_WEEK, SILENT),
}


@pytest.mark.parametrize("trap", list(UNREAD))
async def test_a_trap_on_the_answer_is_unrecognised(visit: Visit, trap: DemarcheTrap) -> None:
    answer, words = UNREAD[trap]
    flow = answering(answer, trap)

    got = await visit(flow, scenario=reader(flow), limits=SHORT)

    assert got.verdict == Verdict.UNRECOGNISED, got.detail
    assert words in got.detail


READ = {
    DemarcheTrap.LATE_CALENDAR: Verdict.SLOTS,
    DemarcheTrap.LATE_BESIDE_BOX: Verdict.SLOTS,
    DemarcheTrap.UNREADABLE_DAYS: Verdict.SLOTS,
    DemarcheTrap.SECOND_CAPTCHA: Verdict.CAPTCHA,
}


@pytest.mark.parametrize("trap", list(READ))
async def test_a_trap_on_slots_gets_the_right_verdict(visit: Visit, trap: DemarcheTrap) -> None:
    flow = answering(DemarcheAnswer.SLOTS, trap)

    got = await visit(flow, scenario=reader(flow))

    assert got.verdict == READ[trap], got.detail


@pytest.mark.parametrize(
    "answer", [DemarcheAnswer.EMPTY_WEEK, DemarcheAnswer.LAST_WEEK, DemarcheAnswer.HIDDEN]
)
async def test_a_calendar_without_slots_that_comes_late_is_waited_for(
    visit: Visit, answer: DemarcheAnswer
) -> None:
    flow = answering(answer, DemarcheTrap.LATE_BESIDE_BOX)
    expected = Verdict.SLOTS if answer is DemarcheAnswer.EMPTY_WEEK else Verdict.NO_SLOTS

    assert (await visit(flow, scenario=reader(flow))).verdict == expected


async def test_days_that_cannot_be_read_leave_the_dates_empty_and_the_slots_counted(
    visit: Visit,
) -> None:
    flow = answering(DemarcheAnswer.SLOTS, DemarcheTrap.UNREADABLE_DAYS)
    got = await visit(flow, scenario=reader(flow))

    assert (got.first_dates, got.slot_count) == ((), 4)


@pytest.mark.parametrize(
    "answer", [DemarcheAnswer.HIDDEN, DemarcheAnswer.LAST_WEEK, DemarcheAnswer.LAST_WEEK_SLOTS]
)
async def test_publications_are_kept_as_facts(visit: Visit, answer: DemarcheAnswer) -> None:
    flow = answering(
        answer,
        next_publication=NEXT_PUBLICATION,
        next_week=date(2026, 12, 14),
        last_publication=LAST_PUBLICATION,
    )
    got = await visit(flow, scenario=reader(flow))

    assert got.facts == {
        "next_publication": "2026-12-01T09:30:00+01:00",
        "next_publication_week": "2026-12-14",
        "last_publication": "2026-07-06T18:00:00+02:00",
    }


async def test_a_calendar_without_notices_has_no_facts(visit: Visit) -> None:
    flow = answering(DemarcheAnswer.HIDDEN)

    assert (await visit(flow, scenario=reader(flow))).facts == {}


async def test_a_session_that_is_over_is_session_expired_and_not_captcha(visit: Visit) -> None:
    got = await visit(demarche(), scenario=reader(demarche()))

    assert got.verdict == Verdict.SESSION_EXPIRED
    assert got.served[-1].url.endswith("/cgu/?error=errorSessionInvalide")


@pytest.mark.parametrize(
    "flow",
    [
        demarche(),
        *(
            answering(answer, DemarcheTrap.RESUMES)
            for answer in (DemarcheAnswer.SLOTS, DemarcheAnswer.EMPTY_WEEK, DemarcheAnswer.HIDDEN)
        ),
    ],
    ids=lambda flow: f"{flow.answer}-{len(flow.traps)}",
)
async def test_a_stored_visit_is_judged_again_as_it_was(
    visit: Visit, store: Store, flow: Demarche
) -> None:
    got = await visit(flow)

    again = await judge_stored(store, scenario_of(flow), got)

    assert not again.differs_from(got), again.detail


# What no visit may send

HOSTILE = {
    DemarcheTrap.ANSWERS_CAPTCHA: "_validerCaptcha",
    DemarcheTrap.FORM_IN_FRAME: "/formulaire/",
    DemarcheTrap.CHOOSES_SLOT: "POST",
}


@pytest.mark.parametrize("trap", list(HOSTILE))
async def test_a_page_that_goes_too_far_by_itself_is_stopped_and_the_attempt_crashed(
    visit: Visit, trap: DemarcheTrap
) -> None:
    """Nothing leaves (`visit` looks at the tripwires), however long the visit stays there."""
    flow = answering(DemarcheAnswer.SLOTS, trap)
    usual = scenario_of(flow) if trap is DemarcheTrap.ANSWERS_CAPTCHA else reader(flow)

    got = await visit(flow, scenario=lingering(usual))

    assert got.verdict == Verdict.CRASHED
    assert "guard stopped a request that would take or hold a slot" in got.detail
    assert HOSTILE[trap] in got.detail


def test_every_trap_of_the_practice_prefecture_is_tested() -> None:
    assert {*VISITED, *UNREAD, *READ, *HOSTILE, DemarcheTrap.RESUMES} == set(DemarcheTrap)


# Failures


@pytest.mark.parametrize("step", ["landing", "cgu", "creneau"])
@pytest.mark.parametrize("fault", list(FAULTS))
async def test_a_fault_at_any_step_is_never_an_answer(
    visit: Visit, fault: str, step: Literal["landing", "cgu", "creneau"]
) -> None:
    flow = answering(DemarcheAnswer.SLOTS, faults=(Fault(step, fault),))

    got = await visit(flow, scenario=reader(flow) if step == "creneau" else None)

    assert got.verdict == FAULTS[fault], got.detail


@pytest.mark.parametrize("fault", ["http_502", "reset"])
async def test_a_captcha_service_that_fails_leaves_the_verdict_captcha(
    visit: Visit, fault: str
) -> None:
    """Its box stands there all the same, and nobody can pass it."""
    got = await visit(demarche(faults=(Fault("captcha", fault),)))

    assert got.verdict == Verdict.CAPTCHA


async def test_a_slow_answer_is_waited_for(visit: Visit) -> None:
    flow = answering(DemarcheAnswer.HIDDEN, faults=(Fault("creneau", "slow", seconds=1.0),))

    assert (await visit(flow, scenario=reader(flow))).verdict == Verdict.NO_SLOTS


# Without a browser


@pytest.mark.parametrize(
    "path",
    [
        "/rdvpref/reservation/demarche/9040",
        "/rdvpref/reservation/demarche/9040/cgu/",
        "/rdvpref/reservation/demarche/9040/?error=x",
        "/rdvpref/reservation/demarche/x/",
        "/demarche/9040/",
    ],
)
def test_an_address_that_is_not_the_first_page_of_a_demarche_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not https://…/rdvpref/reservation/demarche/<number>/"):
        scenario_of(demarche(), url=f"https://www.rdv-prefecture.interieur.gouv.fr{path}")


def test_address_and_anchor_change_the_version_of_a_scenario() -> None:
    flow = demarche()
    other = scenario_of(flow, url=f"http://rdv-prefecture.localhost{flow.path}".replace("1/", "2/"))
    anchored = scenario_of(flow, anchor="Guichet 1")

    assert len({scenario_of(flow).version, other.version, anchored.version}) == 3


MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("columns", "days"),
    [
        (["lundi\n30/11\n08h30\n09h00", "mardi\n01/12", "MERCREDI 02/12 8:30"], [30, 2]),
        (["lundi 30 novembre 2026 08h30"], [30]),
        (["lundi 30/11/2026\n08 h 30"], [30]),
        (["mardi 30/11 08h30"], []),  # no such day
        (["30/11 08h30"], []),  # of which year?
        (["lundi 30/11 08h30", "Jour 2 09h00"], []),  # one cannot be read: none is sure
        (["lundi 31/02 08h30"], []),
        (["lundi 30/11"], []),
    ],
)
def test_the_days_of_a_calendar_are_those_that_have_hours(
    columns: list[str], days: list[int]
) -> None:
    assert [day.day for day in rdv_prefecture.days_with_slots(columns, MONDAY)] == days


def test_a_day_without_a_year_is_the_next_one_of_that_name() -> None:
    days = rdv_prefecture.days_with_slots(["lundi 04/01 08h30"], date(2026, 12, 28))

    assert days == [date(2027, 1, 4)]


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (
            "prochaine mise en ligne de nouveaux rendez-vous : le 01/12/2026",
            {"next_publication": "2026-12-01"},
        ),
        (
            "dernière mise en ligne de rendez-vous : le 24/11/2026 à 25:00"
            " pour des créneaux de la semaine du 07/12/2026",
            {"last_publication": "2026-11-24", "last_publication_week": "2026-12-07"},
        ),
        ("prochaine mise en ligne de nouveaux rendez-vous : le 31/02/2026", {}),
        ("prochaine mise en ligne de nouveaux rendez-vous : bientôt", {}),
    ],
)
def test_a_notice_is_read_as_far_as_it_says_a_day_that_exists(
    words: str, facts: dict[str, str]
) -> None:
    assert rdv_prefecture.publications([words]) == facts
