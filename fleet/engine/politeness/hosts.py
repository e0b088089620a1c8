"""
Politeness: when a host may be visited, known to every fleet of the machine and after a restart.

One visit of a host at a time, a pause after each, a budget for the hour, and a breaker: a host
that refuses or fails is left alone, longer each time; then one visit is let through and decides.
That it is one needs no count: visits of a host follow each other, and each asks again in its
turn. A visit has a turn at every host that it asks for a document (`visit_turns.py`). Which
verdict costs what: docs/conduct.md.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from fleet.engine.politeness.host import HOUR, Host
from fleet.engine.politeness.robots import RobotsAnswer, RobotsBook
from fleet.models import now as real_now
from fleet.models.address import host_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import datetime, timedelta
    from pathlib import Path

    from fleet.engine.politeness.host import HostLimits, HostState
    from fleet.models import Scenario


class Hosts:
    """
    The hosts of the catalogue; all fleets that are given the same folder share what is known.

    Args:
        folder: made when it is needed; None: nothing is kept or shared (practice, tests).
        now, sleep: the clock, and how to wait by it.
        steady: seconds that only go forward; None: the machine's, if `now` is the machine's too.
    """

    def __init__(
        self,
        courtesy: HostLimits,
        folder: Path | None,
        *,
        now: Callable[[], datetime] = real_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self.courtesy = courtesy
        self.robots = RobotsBook(folder and folder / "robots")
        self._folder, self._now, self._sleep, self._steady = folder, now, sleep, steady
        self._hosts: dict[str, Host] = {}

    def of(self, scenario: Scenario) -> Host:
        """The host that a visit of `scenario` presses on; the same object each time."""
        return self.named(host_of(scenario.url))

    def named(self, name: str) -> Host:
        """The host of this name; the same object each time."""
        if name not in self._hosts:
            self._hosts[name] = Host(
                name,
                self.courtesy,
                self._folder,
                now=self._now,
                sleep=self._sleep,
                steady=self._steady,
            )
        return self._hosts[name]

    def knows(self, name: str) -> bool:
        """Whether this host was ever visited, or asked for here."""
        path = self._folder and self._folder / f"{quote(name, safe='')}.json"
        return name in self._hosts or (path is not None and path.exists())

    def leads(self, scenario: Scenario) -> tuple[str, ...]:
        """The addresses at other hosts to which visits of this scenario were led of late."""
        return self.of(scenario).leads(scenario.url)

    def all(self) -> list[HostState]:
        """What is known of every host that was ever visited or asked for here, by name."""
        files = self._folder.rglob("*.json") if self._folder else ()
        names = {*self._hosts, *(unquote(path.stem) for path in files)}
        return [self.named(name).state(self._found(name)) for name in sorted(names)]

    def disallowed(self, scenario: Scenario) -> str | None:
        """One sentence if the host's robots.txt forbids this scenario's address; else None."""
        words = self.disallows(scenario.url)
        return f"{scenario.id}: {words}" if words else None

    def disallows(self, url: str) -> str | None:
        """One sentence if its host's robots.txt forbids this address; else None."""
        name = host_of(url)
        if self.robots.says(name, url) is not RobotsAnswer.DISALLOWED:
            return None
        return (
            f"robots.txt of {name} disallows {urlsplit(url).path or '/'}"
            " for PrefectureFleet; not visited. Ask the site to allow it for that name"
        )

    def _found(self, name: str) -> str:
        robots = self.robots.of(name)
        if robots is None or robots.read_at is None:
            return RobotsAnswer.UNREAD if robots is None else RobotsAnswer.UNREADABLE
        return RobotsAnswer.NONE if robots.text is None else "found"


def over_budget(
    scenarios: Iterable[Scenario], mean_gap: timedelta, budget: int | None
) -> list[tuple[str, float]]:
    """
    Hosts that a catalogue with this mean gap asks for more visits an hour than `budget`.

    Each with the visits an hour that are asked for, retries apart; the most asked first.
    """
    if budget is None:
        return []
    flows = Counter(host_of(scenario.url) for scenario in scenarios)
    asked = {host: count * (HOUR / mean_gap) for host, count in flows.items()}
    return sorted(
        ((host, visits) for host, visits in asked.items() if visits > budget),
        key=lambda each: (-each[1], each[0]),
    )
