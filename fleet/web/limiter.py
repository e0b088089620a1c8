"""
Work that reads or takes much is done one at a time in each server process; few may wait for it.

Whoever waits has read nothing yet. Places take turns: an address that asks for much waits for
itself, and others go in between.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet.rendering.i18n import N_
from fleet.web.client_address import address_of
from fleet.web.errors import EvidenceProblem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

MAX_WAITING = 4
"""For a verification."""

MAX_PICTURES_WAITING = 240
MAX_PICTURES_WAITING_ADDRESS = 80
"""For a picture to be drawn or a file to be read: a page of the gallery asks for 48 at once."""

MAX_UPLOADS_WAITING = 4
MAX_UPLOADS_WAITING_ADDRESS = 2
"""For a picture that was sent to be copied, each up to 20 s; it waits on the disk."""

RETRY_S = 10

VERIFICATIONS = N_("Trop de vérifications à la fois")
PICTURES = N_("Trop d’images à la fois")


class RenderLimiter:
    """`async with limiter.turn():` waits for its turn; `EvidenceProblem` 503 if too many wait."""

    def __init__(
        self, max_waiting: int = MAX_WAITING, max_address: int = MAX_WAITING, title: str = ""
    ) -> None:
        self._max_waiting, self._max_address = max_waiting, max_address
        self._title = title or VERIFICATIONS
        self._busy = False
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, request: Request | None = None) -> AsyncIterator[None]:
        """Alone in this process, from here to the end of the block; who has gone gets no turn."""
        await self._begin("" if request is None else address_of(request))
        try:
            if request is not None and await request.is_disconnected():
                raise self._refusal()
            yield
        finally:
            self._end()

    async def _begin(self, address: str) -> None:
        if not self._busy:
            self._busy = True
            return
        own = self._waiting.get(address, ())
        everybody = sum(map(len, self._waiting.values()))
        if everybody >= self._max_waiting or len(own) >= self._max_address:
            raise self._refusal()
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():  # its turn came at that very moment
                self._end()
            raise

    def _end(self) -> None:
        """The turn goes to the address that had none for longest, and there to the first."""
        while self._waiting:
            address, own = self._waiting.popitem(last=False)
            following = own.popleft()
            if own:
                self._waiting[address] = own
            if not following.cancelled():
                following.set_result(None)
                return
        self._busy = False

    def _refusal(self) -> EvidenceProblem:
        return EvidenceProblem(
            503,
            self._title,
            N_("Elles sont faites l’une après l’autre. Réessayez dans quelques secondes."),
            "",
            {"Retry-After": str(RETRY_S)},
        )
