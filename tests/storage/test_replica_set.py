"""MongoDB as several servers: nothing that was said to be stored is lost with one of them."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import PyMongoError

from fleet.errors import LeaseTaken, StoreUnreachable
from fleet.storage.embedded import find_mongod
from fleet.storage.lease import Lease
from fleet.storage.store import Store
from tests.storage.test_store import attempt_of

PATIENCE_S = 90


class ReplicaSet:
    """Three servers, one of them the primary."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ports = [_free_port() for _ in range(3)]
        self._servers: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """The address of all three."""
        return f"mongodb://{','.join(self._names())}/?replicaSet=rs"

    def _names(self) -> list[str]:
        return [f"127.0.0.1:{port}" for port in self.ports]

    async def start(self) -> None:
        """Start them, and wait for a primary."""
        await asyncio.to_thread(self._start)
        config = {
            "_id": "rs",
            "members": [{"_id": n, "host": name} for n, name in enumerate(self._names())],
            "settings": {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 300},
        }
        one = f"mongodb://{self._names()[0]}/?directConnection=true"
        client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(one)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(PyMongoError):
                    await client.admin.command("replSetInitiate", config)
                    break
                await asyncio.sleep(0.2)
        client.close()
        await self.primary()

    def _start(self) -> None:
        for port in self.ports:
            own = self._folder / str(port)
            own.mkdir()
            self._servers[port] = subprocess.Popen(
                [
                    *(str(find_mongod()), "--dbpath", str(own), "--port", str(port)),
                    *("--replSet", "rs", "--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet"),
                    *("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "16"),
                    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
                ],
                stdout=subprocess.DEVNULL,
            )

    async def primary(self) -> int:
        """The port of the primary, once there is one."""
        client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(self.url)
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    with contextlib.suppress(PyMongoError):
                        said = await client.admin.command("hello")
                        if said["isWritablePrimary"]:
                            return int(said["me"].rpartition(":")[2])
                    await asyncio.sleep(0.1)
        finally:
            client.close()

    def signal(self, port: int, number: signal.Signals) -> None:
        """Send a signal to one of them."""
        self._servers[port].send_signal(number)

    def end(self) -> None:
        """Kill all that are left."""
        for server in self._servers.values():
            server.send_signal(signal.SIGKILL)
            server.wait()


def _free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[ReplicaSet]:
    made = ReplicaSet(tmp_path)
    try:
        await made.start()
        yield made
    finally:
        made.end()


async def until_it_answers(store: Store) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await store.version()
            except StoreUnreachable:
                await asyncio.sleep(0.2)
            else:
                return


@pytest.mark.process
@pytest.mark.timeout(300)
async def test_what_was_stored_and_who_holds_the_lease_outlive_the_primary(
    servers: ReplicaSet,
) -> None:
    """
    A primary alone says of nothing that it is stored; the others go on without it.

    Frozen are the two others: what this one alone would write goes when they elect another.
    """
    async with await Store.open(servers.url, "fleet") as store:
        first = attempt_of(id="1" * 32)
        assert await store.attempts.add(first, [])
        lease = Lease(store._db, "watch")
        await lease.take()
        primary = await servers.primary()
        others = [port for port in servers.ports if port != primary]

        for port in others:
            servers.signal(port, signal.SIGSTOP)
        alone = asyncio.ensure_future(store.attempts.add(attempt_of(id="2" * 32), []))
        # without the others it is no primary any more after a second, and then says so
        done, _ = await asyncio.wait({alone}, timeout=5)
        assert not done or isinstance(alone.exception(), StoreUnreachable), "stored by one of three"
        servers.signal(primary, signal.SIGKILL)
        for port in others:
            servers.signal(port, signal.SIGCONT)
        with contextlib.suppress(StoreUnreachable):
            await alone  # the driver asks the next primary once more
        await until_it_answers(store)

        assert await servers.primary() in others
        kept = [each.id async for each in store.attempts.find()]
        assert first.id in kept
        if not alone.exception():
            assert "2" * 32 in kept
        with pytest.raises(LeaseTaken):
            await Lease(store._db, "watch").take()
        await lease.renew()
        assert await store.attempts.add(attempt_of(id="3" * 32), [])
