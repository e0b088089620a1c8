"""
`python -m bench.load.hostile_readers`: many slow readers of large pictures, and half requests.

`fleet serve` runs as it does for readers, over a made-up database with a dozen pictures of 30 MB.
Readers come from as many addresses of this machine as there are readers; each takes 32 KiB a
second of a picture, of its small copy or of its framed one. Beside them connections begin a request
and never end it. Somebody who means no harm asks for `/healthz` and the first page twice a second.
Told are their answers, everybody else's, the memory of the server and whether it lived.

`--cgroup FOLDER`: a control group with a limit of memory, to which the server's processes go:

    mkdir /sys/fs/cgroup/memory/pages
    echo 1500m > /sys/fs/cgroup/memory/pages/memory.limit_in_bytes
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import io
import os
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from PIL import Image

from bench.load.dossier import FLOW, attempt_of, file_of
from fleet.bootstrap.store import open_store
from fleet.models import Verdict, now
from fleet.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

DATABASE = "bench_readers_made_up"
PICTURES = 12
SIDE_PX = 3_200
"""Noise of so many pixels each way is 30 MB."""

TAKEN_BYTES = 32_768
PROBE_S = 0.5
PROBE_LATE_S = 10.0
HALVES_AT_ONCE = 200
"""Half requests that begin in one second."""


def noise() -> bytes:
    """A picture that nothing makes smaller."""
    written = io.BytesIO()
    sheet = Image.frombytes("RGB", (SIDE_PX, SIDE_PX), os.urandom(3 * SIDE_PX * SIDE_PX))
    sheet.save(written, "PNG", compress_level=1)
    return written.getvalue()


async def fill(settings: Settings) -> list[str]:
    """Store attempts with one such picture each; the addresses at which they are read."""
    paths = []
    async with open_store(settings) as store:
        for number in range(PICTURES):
            at = now() - timedelta(hours=number + 1)
            file = file_of("picture", noise(), 0, at)
            attempt = attempt_of(number, at, Verdict.NO_SLOTS, [file], FLOW)
            await store.attempts.add(attempt, [file])
            sha256 = hashlib.sha256(file.content).hexdigest()
            paths += [f"/preuve/{sha256}"] * 6
            paths += [f"/vignette/{sha256}.webp", f"/tentative/{attempt.id}/cadre/0.png"]
    return paths


@asynccontextmanager
async def serving(settings: Settings, cgroup: Path | None) -> AsyncIterator[tuple[int, int]]:
    """`fleet serve`: its port and its process."""
    join = f"echo $$ > {cgroup}/cgroup.procs && " if cgroup else ""
    command = f"{join}exec {sys.executable} -m fleet serve --port 0"
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", command),
        env={
            **os.environ,
            "FLEET_DATA_DIR": str(settings.data_dir),
            "FLEET_DATABASE": settings.database,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=(settings.data_dir / "serve.log").open("wb"),
    )
    assert process.stdout is not None
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), 120)).decode().strip()
        yield int(address.rstrip("/").rpartition(":")[2]), process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def addresses() -> Iterator[str]:
    """Addresses of this machine, each once."""
    for number in count(1):
        yield f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


class Crowd:
    """Everybody at one server, and what became of them."""

    def __init__(self, port: int, seconds: float) -> None:
        self.port, self.seconds = port, seconds
        self.seen: dict[str, Counter[str]] = {
            name: Counter() for name in ("readers", "half requests", "/healthz", "/")
        }
        self.probe_s: list[float] = []
        self.taken_bytes = 0
        self._from = addresses()

    async def _ask(self, head: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        place = (next(self._from), 0)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=place, limit=TAKEN_BYTES
        )
        writer.write(head)
        return reader, writer

    async def slow_reader(self, path: str) -> None:
        """Take an answer little by little."""
        what, end = "no answer", time.monotonic() + self.seconds
        try:
            reader, writer = await self._ask(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            )
            with contextlib.closing(writer):
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + self.seconds):
                    status = (await reader.readline()).split()
                    what = status[1].decode() if len(status) > 1 else "closed"
                    while time.monotonic() < end:
                        await asyncio.sleep(1)
                        part = await reader.read(TAKEN_BYTES)
                        self.taken_bytes += len(part)
                        if not part:
                            break
        except TimeoutError:
            what = f"{what}, then waiting"
        except OSError:
            what = f"{what}, then cut off"
        self.seen["readers"][what] += 1

    async def half_request(self, number: int) -> None:
        """Begin a request, and wait to be cut off."""
        await asyncio.sleep(number / HALVES_AT_ONCE)
        what = "held"
        try:
            reader, writer = await self._ask(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-More: ")
            with contextlib.closing(writer):
                async with asyncio.timeout(self.seconds):
                    answer = await reader.read(100)
                    what = answer.split()[1].decode() if answer else "closed"
        except TimeoutError:
            pass
        except OSError:
            what = "closed"
        self.seen["half requests"][what] += 1

    async def probe(self, path: str) -> None:
        """Ask as anybody does, again and again, on a connection of its own each time."""
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            began = time.monotonic()
            try:
                async with asyncio.timeout(PROBE_LATE_S):
                    reader, writer = await self._ask(
                        f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                        "Connection: close\r\n\r\n".encode()
                    )
                    with contextlib.closing(writer):
                        answer = await reader.read()
                what = answer.split()[1].decode() if answer else "closed"
                self.probe_s.append(time.monotonic() - began)
            except TimeoutError:
                what = "late"
            except OSError:
                what = "refused"
            self.seen[path][what] += 1
            await asyncio.sleep(PROBE_S)


async def most_memory(pid: int, most: list[int]) -> None:
    """Look at the memory (PSS) of the server until cancelled."""
    server = psutil.Process(pid)
    while True:
        with contextlib.suppress(psutil.Error):
            processes = [server, *server.children(recursive=True)]
            most.append(sum(each.memory_full_info().pss for each in processes))
        await asyncio.sleep(1)


async def measure(wanted: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="fleet-readers-") as folder:
        settings = Settings(data_dir=Path(folder), database=DATABASE)
        paths = await fill(settings)
        async with serving(settings, wanted.cgroup) as (port, pid):
            crowd, most = Crowd(port, wanted.seconds), [0]
            watching = asyncio.ensure_future(most_memory(pid, most))
            await asyncio.gather(
                *(crowd.slow_reader(paths[n % len(paths)]) for n in range(wanted.readers)),
                *(crowd.half_request(n) for n in range(wanted.halves)),
                *map(crowd.probe, ("/healthz", "/")),
            )
            watching.cancel()
            alive = psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"
        for who, what in crowd.seen.items():
            print(f"{who}: " + ", ".join(f"{n} × {word}" for word, n in what.most_common()))
        slowest = sorted(crowd.probe_s)
        print(
            f"those who mean no harm: median {statistics.median(slowest):.2f} s,"
            f" p95 {slowest[int(len(slowest) * 0.95)]:.2f} s, slowest {slowest[-1]:.2f} s"
        )
        print(f"taken by readers: {crowd.taken_bytes / 1e6:.0f} MB")
        print(f"most memory of the server (PSS): {max(most) / 2**20:.0f} MB; alive: {alive}")
        for name in ("memory.max_usage_in_bytes", "memory.failcnt", "memory.oom_control"):
            if wanted.cgroup and (wanted.cgroup / name).exists():
                print(f"{name}: {' '.join((wanted.cgroup / name).read_text().split())}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=500)
    parser.add_argument("--halves", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--cgroup", type=Path, help="a control group with a limit of memory")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(measure(parser.parse_args()))
