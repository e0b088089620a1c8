"""The lease of a watching fleet: taken, renewed, and asked about before each visit."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from fleet.errors import LeaseLost, LeaseTaken, StoreRefused, StoreUnreachable

if TYPE_CHECKING:
    from fleet.engine.drainer import Drainer
    from fleet.engine.options import WatchTiming
    from fleet.storage.lease import Lease


class LeaseKeeper:
    """
    Keeps one lease; `lost` says that another fleet has taken it.

    Args:
        drainer: knows whether MongoDB answers, and is told if it does not.
    """

    def __init__(self, lease: Lease, timing: WatchTiming, drainer: Drainer) -> None:
        self._lease, self._timing, self._drainer = lease, timing, drainer
        self.lost: LeaseLost | None = None

    async def take(self, stop: asyncio.Event) -> None:
        """
        Take it, waiting for that of a fleet that was killed just now to end.

        Raises:
            LeaseTaken: another fleet holds it, and goes on to.
        """
        give_up = asyncio.get_running_loop().time() + self._timing.take_lease_s
        while not stop.is_set():
            try:
                await self._lease.take()
            except LeaseTaken as exc:
                if asyncio.get_running_loop().time() > give_up:
                    raise
                structlog.get_logger().warning(
                    "waiting for the lease of another fleet", problem=str(exc)
                )
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._timing.renew_lease_s)
            else:
                return

    async def keep(self) -> None:
        """
        Renew it until cancelled.

        Raises:
            LeaseLost: another has it.
        """
        while True:
            await asyncio.sleep(self._timing.renew_lease_s)
            await self._renew()

    async def may_visit(self) -> str | None:
        """None if a visit may begin. A fleet that was frozen asks before it goes on."""
        if self.lost is None and not self._lease.is_certain() and not self._drainer.away:
            with contextlib.suppress(LeaseLost):
                await self._renew()
        return str(self.lost) if self.lost else None

    async def _renew(self) -> None:
        try:
            await self._lease.renew()
        except LeaseLost as exc:
            self.lost = exc
            raise
        except (StoreUnreachable, StoreRefused) as exc:
            self._drainer.report_away(exc)
