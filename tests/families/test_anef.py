"""Every state and fault of the ANEF's home page, in real Chromium and real mongod."""

from __future__ import annotations

import pytest

from fleet.evidence.rejudge import judge_stored
from fleet.families import anef
from fleet.models import Verdict
from fleet.practice import Fault, Portal, PortalState
from fleet.storage.store import Store
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.conftest import QUICK, Visit, scenario_of
from tests.families.misfortunes import ASKED, FAULTS, lingering


def portal(state: PortalState = PortalState.USUAL, **changes: object) -> Portal:
    fields: dict[str, object] = {
        "host": "etrangers-en-france",
        "id": "particuliers",
        "department": "77",
        "prefecture": "Préfecture de Seine-et-Marne",
        "title": "ANEF",
        "state": state,
        **changes,
    }
    return Portal(**fields)  # type: ignore[arg-type]


SHORT = AttemptLimits(
    visit=VisitLimits(deadline_s=20, answer_timeout_s=1.8, settle_s=1), last_look_s=5, close_s=5
)
"""Where nothing known is expected, waiting less long can only make a test pass sooner."""

REACHABLE = {"home": "reachable"}
STATES: dict[PortalState, tuple[Verdict, dict[str, str]]] = {
    PortalState.USUAL: (Verdict.LOGIN_REQUIRED, REACHABLE),
    PortalState.LATE: (Verdict.LOGIN_REQUIRED, REACHABLE),
    PortalState.MAINTENANCE_ANNOUNCED: (Verdict.LOGIN_REQUIRED, REACHABLE),
    PortalState.SENT_TO_LOGIN: (Verdict.LOGIN_REQUIRED, {}),
    PortalState.MAINTENANCE: (Verdict.MAINTENANCE, {}),
    PortalState.MAINTENANCE_IN_PORTAL: (Verdict.MAINTENANCE, {}),
    PortalState.EMPTY_SHELL: (Verdict.UNRECOGNISED, {}),
    PortalState.SCRIPT_LOST: (Verdict.UNRECOGNISED, {}),
    PortalState.API_DOWN: (Verdict.UNRECOGNISED, {}),
    PortalState.OTHER_NAME: (Verdict.UNRECOGNISED, {}),
    PortalState.LOGIN_IN_A_SENTENCE: (Verdict.UNRECOGNISED, {}),
    PortalState.LOGIN_HIDDEN: (Verdict.UNRECOGNISED, {}),
}


def test_every_state_of_the_practice_portal_is_tested() -> None:
    assert {*STATES, PortalState.LOGS_IN_BY_ITSELF} == set(PortalState)


@pytest.mark.parametrize("state", list(STATES))
async def test_the_home_page_is_reachable_only_if_it_shows_its_login(
    visit: Visit, state: PortalState
) -> None:
    verdict, facts = STATES[state]

    got = await visit(portal(state), limits=SHORT if verdict == Verdict.UNRECOGNISED else QUICK)

    assert got.verdict == verdict, got.detail
    assert got.facts == facts
    assert any(e.kind == "picture" for e in got.evidence), got.notes


async def test_the_home_page_is_one_document_and_nothing_is_pressed(visit: Visit) -> None:
    got = await visit(portal())

    assert [s.status for s in got.served] == [200]
    assert [e.step for e in got.evidence if e.kind == "picture"] == [0]


async def test_a_page_that_logs_in_by_itself_is_stopped(visit: Visit) -> None:
    """`visit` looks at the tripwires: no password page was ever answered."""
    usual = scenario_of(portal())

    got = await visit(
        portal(PortalState.LOGS_IN_BY_ITSELF),
        scenario=lingering(usual),
    )

    assert got.verdict == Verdict.CRASHED
    assert "login-actions" in got.detail


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_home_page_says_what_it_was(visit: Visit, fault: str) -> None:
    got = await visit(portal(faults=(Fault("home", fault),)))

    assert got.verdict == FAULTS[fault], got.detail
    assert got.facts == ASKED.get(fault, {})


@pytest.mark.parametrize("fault", ["http_502", "reset"])
async def test_a_home_page_whose_script_fails_is_unrecognised(visit: Visit, fault: str) -> None:
    got = await visit(portal(faults=(Fault("script", fault),)), limits=SHORT)

    assert got.verdict == Verdict.UNRECOGNISED


async def test_a_stored_attempt_is_judged_the_same_again(visit: Visit, store: Store) -> None:
    scenario = scenario_of(portal())
    attempt = await visit(portal(), scenario=scenario)

    judgement = await judge_stored(store, scenario, attempt)

    assert (judgement.verdict, judgement.facts) == (Verdict.LOGIN_REQUIRED, REACHABLE)


@pytest.mark.parametrize("url", ["https://example.org/", "https://example.org/particuliers/#/vls"])
def test_another_address_than_the_home_page_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not the home page"):
        anef.flow(department="77", flow="anef", title="ANEF", url=url)
