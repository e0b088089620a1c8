"""
Notices of what happened: `Alerts` takes events over and has them sent to whoever asked for them.

To publish one never waits: it goes into a short queue, from there into MongoDB, and from there a
dispatcher for each channel sends it. While MongoDB is away, what the fleet says of itself is sent
from the queue and written down later. Nothing in here ends a visit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Self

import structlog

from fleet.alerts.channel import Channel
from fleet.alerts.dispatcher import Dispatcher, DispatchTiming
from fleet.errors import StoreNeverTakes, StoreRefused, StoreUnreachable
from fleet.models import now as real_now
from fleet.models.event import Event, EventKind
from fleet.storage.collections.events import Delivery, DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence
    from datetime import datetime

    from fleet.alerts.messages import MessageWriter
    from fleet.storage.collections.events import Events, Outbox

LOOK_S = 30.0
"""How often a dispatcher looks for what another process has stored, or what failed."""

MIN_WAIT_S = 0.1
"""Between two looks at least, if nobody wakes a dispatcher."""

END_S = 30.0
"""How long the end may wait for what is still to be sent."""

MAX_UNSAVED = 1000


class Alerts:
    """
    Sends notices to `urls`. `async with Alerts(...) as alerts:` begins and ends it.

    Args:
        urls: Apprise addresses; with none, events are only written down.
        writer: how flows are named, and where the web pages are.
        kinds: what is told; the rest is only written down.

    Raises (on construction):
        BadInput: Apprise knows no such address; none of it is in the message.
    """

    def __init__(
        self,
        events: Events,
        urls: Sequence[str],
        writer: MessageWriter,
        *,
        kinds: Collection[EventKind] = frozenset(EventKind),
        timing: DispatchTiming | None = None,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self._events, self._now = events, now
        self._dispatchers = [
            Dispatcher(Channel(url, place), writer, timing or DispatchTiming(), kinds, now)
            for place, url in enumerate(dict.fromkeys(urls), start=1)
        ]
        self._outboxes: dict[str, Outbox] = {}
        self._queue = _Queue()
        self._saving = asyncio.Lock()
        self._away = False
        self._wake_events = {
            dispatcher.channel.id: asyncio.Event() for dispatcher in self._dispatchers
        }
        self._new_event = asyncio.Event()
        self._ending = False
        self._tasks: list[asyncio.Task[None]] = []
        self._log = structlog.get_logger()

    async def __aenter__(self) -> Self:
        for dispatcher in self._dispatchers:
            with contextlib.suppress(StoreUnreachable, StoreRefused):  # it is opened later
                await self._outbox(dispatcher)
        jobs: list[Coroutine[None, None, None]] = [self._save_forever()]
        jobs += [self._dispatch_forever(dispatcher) for dispatcher in self._dispatchers]
        self._tasks = [asyncio.ensure_future(work) for work in jobs]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ending = True
        self._new_event.set()
        self.wake()
        # a sending under way is waited for: cut off, nobody could say whether it arrived
        done, late = await asyncio.wait(self._tasks, timeout=END_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await self._save()
                if not late:
                    looks = [self._dispatch(each, ending=True) for each in self._dispatchers]
                    await asyncio.gather(*looks, return_exceptions=True)
        for task in late:
            task.cancel()
        await asyncio.wait({*done, *late})
        if self._queue.events:
            self._log.error("not written down", events=len(self._queue.events))

    async def publish(self, event: Event) -> None:
        """Take an event over; returns at once, whatever MongoDB and the services do."""
        self._queue.put(event.model_copy(update={"noted_at": self._now()}))
        self._new_event.set()

    def wake(self) -> None:
        """Attempts were stored: see at once whether there is something to tell."""
        for woken in self._wake_events.values():
            woken.set()

    @property
    def counts(self) -> Counter[str]:
        """
        Since the start: messages `sent` and `failed`; events by what became of them
        (`DeliveryState`); `dropped`, those that the queue had no place for.
        """
        found = Counter({"dropped": self._queue.dropped})
        for dispatcher in self._dispatchers:
            found.update(dispatcher.counts)
        return +found

    async def _save_forever(self) -> None:
        while not self._ending:
            waits = bool(self._queue.events)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._new_event.wait(), LOOK_S if waits else None)
            self._new_event.clear()
            try:
                await self._save()
            except Exception:  # noqa: BLE001
                # a bug of ours in telling must not end the visits; the next save may do
                self._log.exception("events were not written down")
            self.wake()

    async def _save(self) -> None:
        """Write down what was told; what MongoDB does not take now stays in the queue."""
        async with self._saving:
            batch, deliveries = [*self._queue.events.values()], self._queue.deliveries
            try:
                await self._events.add(batch, deliveries)
            except StoreNeverTakes as exc:
                self._log.error("events that MongoDB never takes", problem=str(exc))
            except (StoreUnreachable, StoreRefused) as exc:
                if not self._away:
                    self._log.error("events wait in memory", problem=str(exc))
                self._away = True
                return
            self._away = False
            self._queue.remove(batch)

    async def _dispatch_forever(self, dispatcher: Dispatcher) -> None:
        woken = self._wake_events[dispatcher.channel.id]
        while not self._ending:
            woken.clear()
            at: datetime | None = None
            try:
                at = await self._dispatch(dispatcher)
            except Exception:  # noqa: BLE001
                # a bug of ours in telling must not end the visits; the next look may do
                self._log.exception("a notice failed", channel=dispatcher.channel.name)
            wait_s = (at - self._now()).total_seconds() if at else LOOK_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), min(max(wait_s, MIN_WAIT_S), LOOK_S))

    async def _dispatch(self, dispatcher: Dispatcher, *, ending: bool = False) -> datetime | None:
        """Have what is in MongoDB told, or what is in the queue if that is away."""
        try:
            return await dispatcher.dispatch(await self._outbox(dispatcher), ending=ending)
        except (StoreUnreachable, StoreRefused):
            async with self._saving:  # nothing is written down while it is being told
                unsaved = _QueueOutbox(self._queue, dispatcher.channel.id)
                return await dispatcher.dispatch(unsaved, ending=ending)

    async def _outbox(self, dispatcher: Dispatcher) -> Outbox:
        id_ = dispatcher.channel.id
        if id_ not in self._outboxes:
            self._outboxes[id_] = await self._events.outbox(id_)
        return self._outboxes[id_]


class _Queue:
    """Events that are not in MongoDB yet, by id, and what became of them for each channel."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.deliveries: dict[str, dict[str, Delivery]] = {}
        self.dropped = 0

    def put(self, event: Event) -> None:
        """Add an event; if there are too many, the oldest gives way."""
        self.events.setdefault(event.id, event)
        while len(self.events) > MAX_UNSAVED:
            self.remove([next(iter(self.events.values()))])
            self.dropped += 1

    def remove(self, events: Sequence[Event]) -> None:
        """Forget these events."""
        for each in events:
            self.events.pop(each.id, None)
            self.deliveries.pop(each.id, None)


class _QueueOutbox:
    """An outbox (`dispatcher.Pending`) of the queue, for one channel."""

    durable = False

    def __init__(self, queue: _Queue, channel: str) -> None:
        self._queue, self._channel = queue, channel

    async def pending(self, now: datetime) -> list[Event]:
        """What was not told yet, in order of time."""
        unsettled = [
            each for each in self._queue.events.values() if self._state_of(each.id) in _UNSETTLED
        ]
        return sorted(unsettled, key=lambda each: (each.at, each.id))

    async def last(self, subject: str, now: datetime) -> Event | None:
        """The latest event of this subject that was told, of those in the queue."""
        known = [
            each
            for each in self._queue.events.values()
            if each.subject == subject and self._state_of(each.id) not in _UNSETTLED
        ]
        return max(known, key=lambda each: (each.at, each.id), default=None)

    async def sent_at(self, subject: str, kind: EventKind | None) -> datetime | None:
        """Not known here; the dispatcher remembers what it sent itself."""
        return None

    async def count_noted(self, subject: str, kind: EventKind | None, since: datetime) -> int:
        """How many events of this subject (and kind) were noted after `since`, of the queue's."""
        return sum(
            each.subject == subject and kind in (None, each.kind) and each.noted_at > since
            for each in self._queue.events.values()
        )

    async def claim(self, event_id: str, now: datetime) -> bool:
        """Take it; whoever looks into the queue does so alone."""
        await self.settle([event_id], DeliveryState.SENDING, now)
        return event_id in self._queue.events

    async def settle(self, event_ids: Sequence[str], how: DeliveryState, now: datetime) -> None:
        """Note what became of these events, as far as they are in the queue."""
        for each in event_ids:
            if each in self._queue.events:
                self._queue.deliveries.setdefault(each, {})[self._channel] = Delivery(how, now)

    async def fail(self, event_ids: Sequence[str], tries: int, now: datetime) -> list[str]:
        """Note that they are to be tried again; none is given up before it is written down."""
        await self.settle(event_ids, DeliveryState.FAILED, now)
        return []

    def _state_of(self, event_id: str) -> DeliveryState | None:
        delivery = self._queue.deliveries.get(event_id, {}).get(self._channel)
        return delivery.how if delivery else None


_UNSETTLED = (None, DeliveryState.FAILED)
