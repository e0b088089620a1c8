"""
How many pages may be open at once: fewer at once when the machine is pressed, slowly more after.

A machine without memory left kills processes, and one without processor time left makes sites
look slow, which is worse: a wrong `timeout`. Pages that are open are never closed for that; new
ones wait. The rules are in `LoadController`, which knows no clock and no machine;
`ConcurrencyLimiter` lets pages through.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import structlog

from fleet.system.resources import Machine, ResourceReading

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

SAMPLE_S = 0.5
CALM = "calm"


@dataclass(frozen=True, slots=True)
class LoadThresholds:
    """
    When the machine is pressed and when it is calm; between the two nothing changes.

    Memory is tight when less than this share of the limit is left, or less than so many bytes
    where the limit is large; it is easy when more is left than that. Stalls are shares of the
    last `window_s` s in which some task waited. `base_bytes` (Python, driver, Chromium, one page)
    and `page_bytes` are measured (docs/performance.md). A page that is younger than `young_s` s
    has not shown yet what it takes, and is reckoned with `heavy_page_bytes`.
    """

    tight_share: float = 0.15
    tight_bytes: int = 1_000_000_000
    easy_share: float = 0.25
    easy_bytes: int = 2_000_000_000
    memory_stalled_high: float = 0.10
    memory_stalled_low: float = 0.02
    cpu_stalled_high: float = 0.90
    cpu_stalled_low: float = 0.70
    window_s: float = 1.0
    calm_s: float = 10
    base_bytes: int = 450_000_000
    page_bytes: int = 40_000_000
    heavy_page_bytes: int = 150_000_000
    young_s: float = 10
    pages_per_core: float = 3

    def tight_left(self, limit_bytes: int) -> float:
        """With less left than this, memory presses."""
        return min(self.tight_share * limit_bytes, self.tight_bytes)

    def easy_left(self, limit_bytes: int) -> float:
        """With more left than this, a further page may be opened."""
        return min(self.easy_share * limit_bytes, self.easy_bytes)


class LoadController:
    """
    From readings to `allowed`, the number of pages that may be open, and `why` it is so.

    * Pressed for memory (use, stalls, a killed process): half as many, at every reading.
    * Pressed for processors: one less at every reading, down to one for each core. Fewer would
      not help: then it is others who press.
    * Calm for `calm_s` s, and all places taken: one more. Never below 1, never above `maximum`.
    """

    def __init__(self, maximum: int, thresholds: LoadThresholds | None = None) -> None:
        self._maximum, self._thresholds = maximum, thresholds or LoadThresholds()
        self._readings: deque[ResourceReading] = deque()
        self._calm_since: float | None = None
        self.allowed, self.why = maximum, CALM

    def start(self, reading: ResourceReading) -> None:
        """Begin with what the limits of the machine suggest."""
        thresholds = self._thresholds
        limit = reading.memory_limit_bytes
        room = (
            limit - thresholds.easy_left(limit) - max(thresholds.base_bytes, reading.memory_bytes)
        )
        by_memory = 1 + int(room / thresholds.page_bytes)
        by_cores = round(thresholds.pages_per_core * reading.cores)
        self.allowed = max(1, min(self._maximum, by_memory, max(2, by_cores)))
        self._readings.append(reading)

    def step(self, reading: ResourceReading, demand: int) -> None:
        """Take a reading into account; `demand` places are taken or waited for at this moment."""
        thresholds = self._thresholds
        before = self._readings[-1]
        self._readings.append(reading)
        while len(self._readings) > 2 and reading.at - self._readings[1].at >= thresholds.window_s:
            self._readings.popleft()
        first = self._readings[0]
        limit = reading.memory_limit_bytes
        left = limit - reading.memory_bytes
        memory_stalled = _share(first, reading, first.memory_stalled_s, reading.memory_stalled_s)
        cpu_stalled = _share(first, reading, first.cpu_stalled_s, reading.cpu_stalled_s)
        in_use = max(1, min(self.allowed, demand))
        if reading.killed > before.killed:
            self._reduce(in_use // 2, "the kernel killed a process for lack of memory")
        elif left < thresholds.tight_left(limit):
            self._reduce(in_use // 2, f"{left / 1e6:,.0f} of {limit / 1e6:,.0f} MB of memory left")
        elif memory_stalled >= thresholds.memory_stalled_high:
            self._reduce(in_use // 2, f"{memory_stalled:.0%} of the time waited for memory")
        elif cpu_stalled >= thresholds.cpu_stalled_high:
            words = f"{cpu_stalled:.0%} of the time waited for a processor"
            self._reduce(max(round(reading.cores), in_use - 1), words)
        elif (
            left - thresholds.page_bytes < thresholds.easy_left(limit)
            or memory_stalled >= thresholds.memory_stalled_low
            or cpu_stalled >= thresholds.cpu_stalled_low
        ):
            self._calm_since = None
        else:
            self._recover(reading.at, demand)

    def fits(self, young: int) -> bool:
        """Whether memory allows one more page beside so many whose needs are not known yet."""
        limit, thresholds = self._readings[-1].memory_limit_bytes, self._thresholds
        left = limit - self._readings[-1].memory_bytes - thresholds.tight_left(limit)
        return left >= (young + 1) * thresholds.heavy_page_bytes

    def _reduce(self, allowed: int, words: str) -> None:
        self._calm_since = None
        self.allowed, self.why = max(1, min(self.allowed, allowed)), words

    def _recover(self, at: float, demand: int) -> None:
        if self._calm_since is None:
            self._calm_since = at
        if at - self._calm_since >= self._thresholds.calm_s:
            self.why = CALM
            # places nobody asks for prove nothing: they are earned one by one, under load
            if demand >= self.allowed and self.allowed < self._maximum:
                self.allowed += 1
                self._calm_since = at


def _share(
    first: ResourceReading, last: ResourceReading, before: float | None, after: float | None
) -> float:
    """The share of the time between two readings that was waited; 0 where nobody tells."""
    if before is None or after is None or last.at <= first.at:
        return 0.0
    return min(1.0, max(0.0, (after - before) / (last.at - first.at)))


class ConcurrencyLimiter:
    """
    How many pages may be open at once, following the machine.

    `async with ConcurrencyLimiter(6) as limiter:` begins to follow it; then `async with
    limiter.place():` waits until a page may be opened, first come, first served. `allowed` and
    `in_use` count places, `waiting` those who wait, `why` says in words what presses, or `calm`.

    Args:
        maximum: never more than this.
        read: how the machine stands; called in a thread every `sample_s` s.
    """

    def __init__(
        self,
        maximum: int,
        read: Callable[[], ResourceReading] | None = None,
        thresholds: LoadThresholds | None = None,
        *,
        sample_s: float = SAMPLE_S,
    ) -> None:
        self._read, self._sample_s = read, sample_s
        self._young_s = (thresholds or LoadThresholds()).young_s
        self._controller = LoadController(maximum, thresholds)
        # Not a pool of asyncio-pool: its size is fixed, and this one's changes with the machine
        # (docs/decisions/0001-asyncio-pool.md).
        self._queue: deque[asyncio.Future[None]] = deque()
        self._admitted = 0
        self._opened_at: dict[object, float] = {}
        self._sampling: asyncio.Task[None] | None = None
        self._log = structlog.get_logger()

    async def __aenter__(self) -> Self:
        read = self._read or Machine().read
        first = await asyncio.to_thread(read)
        if first.memory_stalled_s is None or first.cpu_stalled_s is None:
            self._log.warning(
                "this kernel does not tell who waits (no pressure stall information); the number"
                " of pages follows memory use alone"
            )
        self._controller.start(first)
        self._log.info("places for pages", allowed=self.allowed)
        self._sampling = asyncio.ensure_future(self._sample(read))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sampling is not None:
            self._sampling.cancel()
            await asyncio.wait({self._sampling})

    @property
    def allowed(self) -> int:
        """Pages that may be open now; more may be, opened before."""
        return self._controller.allowed

    @property
    def in_use(self) -> int:
        """Places that are taken."""
        return len(self._opened_at) + self._admitted

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._queue)

    @property
    def why(self) -> str:
        """What presses, in words; `calm` if nothing does."""
        return self._controller.why

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for one page, as soon as there is one."""
        await self._wait_for_place()
        page = object()
        self._opened_at[page] = asyncio.get_running_loop().time()
        try:
            yield
        finally:
            del self._opened_at[page]
            self._admit()

    async def _wait_for_place(self) -> None:
        """Wait until a place is free for the one who calls this."""
        if not self._queue and self._has_place():
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # called and cancelled at once
                self._admitted -= 1
            elif turn in self._queue:
                self._queue.remove(turn)
            self._admit()
            raise
        self._admitted -= 1

    def _has_place(self) -> bool:
        """Whether one more may open a page; one alone always may."""
        if self.in_use == 0:
            return True
        since = asyncio.get_running_loop().time() - self._young_s
        young = self._admitted + sum(opened > since for opened in self._opened_at.values())
        return self.in_use < self.allowed and self._controller.fits(young)

    def _admit(self) -> None:
        """Call those whose turn it is."""
        while self._queue and self._has_place():
            turn = self._queue.popleft()
            if not turn.done():
                self._admitted += 1
                turn.set_result(None)

    async def _sample(self, read: Callable[[], ResourceReading]) -> None:
        while True:
            await asyncio.sleep(self._sample_s)
            before = self.allowed
            self._controller.step(await asyncio.to_thread(read), self.in_use + self.waiting)
            if self.allowed != before:
                self._log.info("places for pages", allowed=self.allowed, why=self.why)
            self._admit()
