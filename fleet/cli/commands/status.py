"""`fleet status`: how the watching fleet stands."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from fleet.bootstrap.store import open_store
from fleet.cli.console import Console
from fleet.models import PARIS, now
from fleet.models.text import visible, visible_json
from fleet.system.terminal import for_programs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.models.status import Status
    from fleet.settings import Settings


async def status(settings: Settings, as_json: bool) -> bool:
    """Print how the watching fleet stands; whether it lives and is ready."""
    async with open_store(settings) as store:
        found = await store.watch_state.status()
    if as_json:
        said = visible_json(found.model_dump_json()) if found else "null"
        print(said, file=for_programs(sys.stdout))
    else:
        print_status(Console(highlight=False), found, now())
    return found is not None and not (found.stopped or found.stale(now())) and found.ready


def print_status(console: Console, status: Status | None, at: datetime) -> None:
    """Print it for a person."""
    if status is None:
        console.print("No fleet has watched this database yet. Start one with: fleet watch")
        return
    age = span(status.age(at))
    if status.stopped:
        console.print(f"Stopped {age} ago. Start it with: fleet watch", style="bold yellow")
    elif status.stale(at):
        odd = " (from a time to come)" if status.age(at) < timedelta(0) else ""
        console.print(
            f"No sign of life for {age}{odd}: the fleet has ended, hangs, or is cut off from"
            " MongoDB. See its log; start it with: fleet watch",
            style="bold red",
            soft_wrap=True,
        )
    elif status.problem:
        console.say(f"Not ready: {status.problem}", style="bold yellow")
    else:
        console.print("Watching.", style="bold green")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, words in _rows(status, at):
        table.add_row(name, Text(visible(words)))
    console.print(table)


def _rows(status: Status, at: datetime) -> list[tuple[str, str]]:
    late = status.lateness_s
    waits = f", the oldest for {span(at - status.spool_oldest)}" if status.spool_oldest else ""
    rows = [
        ("last sign of life", f"{span(status.age(at))} ago"),
        ("since", f"{_paris(status.since)}, on {status.machine}, process {status.pid}"),
        ("flows", str(status.scenarios)),
        ("next visit due", _paris(status.next_due) if status.next_due else "none"),
        ("lateness", f"half ≤ {late[0]:.1f} s, 99 in 100 ≤ {late[1]:.1f} s" if late else "–"),
        ("attempts", _counts(status.verdicts)),
        ("missed", _counts(status.misses)),
        ("pages open", f"{status.open_pages} of {status.allowed_pages} ({status.pressure})"),
        ("due, not begun", str(status.waiting)),
        ("spool", f"{status.spool_items} items, {status.spool_bytes / 1e6:.1f} MB{waits}"),
        *_aside(status),
        ("browser restarts", _counts(status.browser_restarts)),
    ]
    cooling = [(each.host, f"until {_paris(each.until)}: {each.why}") for each in status.cooling]
    return rows + [("left alone", f"{host} {words}") for host, words in cooling]


def _aside(status: Status) -> list[tuple[str, str]]:
    """What no draining brings into MongoDB: somebody has to look."""
    aside = {
        "refused by MongoDB": status.spool_refused,
        "damaged": status.spool_damaged,
        "visited twice": status.spool_twice,
    }
    if not any(aside.values()):
        return []
    return [("set aside", f"{_counts(aside)}: see the folders beside the spool")]


def _counts(counts: Mapping[str, int]) -> str:
    found = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{name} {n}" for name, n in found) or "none"


def _paris(at: datetime) -> str:
    return f"{at.astimezone(PARIS):%d/%m/%Y %H:%M:%S} Paris time"


def span(length: timedelta) -> str:
    """A length of time in the two largest units that it has: `2 d 3 h`, `45 s`."""
    seconds = max(0, int(length.total_seconds()))
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        if seconds >= size or (name == "s" and not parts):
            parts.append(f"{seconds // size} {name}")
            seconds %= size
    return " ".join(parts[:2])
