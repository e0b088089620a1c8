"""Files of MongoDB that are damaged: who looks at them says so, who does not says that too."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.models import now
from fleet.models.run import Run
from fleet.models.status import STALE, Status
from fleet.storage.embedded import Mongod
from fleet.storage.store import Store
from tests.cli.test_cli import fleet
from tests.storage.test_store import attempt_of

pytestmark = pytest.mark.process


def run(number: int) -> Run:
    return Run(
        id=f"{number:032x}",
        started_at=now(),
        scenario_ids=("63/titre-de-sejour",) * 20,
        times=1,
        fleet_version="1",
        chromium_version="1",
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", ["index of runs overwritten", "file of runs is gone"])
async def test_damage_that_verify_does_not_read_is_named_as_not_read_and_found_by_doctor(
    tmp_path: Path, what: str
) -> None:
    files = tmp_path / "mongodb"
    async with Mongod(tmp_path) as url, await Store.open(url, "fleet") as store:
        await store.attempts.add(attempt_of(), ())
        for number in range(300):
            await store.runs.keep(run(number))
        stats = await store._db.command("collStats", "runs", indexDetails=True)
        uris = [stats["wiredTiger"]["uri"], stats["indexDetails"]["_id_"]["uri"]]
        whole = await fleet("doctor", "--database", FLEET_DATA_DIR=tmp_path)
    collection, index = (next(files.rglob(f"{u.rpartition(':')[2]}.wt")) for u in uris)
    if what.startswith("index"):
        content = bytearray(index.read_bytes())
        content[4096:] = b"\x5a" * (len(content) - 4096)
        index.write_bytes(content)
    else:
        collection.unlink()

    verified = await fleet("verify", FLEET_DATA_DIR=tmp_path)
    examined = await fleet("doctor", "--database", FLEET_DATA_DIR=tmp_path)

    assert whole.code == 0, whole
    assert "ok   attempts" in whole.out
    assert examined.code == 1, examined
    assert "bad " in examined.out
    if verified.code == 0:
        assert "not read: " in verified.out
        assert " runs," in verified.out
        assert "indexes; MongoDB's own files" in " ".join(verified.out.split())
        assert "Nothing was altered in what was read" in verified.out
    else:  # such a database does not even open
        assert "Nothing was altered" not in verified.out


async def test_only_the_fleet_that_holds_the_lease_says_how_it_stands(store: Store) -> None:
    at = now()
    said = Status(
        at=at, since=at, run_id="one", machine="here", pid=1, fleet_version="1",
        chromium_version="1", scenarios=1, next_due=at, verdicts={}, misses={}, lateness_s=None,
        waiting=0, open_pages=0, allowed_pages=1, pressure="", spool_items=0, spool_bytes=0,
        spool_oldest=None, spool_refused=0, spool_damaged=0, browser_restarts={}, cooling=(),
        ready=True, problem=None,
    )  # fmt: skip
    state = store.watch_state
    await state.write_status(said, fence=1)
    await state.write_status(said.model_copy(update={"run_id": "two"}), fence=2)
    await state.write_status(said.model_copy(update={"stopped": True}), fence=1)

    found = await state.status()
    assert found is not None
    assert (found.run_id, found.stopped) == ("two", False)
    assert not found.stale(at + 9 * STALE), "by the database's clock, not by the reader's"

    for seconds in (-3600, 3600):  # the fleet's clock, or this machine's, was set
        moved = {"$set": {"heard_at": {"$add": ["$$NOW", 1000 * seconds]}}}
        await store._db.status.update_one({}, [moved])
        found = await state.status()
        assert found is not None
        assert found.stale(now())
    await state.write_status(said, fence=1)  # leases were dropped, their numbers begin anew
    found = await state.status()
    assert found is not None
    assert found.run_id == "one"
