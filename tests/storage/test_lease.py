"""One fleet at a time: real mongod, its clock, and holders that freeze or die."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from fleet.errors import LeaseLost, LeaseTaken, StoreUnreachable
from fleet.storage.embedded import Mongod
from fleet.storage.lease import Lease
from fleet.storage.store import Store
from tests.storage.test_embedded import servers_of


@pytest.fixture
async def db(mongodb_url: str, database: dict[str, str]) -> AsyncIterator[Any]:
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(mongodb_url)
    yield client[database["FLEET_DATABASE"]]
    client.close()


async def taken_over(lease: Lease) -> None:
    """Take a lease as soon as its holder has lost it."""
    while True:
        try:
            await lease.take()
        except LeaseTaken:
            await asyncio.sleep(0.05)
        else:
            return


async def test_who_comes_second_is_told_who_has_it(db: Any) -> None:
    first, second = Lease(db, "watch"), Lease(db, "watch")
    await first.take()

    with pytest.raises(
        LeaseTaken,
        match=rf"already \(watch\): process {os.getpid()} on {socket.gethostname()}, since"
        r" [\d-]+ [\d:]+ UTC, its lease until [\d-]+ [\d:]+ UTC",
    ):
        await second.take()

    assert first.is_certain()
    assert not second.is_certain()
    assert (first.fence, second.fence) == (1, 0)


async def test_of_many_who_come_at_once_one_has_it(db: Any) -> None:
    leases = [Lease(db, "watch") for _ in range(8)]

    done = await asyncio.gather(*(each.take() for each in leases), return_exceptions=True)

    assert [type(each) for each in done].count(type(None)) == 1
    assert [each.is_certain() for each in leases].count(True) == 1


async def test_a_lease_that_was_let_go_is_free_and_the_fence_grows(db: Any) -> None:
    first, second = Lease(db, "watch"), Lease(db, "watch")
    await first.take()
    await first.release()

    await second.take()

    assert second.fence == 2
    assert not first.is_certain()


async def test_two_works_do_not_disturb_each_other(db: Any) -> None:
    await Lease(db, "watch").take()
    await Lease(db, "seal").take()


async def test_a_holder_that_slept_too_long_is_not_sure_and_takes_nothing_back(db: Any) -> None:
    late, other = Lease(db, "watch", ttl_s=0.2), Lease(db, "watch")
    await late.take()
    await taken_over(other)
    assert not late.is_certain()  # before it has asked anybody

    with pytest.raises(LeaseLost, match=r"took this work over \(watch\): process"):
        await late.renew()

    await late.release()
    await other.renew()
    assert other.fence == 2


async def test_a_lease_that_ended_and_nobody_took_is_still_the_holders(db: Any) -> None:
    holder = Lease(db, "watch", ttl_s=0.0)
    await holder.take()
    assert not holder.is_certain()

    await holder.renew()

    await db.leases.drop()
    with pytest.raises(LeaseLost, match="was it dropped or restored"):
        await holder.renew()


async def test_a_holder_may_take_again_when_it_did_not_hear_the_answer(db: Any) -> None:
    holder = Lease(db, "watch")
    await holder.take()

    await holder.take()

    assert holder.is_certain()
    with pytest.raises(LeaseTaken):
        await Lease(db, "watch").take()


async def test_renewing_puts_the_end_off_by_the_servers_clock(db: Any) -> None:
    holder = Lease(db, "watch")
    await holder.take()
    first = await db.leases.find_one()
    await asyncio.sleep(0.01)

    await holder.renew()

    then = await db.leases.find_one()
    assert then.pop("expires_at") > first.pop("expires_at")
    assert then == first


FROZEN = """
import asyncio, sys
from motor.motor_asyncio import AsyncIOMotorClient
from fleet.errors import LeaseLost
from fleet.storage.lease import Lease

async def main():
    lease = Lease(AsyncIOMotorClient(sys.argv[1])[sys.argv[2]], "watch", ttl_s=1)
    await lease.take()
    print("taken", flush=True)
    sys.stdin.readline()
    print(lease.is_certain(), flush=True)
    try:
        await lease.renew()
    except LeaseLost as exc:
        print(exc)

asyncio.run(main())
"""


async def test_a_frozen_process_finds_out_before_it_does_anything(
    db: Any, mongodb_url: str
) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", FROZEN, mongodb_url, db.name),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout
    assert await holder.stdout.readline() == b"taken\n"
    holder.send_signal(signal.SIGSTOP)
    other = Lease(db, "watch")

    await taken_over(other)

    holder.send_signal(signal.SIGCONT)
    said, _ = await holder.communicate(b"\n")
    sure, lost = said.decode().splitlines()
    assert sure == "False"
    assert f"took this work over (watch): process {os.getpid()} on" in lost
    assert other.fence == 2


@pytest.mark.process
async def test_a_killed_mongod_takes_the_lease_from_nobody(tmp_path: Path) -> None:
    server = Mongod(tmp_path)
    async with server as url, await Store.open(url, "kept") as store:
        holder = store.lease("watch")
        await holder.take()
        for process in servers_of(tmp_path):
            process.kill()
        with pytest.raises(StoreUnreachable, match="could not renew the lease 'watch'"):
            await holder.renew()
        assert holder.is_certain()  # nobody else could ask either

        await server.revive()

        await holder.renew()
        with pytest.raises(LeaseTaken):
            await store.lease("watch").take()
        await holder.release()
