"""`fleet practice`, and the practice prefectures that other commands visit with `--practice`."""

from __future__ import annotations

import contextlib
import os
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet import practice
from fleet.cli.commands.output import (
    instant,
)
from fleet.cli.commands.signals import interrupt_event
from fleet.errors import BadInput, FleetError
from fleet.models import PARIS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from fleet.models import Scenario


async def serve_practice(port: int, latency_s: float, now: str | None) -> bool:
    """Serve the practice prefectures until Ctrl-C, by a clock that may be set."""
    start = instant(now, "--now")
    began = datetime.now(PARIS)

    def clock() -> datetime:
        present = datetime.now(PARIS)
        return present if start is None else start.astimezone(PARIS) + (present - began)

    try:
        await practice.serve(
            practice.PREFECTURES,
            port=port,
            latency_s=latency_s,
            clock=clock,
            announce=lambda words: print(words, flush=True),
            stop=interrupt_event(),
        )
    except OSError as exc:
        reason = os.strerror(exc.errno) if exc.errno else str(exc)
        raise BadInput(f"--port {port}: {reason}; choose another, or 0 for any") from exc
    return True


@contextlib.asynccontextmanager
async def with_practice(
    scenarios: Sequence[Scenario], in_practice: bool
) -> AsyncIterator[Sequence[Scenario]]:
    """The scenarios as they are, or aimed at practice prefectures served meanwhile."""
    if not in_practice:
        yield scenarios
        return
    async with practice_server() as server:
        yield [on_port(scenario, server.port) for scenario in scenarios]


@contextlib.asynccontextmanager
async def practice_server() -> AsyncIterator[practice.PracticeServer]:
    """
    The practice prefectures, served on a free port meanwhile.

    Raises (at the end):
        FleetError: a request reached them that would have taken a slot on a real site.
    """
    async with practice.PracticeServer(practice.PREFECTURES) as server:
        yield server
        if server.tripwires:
            first = server.tripwires[0]
            raise FleetError(
                f"{len(server.tripwires)} requests reached the practice prefectures that would"
                f" have taken a slot on a real site, the first: {first}. Do not visit real sites"
                " with this version; tell its authors"
            )


def on_port(scenario: Scenario, port: int) -> Scenario:
    """`scenario` on another port of the same host."""
    parts = urlsplit(scenario.url)
    return scenario.at(parts._replace(netloc=f"{parts.hostname}:{port}").geturl())
