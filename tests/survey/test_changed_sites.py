"""
Sites that have changed in thirty ways: each is named by the report, none is taken for an answer.

Each recorded visit is played once in real Chromium with the change in it.
"""

from __future__ import annotations

import pytest

from fleet.browser.chromium import Chromium
from fleet.models import Verdict
from fleet.survey.gathering import gathered
from fleet.survey.report import report_of
from fleet.survey.telling import text_of
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits
from fleet.visit.recording.player import Player
from fleet.visit.recording.redaction import Scrubber
from tests.families.replay import scenario_of_tape
from tests.survey.changes import CHANGES, SiteChange

HASTY = AttemptLimits(
    visit=VisitLimits(deadline_s=20, answer_timeout_s=1.2, settle_s=0.5), last_look_s=5, close_s=3
)


def test_there_are_thirty() -> None:
    assert len(CHANGES) >= 30
    assert len({change.name for change in CHANGES}) == len(CHANGES)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
async def test_a_changed_site_is_named_and_never_an_answer(
    chromium: Chromium, change: SiteChange
) -> None:
    tape = change.tape
    scenario = scenario_of_tape(tape)
    made = await attempt(scenario, chromium, run_id="", limits=HASTY, tape=Player(tape))
    record, _ = await gathered(scenario, made.attempt, made.files, Scrubber(tape, {}), made_up=True)

    assert record.verdict not in (Verdict.SLOTS, Verdict.NO_SLOTS), record.detail
    assert not record.working
    told = text_of(report_of([record]))
    assert change.named in told, told
