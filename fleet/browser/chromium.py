"""
Chromium and Playwright's driver: found, started, watched, ended without a trace.

One Chromium serves all pages; every attempt gets a fresh context, so nothing is shared between
two attempts. Both processes live in a private temporary folder that is removed with them. When
Chromium or the driver dies, its pages are told so and the next page starts new ones.

The headless shell is the default: the same engine at a third of the processor time of the full
browser. In it `--block-new-web-contents` makes popups impossible, so that no request leaves a
page before the guard stands; other Chromiums are guarded by a slower way as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from fleet.browser import popups, processes
from fleet.browser.arguments import NOT_PLAYWRIGHTS, arguments_for
from fleet.browser.environment import (
    DEVICE_SCALE,
    LOCALE,
    TIME_ZONE,
    WINDOW_HEIGHT_PX,
    WINDOW_WIDTH_PX,
    environment_of,
)
from fleet.browser.executable import refuses_sandbox, why_not
from fleet.browser.page import OpenPage
from fleet.browser.warden import PageWarden
from fleet.errors import NoChromium
from fleet.rules.internal import PublicOnly
from fleet.system.waiting import finish_first, wait_at_most

if TYPE_CHECKING:
    from collections.abc import Iterable

    from playwright.async_api import Browser, Playwright

START_S = 30.0


class Chromium:
    """
    A running Chromium. `async with Chromium(...) as chromium:` starts and ends it.

    Args:
        executable: the program.
        sandbox: Chromium's own sandbox: `auto` is on unless we are root, who cannot have it.
        contact_url: goes into the User-Agent, so that a site knows whom to ask.
        close_s: how long closing anything may take before it is killed.
        loopback_only: reach no host but this machine (practice, tests). Only then may `auto`
            do without a sandbox that the system refuses.
        show: open a window (needs a full Chromium and a screen).
        person: its pages are in a person's hands, who may answer a captcha (`session.py`).
        egress_address: from which address sites see this machine, if somebody knows it.
        internal_hosts: hosts that visits may ask wherever they are. With `loopback_only` and
            without any, every host that is reached may be asked.
        starting: shared by Chromiums of one process that may be started at the same time.

    Raises (on entry):
        NoChromium: it does not start; says why and what to do.
    """

    def __init__(
        self,
        executable: Path,
        *,
        fleet_version: str,
        sandbox: str = "auto",
        contact_url: str | None = None,
        close_s: float = 10,
        loopback_only: bool = False,
        show: bool = False,
        person: bool = False,
        egress_address: str | None = None,
        internal_hosts: Iterable[str] = (),
        starting: asyncio.Lock | None = None,
    ) -> None:
        self.executable = executable
        self.environment = environment_of(executable, egress_address)
        self.sandboxed = sandbox == "on" or (sandbox == "auto" and os.geteuid() != 0)
        self.version = ""
        self.starts = 0
        self._may_drop_sandbox = sandbox == "auto" and loopback_only
        self._contact = contact_url or "no contact given"
        self.fleet_version = fleet_version
        self._close_s = close_s
        self._loopback_only = loopback_only
        allowed, direct = frozenset(internal_hosts), self.environment.proxy == "none"
        everything = loopback_only and not allowed
        self.public = None if everything else PublicOnly(allowed, direct)
        self._show = show
        self._person = person
        self._is_shell = "headless" in executable.name and "shell" in executable.name
        self._lock = asyncio.Lock()
        self._starting = starting or asyncio.Lock()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._home: Path | None = None
        self._processes: list[psutil.Process] = []
        self._died = asyncio.Event()
        self._watching: tuple[asyncio.Task[None], ...] = ()

    async def __aenter__(self) -> Self:
        processes.sweep_temporary()
        try:
            await finish_first(self._start())
        except asyncio.CancelledError:
            await finish_first(self._stop())
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        async def leave() -> None:
            async with self._lock:
                await self._stop()

        await finish_first(leave())

    @property
    def user_agent(self) -> str:
        """What Chromium is, and whose visit this is."""
        major = self.version.split(".", 1)[0]
        kind = "Chrome" if self._show else "HeadlessChrome"
        return (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
            f" {kind}/{major}.0.0.0 Safari/537.36"
            f" PrefectureFleet/{self.fleet_version} (+{self._contact})"
        )

    @property
    def open_contexts(self) -> int:
        """Contexts open at this moment; 0 when no attempt is under way."""
        return len(self._browser.contexts) if self._browser and not self._died.is_set() else 0

    async def open_page(self) -> OpenPage:
        """
        A page in a fresh context. Starts Chromium again if it died.

        Raises:
            playwright.async_api.Error: Chromium dies or freezes again and again.
            NoChromium: it does not start any more.
        """
        opening = asyncio.ensure_future(self._open_page())
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # a start or an opening cut in the middle would leave processes or a page
            await asyncio.wait({opening})
            if not opening.cancelled() and opening.exception() is None:
                await self.close_page(opening.result())
            raise

    async def close_page(self, opened: OpenPage) -> None:
        """Close a page with its context; if that takes too long, end its process, then Chromium."""

        async def close() -> None:
            for _ in range(2):  # an error in any listener is raised by whatever call comes next
                with contextlib.suppress(Exception):  # dead already: nothing left to close
                    await opened.context.close()
                    break

        closing = asyncio.ensure_future(close())
        if (await asyncio.wait({closing}, timeout=self._close_s))[0] or opened.died.is_set():
            return
        opened.crash()
        if (
            not (await asyncio.wait({closing}, timeout=self._close_s))[0]
            and not opened.died.is_set()
        ):
            self.kill()

    def kill(self) -> None:
        """End Chromium and the driver at once. Calls under way fail; the next page starts anew."""
        self._died.set()
        for process in self._all_processes():
            processes.kill(process)

    def memory_bytes(self) -> int:
        """Memory of Chromium and the driver (PSS); reads files for some milliseconds."""
        return processes.pss_bytes(self._all_processes())

    def _all_processes(self) -> list[psutil.Process]:
        """The driver, Chromium and their children, those of a start under way included."""
        home = self._home
        starting = [] if home is None else processes.started_in(home)
        return processes.family([*self._processes, *starting])

    async def _open_page(self) -> OpenPage:
        """Opening a page says nothing to a site, so a death meanwhile is no reason to give up."""
        error = PlaywrightError(f"Chromium did not open a page in {START_S:g} s; it was ended")
        for _ in range(2):
            async with self._lock:
                if not self._lives():
                    await self._stop()
                    await self._start()
                browser, died = self._browser, self._died
            assert browser is not None
            try:
                # a call that is under way when Chromium is killed may never be answered
                opened = await wait_at_most(START_S, self._open(browser, died), unless=died)
            except PlaywrightError as exc:
                error = exc
                with contextlib.suppress(TimeoutError):  # its end is told after that of its calls
                    await asyncio.wait_for(died.wait(), 4 * processes.WATCH_S)
                if not died.is_set():
                    break
            else:
                if opened is not None:
                    return opened
                if not died.is_set():
                    self.kill()
        raise error

    def _lives(self) -> bool:
        return (
            self._browser is not None
            and self._browser.is_connected()  # stays true when the driver dies
            and not self._died.is_set()
            and all(processes.lives(process) for process in self._processes)
        )

    async def _open(self, browser: Browser, died: asyncio.Event) -> OpenPage:
        context = await browser.new_context(
            locale=LOCALE,
            timezone_id=TIME_ZONE,
            user_agent=self.user_agent,
            viewport={"width": WINDOW_WIDTH_PX, "height": WINDOW_HEIGHT_PX},
            device_scale_factor=DEVICE_SCALE,
            accept_downloads=False,
            service_workers="block",
            reduced_motion="reduce",
        )
        try:
            if not self._is_shell:
                await popups.guard_popups(context, person=self._person, public=self.public)
            page = await context.new_page()
            cdp = await context.new_cdp_session(page)
            await cdp.send("Page.enable")
        except PlaywrightError:
            with contextlib.suppress(PlaywrightError):
                await context.close()
            raise
        return OpenPage(context, page, cdp, died, public=self.public)

    async def _start(self) -> None:
        self._died = asyncio.Event()
        try:
            self._home = Path(tempfile.mkdtemp(prefix=f"{processes.TEMPORARY}{os.getpid()}-"))
            await self._launch(self._home)
        except (PlaywrightError, OSError, psutil.Error) as exc:
            await self._stop()
            if self._may_drop_sandbox and self.sandboxed and refuses_sandbox(str(exc)):
                self.sandboxed = False
                await self._start()
                return
            raise NoChromium(why_not(self.executable, str(exc))) from exc
        self.starts += 1

    async def _launch(self, home: Path) -> None:
        async with self._starting:
            with processes.environment_of_driver(home):  # it keeps its own files there too
                self._playwright = await _start_driver()
        drivers = processes.started_in(home)
        own_proxy = self.environment.proxy != "none"
        arguments = arguments_for(loopback_only=self._loopback_only, own_proxy=own_proxy)
        environment: dict[str, str | float | bool] = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FLEET_")},  # no password
            "TMPDIR": str(home),
        }
        launching = self._playwright.chromium.launch(
            executable_path=self.executable,
            headless=not self._show,
            args=arguments,
            ignore_default_args=[*NOT_PLAYWRIGHTS],
            chromium_sandbox=self.sandboxed,
            # the fleet ends its browsers itself: a signal must not reach them first
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            env=environment,
            timeout=START_S * 1000,
        )
        self._browser = await wait_at_most(START_S + self._close_s, launching)
        if self._browser is None:
            raise PlaywrightError(f"Playwright's driver did not answer in {START_S:g} s")
        programs = [child for each in drivers for child in each.children()]
        self._processes = [*drivers, *programs]
        died = self._died
        self._browser.on("disconnected", lambda _: died.set())
        watches = processes.watch(self._processes, died), self._watch_pages(self._browser, programs)
        self._watching = tuple(map(asyncio.ensure_future, watches))
        self.version = self._browser.version

    async def _watch_pages(self, browser: Browser, programs: list[psutil.Process]) -> None:
        with contextlib.suppress(PlaywrightError):  # it has ended
            cdp = await browser.new_browser_cdp_session()
            roots = [program.pid for program in programs]
            await PageWarden(roots, cdp, lambda: bool(browser.contexts)).watch()

    async def _stop(self) -> None:
        async def stop() -> bool:
            with contextlib.suppress(PlaywrightError):  # it died before: only its remains matter
                if self._browser is not None:
                    await self._browser.close()
            return True

        async def stop_driver() -> bool:
            # the driver's pipe may be broken already, in whatever way it died
            with contextlib.suppress(Exception):
                if self._playwright is not None:
                    await self._playwright.stop()
            return True

        if not await wait_at_most(self._close_s, stop()):
            self.kill()
        remains = await asyncio.to_thread(self._all_processes)
        await wait_at_most(self._close_s, stop_driver())
        self.kill()
        await processes.until_gone(remains, self._close_s)
        processes.reap([*self._processes, *remains])
        for task in self._watching:
            task.cancel()
        self._playwright = self._browser = None
        self._watching = ()
        self._processes = []
        if self._home is not None:
            await processes.remove(self._home)
            self._home = None


async def _start_driver() -> Playwright:
    try:
        playwright = await wait_at_most(START_S, async_playwright().start())
    except PlaywrightError:
        raise
    except Exception as exc:  # the driver's early end has no class of its own
        raise PlaywrightError(f"Playwright's driver ended at its start: {exc}") from exc
    if playwright is None:
        raise PlaywrightError(f"Playwright's driver did not start in {START_S:g} s")
    return playwright
