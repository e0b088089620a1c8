"""
`python -m bench.web NAME_made_up`: how fast the pages are over a database of `bench.seed`.

`fleet serve` runs as a process of its own; readers on the same machine ask for pages, 20 at a
time. Server time is what the server itself says (`Server-Timing`): from the request to the first
byte of the answer, waiting behind other readers included.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import psutil
import pymongo
from rich.console import Console
from rich.table import Table

from bench.seed import server
from fleet.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

AT_ONCE = 20
REQUESTS = 1200
WARM_UP = 40


@asynccontextmanager
async def serving(database: str, url: str) -> AsyncIterator[tuple[str, psutil.Process]]:
    """`fleet serve` over that database: its address and its process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet", "serve", "--port", "0"),
        env={**os.environ, "FLEET_DATABASE": database, "FLEET_MONGODB_URL": url},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        yield address.rstrip("/"), psutil.Process(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def pages(http: httpx.AsyncClient) -> dict[str, list[str]]:
    """Addresses of each kind of page, found through the API as a reader would."""
    scenarios = (await http.get("/api/attempts", params={"limit": 200})).json()["items"]
    flows = sorted({item["scenario_id"] for item in scenarios})[:60]
    older, cursors = "", []
    for _ in range(12):
        page = (await http.get("/api/attempts", params={"limit": 200, **cursor_of(older)})).json()
        older = page["older"] or ""
        cursors.append(older)
    return {
        "overview": [f"/?jours={days}" for days in (7, 30, 90)],
        "overview (en)": ["/en/?jours=90"],
        "prefecture": [f"/departement/{each.partition('/')[0]}" for each in flows],
        "flow": [f"/demarche/{each}?jours=90" for each in flows],
        "gallery": ["/galerie", "/galerie?verdict=slots", "/galerie?verdict=no_slots&heure=3"],
        "attempt": [f"/tentative/{item['id']}" for item in scenarios[:60]],
        "api attempts": [f"/api/attempts?limit=50&cursor={each}" for each in cursors if each],
        "api rates": ["/api/rates"],
    }


def cursor_of(cursor: str) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}


def server_ms(answer: httpx.Response) -> float:
    return float(answer.headers["server-timing"].partition("dur=")[2])


async def measure(database: str) -> None:
    settings = load_settings()
    async with (
        server(settings) as url,
        serving(database, url) as (address, process),
        httpx.AsyncClient(base_url=address, timeout=60) as http,
    ):
        kinds = await pages(http)
        rng = random.Random(1)
        asked = [(kind, rng.choice(kinds[kind])) for kind in list(kinds) * (REQUESTS // len(kinds))]
        rng.shuffle(asked)
        for kind in kinds:
            for path in kinds[kind][: WARM_UP // len(kinds)]:
                (await http.get(path)).raise_for_status()
        before = process.memory_full_info().pss / 2**20
        times: defaultdict[str, list[float]] = defaultdict(list)
        waiting = iter(asked)

        async def reader() -> None:
            for kind, path in waiting:
                answer = await http.get(path)
                answer.raise_for_status()
                times[kind].append(server_ms(answer))

        began = time.perf_counter()
        await asyncio.gather(*(reader() for _ in range(AT_ONCE)))
        seconds = time.perf_counter() - began
        after = process.memory_full_info().pss / 2**20
        tell(database, times, seconds, before, after)


def tell(
    database: str, times: dict[str, list[float]], seconds: float, before: float, after: float
) -> None:
    table = Table(box=None, header_style="bold")
    for column in ("page", "requests", "median ms", "p95 ms"):
        table.add_column(column, justify="left" if column == "page" else "right")
    every = [ms for each in times.values() for ms in each]
    for kind, each in [*times.items(), ("all", every)]:
        p95 = statistics.quantiles(each, n=20)[-1]
        table.add_row(kind, str(len(each)), f"{statistics.median(each):.0f}", f"{p95:.0f}")
    console = Console(highlight=False)
    console.print(f"{database}: server time at {AT_ONCE} requests at once")
    console.print(table)
    console.print(
        f"{len(every) / seconds:.0f} requests/s; memory of the server (PSS) {before:.0f} MB"
        f" before, {after:.0f} MB after"
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
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.seed", *wanted)
        if await process.wait():
            raise SystemExit(f"{database} could not be filled")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("databases", nargs="+")
    parser.add_argument(
        "--seed", type=int, default=0, help="attempts, for a database that is empty"
    )
    chosen = parser.parse_args()
    for name in chosen.databases:
        if chosen.seed:
            asyncio.run(seeded(name, chosen.seed))
        asyncio.run(measure(name))
