"""Attempts on their way into the store: what cannot be kept as it was seen is kept as `crashed`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from fleet.errors import FleetError, StoreNeverTakes

if TYPE_CHECKING:
    from fleet.models.attempt import Capture
    from fleet.storage.store import Store


def stand_in(capture: Capture, exc: Exception) -> Capture:
    """What is kept in its place: that it was made, and why nothing of it can be kept."""
    who = capture.attempt.scenario_id
    structlog.get_logger().error(
        "an attempt cannot be kept as it was seen; it is kept as crashed",
        scenario=who,
        attempt=capture.attempt.id,
        problem=f"{type(exc).__name__}: {str(exc)[:300]}",
    )
    words = " ".join(str(exc).split())[:1000]
    return capture.crashed(f"{who}: what was seen cannot be kept: {type(exc).__name__}: {words}")


async def keep(store: Store, capture: Capture) -> Capture:
    """
    Store an attempt; give what was stored.

    Raises:
        StoreUnreachable, StoreRefused: nothing can be stored at the moment, whatever it is.
    """
    try:
        await store.attempts.add(capture.attempt, capture.files)
    except Exception as exc:  # safe: what fails for what it is, is kept without what was seen
        if isinstance(exc, FleetError) and not isinstance(exc, StoreNeverTakes):
            raise
        capture = stand_in(capture, exc)
        await store.attempts.add(capture.attempt, capture.files)
    return capture
