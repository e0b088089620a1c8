"""
Judge stored attempts again, by the rules and scenarios of today.

Facts first, judgement second: an attempt keeps the statuses it was served and an outline of
every page. Here today's script of its scenario is run over those pages instead of a site. What
comes out is a judgement beside the attempt; the attempt itself is never changed.

What no page was kept of stays as it was: a host that was down, a deadline, a crash.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.errors import EvidenceRemoved, NotStored
from fleet.models import Group, Verdict, now
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


_BY_PAGE = frozenset(
    (
        *(verdict for verdict in Verdict if verdict.group is Group.ANSWERED),
        *(Verdict.CAPTCHA, Verdict.LOGIN_REQUIRED, Verdict.MAINTENANCE, Verdict.SESSION_EXPIRED),
    )
)
"""Verdicts that a page gave by what it showed."""


async def doubts_of(store: Store, attempt: Attempt) -> list[VerdictDoubt]:
    """
    What speaks against a stored verdict, by what was kept with it; nothing for newer attempts.

    Raises:
        StoreUnreachable, StoreRefused: the evidence could not be read.
    """
    if attempt.ruleset >= classifier.SETTLED_SINCE or attempt.verdict not in _BY_PAGE:
        return []
    found = [VerdictDoubt.UNSEEN_SIGN]  # what was seen then was not written down
    for file in attempt.evidence:
        if file.kind == "html":
            try:
                html = await store.evidence(file.sha256)
            except EvidenceRemoved:
                found.append(VerdictDoubt.OPEN_REQUEST)
                continue
            if b"<script" in html.lower():
                found.append(VerdictDoubt.OPEN_REQUEST)
    return list(dict.fromkeys(found))
