"""
The embedded default: a real `mongod` for one machine, when no `FLEET_MONGODB_URL` is set.

It listens on a free loopback port, keeps its files under the data folder, and is shared by
all fleet processes that use the same folder: whoever comes first starts it, whoever leaves
last stops it. A fleet that is killed leaves it running; the next one finds it and takes it
over, so nothing stored is lost and no second server touches the files.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import psutil

from fleet.errors import BadInput, FleetError, StoreUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

START_S = 60
STOP_S = 30


def find_mongod() -> Path:
    """
    The `mongod` on the PATH, else the one of the `embedded` extra.

    Raises:
        StoreUnreachable: there is none; says what to install or set.
    """
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path)
    package = importlib.util.find_spec("fiftyone")
    for folder in (package.submodule_search_locations or []) if package else []:
        wheel = Path(folder) / "db" / "bin" / "mongod"
        if wheel.is_file():
            return wheel
    raise StoreUnreachable(
        "no MongoDB: FLEET_MONGODB_URL is not set, there is no mongod on the PATH and the"
        " 'embedded' extra is not installed. Set FLEET_MONGODB_URL, or: make setup (in a"
        " checkout), or: pip install 'prefecture-fleet[embedded]' (Linux on x86-64)"
    )


class Mongod:
    """
    One fleet process's share in the embedded server of a data folder.

    `async with Mongod(data_dir) as url:` gives a `mongodb://` address that answers.

    Raises (on entry):
        BadInput: the data folder cannot be made or written.
        StoreUnreachable: the server does not start; quotes the end of its log.
    """

    def __init__(self, data_dir: Path) -> None:
        self._home = data_dir.expanduser().absolute() / "mongodb"
        self._address = self._home / "address"
        self._log = self._home / "mongod.log"
        self._share: int | None = None

    async def __aenter__(self) -> str:
        entering = asyncio.ensure_future(asyncio.to_thread(self._enter))
        try:
            return await asyncio.shield(entering)
        except asyncio.CancelledError:
            # a thread cannot be cancelled: wait for it, then give back what it has started
            with contextlib.suppress(FleetError):
                await entering
            await asyncio.to_thread(self._leave)
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.shield(asyncio.to_thread(self._leave))

    def _enter(self) -> str:
        try:
            (self._home / "files").mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._lock("start.lock"):
                port = self._running_port() or self._start()
                self._share = os.open(self._home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._share, fcntl.LOCK_SH)
        except OSError as exc:
            if exc.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreUnreachable(
                    f"no room for MongoDB's files in {self._home}: {exc.strerror}. Make room, or"
                    " set FLEET_DATA_DIR elsewhere"
                ) from exc
            raise BadInput(
                f"FLEET_DATA_DIR: {self._home} cannot be used as MongoDB's folder:"
                f" {exc.strerror or exc}. Expected a folder that this user may write"
            ) from exc
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def _leave(self) -> None:
        if self._share is None:
            return
        with self._lock("start.lock"):
            try:
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop()
            except BlockingIOError:
                pass  # another fleet process still uses the server; the last one stops it
            finally:
                os.close(self._share)
                self._share = None

    async def revive(self) -> bool:
        """
        Start the server again if it has died, on its old port; whether it had.

        Raises:
            StoreUnreachable: it does not start; quotes the end of its log.
        """
        return await asyncio.to_thread(self._revive)

    def _revive(self) -> bool:
        with self._lock("start.lock"):
            if self._running() is not None:
                return False
            with contextlib.suppress(OSError, ValueError, IndexError):
                process, port = map(int, self._address.read_text().split())
                with contextlib.suppress(ChildProcessError):  # another fleet's child
                    os.waitpid(process, os.WNOHANG)
                self._start(port)
                return True
            self._start()
            return True

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[Self]:
        handle = os.open(self._home / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield self
        finally:
            os.close(handle)

    def _running(self) -> psutil.Process | None:
        """The server of this folder, whoever started it."""
        try:
            process = psutil.Process(int(self._address.read_text().split()[0]))
            ours = str(self._home / "files") in process.cmdline()
            return process if ours and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _running_port(self) -> int | None:
        if self._running() is None:
            return None
        try:
            port = int(self._address.read_text().split()[1])
        except (ValueError, IndexError):
            return None
        return port if _answers(port) else None

    def _start(self, port: int | None = None) -> int:
        stale = self._running()
        if stale is not None:  # it lives and does not answer: frozen, or still shutting down
            _end(stale)
        for _ in range(3):  # another program may take the free port before mongod does
            port = port or _free_port()
            process = subprocess.Popen(
                [
                    str(find_mongod()),
                    *("--dbpath", str(self._home / "files")),
                    *("--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"),
                    *("--logpath", str(self._log), "--quiet"),
                    # zlib has a known leak in 6.0; over loopback no compression is the fastest
                    *("--networkMessageCompressors", "disabled"),
                    *("--wiredTigerCacheSizeGB", "0.25"),
                    *("--wiredTigerCollectionBlockCompressor", "zstd"),
                    *("--setParameter", "diagnosticDataCollectionEnabled=false"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the fleet; the server is stopped by it
            )
            self._address.write_text(f"{process.pid} {port}\n")
            give_up = time.monotonic() + START_S
            while process.poll() is None and time.monotonic() < give_up:
                if _answers(port):
                    return port
                time.sleep(0.05)
            if process.poll() is None:
                _end(psutil.Process(process.pid))
            if process.wait() != 48:  # mongod's exit code for "address already in use"
                break
            port = None
        raise StoreUnreachable(
            f"MongoDB does not start on {self._home / 'files'}: exit {process.returncode};"
            f" its log ends: {self._log_tail()}. If its disk is full, make room; if the folder is"
            " damaged, restore a backup or move it away to begin anew; or set FLEET_MONGODB_URL"
        )

    def why_gone(self) -> str | None:
        """The end of the server's log if it has ended by itself, None while it lives."""
        return None if self._running() else self._log_tail()

    def _stop(self) -> None:
        process = self._running()
        if process is not None:
            _end(process)
        self._address.unlink(missing_ok=True)

    def _log_tail(self) -> str:
        try:
            lines = self._log.read_text(errors="replace").splitlines()
        except OSError as exc:
            return f"(no log: {exc.strerror})"
        errors = [line for line in lines if '"s":"F"' in line or '"s":"E"' in line] or lines
        return " | ".join(line[:300] for line in errors[-2:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    """Whether something accepts connections there; mongod listens only once it has recovered."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _end(process: psutil.Process) -> None:
    """Stop a server cleanly, by force if it takes longer than STOP_S."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGCONT)
        process.terminate()
        if not _wait_for_end(process):
            process.kill()
            _wait_for_end(process)


def _wait_for_end(process: psutil.Process) -> bool:
    """Wait, at most STOP_S, for the end of a server that need not be our child."""
    give_up = time.monotonic() + STOP_S
    while time.monotonic() < give_up:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)
        # a zombie has ended; its parent is another fleet, or an init that reaps nobody
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False
