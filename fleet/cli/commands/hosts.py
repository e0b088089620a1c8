"""`fleet hosts`: which hosts may be visited now, how often they are, what their robots.txt says."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from fleet.bootstrap.catalogue import catalogue_of
from fleet.bootstrap.visits import hosts_of
from fleet.cli.console import Console
from fleet.engine.politeness.host import HostState
from fleet.engine.politeness.hosts import over_budget
from fleet.engine.politeness.robots import RobotsAnswer
from fleet.models import PARIS
from fleet.models.text import visible

if TYPE_CHECKING:
    from fleet.models import Scenario
    from fleet.settings import Settings


def show(settings: Settings, *, as_json: bool) -> None:
    """Print a line for each host that the catalogue visits or that was visited before."""
    scenarios = catalogue_of(settings).scenarios
    known, budget = hosts_of(settings, practice=False), settings.host_visits_per_hour
    flows: defaultdict[str, list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        flows[known.of(scenario).name].append(scenario)
    says = {
        name: Counter(known.robots.says(name, scenario.url) for scenario in own)
        for name, own in flows.items()
    }
    states = sorted(known.all(), key=lambda state: (state.cooling_until is None, state.host))
    if as_json:
        for state in states:
            print(json.dumps(_plain(state, len(flows[state.host]), says.get(state.host))))
        return
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    # names of hosts are long: in a narrow terminal they are folded, not what is said of them
    table.add_column("host", overflow="fold")
    table.add_column("flows", justify="right", no_wrap=True)
    table.add_column("visits/h", justify="right", no_wrap=True)
    table.add_column("robots.txt", overflow="fold", min_width=10)
    table.add_column("now", overflow="fold", min_width=14)
    for state in states:
        table.add_row(
            state.host,
            str(len(flows[state.host])),
            f"{state.visits_last_hour} of {budget or 'any'}",
            _robots(state, says.get(state.host, Counter())),
            _now(state),
        )
    console.print(table)
    gap = timedelta(minutes=settings.mean_gap_minutes)
    for host, asked in over_budget(scenarios, gap, budget):
        console.print(
            f"{host} is asked for {asked:.0f} visits an hour, and {budget} are allowed: what is"
            " over is missed. Raise FLEET_MEAN_GAP_MINUTES, or take flows out",
            style="yellow",
            soft_wrap=True,
        )


def _robots(state: HostState, says: Counter[RobotsAnswer]) -> Text:
    """`allows 4`, `disallows 1`, or what is known of the file."""
    if state.robots != "found":
        return Text(state.robots, style="dim")
    words = [f"allows {n}" for n in [says[RobotsAnswer.ALLOWED]] if n]
    words += [f"disallows {n}, not visited" for n in [says[RobotsAnswer.DISALLOWED]] if n]
    return Text(
        "; ".join(words) or "found", style="yellow" if says[RobotsAnswer.DISALLOWED] else ""
    )


def _now(state: HostState) -> Text:
    why = visible(str(state.why))
    if state.cooling_until is not None:
        until = state.cooling_until.astimezone(PARIS)
        return Text(f"left alone until {until:%d/%m %H:%M} Paris: {why}", style="yellow")
    if state.failures:
        return Text(f"may be visited; {state.failures} failed since an answer: {why}")
    return Text("may be visited")


def _plain(state: HostState, flows: int, says: Counter[RobotsAnswer] | None) -> dict[str, object]:
    until = state.cooling_until
    return {
        **dataclasses.asdict(state),
        "cooling_until": until.astimezone(UTC).isoformat() if until else None,
        "flows": flows,
        "disallowed": says[RobotsAnswer.DISALLOWED] if says else 0,
    }
