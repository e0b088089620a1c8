"""
`python -m bench.load.web NAME_made_up`: how fast the pages are over a made-up database.

`fleet serve` runs as it does for readers; on the same machine and the same processors, 20 readers
ask, each for the next page as soon as it has the one before. Twice:

* **cold**: every address is asked for once, so every answer is made for its request;
* **warm**: `PLACES` addresses of each kind, over and over, for longer than answers are kept, so
  that most are sent from those kept and each is made again when its time is over.

Server time is what the server itself says (`Server-Timing`): from the request to the first byte
of the answer, waiting behind other readers included. `Age` tells an answer that was kept. The
processor time of readers, server and mongod is told apart, for the three share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import statistics
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import psutil
import pymongo
from rich.console import Console
from rich.table import Table

from bench.synthetic.seed import server
from fleet.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

AT_ONCE = 20
COLD = 150
"""Requests of each kind."""

PLACES = 10
WARM_S = 60.0
GOAL_MS = 100

Addresses = dict[str, list[str]]


@dataclass
class Seen:
    """What readers saw of one kind of page."""

    times_ms: list[float] = field(default_factory=list)
    kept: int = 0


@dataclass(frozen=True)
class Load:
    """Server, mongod (None if it is not ours) and readers: their processor time and memory."""

    server: psutil.Process
    mongod: psutil.Process | None

    def processes(self) -> list[psutil.Process]:
        """Every process of the server."""
        return [self.server, *self.server.children(recursive=True)]

    def memory_mb(self) -> float:
        """PSS of all processes of the server."""
        return sum(each.memory_full_info().pss for each in self.processes()) / 2**20

    def spent_s(self) -> dict[str, float]:
        """Processor seconds since each began."""
        spent = {"server": sum(map(_spent_s, self.processes())), "readers": time.process_time()}
        return {**spent, "mongod": _spent_s(self.mongod)} if self.mongod else spent


def _spent_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def serving(database: str, url: str, processes: int | None) -> AsyncIterator[tuple[str, int]]:
    """`fleet serve` over that database: its address and its process."""
    more = ("--processes", str(processes)) if processes else ()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet", "serve", "--port", "0", *more),
        env={**os.environ, "FLEET_DATABASE": database, "FLEET_MONGODB_URL": url},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        yield address.rstrip("/"), process.pid
    finally:
        process.terminate()
        await process.wait()


async def addresses(http: aiohttp.ClientSession) -> Addresses:
    """Different addresses of each kind, `COLD` of each, found through the API as a reader would."""
    attempts: list[dict[str, Any]] = []
    cursors: list[str] = []
    while len(cursors) < COLD:
        wanted = {"limit": "200", **({"cursor": cursors[-1]} if cursors else {})}
        async with http.get("/api/attempts", params=wanted) as answer:
            page = await answer.json()
        attempts += page["items"]
        cursors.append(page["older"])
    flows = sorted({each["scenario_id"] for each in attempts})
    departments = sorted({each.partition("/")[0] for each in flows})
    ids = [each["id"] for each in attempts[:: len(attempts) // COLD]]
    last = date.fromisoformat(attempts[0]["started_at"][:10])

    def periods(first: str, until: str) -> Iterator[str]:
        for back, days in itertools.product(range(30), (90, 30, 7, 60, 14)):
            end = last - timedelta(days=back)
            yield f"{first}={end - timedelta(days=days - 1)}&{until}={end}"

    verdicts = ("slots", "no_slots", "captcha", "overload")
    every = {
        "overview": (f"/?{each}" for each in periods("du", "au")),
        "overview (en)": (f"/en/?{each}" for each in periods("du", "au")),
        "prefecture": (
            f"/departement/{code}?jours={days}" for days in (90, 30) for code in departments
        ),
        "flow": (f"/demarche/{each}?jours=90" for each in flows),
        "gallery": (
            f"/galerie?departement={code}&verdict={verdict}"
            for code, verdict in itertools.product(departments, verdicts)
        ),
        "attempt": (f"/tentative/{each}" for each in ids),
        "api attempts": (f"/api/attempts?limit=50&cursor={each}" for each in cursors),
        "api rates": (f"/api/rates?{each}" for each in periods("first", "last")),
    }
    return {kind: list(itertools.islice(each, COLD)) for kind, each in every.items()}


async def read(
    http: aiohttp.ClientSession, asked: Iterator[tuple[str, str]]
) -> tuple[dict[str, Seen], float]:
    """Have the readers ask for all of that; what they saw, and how many seconds it took."""
    seen: dict[str, Seen] = {}

    async def reader() -> None:
        for kind, path in asked:
            async with http.get(path) as answer:
                answer.raise_for_status()
                await answer.read()
            of_kind = seen.setdefault(kind, Seen())
            of_kind.times_ms.append(float(answer.headers["server-timing"].partition("dur=")[2]))
            of_kind.kept += "age" in answer.headers

    began = time.perf_counter()
    await asyncio.gather(*(reader() for _ in range(AT_ONCE)))
    return seen, time.perf_counter() - began


def once(kinds: Addresses, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Every address once, kinds mixed."""
    every = [(kind, path) for kind, paths in kinds.items() for path in paths]
    rng.shuffle(every)
    return iter(every)


def again(kinds: Addresses, rng: random.Random) -> Iterator[tuple[str, str]]:
    """A few addresses of each kind again and again, for `WARM_S`."""
    end = time.monotonic() + WARM_S
    while time.monotonic() < end:
        kind = rng.choice(list(kinds))
        yield kind, rng.choice(kinds[kind][:PLACES])


async def measure(database: str, processes: int | None) -> None:
    rng = random.Random(1)
    out = Console(width=110, highlight=False)
    readers = aiohttp.TCPConnector(limit=AT_ONCE)
    async with (
        server(load_settings()) as url,
        serving(database, url, processes) as (address, pid),
        aiohttp.ClientSession(address, connector=readers) as http,
    ):
        mongod = [each for each in psutil.Process().children() if each.name() == "mongod"]
        load = Load(psutil.Process(pid), mongod[0] if mongod else None)
        kinds = await addresses(http)
        memory = [load.memory_mb()]
        for name, asked in (("cold", once(kinds, rng)), ("warm", again(kinds, rng))):
            before = load.spent_s()
            seen, seconds = await read(http, asked)
            spent = {who: at - before[who] for who, at in load.spent_s().items()}
            memory.append(load.memory_mb())
            out.print(f"{database}, {name}: server time at {AT_ONCE} requests at once")
            tell(out, seen, seconds, spent)
        out.print(
            "memory of all server processes (PSS): {:.0f} MB before, {:.0f} MB after the cold"
            " requests, {:.0f} MB after the warm ones".format(*memory)
        )


def tell(out: Console, seen: dict[str, Seen], seconds: float, spent: dict[str, float]) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("page", "requests", "kept", "median ms", "p95 ms"):
        table.add_column(column, justify="left" if column == "page" else "right")
    every = Seen(
        [ms for each in seen.values() for ms in each.times_ms],
        sum(each.kept for each in seen.values()),
    )
    late = []
    for kind, each in [*sorted(seen.items()), ("all", every)]:
        n, p95 = len(each.times_ms), statistics.quantiles(each.times_ms, n=20)[-1]
        median = statistics.median(each.times_ms)
        table.add_row(kind, str(n), f"{each.kept / n:.0%}", f"{median:.0f}", f"{p95:.0f}")
        late += [kind] if p95 > GOAL_MS else []
    out.print(table)
    requests = len(every.times_ms)
    cpu = ", ".join(f"{who} {s * 1000 / requests:.1f}" for who, s in spent.items())
    out.print(f"{requests / seconds:.0f} requests/s; processor ms for each request: {cpu}")
    out.print(
        f"goal, p95 ≤ {GOAL_MS} ms: " + (f"not met by {', '.join(late)}" if late else "met"), "\n"
    )


async def seeded(database: str, attempts: int) -> None:
    """Fill the database if it is empty."""
    settings = load_settings()
    async with server(settings) as url:
        client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(url)
        there = client[database].attempts.estimated_document_count()
        client.close()
    if not there:
        wanted = ("--attempts", str(attempts), "--database", database)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.synthetic.seed", *wanted
        )
        if await process.wait():
            raise SystemExit(f"{database} could not be filled")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="+")
    parser.add_argument(
        "--seed", type=int, default=0, help="attempts, for a database that is empty"
    )
    parser.add_argument("--processes", type=int, help="of the server; as many as it starts itself")
    chosen = parser.parse_args()
    for name in chosen.databases:
        if chosen.seed:
            asyncio.run(seeded(name, chosen.seed))
        asyncio.run(measure(name, chosen.processes))
