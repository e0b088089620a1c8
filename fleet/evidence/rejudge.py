"""
Judge stored attempts again, by the rules and scenarios of today.

Facts first, judgement second: an attempt keeps the statuses it was served and an outline of
every page. Here today's script of its scenario is run over those pages instead of a site. What
comes out is a judgement beside the attempt; the attempt itself is never changed.

What no page was kept of stays as it was: a host that was down, a deadline, a crash.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.errors import EvidenceRemoved, NotStored
from fleet.models import Verdict, now
from fleet.models.judgement import Judgement
from fleet.rules import classifier
from fleet.rules.stored_page import StoredPage
from fleet.rules.stored_visit import judge

if TYPE_CHECKING:
    from fleet.models import Attempt, Scenario
    from fleet.storage.store import Store


async def judge_stored(store: Store, scenario: Scenario, attempt: Attempt) -> Judgement:
    """
    Judge a stored attempt again and keep the judgement beside it.

    Raises:
        NotStored: it cannot be judged again; nothing was kept.
        StoreUnreachable, StoreRefused: the evidence could not be read, or nothing could be kept.
    """
    outlines = [file for file in attempt.evidence if file.kind == "outline"]
    seen = {file.step for file in attempt.evidence}
    if outlines and [file.step for file in outlines] != sorted(seen):
        raise NotStored("the outline of one of its pages is missing")
    try:
        pages = [StoredPage.of(await store.evidence(file.sha256)) for file in outlines]
    except EvidenceRemoved as exc:
        raise NotStored(f"an outline of its pages was removed ({exc.kind}): {exc.reason}") from exc
    outcome = await judge(scenario, attempt, pages)
    judgement = Judgement(
        attempt_id=attempt.id,
        scenario_id=attempt.scenario_id,
        scenario_version=scenario.version,
        ruleset=classifier.RULESET,
        judged_at=now(),
        verdict=outcome.verdict,
        group=outcome.verdict.group,
        detail=outcome.detail,
        signs=outcome.signs,
        first_dates=outcome.first_dates,
        slot_count=outcome.slot_count,
        facts=outcome.facts,
        missing_anchor=outcome.missing_anchor,
    )
    await store.judgements.add(judgement)
    return judgement


class VerdictDoubt(StrEnum):
    """Why a stored verdict, given before pages had to settle and signs to be seen, may be wrong."""

    OPEN_REQUEST = "a script of the page may still have been asking for the answer"
    UNSEEN_SIGN = "a sign may have stood where no person sees it"
    ONE_WEEK = "the calendar led on to weeks that were not looked at"


_BY_NO_PAGE = (
    Verdict.SITE_DOWN,
    Verdict.TIMEOUT,
    Verdict.UNRECOGNISED,  # says nothing of the site, whatever made it
    Verdict.CRASHED,
)

_UNSEEABLE = ("url ", "dialog ")
"""Signs that no place on the page makes: they hide nothing."""

_RUNS = re.compile(rb"<script|<i?frame|<object|<embed|\son[a-z]+\s*=|javascript:", re.IGNORECASE)
"""What may ask for something, in a page's HTML."""


async def doubts_of(store: Store, attempt: Attempt) -> list[VerdictDoubt]:
    """
    What speaks against a stored verdict, by what was kept with it; nothing for newer attempts.

    Raises:
        StoreUnreachable, StoreRefused: the evidence could not be read.
    """
    by_status = any(sign.startswith("HTTP ") for sign in attempt.signs)
    if attempt.ruleset >= classifier.SETTLED_SINCE or attempt.verdict in _BY_NO_PAGE or by_status:
        return []
    found = []
    if await _may_have_asked(store, attempt):
        found.append(VerdictDoubt.OPEN_REQUEST)
    if not all(sign.startswith(_UNSEEABLE) for sign in attempt.signs) or not attempt.signs:
        found.append(VerdictDoubt.UNSEEN_SIGN)  # what was seen then was not written down
    if attempt.verdict == Verdict.NO_SLOTS and await _led_on(store, attempt):
        found.append(VerdictDoubt.ONE_WEEK)
    return found


async def _may_have_asked(store: Store, attempt: Attempt) -> bool:
    """Whether the last page had a script, as far as is known."""
    pages = [file for file in attempt.evidence if file.kind == "html"]
    if not pages or any(file.truncated for file in pages):
        return True
    try:
        return any([_RUNS.search(await store.evidence(file.sha256)) for file in pages])
    except EvidenceRemoved:
        return True


async def _led_on(store: Store, attempt: Attempt) -> bool:
    """Whether the last page showed a control to a next week; not if that is not known."""
    outlines = [file for file in attempt.evidence if file.kind == "outline"]
    try:
        return (
            bool(outlines) and StoredPage.of(await store.evidence(outlines[-1].sha256)).leads_on()
        )
    except (EvidenceRemoved, NotStored):
        return False
