"""What `bench.faults.faults` does to a fleet besides signals: MongoDB away, a disk that is full."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import aiohttp

from bench.faults.supervisor import said
from bench.faults.world import World
from fleet.models import now

ON_S = 150.0
"""A fleet that has not gone on by then never will."""


async def mongodb_away(world: World, seconds: float) -> tuple[datetime, datetime]:
    """MongoDB stopped in the middle; when it went and when it came back."""
    await asyncio.sleep(20)
    at = now()
    await world.mongodb.stop()
    print(f"{at:%H:%M:%S}  MongoDB stopped for {seconds:g} s", flush=True)
    await asyncio.sleep(seconds)
    back = now()
    world.mongodb.start()
    await world.until(lambda: said(world.fleet.log, "MongoDB is back"), "MongoDB is not noticed")
    print(f"{now():%H:%M:%S}  MongoDB is back, {(now() - back).total_seconds():.1f} s", flush=True)
    await asyncio.sleep(15)
    return at, back


async def full_disk(world: World, seconds: float, address: str) -> list[str]:
    """The data folder's disk filled to the last byte, and emptied again; what was not as said."""
    await asyncio.sleep(20)
    filler = world.data / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)
    free = shutil.disk_usage(world.data).free
    print(f"{now():%H:%M:%S}  disk full: {free} bytes free, {world.visiting()} visits", flush=True)
    wrong = []
    await asyncio.sleep(seconds)
    async with aiohttp.ClientSession() as http, http.get(f"http://{address}/healthz/ready") as got:
        print(f"{now():%H:%M:%S}  /healthz/ready {got.status}: {await got.text()}", flush=True)
        if got.status != 503:
            wrong.append("not told by /healthz/ready")
    if not said(world.fleet.log, "cannot be kept yet"):
        wrong.append("no loud line in the log")
    before, at = said(world.fleet.log, "attempt"), time.monotonic()
    filler.unlink()
    await world.until(
        lambda: said(world.fleet.log, "attempt") > before + 3, "it does not go on", ON_S
    )
    print(f"{now():%H:%M:%S}  room again; went on within {time.monotonic() - at:.1f} s", flush=True)
    await asyncio.sleep(15)
    return wrong


@contextlib.contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[None]:
    """A disk of that size at `folder`."""
    folder.mkdir()
    mounting = ("mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder))
    if subprocess.run(mounting, check=False).returncode:
        raise SystemExit("--full-disk: no small disk can be mounted here; run it as root")
    try:
        yield
    finally:
        subprocess.run(("umount", "--lazy", str(folder)), check=True)
