"""Missed visits, removals, withdrawals and observations stand under seals: a change is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fleet.errors import LeaseLost
from fleet.evidence.sealing import seal
from fleet.ledger.mentions import MentionKind, mentions_of, mentions_root
from fleet.models.missed import MissedVisit, MissReason
from fleet.models.withdrawal import AttemptWithdrawal
from tests.evidence.test_sealing import Sealer, add
from tests.evidence.test_sealing import authority as authority
from tests.evidence.test_sealing import sealer as sealer
from tests.storage.test_store import AT, attempt_of

FLOW = "91/titre-de-sejour"
HOUR = timedelta(hours=1)


async def mentioned(sealer: Sealer) -> list[str]:
    report = await sealer.verify()
    found = report.findings + report.notices
    return [str(each) for each in found if "MENTION" in each.case.name]


async def seal_all(sealer: Sealer) -> Any:
    store = sealer.store
    plans = await store.watch_state.plans()
    return await seal(store.ledger, sealer.key, sealer.authorities, plans, store.mentions)


async def miss(sealer: Sealer, hour: int, why: MissReason = MissReason.LATE) -> str:
    fields = {"scenario_id": FLOW, "department": "91", "control": False, "detail": ""}
    at = AT + hour * HOUR
    missed = MissedVisit.model_validate({**fields, "due_at": at, "why": why, "noted_at": at})
    await sealer.store.missed_visits.add([missed])
    return missed.id


async def yes(_: str) -> bool:
    return True


async def sealed(sealer: Sealer) -> dict[str, Any]:
    """One of each, under one seal: their ids."""
    (made, *_) = await add(sealer.store, 2)
    state, names = sealer.store.watch_state, [each.sha256 for each in made.evidence]
    await state.set_reconciled([FLOW], AT)
    await state.set_reconciled([FLOW], AT + 9 * HOUR)
    await state.begin_again([FLOW], AT + 12 * HOUR)
    missed, nobody = await miss(sealer, 5), await miss(sealer, 6, MissReason.UNWATCHED)
    await sealer.store.removals.take_down(names[:1], reason="a face", by="anna")
    await sealer.store.removals.expire(names[1:], yes, reason="too old", by="anna")
    withdrawal = {"attempt_id": made.id, "scenario_id": FLOW, "reason": "not ours", "at": AT}
    await sealer.store.withdrawals.add(AttemptWithdrawal.model_validate({**withdrawal, "by": "x"}))
    await sealer.db.observations.insert_one({"_id": "1" * 32, "author": "anna", "added_at": AT})
    done = await seal_all(sealer)
    assert (done.seals, done.links, done.mentions) == (1, 2, 8)
    return {"missed": missed, "nobody": nobody, "files": names, "attempt": made.id}


async def test_what_is_sealed_beside_links_is_found_again_and_nothing_is_sealed_twice(
    sealer: Sealer,
) -> None:
    await sealed(sealer)
    assert await mentioned(sealer) == []
    assert (await seal_all(sealer)).seals == 0

    await miss(sealer, 7)
    assert await mentioned(sealer) == ["1 of kind missed are under no seal; seal: fleet seal"]
    done = await seal_all(sealer)
    assert (done.seals, done.links, done.mentions, done.tokens) == (1, 0, 1, 1)
    report = await sealer.verify()
    assert (report.findings, report.seals, await mentioned(sealer)) == ([], 2, [])


@pytest.mark.parametrize(
    ("collection", "which", "change"),
    [
        ("missed", "missed", None),
        ("missed", "missed", {"why": "no_room"}),
        ("missed", "missed", {"noted_at": AT - 9 * HOUR}),
        ("missed", "nobody", {"due_at": "x"}),
        ("removals", "files.0", None),
        ("removals", "files.0", {"reason": "another"}),
        ("removals", "files.1", None),
        ("withdrawals", "attempt", None),
        ("withdrawals", "attempt", {"reason": 3}),
        ("observations", "1" * 32, None),
        ("observations", "1" * 32, {"added_at": AT - 9 * HOUR}),
        ("watched", FLOW, {"since": AT + HOUR}),
        ("watched", FLOW, {"gaps": []}),
        ("watched", FLOW, {"gaps": 3}),
    ],
)
async def test_what_was_sealed_and_is_changed_or_deleted_is_named(
    sealer: Sealer, collection: str, which: str, change: dict[str, Any] | None
) -> None:
    ids = await sealed(sealer)
    about = ids["files"][int(which[-1])] if which.startswith("files") else ids.get(which, which)

    if change is None:
        await sealer.db[collection].delete_one({"_id": about})
    else:
        await sealer.db[collection].update_one({"_id": about}, {"$set": change})

    found = [words for words in await mentioned(sealer) if "is not what is stored" in words]
    assert found
    assert about in found[0]


async def test_mentions_that_are_taken_out_of_a_seal_or_put_into_it_are_named(
    sealer: Sealer,
) -> None:
    await sealed(sealer)
    (one,) = await sealer.db.mentions.find({"kind": "withdrawal"}).to_list(None)
    await sealer.db.mentions.delete_one({"_id": one["_id"]})
    (found, left) = await mentioned(sealer)
    assert found.startswith("seal 1 covers 8 missed visits")
    assert "7 are there" in found
    assert left == "1 of kind withdrawal are under no seal; seal: fleet seal"

    await sealer.db.mentions.insert_one({**one, "leaf": one["leaf"].replace("not ours", "theirs")})
    assert any("8 are there, or others" in words for words in await mentioned(sealer))
    await sealer.db.mentions.update_one({"_id": one["_id"]}, {"$set": {"leaf": 3}})
    assert any("8 are there, or others" in words for words in await mentioned(sealer))


async def test_what_the_fleet_itself_changes_afterwards_is_no_finding(sealer: Sealer) -> None:
    ids = await sealed(sealer)
    late = attempt_of(started_at=AT + 5 * HOUR, due_at=AT + 5 * HOUR)
    await sealer.store.attempts.add(late, [])
    await miss(sealer, 6, MissReason.INTERRUPTED)
    await sealer.store.removals.take_down(ids["files"][1:], reason="a name", by="anna")
    await sealer.db.observations.update_one({}, {"$set": {"withdrawn": {"at": AT}, "author": ""}})

    assert ids["missed"] not in await sealer.db.missed.distinct("_id")
    assert not any("is not what is stored" in words for words in await mentioned(sealer))
    await seal_all(sealer)
    assert await mentioned(sealer) == []


async def test_what_no_seal_can_cover_is_told_and_keeps_nothing_else_from_its_seal(
    sealer: Sealer,
) -> None:
    await miss(sealer, 1)
    odd = {"_id": "x", "noted_at": AT, "detail": float("nan")}
    await sealer.db.missed.insert_one(odd)

    done = await seal_all(sealer)

    assert (done.seals, done.mentions) == (1, 1)
    assert await mentioned(sealer) == ["1 of kind missed are under no seal; seal: fleet seal"]


async def test_a_sealing_whose_turn_another_took_adds_nothing(sealer: Sealer) -> None:
    await miss(sealer, 1)
    store, lease = sealer.store, sealer.store.lease("seal")
    await lease.take()
    await sealer.db.leases.update_one({"_id": "seal"}, {"$set": {"holder": "another"}})

    with pytest.raises(LeaseLost):
        await seal(store.ledger, sealer.key, sealer.authorities, [], store.mentions, lease)

    assert await sealer.db.mentions.count_documents({}) == 0
    assert await store.ledger.last_seal() is None


async def test_a_crash_before_the_seal_loses_no_mention(sealer: Sealer) -> None:
    await miss(sealer, 1)
    await sealer.store.mentions.add(1, await sealer.store.mentions.unsealed())
    assert await sealer.store.mentions.unsealed() == []

    done = await seal_all(sealer)

    assert (done.seals, done.mentions, await mentioned(sealer)) == (1, 1, [])


def test_a_mention_names_nobody_and_its_root_does_not_depend_on_their_order() -> None:
    removal = {"_id": "a", "by": "anna", "kind": "takedown", "reason": "x", "unfinished": "y"}
    (leaf,) = mentions_of(MentionKind.REMOVAL, removal)

    assert leaf == b'{"about":"a","kind":"removal","reason":"x","why":"takedown"}'
    assert mentions_root([leaf, b"{}"]) == mentions_root([b"{}", leaf])
