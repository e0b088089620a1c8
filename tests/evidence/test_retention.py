"""Old files go and nothing else does: figures, hashes and verdicts stay, and so does the proof."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from fleet.cli.commands import prune as command
from fleet.errors import BadInput, EvidenceRemoved, LeaseTaken
from fleet.evidence.retention import Policy, Retention
from fleet.evidence.verifier import Verifier
from fleet.models import Attempt, EvidenceFile, Verdict, now
from fleet.models.judgement import Judgement
from fleet.models.removal import RemovalKind
from fleet.settings import Settings
from fleet.storage.collections.accounts import check_name
from fleet.storage.collections.observations import Observation, Sighting, Withdrawal
from fleet.storage.collections.references import KeepReason
from fleet.storage.store import Store
from tests.cli.test_cli import ROOT
from tests.storage.figures.test_rollups import FLOWS, attempt_at
from tests.storage.test_store import file_of

Documents = dict[str, Any]

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = Policy(days=30, per_flow=None)


@pytest.fixture
async def beside(mongodb_url: str, store: Store) -> AsyncIterator[Any]:
    """The store's database as another program sees it."""
    client: AsyncIOMotorClient[Documents] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    yield client[store._db.name]
    client.close()


def seen(days_ago: float, *files: EvidenceFile, **changes: Any) -> Attempt:
    """An attempt with these files, so many days before `TODAY`."""
    at = TODAY - timedelta(days=days_ago)
    evidence = tuple(file.evidence for file in files)
    return attempt_at(at, evidence=evidence, **{"due_at": None, **changes})


async def add(
    store: Store, days_ago: float, *contents: str, verdict: Verdict = Verdict.NO_SLOTS, **more: Any
) -> Attempt:
    """Keep an attempt with a file of each of these contents."""
    files = [file_of(content.encode()) for content in contents]
    attempt = seen(days_ago, *files, verdict=verdict, **more)
    assert await store.attempts.add(attempt, files)
    return attempt


async def prune(store: Store, policy: Policy = MONTH, **more: Any) -> list[str]:
    """Remove what the policy lets go; the hashes of these files."""
    retention = Retention(store, policy, TODAY, **more)
    return [name async for erased in retention.carry_out("test") for name in erased.sha256s]


def name_of(content: str) -> str:
    return file_of(content.encode()).evidence.sha256


async def readable(store: Store, *contents: str) -> set[str]:
    """Those of these contents that the store gives back."""
    found = set()
    for content in contents:
        try:
            assert await store.evidence(name_of(content)) == content.encode()
        except EvidenceRemoved:
            continue
        found.add(content)
    return found


async def test_files_go_by_age_and_attempts_stay_as_they_were(store: Store) -> None:
    old = await add(store, 31, "old", "older")
    young = await add(store, 29, "young")

    assert len(await prune(store)) == 2

    assert await readable(store, "old", "older", "young") == {"young"}
    assert [a async for a in store.attempts.find()] == [old, young]
    removal = await store.removals.get(name_of("old"))
    assert removal
    assert (removal.kind, removal.attempt_ids, removal.by) == (
        RemovalKind.RETENTION,
        (old.id,),
        "test",
    )
    assert removal.size_bytes == len("old")
    assert removal.reason == "files are kept 30 days"


async def test_figures_and_the_ledger_stand_after_files_have_gone(store: Store) -> None:
    await add(store, 50, "a", verdict=Verdict.CLOSED)
    await add(store, 40, "b")
    await add(store, 35, "c", verdict=Verdict.OVERLOAD)
    await add(store, 3, "d")

    await prune(store)

    counted = await store.rollups.check()
    assert (counted.attempts, counted.differences) == (4, ())
    report = await Verifier(store, []).everything()
    assert report.findings == []
    assert len([note for note in report.notices if "was removed on" in note]) == 1


async def test_the_newest_files_of_each_flow_are_kept_by_whole_attempts(store: Store) -> None:
    for days_ago in (1, 2, 3):
        await add(store, days_ago, f"{days_ago} picture", f"{days_ago} html")
    await add(store, 100, "another flow", scenario_id=FLOWS[2])

    await prune(store, Policy(days=None, per_flow=3))

    kept = {"1 picture", "1 html", "2 picture", "2 html", "another flow"}
    assert await readable(store, *kept, "3 picture", "3 html") == kept


async def test_each_limit_lets_go_by_itself(store: Store) -> None:
    for days_ago in (1, 2, 31):
        await add(store, days_ago, f"{days_ago}")

    await prune(store, Policy(days=30, per_flow=1))

    assert await readable(store, "1", "2", "31") == {"1"}


async def test_a_file_that_a_young_attempt_names_too_stays(store: Store) -> None:
    await add(store, 60, "shared", "own")
    await add(store, 1, "shared", scenario_id=FLOWS[2])

    await prune(store)

    assert await readable(store, "shared", "own") == {"shared"}


async def observe(store: Store, days_ago: float, note: str = "") -> str:
    id_ = uuid.uuid4().hex
    observation = Observation(
        id=id_,
        author=check_name("Anne"),
        added_at=now(),
        seen_at=TODAY - timedelta(days=days_ago),
        department="91",
        scenario_id=FLOWS[0],
        seen=Sighting.NO_SLOTS,
        note=note,
        original_sha256="0" * 64,
        original_size_bytes=1,
        sha256="0" * 64,
        size_bytes=1,
        width=1,
        height=1,
    )
    await store.observations.add(observation, b"picture", b"small")
    return id_


async def judge(store: Store, attempt: Attempt, verdict: Verdict) -> None:
    same = ("scenario_id", "detail", "signs", "first_dates", "slot_count", "facts")
    fields: Documents = {name: getattr(attempt, name) for name in (*same, "missing_anchor")}
    about: Documents = {"attempt_id": attempt.id, "scenario_version": "2", "ruleset": "9"}
    judged = {"judged_at": now(), "verdict": verdict, "group": verdict.group}
    await store.judgements.add(Judgement.model_validate(fields | about | judged))


async def test_what_a_court_asks_for_first_stays_however_old(store: Store) -> None:
    await add(store, 90, "before the change", verdict=Verdict.CLOSED)
    await add(store, 89, "after the change")
    await add(store, 80, "slots", verdict=Verdict.SLOTS, scenario_id=FLOWS[2])
    await add(store, 70, "the day it was seen by hand")
    await observe(store, 69.5)
    named = await add(store, 60, "named in a note")
    await observe(store, 2, f"voir https://site.example/tentative/{named.id}")
    corrected = await add(store, 55, "corrected")
    await judge(store, corrected, Verdict.CLOSED)
    confirmed = await add(store, 45, "confirmed")
    await judge(store, confirmed, Verdict.NO_SLOTS)
    await add(store, 40, "nothing special")
    kept = {"before the change", "after the change", "slots", "the day it was seen by hand"}
    kept |= {"named in a note", "corrected"}

    plan = await Retention(store, MONTH, TODAY).plan()
    await prune(store)

    assert await readable(store, *kept, "confirmed", "nothing special") == kept
    assert plan.kept_attempts == {
        KeepReason.CHANGE: 2,
        KeepReason.SLOTS: 1,
        KeepReason.OBSERVED: 2,
        KeepReason.CORRECTED: 1,
    }


async def test_a_withdrawn_observation_holds_nothing(store: Store) -> None:
    await add(store, 40, "page")
    id_ = await observe(store, 40)
    await store.observations.withdraw(id_, Withdrawal(by="Anne", at=now(), reason="erreur"))

    await prune(store)

    assert await readable(store, "page") == set()


async def test_a_dry_run_tells_what_would_go_and_changes_nothing(store: Store) -> None:
    await add(store, 40, "a", "shared")
    await add(store, 35, "b", "shared")
    await add(store, 33, "shared", scenario_id=FLOWS[2])
    await add(store, 3, "young")

    plan = await Retention(store, MONTH, TODAY).plan()

    assert (plan.all.attempts, plan.all.files, plan.all.stored_bytes) == (3, 3, 8)
    assert {each: (s.attempts, s.files) for each, s in plan.flows.items()} == {
        FLOWS[0]: (2, 2),
        FLOWS[2]: (1, 1),
    }
    assert (plan.oldest, plan.newest) == (TODAY - timedelta(days=40), TODAY - timedelta(days=33))
    assert await readable(store, "a", "b", "shared") == {"a", "b", "shared"}


async def test_a_file_that_went_and_is_seen_again_is_kept_again(store: Store) -> None:
    await add(store, 40, "page")
    await prune(store)
    assert await readable(store, "page") == set()

    await add(store, 1, "page")

    assert await readable(store, "page") == {"page"}
    assert await store.removals.get(name_of("page")) is None


async def test_an_attempt_stored_while_its_file_is_being_removed_keeps_it(store: Store) -> None:
    """The worst moment: it was asked who names the file, and the answer was already nobody."""
    await add(store, 40, "page", "other")

    async def goes(sha256: str) -> bool:
        if sha256 == name_of("page"):
            await add(store, 0, "page")
        return True

    names = [name_of("page"), name_of("other")]
    erased = await store.removals.expire(names, goes, reason="old", by="test")

    assert erased.sha256s == (name_of("other"),)
    assert await readable(store, "page", "other") == {"page"}
    assert await store.removals.get(name_of("page")) is None


PARTS, PART = 12, 8

PRUNER = """
import asyncio, sys
from fleet.evidence.retention import Retention
from fleet.storage.store import Store
from tests.evidence.test_retention import MONTH, PART, TODAY

async def main():
    async with await Store.open(sys.argv[1], sys.argv[2]) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        async for erased in Retention(store, MONTH, TODAY, batch=PART).carry_out("test"):
            print(len(erased.sha256s), flush=True)

asyncio.run(main())
"""

WRITER = """
import asyncio, sys
from fleet.storage.store import Store
from tests.evidence.test_retention import PARTS, add, part

async def main():
    async with await Store.open(sys.argv[1], sys.argv[2]) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        for n in reversed(range(PARTS)):
            await add(store, 0, *part(n))

asyncio.run(main())
"""


def part(n: int) -> list[str]:
    return [f"page {n}.{each}" for each in range(PART)]


async def process(program: str, *arguments: str) -> asyncio.subprocess.Process:
    """A process of this program that is ready; it begins when it is given a line."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, *arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert started.stdout
    assert await started.stdout.readline() == b"ready\n"
    return started


async def test_no_file_of_a_new_attempt_is_lost_to_a_pruner_at_work(
    mongodb_url: str, store: Store, beside: Any
) -> None:
    """
    While one process removes files, another sees them again from the other end, and this one
    always those that are just being removed.
    """
    names: dict[str, int] = {}
    for n in range(PARTS):
        await add(store, 60 + n, *part(n))
        names |= {name_of(content): n for content in part(n)}
    where = (mongodb_url, store._db.name)
    pruner, writer = await asyncio.gather(process(PRUNER, *where), process(WRITER, *where))
    assert pruner.stdin
    assert pruner.stdout
    pruner.stdin.write(b"go\n")
    await pruner.stdout.readline()
    ended = asyncio.gather(pruner.communicate(), writer.communicate(b"go\n"))
    met = set()

    while not ended.done():
        found = await beside["evidence.files"].find_one({"removing": {"$exists": True}})
        if found and names[found["_id"]] not in met:
            met.add(names[found["_id"]])
            await add(store, 0, *part(names[found["_id"]]))
        await asyncio.sleep(0)

    assert (pruner.returncode, writer.returncode) == (0, 0)
    assert len(met) > 1
    every = [content for n in range(PARTS) for content in part(n)]
    assert await readable(store, *every) == set(every)
    assert await store.removals.get_many(list(names)) == {}
    assert await beside["evidence.chunks"].count_documents({}) == len(every)


async def test_a_killed_pruner_leaves_every_file_readable_or_marked(
    mongodb_url: str, store: Store, beside: Any
) -> None:
    for n in range(PARTS):
        await add(store, 60 + n, *part(n))
    every = [content for n in range(PARTS) for content in part(n)]
    pruner = await process(PRUNER, mongodb_url, store._db.name)
    assert pruner.stdin
    assert pruner.stdout
    pruner.stdin.write(b"go\n")
    await pruner.stdout.readline()
    while await beside["evidence.files"].count_documents({}) >= len(every) - PART:
        pass

    pruner.kill()  # just when the next files have lost their entries
    await pruner.wait()

    left = await readable(store, *every)  # fails for what is neither readable nor marked
    assert 0 < len(left) < len(every)
    await prune(store)
    assert await readable(store, *every) == set()
    assert await beside["evidence.files"].count_documents({}) == 0
    assert await beside["evidence.chunks"].count_documents({}) == 0
    assert await beside.removals.count_documents({"unfinished": {"$exists": True}}) == 0


@pytest.mark.parametrize("entry_gone", [False, True])
async def test_what_a_killed_pruner_had_marked_is_finished_by_the_next(
    store: Store, beside: Any, entry_gone: bool
) -> None:
    """Killed between mark and entry, and between entry and bytes."""
    await add(store, 40, "page")
    chunks = [each["_id"] async for each in beside["evidence.chunks"].find()]
    mark = {"_id": name_of("page"), "kind": "retention", "reason": "old", "at": now(), "by": "t"}
    what: Documents = {"file": "picture", "size_bytes": 4, "attempts": 1, "attempt_ids": []}
    unfinished = {"token": "t", "chunks": chunks}
    await beside.removals.insert_one({**mark, **what, "unfinished": unfinished})
    if entry_gone:
        await beside["evidence.files"].delete_one({})
    there: set[str] = set() if entry_gone else {"page"}
    assert await readable(store, "page") == there

    await store.removals.finish()

    assert await readable(store, "page") == there
    assert await beside["evidence.chunks"].count_documents({}) == len(there)
    assert await beside.removals.count_documents({"unfinished": {"$exists": True}}) == 0


def test_without_a_limit_nothing_can_be_pruned() -> None:
    with pytest.raises(BadInput, match="kept for ever"):
        command.policy_of(Settings(), None, None)


def test_an_option_goes_before_its_setting() -> None:
    settings = Settings(keep_days=365, keep_per_flow=1000)

    assert command.policy_of(settings, 30, None) == Policy(30, 1000)


async def test_fleet_prune_only_tells_until_it_is_told_yes(
    store: Store, mongodb_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = tmp_path / "thumbnails" / f"{name_of('page')}.webp"
    small.parent.mkdir()
    small.write_bytes(b"small")
    own = Settings(mongodb_url=mongodb_url, database=store._db.name, data_dir=tmp_path)
    policy = Policy(days=100, per_flow=None)
    await add(store, 400, "page", "html")
    await add(store, 300, "answer", verdict=Verdict.SLOTS, scenario_id=FLOWS[2])

    assert await command.prune(own, policy, yes=False)
    told, still = capsys.readouterr().out, await readable(store, "page", "html")
    assert await command.prune(own, policy, yes=True)
    done = capsys.readouterr().out

    assert "2 files of 1 attempts go" in told
    assert "1 older attempts keep their files: slots" in told
    assert "Nothing was removed" in told
    assert still == {"page", "html"}
    assert "removed 2 files" in done
    assert await readable(store, "page", "html", "answer") == {"answer"}
    assert not small.exists()


async def test_two_cannot_prune_one_database_at_a_time(
    store: Store, mongodb_url: str, tmp_path: Path
) -> None:
    own = Settings(mongodb_url=mongodb_url, database=store._db.name, data_dir=tmp_path)
    await add(store, 400, "page")
    await store.lease("prune").take()

    with pytest.raises(LeaseTaken, match="prune"):
        await command.prune(own, MONTH, yes=True)

    assert await readable(store, "page") == {"page"}
