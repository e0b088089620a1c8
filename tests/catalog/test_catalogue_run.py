"""
The scenarios of the real prefectures, visiting practice counterparts built for them.

What this proves: the catalogue makes scenarios whose script runs through the steps of its platform
as the replica has them. What the real sites show is not known from here.
"""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fleet.browser.chromium import Chromium
from fleet.catalog import loader
from fleet.engine.options import RunOptions
from fleet.engine.run import Runner
from fleet.models import Attempt, Scenario
from fleet.models.departments import DEPARTMENTS
from fleet.practice import (
    Appointment,
    Demarche,
    Flow,
    Form,
    Planning,
    Portal,
    PracticeServer,
    Procedure,
    RdvMotif,
    RdvPlace,
    always,
    never,
)
from fleet.storage.store import Store
from fleet.visit.limits import AttemptLimits, VisitLimits

SCENARIOS = Path(__file__).parents[2] / "scenarios"

PATIENT = AttemptLimits(
    visit=VisitLimits(deadline_s=60, answer_timeout_s=20, settle_s=5), last_look_s=10, close_s=10
)
"""Every answer comes at once; on a busy machine it may be late."""


def form(scenario: Scenario, **common: Any) -> Flow:
    """With the desk that the scenario wants and another; a control flow has slots."""
    wanted = inspect.getclosurevars(scenario.script).nonlocals["planning"]
    offers = always if scenario.control else never
    desks: tuple[Planning, ...] = (Planning(wanted or "999901", "Guichet 1", offers),)
    if wanted:
        desks += (Planning("999902", "Guichet 2", never),)
    return Form(id=number(scenario), plannings=desks, measured=wanted, **common)


def desk(scenario: Scenario, **common: Any) -> Flow:
    """Without motives to tick, as the scenario names none."""
    sitekey = inspect.getclosurevars(scenario.script).nonlocals["sitekey"]
    return Appointment(id=sitekey, motives=(), **common)


def motif(scenario: Scenario, **common: Any) -> Flow:
    return RdvMotif(
        id=number(scenario), places=(RdvPlace("1", "Préfecture", "1 rue d'Essai"),), **common
    )


def procedure(scenario: Scenario, **common: Any) -> Flow:
    return Procedure(id=scenario.url.rsplit("/", 1)[1], **common)


def demarche(scenario: Scenario, **common: Any) -> Flow:
    return Demarche(id=number(scenario), **common)


def portal(scenario: Scenario, **common: Any) -> Flow:
    return Portal(id="particuliers", **common)


def number(scenario: Scenario) -> str:
    """The last number of its address."""
    last: str = re.findall(r"\d+", scenario.url)[-1]
    return last


COUNTERPARTS: dict[str, tuple[Callable[..., Flow], str]] = {
    "anef": (portal, "login_required"),
    "bookingserver": (form, "no_slots"),
    "demarches_simplifiees": (procedure, "login_required"),
    "eappointment": (desk, "slots"),
    "rdv_prefecture": (demarche, "captcha"),
    "rdv_service_public": (motif, "no_slots"),
}
"""For each family: what makes the practice flow of a scenario, and how a visit of it ends."""


def counterpart(scenario: Scenario) -> Flow:
    """A practice flow for this scenario, on a host of its own."""
    make, _ = COUNTERPARTS[scenario.family]
    return make(
        scenario,
        host=scenario.id.replace("/", "-"),
        department=scenario.department,
        prefecture=f"Préfecture : {DEPARTMENTS[scenario.department]}",
        title=scenario.title,
        flow=scenario.flow,
        control=scenario.control,
    )


def expected(scenario: Scenario) -> str:
    if scenario.family == "bookingserver" and scenario.control:
        return "slots"
    return COUNTERPARTS[scenario.family][1]


def shape(scenario: Scenario) -> tuple[object, ...]:
    """All that makes the scripts of two scenarios go different ways."""
    given = inspect.getclosurevars(scenario.script).nonlocals
    return scenario.family, scenario.control, *sorted(k for k, v in given.items() if v is None)


def sample(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """The first three of every shape: a fourth differs in words that no script reads."""
    of_shape = defaultdict(list)
    for scenario in scenarios:
        of_shape[shape(scenario)].append(scenario)
    return [scenario for several in of_shape.values() for scenario in several[:3]]


@pytest.mark.slow
async def test_scenarios_of_every_shape_in_the_catalogue_answer_at_their_practice_counterpart(
    chromium: Chromium, store: Store
) -> None:
    catalogue = loader.load(SCENARIOS).scenarios
    assert len({s.department for s in catalogue}) >= 95
    assert {s.family for s in catalogue} == COUNTERPARTS.keys()
    scenarios = sample(catalogue)
    flows = [counterpart(scenario) for scenario in scenarios]
    seen: list[Attempt] = []

    async with PracticeServer(flows) as server:
        aimed = [s.at(server.url(flow)) for s, flow in zip(scenarios, flows, strict=True)]
        pace = RunOptions(pages=6, pause_s=0, tries=1)
        runner = Runner(chromium, store, options=pace, limits=PATIENT, on_attempt=seen.append)
        result = await runner.run(aimed)

        assert server.tripwires == []
    assert result.finished
    ended = {a.scenario_id: (a.verdict.value, a.detail) for a in seen}
    wrong = {s.id: ended[s.id] for s in scenarios if ended[s.id][0] != expected(s)}
    assert wrong == {}
