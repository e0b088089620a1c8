"""Every state, decoy and fault of Démarches simplifiées, in real Chromium and real mongod."""

from __future__ import annotations

from datetime import date

import pytest

from fleet.families import demarches_simplifiees
from fleet.models import Verdict
from fleet.practice import Fault, PracticeServer, Procedure, ProcedureTrap
from fleet.rules.stored_visit import judge
from fleet.storage.store import Store
from tests.conftest import Visit, scenario_of
from tests.evidence.test_rejudge import pages_of
from tests.families.misfortunes import ASKED, FAULTS, going_on, lingering

OPEN = {"form_open": "true"}
CLOSED = {"form_open": "false", "closed_since": "2026-03-01"}


def form(*traps: ProcedureTrap, **changes: object) -> Procedure:
    fields: dict[str, object] = {
        "host": "demarches",
        "id": "rdv-sejour-14",
        "department": "14",
        "prefecture": "Préfecture du Calvados",
        "title": "Demande de rendez-vous",
        "traps": frozenset(traps),
        **changes,
    }
    return Procedure(**fields)  # type: ignore[arg-type]


IS_CLOSED: dict[str, object] = {"state": "closed", "closed_on": date(2026, 3, 1)}
IS_REPLACED: dict[str, object] = {"state": "replaced", "replaced_by": "rdv-sejour-14-2"}


@pytest.mark.parametrize("skin", ["2026", "2019"])
async def test_an_open_form_demands_an_account_and_says_that_it_is_open(
    visit: Visit, skin: str
) -> None:
    got = await visit(form(skin=skin))

    assert (got.verdict, got.facts) == (Verdict.LOGIN_REQUIRED, OPEN)
    assert len(got.signs) == 2
    assert len(got.served) == 1


@pytest.mark.parametrize("words", ["short", "long"])
async def test_a_closed_form_is_closed_since_its_day(visit: Visit, words: str) -> None:
    """« 01/03/2026 » and « 1er mars 2026 »."""
    got = await visit(form(closed_words=words, **IS_CLOSED))

    assert (got.verdict, got.facts) == (Verdict.CLOSED, CLOSED)
    assert [s.status for s in got.served] == [302, 200]


async def test_a_form_that_was_replaced_is_judged_where_it_leads_and_says_so(
    visit: Visit,
) -> None:
    got = await visit(form(**IS_REPLACED))

    assert got.verdict == Verdict.LOGIN_REQUIRED
    assert got.facts == {**OPEN, "moved_to": "/commencer/rdv-sejour-14-2"}


async def test_a_form_that_was_replaced_by_a_closed_one_is_closed(visit: Visit) -> None:
    got = await visit(form(closed_on=date(2026, 3, 1), **IS_REPLACED))

    assert got.verdict == Verdict.CLOSED
    assert got.facts == {**CLOSED, "moved_to": "/fermeture/rdv-sejour-14-2"}


async def test_the_same_form_on_the_other_host_is_no_move(visit: Visit) -> None:
    """The site changed its name; addresses of the old host lead to the new one."""
    old = form(state="moved", moved_host="demarche-numerique")
    new = form(host="demarche-numerique")

    async with PracticeServer((old, new)) as server:
        got = await visit(old, server=server)

    assert (got.verdict, got.facts) == (Verdict.LOGIN_REQUIRED, OPEN)
    assert "demarche-numerique" in got.served[-1].url


async def test_an_unknown_form_is_unrecognised_and_asks_for_the_new_link(visit: Visit) -> None:
    """Nobody says that it is closed."""
    got = await visit(form(state="unknown"))

    assert got.verdict == Verdict.UNRECOGNISED
    assert "look for the new link" in got.detail
    assert got.facts == {}


async def test_a_form_for_agents_only_says_so(visit: Visit) -> None:
    got = await visit(form(state="proconnect"))

    assert got.verdict == Verdict.LOGIN_REQUIRED
    assert got.facts == {**OPEN, "login": "proconnect"}


T = ProcedureTrap
TRAPS: dict[T, tuple[dict[str, object], Verdict, dict[str, str]]] = {
    T.QUOTED_CLOSURE: ({}, Verdict.LOGIN_REQUIRED, OPEN),
    T.TITLE_WITH_A_DATE: (IS_CLOSED, Verdict.CLOSED, CLOSED),
    T.UNREADABLE_DATE: (IS_CLOSED, Verdict.CLOSED, {"form_open": "false"}),
    T.UNKNOWN_WORDING: (IS_CLOSED, Verdict.UNRECOGNISED, {}),
    T.BOTH_ANSWERS: (IS_CLOSED, Verdict.UNRECOGNISED, {}),
    T.HIDDEN_START: ({}, Verdict.UNRECOGNISED, {}),
    T.START_WITHOUT_DOORS: ({}, Verdict.UNRECOGNISED, {}),
    T.DOORS_WITHOUT_START: ({}, Verdict.UNRECOGNISED, {}),
    T.TRUNCATED_HTML: ({}, Verdict.UNRECOGNISED, {}),
    T.ENGLISH_LOCALE: ({}, Verdict.LOGIN_REQUIRED, OPEN),
    T.LATE_ANSWER: ({}, Verdict.LOGIN_REQUIRED, OPEN),
}

HOSTILE = [
    T.CREATES_ACCOUNT,
    T.DOOR_BY_ITSELF,
    T.DOOR_IN_FRAME,
    T.PREFILLS_A_DRAFT,
    T.FILE_BY_FETCH,
]


def test_every_trap_of_the_practice_form_is_tested() -> None:
    assert {*TRAPS, *HOSTILE} == set(ProcedureTrap)


@pytest.mark.parametrize("trap", list(TRAPS))
async def test_a_trap_gets_the_right_verdict_and_facts(visit: Visit, trap: T) -> None:
    more, verdict, facts = TRAPS[trap]

    got = await visit(form(trap, **more))

    assert (got.verdict, got.facts) == (verdict, facts), got.detail
    assert any(e.kind == "picture" for e in got.evidence), got.notes


@pytest.mark.parametrize("trap", HOSTILE)
async def test_a_page_that_begins_a_file_by_itself_is_stopped_and_the_attempt_crashed(
    visit: Visit, trap: T
) -> None:
    """Nothing leaves (`visit` looks at the tripwires), however long the visit stays there."""
    usual = scenario_of(form(trap))

    got = await visit(form(trap), scenario=lingering(usual))

    assert got.verdict == Verdict.CRASHED
    assert "guard stopped a request that would take or hold a slot" in got.detail


@pytest.mark.parametrize("door", ["sign_in", "sign_up", "france_connect"])
async def test_no_door_of_an_open_form_is_pressed(visit: Visit, door: str) -> None:
    usual = scenario_of(form())

    got = await visit(
        form(), scenario=going_on(usual, lambda here: here.press(css=f"a[href$='/{door}']"))
    )

    assert got.verdict == Verdict.CRASHED
    assert "the guard refused to press" in got.detail


@pytest.mark.parametrize("step", ["commencer", "fermeture"])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_at_any_step_is_never_an_answer(visit: Visit, fault: str, step: str) -> None:
    got = await visit(form(faults=(Fault(step, fault),), **IS_CLOSED))

    assert (got.verdict, got.facts) == (FAULTS[fault], ASKED.get(fault, {})), got.detail


async def test_a_slow_site_is_waited_for(visit: Visit) -> None:
    got = await visit(form(faults=(Fault("commencer", "slow", seconds=1.0),)))

    assert got.verdict == Verdict.LOGIN_REQUIRED


@pytest.mark.parametrize(
    "more",
    [
        *({}, {"skin": "2019"}, IS_CLOSED, IS_REPLACED),
        *({"state": "unknown"}, {"state": "proconnect"}),
    ],
)
async def test_a_stored_attempt_is_judged_the_same_again(
    visit: Visit, store: Store, more: dict[str, object]
) -> None:
    flow = form(**more)
    got = await visit(flow)

    again = await judge(scenario_of(flow), got, await pages_of(store, got))

    assert (again.verdict, again.facts) == (got.verdict, got.facts)


HOSTS = ("https://www.demarches-simplifiees.fr", "https://demarche.numerique.gouv.fr")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("slug", ["rdv-aes-pro", "rece1235", "apsfinetudes/"])
def test_the_first_page_of_a_form_is_taken_on_both_hosts(host: str, slug: str) -> None:
    url = f"{host}/commencer/{slug}"

    made = demarches_simplifiees.flow(department="14", flow="x", title="X", url=url)

    assert (made.url, made.family) == (url, "demarches_simplifiees")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/commencer/",
        "/commencer/rdv/sign_in",
        "/commencer/test/rdv",
        "/commencer/rdv?champ_Q2hhbXA=x",
        "/fermeture/rdv",
        "/dossiers/new",
    ],
)
def test_another_address_is_refused(path: str) -> None:
    """A query would fill in a draft that the site stores."""
    with pytest.raises(ValueError, match=r"does not end in /commencer/<slug>"):
        demarches_simplifiees.flow(department="14", flow="x", title="X", url=f"{HOSTS[0]}{path}")
