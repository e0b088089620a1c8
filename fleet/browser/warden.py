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
from typing import TYPE_CHECKING

import structlog
from playwright.async_api import Error as PlaywrightError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.async_api import CDPSession

LOOK_S = 0.25
"""How often it is looked at what the pages' memory is."""

FIND_S = 0.5
"""How often new pages are looked for, and what they have burnt is asked."""

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
    """The process of a page, and what processor time it had used when it was found."""

    pid: int
    burnt_s: float

    @property
    def bytes(self) -> int:
        """What it holds for itself now; 0 once it has ended."""
        words = _read(f"/proc/{self.pid}/statm").split()
        return (int(words[1]) - int(words[2])) * _PAGE_SIZE if len(words) > 2 else 0


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
        pages: list[PageProcess] = []
        found = -FIND_S
        while True:
            if not self._busy():
                pages = []
            elif (now := clock()) - found >= FIND_S:
                found = now
                pages = [page for root in self._roots for page in pages_of(root)]
                if self._owing and now - self._since >= LATE_S:
                    self._end_burning(pages)
                self._ask_again(pages, now)
            self._end_swollen(pages)
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
        memory = page.bytes
        if not _is_page(_read(f"/proc/{page.pid}/cmdline")):
            return  # it has ended, and its number may be another's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended meanwhile
            os.kill(page.pid, signal.SIGKILL)
            self._log.warning(
                "a page was ended, so that the others go on",
                why=why,
                burnt_s=round(page.burnt_s, 1),
                memory_mb=memory // 1_000_000,
            )


def pages_of(root: int) -> Iterator[PageProcess]:
    """
    The processes of pages below one of Chromium's, as the kernel tells; none if it does not.

    A few small files for each process: far cheaper than to look through all of the machine's.
    """
    for pid in _started_by(root):
        words = _read(f"/proc/{pid}/cmdline")
        if _is_page(words):
            used = _read(f"/proc/{pid}/stat").rpartition(b") ")[2].split()
            if len(used) > 12:
                yield PageProcess(pid, burnt_s=(int(used[11]) + int(used[12])) / _TICK)
        elif words and (b"--type=" not in words or b"--type=zygote" in words):
            yield from pages_of(pid)


def _started_by(pid: int) -> Iterator[int]:
    try:
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 (names are what is wanted)
    except OSError:
        return
    for task in tasks:
        yield from map(int, _read(f"/proc/{pid}/task/{task}/children").split())


def _is_page(command: bytes) -> bool:
    return b"--type=renderer" in command


def _read(path: str) -> bytes:
    """A file of the kernel's; nothing if its process has ended meanwhile."""
    try:  # not by pathlib: this is read a hundred times a second
        file = os.open(path, os.O_RDONLY)
        try:
            return os.read(file, 65536)
        finally:
            os.close(file)
    except OSError:
        return b""
