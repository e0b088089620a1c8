"""
A sign of life to an outside monitor: an address is requested while the fleet works.

A fleet that hangs, or whose machine is gone, cannot say so itself. The service behind the address
(healthchecks.io and its like) raises the alarm when the requests stop.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S = 60.0
ANSWER_S = 10.0


async def beat(
    url: str, find_problem: Callable[[], str | None], *, every_s: float = EVERY_S
) -> None:
    """
    Request `url` every `every_s` s while `find_problem` gives None, until cancelled.

    What fails, and what keeps the fleet from its work, is logged once when it begins and once
    when it ends; of the address, which is a secret, nothing is.
    """
    log, missing = structlog.get_logger(), False
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session:
        while True:
            obstacle = find_problem()
            problem = f"not sent: {obstacle}" if obstacle else await _request(session, url)
            if problem and not missing:
                log.warning("no heartbeat", problem=problem)
            elif missing and not problem:
                log.info("heartbeat again")
            missing = bool(problem)
            await asyncio.sleep(every_s)


async def _request(session: aiohttp.ClientSession, url: str) -> str | None:
    """Ask for it once; what was wrong, or None."""
    try:
        async with session.get(url) as answer:
            return None if answer.ok else f"HTTP {answer.status}"
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        # only the kind of error: its words may hold the address
        return type(exc).__name__
