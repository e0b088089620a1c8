"""
What becomes of a watching fleet when this machine's clock is set.

Due times are instants of the clock on the wall, and that clock may be set ahead or back while time
goes on. A stretch in which it went evenly has its own entry among the sampling plans: due are only
the instants of stretches that were lived through. After a clock was set back the hours that come
again have new instants (another seed, derived from the one before, so nobody can choose them);
after it was set ahead, those that were jumped over are noted as not watched, once it stays there.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from fleet.analysis.events import in_paris, of_fleet
from fleet.models.event import EventKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fleet.analysis.sampling import SamplingPlan
    from fleet.models.event import Event
    from fleet.storage.store import Store

JUMP_S = 5.0
"""A clock that is off by more, against one that only goes forward, was set."""

SLEW = 0.001
"""So much a second may a clock be slowed or hastened by who keeps it right; that is no jump."""

STEADY_S = 600.0
"""A clock that stays for so long where it was set is believed; one that is wrong goes back."""

LONGEST = timedelta(days=7)
"""What is jumped over is accounted for up to here; a clock that was wrong by years was never."""


@dataclass(frozen=True, slots=True)
class ClockJump:
    """The clock showed `before`, then `after`; `at_s` is when, by a clock that nobody sets."""

    before: datetime
    after: datetime
    seconds: float
    at_s: float

    @property
    def words(self) -> str:
        """What happened, in one sentence."""
        return f"the clock of this machine was set by {self.seconds:+.0f} s, to {self.after}"

    def event(self) -> Event:
        """It as an event."""
        way = "avancé" if self.seconds > 0 else "reculé"
        words = (
            f"L’horloge de cette machine a {way} d’un coup de {abs(self.seconds):.0f} s, du"
            f" {in_paris(self.before)} au {in_paris(self.after)}. Les heures des visites sont"
            " tirées de nouveau."
        )
        about = f"{self.before.isoformat()}>{self.after.isoformat()}"
        return of_fleet(
            EventKind.CLOCK_JUMPED, self.after, about=about, words=words, jump_s=round(self.seconds)
        )


class ClockCare:
    """
    Notices that the clock was set, and keeps the account of what was due.

    `plan` holds for what is due after `since`.

    Args:
        now, steady: the clock on the wall, and one in seconds that only goes forward, also while
            the machine sleeps.
        on_jump: is called at once, before anything is handed over by the new clock.
    """

    def __init__(
        self,
        store: Store,
        *,
        now: Callable[[], datetime],
        steady: Callable[[], float],
        on_jump: Callable[[ClockJump], None],
    ) -> None:
        self._state, self._missed = store.watch_state, store.missed_visits
        self._now, self._steady, self._on_jump = now, steady, on_jump
        self._last, self._last_s = now(), steady()
        self._off_s = 0.0
        self._number = 0
        self._jumps: deque[ClockJump] = deque(maxlen=100)
        self._stretches: deque[tuple[int, ClockJump, SamplingPlan, datetime]] = deque()
        self._held: tuple[datetime, int] | None = None
        self.plan: SamplingPlan
        self.since: datetime

    async def begin(self, mean_gap: timedelta, min_gap: timedelta, at: datetime) -> None:
        """
        Find the plan that holds from `at` on; another if the clock shows what was lived through.

        Raises:
            StoreUnreachable, StoreRefused: nothing is known of what was due.
        """
        self._last, self._last_s, self._off_s = at, self._steady(), 0.0
        known = await self._state.reconciled_until()
        self.plan = await self._state.use_plan(mean_gap, min_gap, at)
        last = (await self._state.plans())[-1]
        # one that was begun just now is not due before its least gap is over
        self._number, self.since = last.number, max(at, last.since)
        lived_until = max([at, last.since - min_gap, *known.values()])
        if (lived_until - at).total_seconds() > JUMP_S:
            seconds = (at - lived_until).total_seconds()
            self._jump(ClockJump(lived_until, at, seconds, self._last_s))
            await self.settle()

    @property
    def held(self) -> datetime | None:
        """Nothing after this can be accounted for yet: the clock was set ahead, perhaps wrongly."""
        return self._held[0] if self._held else None

    def look(self) -> bool:
        """Whether the clock was set since the last look; then all that follows from it is done."""
        at, at_s = self._now(), self._steady()
        passed_s = at_s - self._last_s
        self._off_s += (at - self._last).total_seconds() - passed_s
        before, self._last, self._last_s = self._last, at, at_s
        if abs(self._off_s) <= JUMP_S:
            most = SLEW * max(0.0, passed_s)
            self._off_s -= max(-most, min(most, self._off_s))
            return False
        seconds, self._off_s = self._off_s, 0.0
        self._jump(ClockJump(before, at, seconds, at_s))
        return True

    def _jump(self, jump: ClockJump) -> None:
        structlog.get_logger().error(
            "the clock was set", seconds=round(jump.seconds, 1), before=str(jump.before)
        )
        self._jumps.append(jump)
        if jump.seconds < 0:
            told = f"{self.plan.seed}|{jump.after.isoformat()}"
            seed = hashlib.sha256(told.encode()).hexdigest()[:32]
            self.plan = replace(self.plan, seed=seed)
            self._held = None
        elif self._held is None:
            self._held = (jump.before, self._number + 1)
        self._number += 1
        # a visit may just have begun: whatever the clock shows, the least gap has to pass
        self.since = jump.after + self.plan.min_gap
        self._stretches.append((self._number, jump, self.plan, self.since))
        self._on_jump(jump)

    async def settle(self) -> None:
        """
        Write down what was noticed since the last time.

        Raises:
            StoreUnreachable, StoreRefused: it is done the next time.
        """
        while self._stretches:
            number, jump, plan, since = self._stretches[0]
            await self._state.begin_stretch(number, plan, since, jump.before)
            if jump.seconds < 0:
                await self._state.open_again(jump.after, LONGEST)
                await self._missed.forget_after(jump.after)
            self._stretches.popleft()
        if self._held is not None and self._steady() - self._jumps[-1].at_s >= STEADY_S:
            before, number = self._held
            if self._jumps[-1].after - before <= LONGEST:
                await self._state.extend_stretch(number, before)
            self._held = None

    def facts(self, since_s: float) -> dict[str, str]:
        """What an attempt that began then has to tell: the clock was set meanwhile, or before."""
        near = [each for each in self._jumps if each.at_s > since_s - STEADY_S]
        if not near:
            return {}
        return {
            "clock_jump_s": " ".join(f"{each.seconds:+.0f}" for each in near[-5:]),
            "clock_jump_at": near[-1].after.isoformat(timespec="seconds"),
        }
