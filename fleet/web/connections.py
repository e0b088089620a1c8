"""
Connections within bounds: how many, how long half a request may last, how slow a reader may be.

uvicorn has no deadline for a request that is never finished and none for an answer that is never
taken; each then holds an open file and memory for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from fleet.web.client_address import plain_address

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\n"
    b"Connection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """
    What connections of one server process may take.

    `request_s` is from connecting, or the last answer, to the last line of the header. A body may
    pause for `body_pause_s` and take `body_s`. `taking_s` is how long a reader may take for the
    48 KiB or so between two states of the buffer, or for the last of an answer.
    """

    connections: int = 512
    of_an_address: int = 64
    request_s: float = 20
    body_pause_s: float = 30
    body_s: float = 300
    taking_s: float = 30
    look_s: float = 2


def bounded(
    limits: ConnectionLimits | None = None, is_proxy: Callable[[str], bool] = lambda _: False
) -> Any:
    """
    uvicorn's `http`: its own protocol within these limits.

    Args:
        is_proxy: whether an address passes on many readers; it may have all connections.
    """
    return partial(BoundedProtocol, limits=limits or ConnectionLimits(), is_proxy=is_proxy)


class BoundedProtocol(H11Protocol):
    """One connection: ended when it takes too long, or makes room for a newer one."""

    def __init__(
        self, *args: Any, limits: ConnectionLimits, is_proxy: Callable[[str], bool], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._limits, self._is_proxy = limits, is_proxy
        self._address = ""
        self._idle_since = self._began = self._heard = self.loop.time()
        self._stuck_since: float | None = None
        self._next_look: asyncio.TimerHandle | None = None

    # What uvicorn and the event loop tell -------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to look after it; another must go if there are too many."""
        super().connection_made(transport)
        self._address = plain_address(self.client[0]) if self.client else ""
        self._next_look = self.loop.call_later(self._limits.look_s, self._look)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        if self._next_look is not None:
            self._next_look.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request."""
        self._heard = self.loop.time()
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._began = self._heard

    def on_response_complete(self) -> None:
        """An answer was given: from now on the next request is waited for."""
        self._idle_since = self._began = self._heard = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The reader does not take what is there."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """The reader has taken most of it."""
        self._stuck_since = None
        super().resume_writing()

    # Deadlines ----------------------------------------------------------------------------------

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered: at most half of one has come."""
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        """End the connection if it took too long; else look again."""
        if self._is_over(self.loop.time()):
            self.transport.abort()
        else:
            self._next_look = self.loop.call_later(self._limits.look_s, self._look)

    def _is_over(self, now: float) -> bool:
        limits = self._limits
        if self.transport.is_closing() and self._stuck_since is None:
            self._stuck_since = now  # only what is in the buffer is still to be taken
        if self._stuck_since is not None and now - self._stuck_since > limits.taking_s:
            return True
        if self.is_idle:
            return now - self._idle_since > limits.request_s
        if not self.cycle.more_body or self.flow.read_paused:
            return False  # it is our turn
        return now - self._heard > limits.body_pause_s or now - self._began > limits.body_s

    # Too many -----------------------------------------------------------------------------------

    def _make_room(self) -> None:
        others = [
            each
            for each in self.connections
            if isinstance(each, BoundedProtocol) and each is not self
        ]
        if not (self._address == "" or self._is_proxy(self._address)):
            own = [each for each in others if each._address == self._address]
            if len(own) >= self._limits.of_an_address:
                self._replace(own)
                return
        if len(others) >= self._limits.connections:
            self._replace(others)

    def _replace(self, others: Iterable[BoundedProtocol]) -> None:
        """End the one that has been idle longest, or whose reader took nothing for longest."""
        idle = [each for each in others if each.is_idle]
        stuck = [each for each in others if each._stuck_since is not None]
        if idle:
            given_up = min(idle, key=lambda each: each._idle_since)
        elif stuck:
            given_up = min(stuck, key=lambda each: each._stuck_since or 0)
        else:
            self.transport.write(REFUSAL)
            self.transport.close()
            return
        self.connections.discard(given_up)  # `connection_lost` comes a little later
        given_up.transport.abort()
