"""
One page cannot keep the others from their browser: what burns or swells is ended alone.

All pages share Chromium's first process, Playwright's driver and our own loop. A page that floods
them (errors, messages, frames by the thousand) makes all of them late; if nothing were done, the
next step would be to end Chromium with every visit in it. Each page has a process of its own, and
the kernel tells what that has used. So once Chromium answers late, the page that has burnt most is
ended; and so is one whose memory swells, before the machine has none left. To its visit that page
has died: `crashed`, and nothing is said about the site.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from playwright.async_api import Error as PlaywrightError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.async_api import CDPSession

LOOK_S = 0.25
"""How often it is looked at what the pages use."""

ASK_S = 1.0
"""How often Chromium is asked whether it answers, while it has pages."""

LATE_S = 2.0
"""Who has not answered for so long keeps visits waiting."""

MOST_BURNT_S = 3.0
"""Processor time that may end a page once Chromium is late; a visit's was seen to take 0.8 s."""

BURNS_S = 0.5
"""How much of it at least since Chromium was asked: an old page that rests is at no fault."""

MOST_BYTES = 1_000_000_000
"""Memory of one page, what it shares with others left out; practice sites take 40 MB in all."""

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class PageProcess:
    """What the process of a page has used until now."""

    pid: int
    burnt_s: float
    bytes: int


class PageWarden:
    """
    Watches the pages of one Chromium until it is cancelled.

    Args:
        roots: the numbers of the processes below which Chromium's are.
        cdp: a session with Chromium itself, none of a page's.
        busy: whether any page is open.
    """

    def __init__(self, roots: Sequence[int], cdp: CDPSession, busy: Callable[[], bool]) -> None:
        self._roots, self._cdp, self._busy = roots, cdp, busy
        self._asked: asyncio.Future[None] | None = None
        self._since = 0.0
        self._before: dict[int, float] = {}
        self._log = structlog.get_logger()

    async def watch(self) -> None:
        """Look at the pages again and again."""
        clock = asyncio.get_running_loop().time
        while True:
            if self._busy():
                pages = [page for root in self._roots for page in pages_of(root)]
                self._end_swollen(pages)
                if self._owing and clock() - self._since >= LATE_S:
                    self._end_burning(pages)
                self._ask_again(pages, clock())
            await asyncio.sleep(LOOK_S)

    @property
    def _owing(self) -> bool:
        """Whether Chromium was asked and has not answered."""
        return self._asked is not None and not self._asked.done()

    def _ask_again(self, pages: list[PageProcess], now: float) -> None:
        if not self._owing and now - self._since >= ASK_S:
            self._since = now
            self._before = {page.pid: page.burnt_s for page in pages}
            self._asked = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        with contextlib.suppress(PlaywrightError):  # it has ended
            await self._cdp.send("Browser.getVersion")

    def _end_swollen(self, pages: list[PageProcess]) -> None:
        for page in pages:
            if page.bytes > MOST_BYTES:
                self._end(page, "it takes too much memory")

    def _end_burning(self, pages: list[PageProcess]) -> None:
        burning = [
            page
            for page in pages
            if page.burnt_s >= MOST_BURNT_S
            and page.burnt_s - self._before.get(page.pid, 0.0) >= BURNS_S
        ]
        if burning:
            self._end(max(burning, key=lambda page: page.burnt_s), "Chromium answers late")

    def _end(self, page: PageProcess, why: str) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended meanwhile
            os.kill(page.pid, signal.SIGKILL)
            self._log.warning(
                "a page was ended, so that the others go on",
                why=why,
                burnt_s=round(page.burnt_s, 1),
                memory_mb=page.bytes // 1_000_000,
            )


def pages_of(root: int) -> Iterator[PageProcess]:
    """
    The processes of pages below one of Chromium's, as the kernel tells; none if it does not.

    A few small files for each process: far cheaper than to look through all of the machine's.
    """
    for pid in _started_by(root):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"--type=renderer" in words:
                yield _used_by(pid)
            elif b"--type=" not in words or b"--type=zygote" in words:
                yield from pages_of(pid)


def _used_by(pid: int) -> PageProcess:
    used = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
    memory = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()
    return PageProcess(
        pid,
        burnt_s=(int(used[11]) + int(used[12])) / _TICK,
        bytes=(int(memory[1]) - int(memory[2])) * _PAGE_SIZE,
    )


def _started_by(pid: int) -> Iterator[int]:
    for task in _listed(Path(f"/proc/{pid}/task")):
        with contextlib.suppress(OSError):
            yield from map(int, (task / "children").read_text(encoding="utf-8").split())


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []
