"""Work that reads much is done one at a time in each server process; few may wait for it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet.rendering.i18n import N_
from fleet.web.errors import EvidenceProblem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_WAITING = 4
RETRY_S = 10


class RenderLimiter:
    """`async with limiter.turn():` waits for its turn; `EvidenceProblem` 503 if too many wait."""

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self._maximum = max_waiting + 1
        self._waiting = 0
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Alone in this process, from here to the end of the block."""
        if self._waiting >= self._maximum:
            raise EvidenceProblem(
                503,
                N_("Trop de vérifications à la fois"),
                N_("Elles sont faites l’une après l’autre. Réessayez dans quelques secondes."),
                "",
                {"Retry-After": str(RETRY_S)},
            )
        self._waiting += 1
        try:
            async with self._lock:
                yield
        finally:
            self._waiting -= 1
