"""
A watching fleet in its world, each part a process of its own: country, MongoDB, fleet.

What the parts log, keep and request is gathered here; who judges it is `bench.faults.witnesses`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.faults.supervisor import Program, adopting, collect, free_port, said, words_of
from fleet.errors import StoreRefused, StoreUnreachable
from fleet.storage.embedded import Mongod, find_mongod
from fleet.storage.store import Store

READY_S = 90.0
ZOMBIE_S = 15.0
"""
A process that has ended and is not collected for so long counts as a zombie. The embedded MongoDB
is collected when it is missed: at the next attempt, or the lease's renewal every 10 s.
"""
DATABASE = "fleet_practice"


class World:
    """
    A folder with a practice country, a MongoDB and a fleet that watches.

    Args:
        country: options of `bench.faults.country`.
        settings: `FLEET_*` without the prefix.
        embedded: the fleet keeps its own MongoDB; else it is a process beside the fleet.
        data: the fleet's data folder, if it is not to be in `folder`.
        clock: by this file's word (`+3600`) the fleet's clock is set, as libfaketime does it.
    """

    def __init__(
        self,
        folder: Path,
        country: Sequence[str],
        settings: Mapping[str, object],
        *,
        embedded: bool = False,
        data: Path | None = None,
        clock: Path | None = None,
    ) -> None:
        self.folder, self.embedded = folder, embedded
        self.data = data or folder / "data"
        self.temporary = folder / "temporary"
        self._files = folder / "mongodb"
        self.mongodb_port = free_port()
        self.country_port = free_port()
        for each in (self.data, self.temporary, self._files):
            each.mkdir(parents=True, exist_ok=True)
        plain = {k: v for k, v in os.environ.items() if not k.startswith("FLEET_")}
        said = {
            "SCENARIOS_DIR": folder / "scenarios",
            "DATA_DIR": self.data,
            "DATABASE": DATABASE,
            **({} if embedded else {"MONGODB_URL": self._own_url}),
            **settings,
        }
        self.environment = {
            **plain,
            "TMPDIR": str(self.temporary),
            **{f"FLEET_{name}": str(value) for name, value in said.items()},
        }
        if clock is not None:
            self.environment |= faked(clock)
        python = (sys.executable, "-m")
        self.country = Program(
            (
                *(*python, "bench.faults.country", str(folder / "scenarios")),
                *(*country, "--port", str(self.country_port)),
            ),
            plain,
            folder / "country.log",
        )
        self.mongodb = Program(
            (
                str(find_mongod()),
                *("--dbpath", str(self._files), "--port", str(self.mongodb_port)),
                *("--bind_ip", "127.0.0.1", "--nounixsocket", "--quiet"),
                *("--networkMessageCompressors", "disabled", "--wiredTigerCacheSizeGB", "0.25"),
            ),
            plain,
            folder / "mongodb.log",
        )
        self.fleet = Program((*python, "fleet", "watch"), self.environment, folder / "fleet.log")
        self.requests: dict[tuple[str, ...], dict[str, Any]] = {}
        self.tripwires = 0
        self.forms: list[dict[str, Any]] = []
        self.zombies: set[str] = set()
        self._since: dict[str, float] = {}
        self._store: tuple[str, Store] | None = None

    @property
    def _own_url(self) -> str:
        return f"mongodb://127.0.0.1:{self.mongodb_port}/?directConnection=true"

    @property
    def url(self) -> str:
        """Where MongoDB answers, or answered last."""
        if not self.embedded:
            return self._own_url
        port = (self.data / "mongodb" / "address").read_text().split()[1]
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Country, MongoDB and fleet at work; all have ended afterwards."""
        programs = [self.country, *([] if self.embedded else [self.mongodb]), self.fleet]
        with adopting():
            looking = asyncio.ensure_future(self._look())
            try:
                self.country.start()
                if not self.embedded:
                    self.mongodb.start()
                await self.until(self.served, "the country does not answer")
                self.fleet.start()
                await self.until(lambda: said(self.fleet.log, "watching"), "no fleet watches")
                yield
            finally:
                for program in reversed(programs):
                    await program.stop()
                looking.cancel()
                self._close()

    @contextlib.asynccontextmanager
    async def records(self) -> AsyncIterator[Store]:
        """The store, after `running` has ended."""
        if self.embedded:
            async with Mongod(self.data) as url, await Store.open(url, DATABASE) as store:
                yield store
            return
        self.mongodb.start()
        try:
            await self.until(lambda: self.ask(Store.version), "MongoDB does not start")
            yield await self.store()
        finally:
            self._close()
            await self.mongodb.stop()

    def _close(self) -> None:
        if self._store is not None:
            self._store[1].close()
            self._store = None

    async def command(self, *words: str) -> tuple[int, str]:
        """Run another command of the fleet; its exit code and what it says."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fleet", *words),
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def until(self, true: Callable[[], Any], words: str, seconds: float = READY_S) -> None:
        """Wait for something, which may be a coroutine function."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    got = true()
                    if await got if asyncio.iscoroutine(got) else got:
                        return
                    await asyncio.sleep(0.25)
        except TimeoutError as exc:
            programs = {"country": self.country, "mongodb": self.mongodb, "fleet": self.fleet}
            ends = [f"{name}: {program.last_words()}" for name, program in programs.items()]
            raise TimeoutError("\n".join((f"{words} in {seconds:g} s", *ends))) from exc

    async def served(self) -> bool:
        """Read the country's journal; whether it answers."""
        try:
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"http://127.0.0.1:{self.country_port}/practice.json") as answer,
            ):
                report = await answer.json()
        except aiohttp.ClientError:
            return False
        self.forms, self.tripwires = report["forms"], len(report["tripwires"])
        for each in report["requests"]:
            if each["session"]:
                self.requests[each["at"], each["host"], each["path"]] = each
        return True

    async def store(self) -> Store:
        """
        The fleet's store.

        Raises:
            StoreUnreachable: MongoDB does not answer.
        """
        try:
            url = self.url
        except (OSError, IndexError) as exc:
            raise StoreUnreachable("the embedded MongoDB has not started yet") from exc
        if self._store is None or self._store[0] != url:
            self._store = url, await Store.open(url, DATABASE)
        return self._store[1]

    async def ask(self, question: Callable[[Store], Any]) -> Any:
        """What the store answers; None while MongoDB does not."""
        try:
            return await question(await self.store())
        except (StoreUnreachable, StoreRefused):
            return None

    # Processes ------------------------------------------------------------------------------

    def of_fleet(self) -> list[psutil.Process]:
        """The fleet's processes, first itself; empty between two starts."""
        with contextlib.suppress(psutil.Error):
            if self.fleet.pid:
                first = psutil.Process(self.fleet.pid)
                return [first, *first.children(recursive=True)]
        return []

    def drivers(self) -> list[psutil.Process]:
        """Playwright's node; two while a Chromium relieves another."""
        return [p for p in self.of_fleet() if "run-driver" in words_of(p)]

    def browsers(self) -> list[psutil.Process]:
        """Chromium's first processes, not the shell script that may have started them."""
        # Chromium's own forks carry its command line until they are another program
        named = {}
        for process in self.of_fleet():
            with contextlib.suppress(psutil.Error):
                shell = Path(process.exe()).name in ("sh", "dash", "bash", "busybox")
                if "--remote-debugging-pipe" in words_of(process) and not shell:
                    named[process.pid] = process.ppid(), process
        return [process for parent, process in named.values() if parent not in named]

    def server(self) -> psutil.Process | None:
        """The mongod."""
        with contextlib.suppress(psutil.Error, OSError, ValueError, IndexError):
            if self.embedded:
                address = self.data / "mongodb" / "address"
                return psutil.Process(int(address.read_text().split()[0]))
            return psutil.Process(self.mongodb.pid) if self.mongodb.pid else None
        return None

    def visiting(self) -> int:
        """Visits under way, by their marks."""
        return len(list((self.data / "watch" / DATABASE / "begun").glob("*.json")))

    def spooled(self) -> list[Path]:
        """What lies in the spool, whole, half-written, refused or damaged."""
        files = (self.data / "watch" / DATABASE / "spool").rglob("*.zip*")
        return [path for path in files if path.is_file()]

    def left(self) -> list[str]:
        """Processes of the fleet that live though it has ended, and its temporary files."""
        processes = [p for p in psutil.process_iter() if self._is_left(p)]
        return [*map(str, processes), *map(str, self.temporary.iterdir())]

    def _is_left(self, process: psutil.Process) -> bool:
        if process.pid in (os.getpid(), self.country.pid, self.mongodb.pid):
            return False
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                return any(str(self.folder) in each for each in process.environ().values())
        return False

    async def _look(self) -> None:
        """Collect orphans and count zombies; read the journal, which forgets."""
        others = {process.pid for process in psutil.Process().children(recursive=True)}
        turn = 0
        while True:
            own = others | {p.pid for p in (self.country, self.mongodb, self.fleet)}
            zombies: set[str] = set()
            for process in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error, ChildProcessError):
                    if process.status() != psutil.STATUS_ZOMBIE or process.pid in own:
                        continue
                    if process.ppid() == os.getpid():
                        collect(process)
                    elif psutil.Process(process.ppid()).status() != psutil.STATUS_STOPPED:
                        zombies.add(f"{process.name()} ({process.pid})")
            clock = time.monotonic()
            self._since = {each: self._since.get(each, clock) for each in zombies}
            self.zombies |= {z for z, since in self._since.items() if clock - since > ZOMBIE_S}
            if turn % 40 == 0:
                await self.served()
            turn += 1
            await asyncio.sleep(0.5)


def faked(clock: Path) -> dict[str, str]:
    """The environment in which a Python's clock is set by a file; seconds go on as they do."""
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not libraries:
        raise SystemExit("--clock-jumps: install Debian's package libfaketime")
    clock.write_text("+0")
    patch = clock.parent / "python" / "sitecustomize.py"
    patch.parent.mkdir(exist_ok=True)
    # libfaketime 0.9.10 refuses the call that `time.sleep` makes, and Chromium does not start under
    # it (nor does mongod count on): what the fleet starts has this machine's clock
    patch.write_text(
        "import os, threading, time\n"
        "os.environ.pop('LD_PRELOAD', None)\n"
        "time.sleep = lambda seconds: threading.Event().wait(seconds)\n"
    )
    return {
        "PYTHONPATH": str(patch.parent),
        "LD_PRELOAD": str(libraries[0]),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        # read anew each second: threads that wait for each other read it all the time otherwise
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def machine() -> str:
    """This machine and how busy it is, for the head of a report."""
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} processors, {memory:.0f} GB, load {load}"
