"""The circumstances of a period's visits, put together for one page: what was seen, how often."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.models import Attempt
    from fleet.models.circumstances import Certificate, Clock

T = TypeVar("T")

MAX_VALUES = 40
"""Different values of one kind that are kept; a site behind many addresses must not fill pages."""


class Summary:
    """
    What visits had in common, and what not. `of` of them say their circumstances, `without` do not.

    Each `Counter` counts visits. `clocks` counts the states of the clock (start and end of each
    visit); `offset_s` and `max_error_s` are the largest that a synchronised clock had;
    `site_clock_s` are the least and the most by which our clock stood after the sites' own.
    """

    def __init__(self) -> None:
        self.of = self.without = self.fresh = 0
        self.systems: Counter[str] = Counter()
        self.programs: Counter[str] = Counter()
        self.windows: Counter[str] = Counter()
        self.places: Counter[str] = Counter()
        self.user_agents: Counter[str] = Counter()
        self.proxies: Counter[str] = Counter()
        self.egress: Counter[str | None] = Counter()
        self.servers: Counter[tuple[str, str]] = Counter()
        self.certificates: Counter[Certificate] = Counter()
        self.clocks: Counter[bool | None] = Counter()
        self.offset_s: float | None = None
        self.max_error_s: float | None = None
        self.site_clock_s: tuple[float, float] | None = None
        self.more = False

    def add(self, attempt: Attempt) -> None:
        """Count one more visit."""
        there = attempt.circumstances
        if there is None:
            self.without += 1
            return
        self.of += 1
        self.fresh += there.fresh_context
        where = there.environment
        size = f"{where.window_width_px} × {where.window_height_px}"
        program = f"{where.browser} {attempt.chromium_version}, Playwright {where.playwright}"
        self._count(self.systems, [where.system])
        self._count(self.programs, [program])
        self._count(self.windows, [f"{size} px × {where.device_scale:g}"])
        self._count(self.places, [f"{where.locale}, {where.time_zone}"])
        self._count(self.user_agents, [there.user_agent] if there.user_agent else [])
        self._count(self.proxies, [where.proxy])
        self._count(self.egress, [where.egress_address])
        self._count(
            self.servers,
            {
                (
                    each.origin,
                    f"{each.address}, {each.protocol}{f', {each.tls}' if each.tls else ''}",
                )
                for each in there.servers
            },
        )
        self._count(self.certificates, {e.certificate for e in there.servers if e.certificate})
        for clock in (there.clock_at_start, there.clock_at_end):
            self._clock(clock)
        for served in attempt.served:
            if (after_s := served.site_clock_s) is not None:
                least, most = self.site_clock_s or (after_s, after_s)
                self.site_clock_s = min(least, after_s), max(most, after_s)

    def _clock(self, clock: Clock) -> None:
        self.clocks[clock.synchronised] += 1
        if clock.offset_s is not None:
            self.offset_s = max(self.offset_s or 0.0, abs(clock.offset_s))
        if clock.max_error_s is not None:
            self.max_error_s = max(self.max_error_s or 0.0, clock.max_error_s)

    def _count(self, counter: Counter[T], values: Iterable[T]) -> None:
        for value in values:
            if value in counter or len(counter) < MAX_VALUES:
                counter[value] += 1
            else:
                self.more = True
