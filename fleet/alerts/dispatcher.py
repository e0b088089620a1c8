"""
Brings notices to one channel: which events are told, and when.

Of each subject (a flow, a scenario's care, a host, a part of the fleet) only what holds now is
told, and only if it is not what was told last. What came and went meanwhile is counted in the
notice, not told one by one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

import structlog

from fleet.models.event import EventKind
from fleet.storage.collections.events import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from fleet.alerts.channel import Channel
    from fleet.alerts.messages import MessageWriter
    from fleet.models.event import Event

TRIES = 8
"""Sendings of one event before it is given up; with the waits between, some two hours."""

FIRST_RETRY_WAIT = timedelta(minutes=1)
MAX_RETRY_WAIT = timedelta(hours=1)
MAX_LINES = 20


@dataclass(frozen=True, slots=True)
class DispatchTiming:
    """
    How soon and how often something is told.

    An offer is told `offer_delay` after it was stored. About one flow, one scenario's care or one
    host there is a notice every `subject_gap` at most, about the fleet one of each kind. Two
    messages to one channel are `message_gap` apart; what comes meanwhile is told in one. What
    happened longer than `max_age` ago is not told.
    """

    offer_delay: timedelta = timedelta(minutes=15)
    subject_gap: timedelta = timedelta(hours=1)
    message_gap: timedelta = timedelta(minutes=1)
    max_age: timedelta = timedelta(hours=24)


class Pending(Protocol):
    """
    What is to be told to one channel: in MongoDB, or in memory while that is away.

    `durable` says which: whether what is settled here is known after a restart.
    """

    durable: bool

    async def pending(self, now: datetime) -> list[Event]:
        """What was not told yet, in order of time."""

    async def last(self, subject: str, now: datetime) -> Event | None:
        """The latest event of this subject that was told, or passed over because it need not be."""

    async def sent_at(self, subject: str, kind: EventKind | None) -> datetime | None:
        """When something of this subject (and kind, if one is given) was sent last."""

    async def count_noted(self, subject: str, kind: EventKind | None, since: datetime) -> int:
        """How many events of this subject (and kind) were noted after `since`."""

    async def claim(self, event_id: str, now: datetime) -> bool:
        """Take it on oneself to send this event; false if another does or did."""

    async def settle(self, event_ids: Sequence[str], how: DeliveryState, now: datetime) -> None:
        """Write down what became of these events."""

    async def fail(self, event_ids: Sequence[str], tries: int, now: datetime) -> list[str]:
        """They could not be sent; which are given up now, after so many `tries`."""


def due_at(
    series: Sequence[Event],
    last: Event | None,
    sent_at: datetime | None,
    timing: DispatchTiming,
    kinds: Collection[EventKind],
    now: datetime,
) -> datetime | DeliveryState:
    """
    When the newest event of a series is to be told; or why the whole series is not.

    Args:
        series: what is not settled of one subject, in order of time.
        last: the latest event of the subject that is settled.
        sent_at: when the subject (of the fleet: this kind) was told last.
    """
    newest = series[-1]
    if last is not None and (newest.at, newest.id) < (last.at, last.id):
        return DeliveryState.PASSED
    if newest.at < now - timing.max_age:
        return DeliveryState.OLD
    if newest.kind not in kinds:
        return DeliveryState.UNASKED
    if newest.before is not None and newest.kind is (last.kind if last else series[0].before):
        return DeliveryState.SAME
    due = newest.noted_at + (timing.offer_delay if newest.kind is EventKind.SLOTS else timedelta())
    return max(due, sent_at + timing.subject_gap) if sent_at else due


class Dispatcher:
    """
    Brings notices to `channel`.

    `counts` counts messages `sent` and `failed`, and events by what became of them
    (`DeliveryState`).
    """

    def __init__(
        self,
        channel: Channel,
        writer: MessageWriter,
        timing: DispatchTiming,
        kinds: Collection[EventKind],
        now: Callable[[], datetime],
    ) -> None:
        self.channel, self.counts = channel, Counter[str]()
        self._writer, self._timing, self._kinds, self._now = writer, timing, kinds, now
        self._sent: dict[tuple[str, EventKind | None], datetime] = {}
        self._message_at: datetime | None = None
        self._failures, self._retry_at = 0, now()
        self._unsettled: list[list[list[Event]]] = []
        self._joined: dict[str, int] = {}
        self._log = structlog.get_logger()

    async def dispatch(self, outbox: Pending, *, ending: bool = False) -> datetime | None:
        """
        Tell what is to be told now.

        Args:
            ending: the fleet stops; there is no later message to wait for.

        Returns:
            When to look again; None if nothing waits.

        Raises:
            StoreUnreachable, StoreRefused: MongoDB does not answer; nothing is told twice.
        """
        now = self._now()
        for sent in [*self._unsettled]:  # sent, but MongoDB went away before it could be said
            await _settle(outbox, sent, DeliveryState.SENT, DeliveryState.JOINED, now)
            if outbox.durable:
                self._unsettled.remove(sent)
        if now < self._retry_at:
            return self._retry_at
        ready, waiting = await self._ready(outbox, now)
        if ready:
            earliest = self._message_at + self._timing.message_gap if self._message_at else now
            if earliest > now and not ending:
                return earliest
            if await self._send(outbox, self._fit_message(ready), now):
                waiting.append(self._retry_at)
            elif len(ready) > 1:
                waiting.append(now + self._timing.message_gap)
        return min(waiting, default=None)

    async def _ready(
        self, outbox: Pending, now: datetime
    ) -> tuple[list[list[Event]], list[datetime]]:
        """The series that are to be told now, and when others will be."""
        ready, waiting = [], []
        found = sorted(await outbox.pending(now), key=lambda each: each.subject)
        for subject, of_subject in groupby(found, key=lambda each: each.subject):
            series = [*of_subject]  # sorting keeps their order of time
            kind = series[-1].kind if series[-1].of_fleet else None
            sent = [await outbox.sent_at(subject, kind), self._sent.get((subject, kind))]
            sent_at = max((at for at in sent if at), default=None)
            last = await outbox.last(subject, now)
            due = due_at(series, last, sent_at, self._timing, self._kinds, now)
            if isinstance(due, DeliveryState):
                await _settle(outbox, [series], due, due, now)
                self.counts[due.value] += len(series)
            elif due > now:
                waiting.append(due)
            else:
                ready.append(series)
                if sent_at:
                    count = await outbox.count_noted(subject, kind, sent_at)
                    self._joined[subject] = max(count, len(series)) - 1
                else:
                    self._joined[subject] = len(series) - 1
        return sorted(ready, key=lambda series: series[-1].at), waiting

    def _fit_message(self, ready: list[list[Event]]) -> list[list[Event]]:
        """As many of these as one message holds, one at least."""
        taken: list[list[Event]] = []
        length = 0
        for series in ready[:MAX_LINES]:
            length += len(self._line(series)) + 100  # a title may count too
            if taken and length > self.channel.max_length:
                break
            taken.append(series)
        return taken

    async def _send(self, outbox: Pending, ready: list[list[Event]], now: datetime) -> bool:
        """Send one message about these series; whether it failed."""
        claimed = [series for series in ready if await outbox.claim(series[-1].id, now)]
        if not claimed:
            return False
        title = self._writer.title([series[-1] for series in claimed])
        problem = await self.channel.send(title, "\n\n".join(map(self._line, claimed)))
        if problem is not None:
            await self._note_failure(outbox, claimed, problem)
            return True
        if self._failures:
            self._log.info("notices are sent again", channel=self.channel.name)
        self._failures, self._message_at = 0, now
        for series in claimed:
            kind = series[-1].kind if series[-1].of_fleet else None
            self._sent[series[-1].subject, kind] = now
        self._unsettled.append(claimed)
        await _settle(outbox, claimed, DeliveryState.SENT, DeliveryState.JOINED, now)
        self._unsettled.remove(claimed)
        self.counts[DeliveryState.SENT.value] += 1
        if joined := sum(len(series) - 1 for series in claimed):
            self.counts[DeliveryState.JOINED.value] += joined
        return False

    def _line(self, series: list[Event]) -> str:
        return self._writer.line(series[-1], self._joined[series[-1].subject])

    async def _note_failure(
        self, outbox: Pending, claimed: list[list[Event]], problem: str
    ) -> None:
        self.counts[DeliveryState.FAILED.value] += 1
        wait = min(FIRST_RETRY_WAIT * 2 ** min(self._failures, 10), MAX_RETRY_WAIT)
        self._retry_at = self._now() + wait
        self._failures += 1
        if self._failures == 1:
            self._log.error(
                "a notice was not sent; it will be tried again",
                channel=self.channel.name,
                problem=problem,
            )
        now = self._now()
        given_up = await outbox.fail([series[-1].id for series in claimed], TRIES, now)
        if given_up:
            lost = [series for series in claimed if series[-1].id in given_up]
            await _settle(outbox, lost, DeliveryState.GIVEN_UP, DeliveryState.GIVEN_UP, now)
            self.counts[DeliveryState.GIVEN_UP.value] += sum(map(len, lost))
            self._log.error("notices given up", channel=self.channel.name, events=given_up)


async def _settle(
    outbox: Pending,
    found: Sequence[Sequence[Event]],
    newest: DeliveryState,
    others: DeliveryState,
    now: datetime,
) -> None:
    # the newest first: after a crash in between, the others are behind it and are passed over
    await outbox.settle([series[-1].id for series in found], newest, now)
    await outbox.settle([each.id for series in found for each in series[:-1]], others, now)
