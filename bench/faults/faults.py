"""
`make faults`: Chromium, driver, MongoDB and fleet are killed, frozen and ended while it watches.

    python -m bench.faults.faults [--minutes 5] [--seed N] \
        [--embedded | --mongodb-away S | --full-disk | --upset clock|loop|fleets|spool]

Afterwards every due time must have ended exactly once, no finished attempt may be lost, and no
process, file or page may be left behind. Exit code 1 if one is.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import psutil

from bench.faults.country import forms
from bench.faults.outages import full_disk, mongodb_away, small_disk
from bench.faults.supervisor import end_in_order, events, free_port, said
from bench.faults.upsets import (
    after_damage,
    after_jumps,
    clock_jumps,
    damaged_spool,
    damaged_storage,
    spoken,
    stalls,
    two_fleets,
)
from bench.faults.witnesses import Records, counted, unreadable
from bench.faults.world import World, machine
from fleet.models import Attempt, Verdict, now
from fleet.practice import Offers, always, never

if TYPE_CHECKING:
    from fleet.storage.store import Store

HOSTS, FLOWS = 12, 2
COUNTRY = ("--hosts", str(HOSTS), "--flows", str(FLOWS), "--faults")
SETTINGS: dict[str, object] = {
    "MEAN_GAP_MINUTES": 0.5,
    "MIN_GAP_MINUTES": 0.1,
    "PAUSE_S": 0.2,
    "HOST_VISITS_PER_HOUR": 3600,
    "DEADLINE_S": 20,
    "ANSWER_TIMEOUT_S": 5,
    "CLOSE_S": 5,
    "RETRY_WAIT_S": 2,
    "GRACE_S": 10,
}
LEAST = timedelta(minutes=0.1)
"""`MIN_GAP_MINUTES`."""

PARTS = ("Chromium", "driver", "mongod", "fleet")
SIGNALS = (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM)
TRUE_OF_A_HEALTHY_SITE = (Verdict.SLOTS, Verdict.NO_SLOTS, Verdict.CRASHED)
FROZEN_S = 30.0
RECOVERED_S = 150.0
"""What has not recovered by then never will."""


@dataclass(slots=True)
class Blow:
    """A signal to a part, and what came of it; times are seconds after it."""

    part: str
    number: signal.Signals
    at: datetime
    visiting: int
    gone_s: float | None = None
    recovered_s: float | None = None


def target(world: World, part: str) -> psutil.Process | None:
    """The process that stands for a part at this moment; None if it is between two starts."""
    if part == "mongod":
        return world.server()
    found = {"Chromium": world.browsers, "driver": world.drivers, "fleet": world.of_fleet}[part]()
    return found[0] if found else None


async def strike(world: World, part: str, number: signal.Signals) -> Blow:
    """Signal a part, and wait until visits end well again."""
    await world.until(lambda: target(world, part), f"there is no {part}", RECOVERED_S)
    process = target(world, part)
    assert process is not None
    blow = Blow(part, number, now(), world.visiting())
    clock = time.monotonic()
    process.send_signal(number)
    frozen = number is signal.SIGSTOP
    while time.monotonic() - clock < RECOVERED_S:
        passed = time.monotonic() - clock
        if frozen and passed >= FROZEN_S:
            frozen = False
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGCONT)
        if blow.gone_s is None and not alive(process):
            blow.gone_s = passed
        # a MongoDB that is frozen does not answer, and asking it takes as long
        if blow.recovered_s is None and not (frozen and part == "mongod"):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(5):
                    if await world.ask(lambda store: ended_well(store, blow.at)):
                        blow.recovered_s = time.monotonic() - clock
        if blow.recovered_s is not None and not frozen:
            break
        await asyncio.sleep(0.25)
    return blow


async def ended_well(store: Store, since: datetime) -> bool:
    """Whether an attempt that began after `since` is kept, and did not crash."""
    async for attempt in store.attempts.find(since=since):
        if attempt.verdict is not Verdict.CRASHED:
            return True
    return False


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


async def every_blow(world: World, random: Random, minutes: float) -> list[Blow]:
    """Each part with each signal, in random order at random moments; then more until time is up."""
    end = time.monotonic() + 60 * minutes
    cells = [(part, number) for part in PARTS for number in SIGNALS]
    random.shuffle(cells)
    blows = []
    while cells or time.monotonic() < end:
        await asyncio.sleep(random.uniform(1, 6))
        part, number = cells.pop() if cells else (random.choice(PARTS), random.choice(SIGNALS))
        blow = await strike(world, part, number)
        print(line(blow), flush=True)
        blows.append(blow)
    return blows


def line(blow: Blow) -> str:
    gone = "-" if blow.gone_s is None else f"{blow.gone_s:.1f}"
    well = "NEVER" if blow.recovered_s is None else f"{blow.recovered_s:.1f}"
    return (
        f"{blow.at:%H:%M:%S}  {blow.number.name:7} {blow.part:8}  visits under way"
        f" {blow.visiting}  gone after {gone:>5} s  recovered after {well:>5} s"
    )


async def finish(world: World) -> dict[str, int]:
    """Stop the fleet, put the accounts in order with a last short one; what was left behind."""
    stopped = now()
    first = await world.fleet.stop()
    if not world.embedded and not world.mongodb.pid:
        await world.until(lambda: world.mongodb.pid, "MongoDB does not start")
    began = said(world.fleet.log, "watching")
    world.fleet.start()
    await world.until(lambda: said(world.fleet.log, "watching") > began, "no last start")
    await asyncio.sleep(3)
    last = await world.fleet.stop()
    await world.served()
    await asyncio.sleep(1)
    print(f"stopped at {stopped:%H:%M:%S}; left {world.left()}, zombies {sorted(world.zombies)}")
    return {
        "exit codes of the last stops that are not 0": sum(map(bool, (first, last))),
        "tripwires": world.tripwires,
        "zombies": len(world.zombies),
        "processes and temporary files left behind": len(world.left()),
    }


async def upset(world: World, what: str, address: str) -> tuple[list[str], set[str]]:
    """Do it; what was not as it must be, and the due times whose files were damaged."""
    match what:
        case "clock":
            return await clock_jumps(world, world.folder / "clock"), set()
        case "loop":
            return await stalls(world, address), set()
        case "fleets":
            return await two_fleets(world), set()
    return [], await damaged_spool(world)


async def after_upset(world: World, what: str, hurt: set[str]) -> tuple[dict[str, int], list[str]]:
    """The accounts after it: those of clocks that were set know no true times."""
    print(f"errors in the log: {spoken(world.fleet.log)}")
    async with world.records() as store:
        records = await Records.of(store, world.fleet.log, world.requests.values(), world.forms)
        code, output = await world.command("verify")
        wrong = {**records.wrong(), "fleet verify says altered": code}
        unlike = after_damage(hurt, records)
        if what == "clock":
            unlike += await after_jumps(store, records, LEAST)
            for name in ("requests of no attempt", "retries without a first try"):
                wrong.pop(name)
            # what was linked while the clock was a day ahead was sealed before that: it says so
            if output.rstrip().endswith("its times cannot be true."):
                wrong["fleet verify says altered"] = 0
        wrong["finished attempts lost"] -= len(hurt)
    print(records.summary(), " ".join(output.split())[-200:], sep="\n")
    if what == "spool":
        unlike += await damaged_storage(world)
    return wrong, unlike


async def judged(world: World, blows: list[Blow]) -> dict[str, int]:
    """The accounts of a world that has ended."""
    async with world.records() as store:
        records = await Records.of(store, world.fleet.log, world.requests.values(), world.forms)
        status = await store.watch_state.status()
        code, output = await world.command("verify")
        wrong = {
            **records.wrong(),
            **blamed(records.attempts),
            "files that cannot be read": await unreadable(store, records.attempts),
            "pages open at the end": status.open_pages if status and status.stopped else 1,
            "fleet verify says altered": code,
            "minutes before the last stop that are not accounted for": int(
                (world.fleet.ends[-1].at - records.until) / timedelta(minutes=1)
            ),
            "files left in the spool": len(world.spooled()),
            "errors of our own in the log": sum(
                each["event"] == "a visit failed" for each in events(world.fleet.log)
            ),
            "parts that never recovered": sum(each.recovered_s is None for each in blows),
            "attempts of a flow out of order": await disorder(store),
        }
    for number, blow in enumerate(blows):
        end = blows[number + 1].at if number + 1 < len(blows) else records.until
        crashed = sum(
            a.verdict is Verdict.CRASHED
            and blow.at <= a.started_at + timedelta(seconds=a.seconds) < end
            for a in records.attempts
        )
        misses = Counter(m.why.value for m in records.missed if blow.at <= m.noted_at < end)
        print(f"{line(blow)}  crashed {crashed}, missed: {counted(misses)}")
    print(records.summary())
    for session in records.unexplained():
        print(f"requests of no attempt: {session}")
    print(" ".join(output.split()))
    return wrong


def blamed(attempts: Sequence[Attempt]) -> dict[str, int]:
    """Verdicts that are not true of the country: wrong answers, failures of sites that are well."""
    never_right: dict[Offers, Verdict] = {never: Verdict.SLOTS, always: Verdict.NO_SLOTS}
    known = {f"{each.department}/{each.flow}": each for each in forms(HOSTS, FLOWS, faults=True)}
    answers = failures = 0
    for attempt in attempts:
        form = known[attempt.scenario_id]
        answers += attempt.verdict is never_right.get(form.plannings[0].offers)
        failures += not form.faults and attempt.verdict not in TRUE_OF_A_HEALTHY_SITE
    return {"wrong answers": answers, "failures put down to a healthy site": failures}


async def disorder(store: Store) -> int:
    """Attempts that stand in their flow's chain before one that began earlier."""
    begun = {a.id: a.started_at async for a in store.attempts.find()}
    links = {each: link for each, (link, _) in (await store.ledger.links_of(list(begun))).items()}
    chains: dict[str, list[tuple[int, datetime]]] = {}
    for attempt_id, link in links.items():
        chains.setdefault(link.scenario_id, []).append((link.number, begun[attempt_id]))
    return sum(
        one[1] > other[1]
        for chain in chains.values()
        for one, other in zip(sorted(chain), sorted(chain)[1:], strict=False)
    )


async def main(given: argparse.Namespace, folder: Path) -> int:
    end_in_order()
    random = Random(given.seed)
    print(f"seed {given.seed}, {machine()}, {folder}", flush=True)
    address = f"127.0.0.1:{free_port()}"
    with contextlib.ExitStack() as stack:
        more: dict[str, object] = {"LISTEN": address}
        if given.full_disk:
            stack.enter_context(small_disk(folder / "disk", 60))
            more["DISK_FREE_MB"] = 10
        world = World(
            folder,
            COUNTRY,
            {**SETTINGS, **more},
            embedded=given.embedded,
            data=folder / "disk" if given.full_disk else None,
            clock=folder / "clock" if given.upset == "clock" else None,
        )
        hurt: set[str] = set()
        blows: list[Blow] = []
        unlike: list[str] = []
        async with world.running():
            if given.mongodb_away:
                away = await mongodb_away(world, given.mongodb_away)
            elif given.upset:
                unlike, hurt = await upset(world, given.upset, address)
            elif given.full_disk:
                unlike = await full_disk(world, 30, address)
            else:
                blows = await every_blow(world, random, given.minutes)
            wrong = await finish(world)
        if given.upset:
            more_wrong, more_unlike = await after_upset(world, given.upset, hurt)
            wrong, unlike = wrong | more_wrong, unlike + more_unlike
        else:
            wrong |= await judged(world, blows)
        wrong["not as said"] = len(unlike)
        if given.mongodb_away:
            async with world.records() as store:
                begun = [a.started_at async for a in store.attempts.find()]
            print(f"{sum(away[0] <= at < away[1] for at in begun)} attempts of the time without it")
    print("; ".join(f"{n} {what}" for what, n in wrong.items()))
    print(*unlike, sep="\n", end="")
    return int(any(wrong.values()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.faults.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10_000)
    parser.add_argument("--embedded", action="store_true", help="the fleet's own MongoDB")
    parser.add_argument("--mongodb-away", type=float, metavar="S", help="only this, for S seconds")
    parser.add_argument("--full-disk", action="store_true", help="only this; needs root")
    upsets = ("clock", "loop", "fleets", "spool")
    parser.add_argument("--upset", choices=upsets, help="only this")
    parser.add_argument("--keep", action="store_true", help="leave the folder with all logs")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        code = asyncio.run(main(options, home))
    finally:
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)
    sys.exit(code)
