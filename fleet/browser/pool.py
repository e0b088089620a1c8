"""
Browsers that serve for months: one Chromium at a time, relieved by a new one before it is worn.

Chromium and Playwright's driver grow with every visit and never shrink again, so none serves for
ever. The new one is started beside the old one and takes all pages from then on; the old one is
closed once its last page is. No visit waits for that, and none is cut short by it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import psutil
import structlog

from fleet.browser import processes
from fleet.errors import NoChromium
from fleet.system.waiting import finish_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import BrowserContext

    from fleet.browser.chromium import Chromium
    from fleet.browser.page import OpenPage
    from fleet.models.circumstances import Environment
    from fleet.rules.internal import PublicOnly

SAMPLE_S = 5.0
"""How often memory and age are looked at."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """
    How long one Chromium and its driver serve: whichever of the three is reached first.

    `memory_bytes` is for both together (PSS). `rest_s` is the least time between two that are
    started for memory or a leak, and until a start that failed is tried again.
    """

    visits: int = 200
    age_s: float = 240 * 60
    memory_bytes: int = 1_500_000_000
    rest_s: float = 60


class _PooledBrowser:
    """A Chromium, what it has served since it was last started, and the pages it has open."""

    def __init__(self, chromium: Chromium) -> None:
        self.chromium = chromium
        self.visits = self.memory_bytes = self.pages = self.starts = 0
        self.since = 0.0
        self.leaks = False
        self.empty = asyncio.Event()
        self.empty.set()
        self.started()

    def started(self) -> int:
        """Count anew if it was started since this was last asked; how often it was."""
        times, self.starts = self.chromium.starts - self.starts, self.chromium.starts
        if times:
            self.visits, self.leaks, self.since = 0, False, time.monotonic()
        return times


class BrowserPool:
    """
    Opens pages as `Chromium` does. `async with Browsers(...) as browsers:` starts and ends them.

    `restarts` counts by reason: `visits`, `age`, `memory`, `leak` (it kept a context that no page
    of ours has any more), `died`.

    Args:
        make: gives a Chromium that is not running yet. All should share one `starting` lock.
            It may raise NoChromium.
        lifetime: when the one in service is relieved.
        longest_visit_s: after this time a page of a relieved one is taken for hanging and ends
            with its Chromium. Longer than any visit with its closing may take.
        sample_s: how often memory and age are looked at.

    Raises (on entry):
        NoChromium: it does not start; says why and what to do.
    """

    def __init__(
        self,
        make: Callable[[], Chromium],
        lifetime: Lifetime | None = None,
        *,
        longest_visit_s: float = 240,
        sample_s: float = SAMPLE_S,
    ) -> None:
        self.restarts: Counter[str] = Counter()
        self._make = make
        self._lifetime = lifetime or Lifetime()
        self._longest_visit_s, self._sample_s = longest_visit_s, sample_s
        self._now = _PooledBrowser(make())
        self._all = [self._now]
        self._of: dict[BrowserContext, _PooledBrowser] = {}
        self._starts_before = 0
        self._not_before = 0.0
        self._relieving: asyncio.Task[None] | None = None
        self._sampling: asyncio.Task[None] | None = None
        self._leaving = False
        self._log = structlog.get_logger()

    async def __aenter__(self) -> Self:
        await self._now.chromium.__aenter__()
        self._now.started()
        self._sampling = asyncio.ensure_future(self._sample())
        return self

    async def __aexit__(self, *_: object) -> None:
        async def leave() -> None:
            self._leaving = True
            tasks = [task for task in (self._sampling, self._relieving) if task is not None]
            for task in tasks:
                task.cancel()  # a start or an end of Chromium under way still ends properly
            if tasks:
                await asyncio.wait(tasks)
            for serving in self._all:
                await serving.chromium.__aexit__()

        await finish_first(leave())

    @property
    def version(self) -> str:
        """Chromium's version."""
        return self._now.chromium.version

    @property
    def fleet_version(self) -> str:
        """The fleet's version."""
        return self._now.chromium.fleet_version

    @property
    def environment(self) -> Environment:
        """The machine and the browser of a visit."""
        return self._now.chromium.environment

    @property
    def user_agent(self) -> str:
        """What Chromium is, and whose visit this is."""
        return self._now.chromium.user_agent

    @property
    def public(self) -> PublicOnly | None:
        """What visits may ask; None: everything that Chromium reaches."""
        return self._now.chromium.public

    @property
    def open_contexts(self) -> int:
        """Contexts open at this moment; 0 when no attempt is under way."""
        return sum(serving.chromium.open_contexts for serving in self._all)

    @property
    def starts(self) -> int:
        """How often a Chromium was started."""
        return self._starts_before + sum(serving.chromium.starts for serving in self._all)

    @property
    def memory_bytes(self) -> int:
        """Memory of all Chromiums and drivers (PSS), as last sampled."""
        return sum(serving.memory_bytes for serving in self._all)

    async def open_page(self) -> OpenPage:
        """
        A page in a fresh context of the Chromium in service, started again if it died.

        Raises:
            playwright.async_api.Error: Chromium dies or freezes again and again.
            NoChromium: it does not start any more.
        """
        serving = self._now
        serving.pages += 1
        serving.empty.clear()
        try:
            opened = await serving.chromium.open_page()
        except BaseException:  # safe: raised on; cancelled or failed, it has no page that counts
            self._one_page_less(serving)
            raise
        if times := serving.started():
            self.restarts["died"] += times
        serving.visits += 1
        self._of[opened.context] = serving
        return opened

    async def close_page(self, opened: OpenPage) -> None:
        """Close a page with its context; if that takes too long, end its whole Chromium."""
        serving = self._of.pop(opened.context)
        try:
            await serving.chromium.close_page(opened)
        finally:
            self._one_page_less(serving)

    def kill(self) -> None:
        """End every Chromium and driver at once. Calls under way fail."""
        for serving in self._all:
            serving.chromium.kill()

    def _one_page_less(self, serving: _PooledBrowser) -> None:
        serving.pages -= 1
        if not serving.pages:
            serving.empty.set()
            if (contexts := serving.chromium.open_contexts) and not serving.leaks:
                serving.leaks = True
                self._log.error(
                    "contexts without a page of ours; this Chromium is relieved", contexts=contexts
                )
        self._relieve_if_worn()

    async def _sample(self) -> None:
        while True:
            for serving in [*self._all]:
                with contextlib.suppress(psutil.Error):  # a process that ends meanwhile
                    taken = await asyncio.to_thread(serving.chromium.memory_bytes)
                    serving.memory_bytes = taken
            self._relieve_if_worn()
            await asyncio.sleep(self._sample_s)

    def _worn(self) -> str | None:
        serving, most = self._now, self._lifetime
        age_s = time.monotonic() - serving.since
        if serving.visits >= most.visits:
            return "visits"
        if age_s >= most.age_s:
            return "age"
        if age_s >= most.rest_s:
            if serving.memory_bytes > most.memory_bytes:
                return "memory"
            if serving.leaks:
                return "leak"
        return None

    def _relieve_if_worn(self) -> None:
        """Begin to relieve the one in service, unless another is being relieved already."""
        busy = self._relieving is not None and not self._relieving.done()
        if busy or self._leaving or time.monotonic() < self._not_before:
            return
        if (why := self._worn()) is not None:
            self._relieving = asyncio.ensure_future(self._relieve(why))

    async def _relieve(self, why: str) -> None:
        old = self._now
        try:
            new = _PooledBrowser(self._make())
            self._all.append(new)
            await new.chromium.__aenter__()
        except NoChromium as exc:
            self._all = [old]
            self._not_before = time.monotonic() + self._lifetime.rest_s
            self._log.error("no new Chromium; the old one goes on", why=why, problem=str(exc))
            return
        new.started()
        self._now = new
        self.restarts[why] += 1
        self._log.info(
            "Chromium relieved",
            why=why,
            visits=old.visits,
            minutes=round((time.monotonic() - old.since) / 60, 1),
            memory_mb=old.memory_bytes // 1_000_000,
        )
        await self._end(old)

    async def _end(self, old: _PooledBrowser) -> None:
        """End a relieved Chromium after its last page, or with a page that does not close."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(old.empty.wait(), self._longest_visit_s)
        if old.pages:
            self._log.error("a page of a relieved Chromium does not close", pages=old.pages)
        await old.chromium.__aexit__()
        self._all.remove(old)
        self._starts_before += old.chromium.starts
        await asyncio.to_thread(processes.sweep_temporary)
