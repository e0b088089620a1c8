"""
A dossier from beginning to end: collected, proved, packed, printed.

Attempts are read and written a few at a time, and pictures are drawn in few threads: what is held
in memory does not grow with the pictures.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.evidence.dossier.archive import DossierArchive
from fleet.evidence.dossier.collect import collect, outside
from fleet.evidence.dossier.exhibits import ExhibitWriter, PdfContext
from fleet.evidence.dossier.pdf import print_pdf
from fleet.evidence.dossier.proofs import TrustedRoots, public_pem, seals_of
from fleet.evidence.dossier.report import chosen, readme, render
from fleet.ledger.canonical import canonical
from fleet.models import now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from cryptography.x509 import Certificate

    from fleet.browser.page import PageSource
    from fleet.evidence.dossier.collect import Collected, DossierOrder
    from fleet.evidence.dossier.exhibits import ExhibitPicture
    from fleet.evidence.dossier.proofs import AuditPath, SealOf
    from fleet.storage.store import Store

AT_ONCE = 8
"""Attempts in memory, some 1 MB each."""

FORMAT = "prefecture-fleet/dossier/1"


@dataclass(frozen=True, slots=True)
class BuiltDossier:
    """What a dossier holds: attempts, how many of them under no seal and under no timestamp."""

    attempts: int
    unsealed: int
    unstamped: int
    removed: int
    size_bytes: int


async def build(
    store: Store,
    pages: PageSource,
    order: DossierOrder,
    path: Path,
    roots: Sequence[Certificate],
    told: Callable[[int], None] = lambda written: None,
) -> BuiltDossier:
    """
    Write the dossier that was asked for.

    Args:
        pages: a running Chromium; it prints the PDF and reaches no other machine for it.
        path: the ZIP; nothing is overwritten, and it is there, whole, only at the end.
        roots: certificates of authorities that are believed (`timestamps.roots_of`).
        told: called with how many attempts are written so far; the PDF comes after the last.

    Raises:
        BadInput: no such flow, no attempt, something stored was altered, or `path` is there.
        StoreUnreachable, StoreRefused: not everything could be read.
        FleetError: it could not be printed.
    """
    at = now()
    found = await collect(store, order)
    believed = TrustedRoots(roots)
    covered = {entry.id: entry.seal for entry in found.entries}
    seals = [seal async for seal in seals_of(store.ledger, covered, believed)]
    with (
        tempfile.TemporaryDirectory(prefix="fleet-dossier-") as folder,
        DossierArchive(path, at) as pack,
    ):
        maker = _Builder(store, order, found, seals, Path(folder), pack)
        shown = await maker.attempts(told)
        await maker.chain()
        await maker.proofs(believed)
        await maker.print(pages, shown, at)
        await maker.about(at)
    stamped = {seal.statement.number for seal in seals if seal.timestamps}
    return BuiltDossier(
        attempts=len(found.entries),
        unsealed=sum(entry.seal is None for entry in found.entries),
        unstamped=sum(entry.seal not in stamped for entry in found.entries),
        removed=len(found.removals),
        size_bytes=(await asyncio.to_thread(path.stat)).st_size,
    )


class _Builder:
    """One dossier while it is made."""

    def __init__(
        self,
        store: Store,
        order: DossierOrder,
        found: Collected,
        seals: Sequence[SealOf],
        folder: Path,
        pack: DossierArchive,
    ) -> None:
        self._store, self._order, self._found, self._seals = store, order, found, seals
        self._folder, self._pack = folder, pack
        self._sheet = PdfContext(order.language)

    async def _add(self, *named: tuple[str, bytes | Path]) -> None:
        def add() -> None:
            for name, content in named:
                self._pack.add(name, content)

        await asyncio.to_thread(add)

    async def attempts(self, told: Callable[[int], None]) -> list[ExhibitPicture]:
        """Write the attempts; what of them the PDF shows."""
        desk = ExhibitWriter(self._store, self._order, self._sheet, self._folder)
        entries = self._found.entries
        proofs: dict[str, AuditPath] = {}
        for seal in self._seals:
            proofs |= seal.proofs
        show, shown = chosen(self._order, entries), []
        for begin in range(0, len(entries), AT_ONCE):
            some = {entry.id: entry for entry in entries[begin : begin + AT_ONCE]}
            query = {"_id": {"$in": list(some)}}
            documents = {d["_id"]: d async for d in self._store.ledger.documents(query)}
            pieces = await asyncio.gather(
                *(
                    desk.pieces(documents[name], entry, proofs.get(name), show=name in show)
                    for name, entry in some.items()
                )
            )
            for each in pieces:
                await self._add(*each.files)
                if each.shown is not None:
                    shown.append(each.shown)
            told(begin + len(some))
        return sorted(shown, key=lambda each: each.entry.tried.started_at)

    async def chain(self) -> None:
        """Write the flow's chain, and the neighbours that show that nothing is left out."""
        last = self._found.last
        async for link, document in outside(self._store, self._order, self._found):
            await self._add((f"chain/outside/{link.number:06d}.json", canonical(document)))
            last = max(last, link.number)
        lines = self._folder / "links.jsonl"
        with lines.open("wb") as file:
            async for link, _ in self._store.ledger.chains(self._order.scenario_id):
                if link.number > last:
                    break
                file.write(link.leaf + b"\n")
        await self._add(("chain/links.jsonl", lines))

    async def proofs(self, believed: TrustedRoots) -> None:
        """Write seals, signatures, timestamps, certificates, public keys, the verifier."""
        for seal in self._seals:
            await self._add(
                (f"{seal.name}.json", seal.statement.content),
                (f"{seal.name}.sig", seal.signature.encode()),
                *((f"{seal.name}.{stamp.ending}", stamp.token) for stamp in seal.timestamps),
            )
        keys = sorted({seal.statement.key for seal in self._seals})
        verifier = files("fleet.evidence.dossier").joinpath("verifier.py").read_bytes()
        await self._add(
            ("certificates/roots.pem", believed.pem()),
            ("ledger-public-key.pem", b"".join(map(public_pem, keys))),
            ("verifier.py", verifier),
        )

    async def print(self, pages: PageSource, shown: Sequence[ExhibitPicture], at: datetime) -> None:
        """Write the PDF."""
        order, sheet = self._order, self._sheet
        html, pdf = self._folder / "dossier.html", self._folder / "dossier.pdf"
        text = await render(self._store, order, sheet, self._found, self._seals, shown, at)
        html.write_text(text, encoding="utf-8")
        practice = sheet.t("Données d’exercice : préfecture d’entraînement, rien n’est réel.")
        span = f"{sheet.day(order.period.first)} – {sheet.day(order.period.last)}"
        foot = f"{order.scenario_id}, {span}"
        head = practice if order.made_up else ""
        await print_pdf(pages, html, pdf, head=head, foot=foot)
        await self._add(("dossier.pdf", pdf))

    async def about(self, at: datetime) -> None:
        """Write what the dossier is, what was removed from it, how it is read."""
        order, found = self._order, self._found
        removals = {
            name: {"kind": each.kind.value, "reason": each.reason, "at": each.at}
            for name, each in found.removals.items()
        }
        about = {
            "format": FORMAT,
            "scenario_id": order.scenario_id,
            "since": order.since,
            "until": order.until,
            "made_at": at,
            "attempts": len(found.entries),
            "links": {"first": found.first, "last": found.last},
            "lacking": {
                f"{seal.statement.number} {url}": why
                for seal in self._seals
                for url, why in seal.lacking
            },
        }
        values = {"order": order, "attempts": len(found.entries)}
        await self._add(
            ("dossier.json", canonical(about)),
            ("removals.json", canonical(removals)),
            ("LISEZ-MOI.txt", readme("fr", **values).encode()),
            ("README.txt", readme("en", **values).encode()),
        )
