"""A flow with a past: attempts in and around a period, sealed, timestamped, one from a spool."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from fleet.browser.page import PageSource
from fleet.evidence.dossier.builder import BuiltDossier, build
from fleet.evidence.dossier.collect import DossierOrder
from fleet.evidence.sealing import seal
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities, roots_of
from fleet.models import Attempt, EvidenceFile, Verdict
from fleet.practice.authority import PracticeAuthority
from fleet.storage.store import Store
from tests.storage.test_store import AT, attempt_of, file_of

FLOW = "91/titre-de-sejour"
TITLE = "Titre de séjour : première demande"
FIRST, LAST = "2026-11-12", "2026-11-18"
"""A Thursday and the Wednesday after it: two ISO weeks."""

WORDS = "Il n'existe plus de plage horaire libre"
SIGNS = (f'text "{WORDS}"', "url '*/booking/create/*/2'")

DAYS = (-9, -8, -7, -12, -4, -3, -2, -1)
"""Of the attempts, in the order in which they came; the fourth came late, from a spool."""


def png(colour: str, size: tuple[int, int] = (320, 200)) -> bytes:
    """A small real picture."""
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, "PNG")
    return written.getvalue()


@dataclass
class Past:
    """A store with such a flow in it; `inside` are the attempts of the period."""

    store: Store
    key: SigningKey
    authorities: Authorities
    attempts: list[Attempt]

    @property
    def inside(self) -> list[Attempt]:
        """In the order in which they came."""
        return [each for each, day in zip(self.attempts, DAYS, strict=True) if -9 < day < -1]

    def order(self, **changes: Any) -> DossierOrder:
        """The dossier of the period."""
        return DossierOrder.of(FLOW, FIRST, LAST, **{"titles": {FLOW: TITLE}, **changes})

    async def make(self, pages: PageSource, path: Path, **changes: Any) -> BuiltDossier:
        """Make it, signed."""
        order, roots = self.order(**changes), self.authorities.roots
        return await build(self.store, pages, order, path, roots, key=self.key)

    async def add(self, number: int, at: datetime, **changes: Any) -> Attempt:
        """One more attempt, with a picture and HTML of its own."""
        files: list[EvidenceFile] = [
            file_of(png(f"#{number * 20:02x}4080")),
            file_of(f"<html>{number}".encode(), "html"),
        ]
        fields: dict[str, Any] = {
            "verdict": Verdict.NO_SLOTS,
            "group": Verdict.NO_SLOTS.group,
            "signs": SIGNS,
        }
        fields |= {"first_dates": (), "slot_count": None, "due_at": at, "started_at": at}
        attempt = attempt_of(*files, **{**fields, **changes})
        await self.store.attempts.add(attempt, files)
        self.attempts.append(attempt)
        return attempt

    async def seal(self) -> None:
        """Seal what is there."""
        await seal(self.store.ledger, self.key, self.authorities)


async def past(store: Store, authority: PracticeAuthority, folder: Path) -> Past:
    """Five attempts before the first seal and three before the second."""
    authorities = Authorities((authority.url,), tuple(roots_of(authority.roots)))
    found = Past(store, SigningKey.of(folder / "key.pem"), authorities, [])
    for number, day in enumerate(DAYS):
        await found.add(number, AT + timedelta(days=day))
        if number in (4, 7):
            await found.seal()
    return found


def unpack(path: Path, folder: Path) -> Path:
    """A dossier unpacked, as a reader would."""
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        packed.extractall(folder)
    return folder


def verify(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the dossier's own verifier with a bare Python."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "verifier.py", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
