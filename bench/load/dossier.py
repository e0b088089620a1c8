"""
`python -m bench.load.dossier [--attempts N]`: what a dossier costs, from a database of its own.

Nothing in it was measured: the attempts are made up, an hour apart, each with three pictures of
1,024 × 900 pixels that no other has, and HTML; they are sealed and timestamped every hour by the
practice authority. Told are the time, the most memory that this process had while the dossier was
made, and what the verifier takes.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import io
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from PIL import Image, ImageDraw
from rich.console import Console

import fleet
from fleet.bootstrap.visits import open_chromium
from fleet.evidence.dossier.builder import build
from fleet.evidence.dossier.collect import DossierOrder
from fleet.evidence.sealing import seal
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities, roots_of
from fleet.models import Attempt, Evidence, EvidenceFile, Served, Verdict
from fleet.models.paris import paris_day
from fleet.practice.authority import PracticeAuthority
from fleet.rendering.text import font
from fleet.settings import load_settings
from fleet.storage.embedded import Mongod
from fleet.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

FLOW = "63/titre-de-sejour"
TITLE = "Titre de séjour : dépôt d’un dossier"
CONTROL = "63/permis-de-conduire"
WORDS = "Il n’existe plus de plage horaire libre pour votre demande de rendez-vous."
PAGES = 3
PER_SEAL = 20

# every verdict that a judge may meet, most of them rarely
VERDICTS = [Verdict.NO_SLOTS] * 88 + [
    *[Verdict.SLOTS] * 4,
    *[Verdict.OVERLOAD] * 4,
    *[Verdict.CAPTCHA] * 2,
    *[Verdict.UNRECOGNISED] * 2,
]


def picture(number: int, page: int) -> bytes:
    """A page with much text, and a number that makes its bytes its own."""
    sheet = Image.new("RGB", (1024, 900), "#ffffff")
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, 1024, 90), fill="#1f3f77")
    pen.text((30, 28), "Données fictives", fill="#ffffff", font=font("Sans-Bold", 28))
    lines = [
        f"Page {page + 1}, visite {number}",
        WORDS,
        *(f"Ligne {n}. {WORDS}" for n in range(28)),
    ]
    for n, line in enumerate(lines):
        pen.text((30, 120 + 25 * n), line, fill="#1d2328", font=font("Sans", 17))
    written = io.BytesIO()
    sheet.save(written, "PNG", compress_level=4)
    return written.getvalue()


def file_of(kind: Any, content: bytes, step: int, at: datetime) -> EvidenceFile:
    """A file of an attempt."""
    url = f"http://clermont-ferrand.localhost/booking/create/96301/{step}?" + "x" * 90
    evidence = Evidence(
        kind=kind,
        step=step,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        taken_at=at,
        url=url,
        title="Titre de séjour / Préfecture fictive",
    )
    return EvidenceFile(evidence=evidence, content=content)


def attempt_of(
    number: int, at: datetime, verdict: Verdict, files: Sequence[EvidenceFile], flow: str
) -> Attempt:
    """A made-up attempt."""
    url = "http://clermont-ferrand.localhost/booking/create/96301"
    return Attempt(
        id=uuid.uuid4().hex,
        run_id="bench",
        scenario_id=flow,
        scenario_version="0123456789ab",
        department="63",
        flow=flow.partition("/")[2],
        control=flow == CONTROL,
        url=url,
        ruleset="bench",
        number=1,
        verdict=verdict,
        group=verdict.group,
        detail=f"{flow}: made up",
        signs=(f'text "{WORDS}"', "url '*/booking/create/*/2'") if number % 7 else (),
        first_dates=(),
        slot_count=None,
        due_at=at,
        started_at=at,
        seconds=2,
        served=(Served(url=url, status=200, at=at),),
        dialogs=(),
        notes=("made up by bench.dossier",),
        evidence=tuple(file.evidence for file in files),
        chromium_version="156.0",
        fleet_version=fleet.__version__,
    )


async def fill(store: Store, count: int, key: SigningKey, authorities: Authorities) -> datetime:
    """Store and seal so many attempts; when the first began."""
    chance = random.Random(7)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=count)
    for number in range(count):
        at = begin + timedelta(hours=number, minutes=chance.randrange(50))
        pictures = await asyncio.gather(
            *(asyncio.to_thread(picture, number, page) for page in range(PAGES))
        )
        files = [file_of("picture", png, step, at) for step, png in enumerate(pictures)]
        files.append(file_of("html", f"<p>{number} {WORDS}".encode() * 60, PAGES - 1, at))
        verdict = chance.choice(VERDICTS)
        await store.attempts.add(attempt_of(number, at, verdict, files, FLOW), files)
        if number % 5 == 0:
            other = attempt_of(number, at, Verdict.SLOTS, (), CONTROL)
            await store.attempts.add(other, [])
        if number % PER_SEAL == PER_SEAL - 1:
            await seal(store.ledger, key, authorities)
    await seal(store.ledger, key, authorities)
    return begin


class Watcher:
    """The most memory of this process while it watches."""

    def __init__(self) -> None:
        self.most = 0
        self._process = psutil.Process()

    async def watch(self) -> None:
        """Until it is cancelled."""
        while True:
            self.most = max(self.most, self._process.memory_info().rss)
            await asyncio.sleep(0.05)


async def bench(count: int, pictures: Any, keep: Path | None) -> None:
    """Fill a database, make the dossier, verify it; say what each took."""
    console = Console(soft_wrap=True)
    settings = load_settings()
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as name:
        folder = Path(name)
        async with (
            Mongod(folder / "mongodb") as url,
            await Store.open(url, "bench_made_up") as store,
            PracticeAuthority(folder / "authority") as authority,
            open_chromium(settings, loopback_only=True) as chromium,
        ):
            key = SigningKey.of(folder / "key.pem")
            authorities = Authorities((authority.url,), tuple(roots_of(authority.roots)))
            begin = await fill(store, count, key, authorities)
            titles = {FLOW: TITLE, CONTROL: "Permis de conduire : commission médicale"}
            days = paris_day(begin), paris_day(datetime.now(UTC))
            for language in ("fr", "en"):
                more = {"titles": titles, "made_up": True, "pictures": pictures}
                order = DossierOrder.of(FLOW, *days, language=language, **more)
                path = (keep or folder) / f"dossier-{language}.zip"
                watcher, start, spent = Watcher(), time.perf_counter(), os.times()
                watching = asyncio.ensure_future(watcher.watch())
                made = await build(store, chromium, order, path, authorities.roots)
                watching.cancel()
                seconds, now = time.perf_counter() - start, os.times()
                spent_s = now.user - spent.user + now.system - spent.system
                console.print(
                    f"{language}: {made.attempts} attempts, {made.size_bytes / 1e6:.0f} MB in"
                    f" {seconds:.1f} s ({spent_s:.1f} s of processor), most memory"
                    f" {watcher.most / 2**20:.0f} MB"
                )
        await asyncio.to_thread(verify, path, folder / "unpacked", console)


def verify(path: Path, folder: Path, console: Console) -> None:
    """Unpack and verify it, as a reader would."""
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder)
    start = time.perf_counter()
    command = [sys.executable, "-I", "-S", "verifier.py", "--en"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    console.print(
        f"verified in {time.perf_counter() - start:.1f} s: {done.stdout.splitlines()[-1]}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--attempts", type=int, default=1000)
    parser.add_argument("--pictures", choices=["all", "daily"], default="all")
    parser.add_argument("--keep", type=Path, help="folder for the dossiers")
    given = parser.parse_args()
    asyncio.run(bench(given.attempts, given.pictures, given.keep))
