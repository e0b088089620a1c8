"""
Whether the fleet itself reaches anything: what other visits saw lately, and what this machine says.

A visit that got no document asks here before a site is blamed (`rules.net_errors`). No stranger is
asked: other sites are only looked at when they are visited anyway, names go to the system's own
resolver, and the rest is in the kernel.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet.models import now as real_now
from fleet.models.address import host_of
from fleet.rules.net_errors import Doubt, NetworkKnowledge, is_near
from fleet.system import network
from fleet.system.clock import read_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from fleet.models import Served
    from fleet.models.circumstances import Clock

FRESH = timedelta(seconds=30)
"""A document that came no longer ago shows that the network works."""

LATELY = timedelta(minutes=5)

ASK_S = 6.0
"""How long a name server, or a site in a handshake, may take to answer."""

SETTLE_S = 5.0
"""How long other visits under way are waited for: they may be about to hear something."""

POLL_S = 0.1

MOST_ASKED = 3
"""Names of other sites that the resolver is asked for at once."""

WRONG = timedelta(hours=1)
"""A clock that is off by more makes certificates invalid that are not."""


@dataclass(slots=True)
class _UnderWay:
    host: str
    served: Sequence[Served]
    since: datetime
    asked: bool = False


@dataclass(slots=True)
class Reachability:
    """
    What all visits of one process saw, as `NetworkWitness`.

    Args:
        hosts: names of the sites of the catalogue, which the resolver may be asked for.
        proxied: whether a proxy stands between: then the machine's own ways say nothing.
        kernel: says whether something keeps this machine's clock right.
    """

    hosts: Callable[[], Iterable[str]] = tuple
    proxied: bool = False
    now: Callable[[], datetime] = real_now
    kernel: Callable[[], Clock] = read_clock
    _visits: list[_UnderWay] = field(default_factory=list)
    _answered: dict[str, datetime] = field(default_factory=dict)
    _offsets: dict[str, float] = field(default_factory=dict)
    _failed: dict[str, datetime] = field(default_factory=dict)
    _resolved: tuple[datetime, tuple[bool | None, bool | None]] | None = None

    def begin(self, url: str, served: Sequence[Served]) -> None:
        """A visit of `url` begins, whose documents come to `served`."""
        self._visits.append(_UnderWay(host_of(url), served, self.now()))

    def end(self, served: Sequence[Served]) -> None:
        """That visit has ended."""
        self._look()
        self._visits = [each for each in self._visits if each.served is not served]

    def forget(self) -> None:
        """Nothing that was heard is of any use: the clock was set meanwhile."""
        for known in (self._answered, self._failed, self._offsets):
            known.clear()
        self._resolved = None

    async def known(self, url: str, served: Sequence[Served], doubt: Doubt) -> NetworkKnowledge:
        """What is known now that `url` gave no document to the visit whose documents are these."""
        host = host_of(url)
        if doubt is Doubt.CLOCK:
            return NetworkKnowledge(clock_right=await self._clock_right(host, url))
        if is_near(host):
            return NetworkKnowledge(near=True)
        self._failed[host] = since = self.now()
        for each in self._visits:
            if each.served is served:
                each.asked, since = True, each.since
        await self._others_settle()
        answered_at = self._last_answer()
        failed = self._failed_since(answered_at, host)
        lately = answered_at is not None and not failed
        # while this site was waited for, or a moment ago
        heard = lately and answered_at is not None and answered_at >= min(since, self.now() - FRESH)
        if doubt is Doubt.ANSWERED or self.proxied:
            return NetworkKnowledge(heard=heard, lately=lately, failed=failed)
        site = await network.look_up(host, ASK_S)
        fault = network.fault(site.addresses)
        if heard or fault:
            return NetworkKnowledge(fault=fault, heard=heard, lately=lately, failed=failed)
        others, world = await self._resolver(host)
        return NetworkKnowledge(
            lately=lately,
            failed=failed,
            connected=network.connected(site.addresses) if site.addresses else None,
            name=site.known,
            others=others,
            world=world,
        )

    async def _others_settle(self) -> None:
        """Wait until every visit under way has heard something or failed; not for long."""
        for _ in range(round(SETTLE_S / POLL_S)):
            quiet = (each for each in self._visits if not (each.asked or each.served))
            if all(is_near(each.host) for each in quiet):
                break
            await asyncio.sleep(POLL_S)
        self._look()

    def _look(self) -> None:
        """Note who has answered. A site on this machine says nothing of the network."""
        for served in (each for visit in self._visits for each in visit.served):
            host = host_of(served.url)
            if (offset := served.site_clock_s) is not None:
                self._offsets[host] = offset
            of_proxy = self.proxied and served.status >= 500
            if not is_near(host) and not of_proxy:
                self._answered[host] = max(served.at, self._answered.get(host, served.at))

    def _last_answer(self) -> datetime | None:
        """When a site answered last, if that was lately."""
        last = max(self._answered.values(), default=None)
        # from a time to come: of a visit during which the clock was set back
        return last if last is not None and abs(self.now() - last) <= LATELY else None

    def _failed_since(self, answered_at: datetime | None, host: str) -> int:
        """How many other sites gave nothing since then, or lately if none answered."""
        since = answered_at or self.now() - LATELY
        return sum(at > since for name, at in self._failed.items() if name != host)

    async def _resolver(self, host: str) -> tuple[bool | None, bool | None]:
        """Whether the resolver knows other sites' names, and gets answers from outside at all."""
        if self._resolved is not None and self.now() - self._resolved[0] < FRESH / 2:
            return self._resolved[1]
        answered = sorted(self._answered, key=lambda name: self._answered[name], reverse=True)
        known = dict.fromkeys((*answered, *self.hosts()))
        others = [name for name in known if name != host and not is_near(name)][:MOST_ASKED]
        # a name that nobody can have asked for yet: no cache on the way can answer
        new = [f"{uuid.uuid4().hex[:12]}.{name}." for name in others or [host]]
        asked = [network.look_up(name, ASK_S) for name in (*others, *new)]
        found = [each.known for each in await asyncio.gather(*asked)]
        named, fresh = found[: len(others)], found[len(others) :]
        world = any(each is not None for each in fresh)
        known_names = True if any(named) else False if others and None not in named else None
        self._resolved = self.now(), (known_names, world)
        return self._resolved[1]

    async def _clock_right(self, host: str, url: str) -> bool | None:
        """Whether a certificate that does not hold now would not hold by a right clock either."""
        self._look()
        off = self._offset()
        port = urlsplit(url).port or 443
        place = "127.0.0.1" if is_near(host) else host
        dates = None if self.proxied else await network.certificate_dates(place, host, port, ASK_S)
        if dates is None:
            return None if off is None else abs(off) < WRONG
        first, last = dates
        if off is not None:
            return not first <= self.now() - off <= last
        # made for a time that has not come: only a clock that is behind says so
        return False if self.now() < first - timedelta(days=1) else None

    def _offset(self) -> timedelta | None:
        """By how much our clock is ahead, by the kernel's word for it or other sites' clocks."""
        if self.kernel().synchronised:
            return timedelta(0)
        return timedelta(seconds=median(self._offsets.values())) if self._offsets else None
