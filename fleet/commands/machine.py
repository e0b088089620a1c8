"""`fleet practice` and `fleet doctor`: what this machine offers."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from fleet import practice
from fleet.commands.signals import interrupted
from fleet.doctor import examine
from fleet.errors import BadInput
from fleet.models import PARIS
from fleet.present import instant

if TYPE_CHECKING:
    from fleet.settings import Settings


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
            stop=interrupted(),
        )
    except OSError as exc:
        said = os.strerror(exc.errno) if exc.errno else str(exc)
        raise BadInput(f"--port {port}: {said}; choose another, or 0 for any") from exc
    return True


async def doctor(settings: Settings) -> bool:
    """Print one line for each thing looked at, with what to do; false if one is bad."""
    console = Console(highlight=False)
    marks = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "bad": "[bold red]bad [/]"}
    sound = True
    async for finding in examine(settings):
        sound &= finding.state != "bad"
        console.print(marks[finding.state], f"{finding.what:<16}", finding.seen, soft_wrap=True)
        if finding.advice:
            console.print(" " * 21 + "→ " + finding.advice, soft_wrap=True)
    return sound
