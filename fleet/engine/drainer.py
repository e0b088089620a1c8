"""
From the spool into MongoDB: at once while it answers, in order when it is back after being away.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from fleet.errors import FleetError, StoreRefused, StoreUnreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet.engine.spool import Spool
    from fleet.models import Attempt
    from fleet.storage.store import Store

LOOK_S = 5.0
"""How often to look whether MongoDB takes what waits."""


class Drainer:
    """
    Empties a spool into a store for as long as it runs.

    `away` tells whether MongoDB did not answer, or refused, when it was last asked.

    Args:
        on_stored: called with every attempt once MongoDB has it.
        revive: starts an embedded MongoDB again if it has died.
    """

    def __init__(
        self,
        spool: Spool,
        store: Store,
        *,
        on_stored: Callable[[Attempt], Awaitable[None]] | None = None,
        revive: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._spool, self._store = spool, store
        self._on_stored, self._revive = on_stored, revive
        self._wake_event = asyncio.Event()
        self.away = False
        self._log = structlog.get_logger()

    def wake(self) -> None:
        """There is something in the spool."""
        self._wake_event.set()

    async def run(self) -> None:
        """Empty the spool again and again, until cancelled."""
        while True:
            # woken or not: something may wait since before the start, or have failed the last time
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake_event.wait(), LOOK_S)
            self._wake_event.clear()
            try:
                await self.drain()
            except (StoreUnreachable, StoreRefused) as exc:
                self.report_away(exc)
                await self._bring_back()
            else:
                # to drain an empty spool asks MongoDB nothing, so that alone does not tell
                if self.away and await self._answers():
                    self.away = False
                    self._log.info("MongoDB is back")

    async def drain(self) -> None:
        """
        Empty it once.

        Raises:
            StoreUnreachable, StoreRefused: what waits stays where it is.
        """
        await self._spool.drain(self._store, self._on_stored)

    def report_away(self, exc: FleetError) -> None:
        """MongoDB did not do what it was asked; told once, until it is back."""
        if not self.away:
            self._log.error(
                "MongoDB is away; visits go on, attempts wait in the spool", problem=str(exc)
            )
        self.away = True

    async def _answers(self) -> bool:
        with contextlib.suppress(StoreUnreachable, StoreRefused):
            await self._store.version()
            return True
        return False

    async def _bring_back(self) -> None:
        if self._revive is None:
            return
        try:
            if await self._revive():
                self._log.warning("the embedded MongoDB had died and was started again")
                self.wake()
        except FleetError as exc:
            self._log.error("the embedded MongoDB does not start", problem=str(exc))
