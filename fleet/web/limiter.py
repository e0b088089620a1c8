"""Work that reads much is done one at a time in each server process; few may wait for it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet.rendering.i18n import N_
from fleet.web.errors import EvidenceProblem

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MOST_WAITING = 4
RETRY_S = 10


class RenderLimiter:
    """`async with turns.turn():` waits for its turn; `EvidenceProblem` 503 if too many wait."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most = most_waiting + 1
        self._there = 0
        self._one = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Alone in this process, from here to the end of the block."""
        if self._there >= self._most:
            raise EvidenceProblem(
                503,
                N_("Trop de vérifications à la fois"),
                N_("Elles sont faites l’une après l’autre. Réessayez dans quelques secondes."),
                "",
                {"Retry-After": str(RETRY_S)},
            )
        self._there += 1
        try:
            async with self._one:
                yield
        finally:
            self._there -= 1
