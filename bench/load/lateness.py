"""
`make lateness`: how late visits are, by the journal of the country that is visited.

    python -m bench.load.lateness [--minutes 15] [--hosts 100] [--flows 3]

The settings are those of a fleet that watches real sites; only the hosts are practice ones.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

from bench.faults.supervisor import end_in_order
from bench.faults.witnesses import Records
from bench.faults.world import World, machine
from fleet.models import now

PAUSE_S = 5.0
LEAST_GAP = timedelta(minutes=10)


def percentiles(values: Sequence[float]) -> str:
    """`p50 0.1 s, …`; how few they are is said beside it."""
    cuts = quantiles(values, n=100, method="inclusive")
    named = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(values)}
    return ", ".join(f"{name} {value:.2f} s" for name, value in named.items())


def report(records: Records) -> int:
    """Print what the journal says; how much of it must not be."""
    late: list[float] = []
    visited: set[tuple[str, datetime]] = set()
    by_flow: dict[str, list[datetime]] = {}
    for session in records.sessions:
        attempt = records.attempt_of(session)
        if attempt is None or attempt.due_at is None or attempt.number > 1:
            continue
        late.append((session.begin - attempt.due_at).total_seconds())
        visited.add((attempt.scenario_id, attempt.due_at))
        by_flow.setdefault(session.scenario_id, []).append(attempt.due_at)
    print(records.summary())
    if len(late) < 2:
        print("too few visits for a figure")
        return 1
    print(f"first request after the due time, {len(late)} visits: {percentiles(late)}")
    print(f"due times visited: {len(visited & records.due)} of {len(records.due)}")
    between = [(other - one) for own in by_flow.values() for one, other in pairwise(sorted(own))]
    least = f"{min(between).total_seconds() / 60:.1f} min" if between else "no flow was due twice"
    print(f"least gap between two due times of a flow: {least}")
    pauses = [
        (other.begin - one.end).total_seconds()
        for own in records.by_host().values()
        for one, other in pairwise(own)
    ]
    short = sum(each < PAUSE_S for each in pauses)
    print(
        f"shortest pause between two visits of a host: "
        f"{f'{min(pauses):.1f} s' if pauses else 'no host was visited twice'}"
        f" ({len(pauses)} pauses, {short} shorter than {PAUSE_S:g} s)"
    )
    wrong = {**records.wrong(), "pauses too short": short}
    wrong["gaps too short"] = sum(each < LEAST_GAP for each in between)
    print("; ".join(f"{n} {what}" for what, n in wrong.items()))
    return sum(wrong.values())


async def main(given: argparse.Namespace, folder: Path) -> int:
    end_in_order()
    country = ("--hosts", str(given.hosts), "--flows", str(given.flows))
    world = World(folder, country, {})
    print(f"{given.hosts * given.flows} flows, {given.minutes:g} minutes, {machine()}", flush=True)
    async with world.running():
        end = now() + timedelta(minutes=given.minutes)
        while now() < end:
            await asyncio.sleep(min(60, max(0.1, (end - now()).total_seconds())))
            print(f"{now():%H:%M:%S}  {machine()}", flush=True)
        stopped = await world.fleet.stop()
        await world.served()
    async with world.records() as store:
        records = await Records.of(store, world.fleet.log, world.requests.values(), world.forms)
    return int(bool(report(records) or stopped or world.tripwires))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.load.lateness", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--flows", type=int, default=3)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lateness-")))
        code = asyncio.run(main(options, home))
    sys.exit(code)
