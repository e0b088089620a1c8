"""What was due is an attempt or a missed visit, or `fleet verify` names it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from fleet.evidence.completeness import plan_commitment
from fleet.evidence.sealing import seal
from fleet.ledger.chain import Statement
from fleet.models.missed import MissedVisit, MissReason
from tests.evidence.test_sealing import Sealer, add
from tests.evidence.test_sealing import authority as authority
from tests.evidence.test_sealing import sealer as sealer
from tests.storage.test_store import AT, attempt_of

FLOW = "91/titre-de-sejour"
HOUR = timedelta(hours=1)


async def watched_for_a_day(sealer: Sealer) -> tuple[list[datetime], str]:
    """A seal that names the plan, and a day of it: its due times, and the attempt of the fifth."""
    state, day = sealer.store.watch_state, AT + 24 * HOUR
    plan = await state.use_plan(HOUR, HOUR / 6, AT)
    await add(sealer.store, 1)
    await seal(sealer.store.ledger, sealer.key, sealer.authorities, await state.plans())
    found = await sealer.store.ledger.seal(1)
    assert found is not None
    # as if it had been made then; what it signs is checked elsewhere
    statement = found.statement.model_copy(update={"sealed_at": AT})
    changed = {"statement": statement.model_dump(), "signature": sealer.key.sign(statement.content)}
    await sealer.db.seals.update_one({"_id": 1}, {"$set": changed})
    due = plan.due(FLOW, AT, day)
    for at in due:
        missed = {"scenario_id": FLOW, "department": "91", "control": False, "due_at": at}
        missed |= {"why": MissReason.LATE, "detail": "", "noted_at": at}
        await sealer.store.missed_visits.add([MissedVisit.model_validate(missed)])
    made = attempt_of(started_at=due[4], due_at=due[4])
    await sealer.store.attempts.add(made, [])
    await state.set_reconciled([FLOW], AT)
    await state.set_reconciled([FLOW], day)
    return due, made.id


async def incomplete(sealer: Sealer) -> list[str]:
    report = await sealer.verify()
    return [str(f) for f in report.findings if f.case.name.startswith(("DUE", "PLAN"))]


async def test_an_attempt_that_is_deleted_before_it_is_sealed_leaves_its_due_time(
    sealer: Sealer,
) -> None:
    due, made = await watched_for_a_day(sealer)
    assert await incomplete(sealer) == []

    await sealer.db.attempts.delete_one({"_id": made})
    await sealer.db.links.delete_one({"_id": made})
    (found,) = await incomplete(sealer)
    assert found.startswith(f"{FLOW} was due at {due[4]:%Y-%m-%d %H:%M:%S} UTC, and neither")
    await sealer.db.missed.delete_many({"due_at": {"$gte": due[5]}})
    # beyond twenty of a flow, how many more there are is said in one line
    assert len(await incomplete(sealer)) == min(len(due) - 4, 21)
    # out of the catalogue meanwhile, as the fleet notes it: nothing was due
    await sealer.db.watched.update_one({"_id": FLOW}, {"$set": {"until": due[4]}})
    await sealer.store.watch_state.begin_again([FLOW], AT + 24 * HOUR)
    assert await incomplete(sealer) == []


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "0" * 32},
        {"mean_gap_s": 7200.0},
        {"min_gap_s": 60.0},
        {"seed": 3},
        {"since": "x"},
        {"since": AT + HOUR},
    ],
)
async def test_a_plan_that_is_not_the_one_that_was_sealed_is_found(
    sealer: Sealer, change: dict[str, Any]
) -> None:
    await watched_for_a_day(sealer)

    await sealer.db.plans.update_one({"number": 0}, {"$set": change})

    assert any("sampling plan" in words for words in await incomplete(sealer))


async def test_a_plan_that_ended_since_it_was_sealed_is_the_same_until_its_end_is_changed(
    sealer: Sealer,
) -> None:
    await watched_for_a_day(sealer)
    state = sealer.store.watch_state
    plan, later = (await state.plans())[0].plan, AT + 48 * HOUR
    await state.begin_stretch(1, plan, later, later)
    await state.extend_stretch(1, later - HOUR)
    await add(sealer.store, 1, scenario_id="63/x", department="63")
    await seal(sealer.store.ledger, sealer.key, sealer.authorities, await state.plans())
    assert await incomplete(sealer) == []

    await state.extend_stretch(1, later - 2 * HOUR)
    assert await incomplete(sealer) == []
    await sealer.db.plans.update_one({"number": 0}, {"$set": {"until": later}})
    assert any("when it holds" in words for words in await incomplete(sealer))


async def test_a_seal_names_the_plan_and_not_its_seed_and_older_seals_stay_as_they_were(
    sealer: Sealer,
) -> None:
    await watched_for_a_day(sealer)
    await add(sealer.store, 1, scenario_id="63/x", department="63")
    await sealer.seal()  # as before there were plans in seals
    new, old = [seal.statement async for seal in sealer.store.ledger.seals()]
    (stored,) = await sealer.store.watch_state.plans()

    assert new.plans == (plan_commitment(stored),)
    assert stored.plan.seed not in new.content.decode()
    assert (new.format[-1], old.format[-1]) == ("2", "1")
    assert b"plans" not in old.content
    assert old == Statement.model_validate(old.model_dump(exclude_none=True))
    assert await incomplete(sealer) == []
