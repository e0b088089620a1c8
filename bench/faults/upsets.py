"""
What `bench.faults.faults` does to a fleet besides signals: its clock is set, its loop stands, a
second fleet takes its place while it is frozen, files that it had kept are damaged.

Each gives what was not as it must be, one line for each.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from bench.faults.supervisor import Program, events, said
from bench.faults.world import DATABASE, World
from fleet.engine.spool_format import read_item
from fleet.models.attempt import Capture
from fleet.models.event import EventKind
from fleet.models.missed import MissReason
from fleet.system.pulse import STILL_S, STUCK

if TYPE_CHECKING:
    from bench.faults.witnesses import Records
    from fleet.storage.store import Store

ON_S = 150.0
"""A fleet that has not gone on by then never will."""

JUMPS = ((3600, 15), (-3600, 40), (3600, 40), (-7200, 40), (90_000, 25), (-90_000 + 3600, 40))
"""By how much the clock is set, and how long it stays."""

HELD = """
from datetime import UTC, datetime
from fleet import Outcome, Visit, scenario

@scenario(department=guichet_1.department, flow="tenu", title="Tenu", url=guichet_1.url)
async def tenu(visit: Visit) -> Outcome:
    end = datetime.now(UTC).timestamp() + {seconds}
    while datetime.now(UTC).timestamp() < end:
        pass
    return await visit.decide()
"""
"""A scenario that holds the event loop for so long, at every visit."""


async def clock_jumps(world: World, clock: Path) -> list[str]:
    """The fleet's clock is set again and again; visits go on each time."""
    wrong, total = [], 0
    await asyncio.sleep(15)
    for seconds, stays_s in JUMPS:
        total += seconds
        clock.write_text(f"{total:+d}")  # noqa: ASYNC240 (a few bytes)
        before, at = said(world.fleet.log, "attempt"), time.monotonic()
        await asyncio.sleep(stays_s)
        made = said(world.fleet.log, "attempt") - before
        print(f"clock set by {seconds:+d} s: {made} attempts in {stays_s} s", flush=True)
        if not made and stays_s > 30:
            wrong.append(f"no visit within {time.monotonic() - at:.0f} s of {seconds:+d} s")
    return wrong


async def after_jumps(store: Store, records: Records, least: timedelta) -> list[str]:
    """What the accounts say of the jumps; gaps are those that the sites saw."""
    wrong = []
    told = [e for e in await store.events.latest(1000) if e.kind is EventKind.CLOCK_JUMPED]
    if len(told) != len(JUMPS):
        wrong.append(f"{len(told)} events of {len(JUMPS)} jumps")
    early = [a for a in records.attempts if a.due_at and a.due_at > a.started_at]
    wrong += [f"{a.scenario_id} was visited before it was due, at {a.started_at}" for a in early]
    if not any("clock_jump_s" in a.facts for a in records.attempts):
        wrong.append("no attempt tells of a jump")
    flows: dict[str, list[datetime]] = {}
    for session in records.sessions:
        flows.setdefault(session.scenario_id, []).append(session.begin)
    first = {name: sorted(times) for name, times in flows.items()}
    retries = {a.scenario_id for a in records.attempts if a.number > 1}
    gaps = [b - a for name, own in first.items() if name not in retries for a, b in pairwise(own)]
    print(f"least gap between two visits of a flow, by the sites: {min(gaps)}; planned {least}")
    if min(gaps) < least - timedelta(seconds=2):  # a visit begins later than it is handed over
        wrong.append(f"two visits of a flow within {min(gaps)}")
    late = sum(m.why is MissReason.LATE for m in records.missed)
    return wrong + ([f"{late} due times are called late"] if late else [])


async def stalls(world: World, address: str) -> list[str]:
    """The event loop stands for 7 s, then for good; the others go on without who held it."""
    wrong: list[str] = []
    path = min((world.folder / "scenarios").glob("d*_country.py"))
    text = path.read_text()
    for seconds in (7, 600):
        ends, spoke = len(world.fleet.ends), said(world.fleet.log, "the event loop stood still")
        path.write_text(text + HELD.format(seconds=seconds))
        at = time.monotonic()
        while (answer := await health(address)).get("ready") is not False:
            if time.monotonic() - at > ON_S:
                return [*wrong, "no visit holds the loop, or health does not say so"]
            await asyncio.sleep(0.5)
        print(f"loop stands: {answer}", flush=True)
        at = time.monotonic()
        if seconds > STILL_S * 2:
            await world.until(partial(has_ended, world, ends), "it does not end", ON_S)
            code = world.fleet.ends[-1].code
            print(f"ended after {time.monotonic() - at:.0f} s with code {code}", flush=True)
            wrong += [f"ended with code {code}"] if code != STUCK else []
            if not said(world.fleet.log, "the event loop stands; this process ends"):
                wrong.append("it ended silently")
        else:
            await world.until(partial(has_told, world, spoke), "it is not told that it stood")
    before = said(world.fleet.log, "attempt")
    await world.until(lambda: said(world.fleet.log, "attempt") > before + 3, "no more", ON_S)
    print(f"visits go on {time.monotonic() - at:.0f} s after it stood", flush=True)
    if not said(world.fleet.log, "in quarantine until its file changes"):
        wrong.append("who held it is not in quarantine")
    return wrong


def has_ended(world: World, times: int) -> bool:
    return len(world.fleet.ends) > times


def has_told(world: World, times: int) -> bool:
    return said(world.fleet.log, "the event loop stood still") > times


async def health(address: str) -> dict[str, Any]:
    """What the fleet says of itself; not ready if it says nothing."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=9)) as http,
            http.get(f"http://{address}/healthz/ready") as got,
        ):
            return dict(await got.json())
    except (aiohttp.ClientError, TimeoutError) as exc:
        return {"ready": False, "problem": type(exc).__name__}


async def two_fleets(world: World) -> list[str]:
    """The first is frozen in visits, a second with a data folder of its own takes its place."""
    wrong: list[str] = []
    environment = {**world.environment, "FLEET_DATA_DIR": str(world.folder / "second")}
    environment.pop("FLEET_LISTEN", None)
    second = Program(
        (sys.executable, "-m", "fleet", "watch"), environment, world.folder / "second.log"
    )
    await asyncio.sleep(15)
    await world.until(world.visiting, "no visit", ON_S)
    frozen = world.fleet.pid
    os.kill(frozen, signal.SIGSTOP)
    second.start()
    try:
        await world.until(lambda: said(second.log, "attempt") >= 5, "no second fleet", ON_S)
        os.kill(frozen, signal.SIGCONT)
        await world.until(lambda: world.fleet.ends, "the first does not end", ON_S)
        print(f"the first ended with code {world.fleet.ends[0].code}", flush=True)
        status = await world.ask(lambda store: store.watch_state.status())
        if status is None or status.stopped or status.pid != second.pid:
            wrong.append(f"status is not that of the second: {status}")
    finally:
        await second.stop()
    with world.fleet.log.open("ab") as log:
        log.write(second.log.read_bytes())  # what it calls kept must be kept too
    before = said(world.fleet.log, "attempt")
    await world.until(lambda: said(world.fleet.log, "attempt") > before + 3, "no more", ON_S)
    return wrong


async def damaged_spool(world: World) -> set[str]:
    """Attempts that wait while MongoDB is away are damaged: their due times."""
    await asyncio.sleep(10)
    await world.mongodb.stop()
    spool = world.data / "watch" / DATABASE / "spool"
    await world.until(lambda: len(list(spool.glob("*attempt*.zip"))) >= 5, "nothing waits", ON_S)
    hurt = set()
    for number, path in enumerate(sorted(spool.glob("*attempt*.zip"))[:3]):
        item = read_item(path)
        assert isinstance(item, Capture)
        hurt.add(f"{item.attempt.scenario_id} {item.attempt.due_at}")
        content = path.read_bytes()
        path.write_bytes((b"\0" * len(content), content[:100], content[:-200])[number])
    print(f"damaged in the spool: {sorted(hurt)}", flush=True)
    world.mongodb.start()
    await world.until(lambda: said(world.fleet.log, "MongoDB is back"), "MongoDB is not noticed")
    await asyncio.sleep(10)
    return hurt


def after_damage(hurt: set[str], records: Records) -> list[str]:
    """The due times of damaged files must be called lost, and nothing else."""
    lost = {f"{m.scenario_id} {m.due_at}" for m in records.missed if m.why is MissReason.LOST}
    return [f"{each}: damaged, and not called lost" for each in sorted(hurt - lost)] + [
        f"{each}: called lost" for each in sorted(lost - hurt)
    ]


async def damaged_storage(world: World) -> list[str]:
    """An index of `runs` is overwritten while MongoDB is off: who reads it says so."""
    async with world.records() as store:
        stats = await store._db.command("collStats", "runs", indexDetails=True)
        uri = str(stats["indexDetails"]["_id_"]["uri"]).rpartition(":")[2]
    path = next((world.folder / "mongodb").rglob(f"{uri}.wt"))
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\x5a" * (len(content) - 4096))
    async with world.records():
        verified = await world.command("verify")
        examined = await world.command("doctor", "--database")
    print(" ".join(verified[1].split())[-400:], " ".join(examined[1].split())[:400], sep="\n")
    wrong = [] if examined[0] == 1 else ["fleet doctor --database finds nothing"]
    if "Nothing was altered" in verified[1] and " runs," not in verified[1]:
        wrong.append("fleet verify does not say that it did not read it")
    return wrong


def spoken(log: Path) -> list[str]:
    """Errors that the fleet logged, for the report."""
    return sorted({str(e["event"]) for e in events(log) if e.get("level") == "error"})
