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
from fleet.evidence.dossier.collect import collect, neighbour_links
from fleet.evidence.dossier.exhibits import ExhibitWriter, PdfContext
from fleet.evidence.dossier.pdf import print_pdf
from fleet.evidence.dossier.proofs import DossierProofs, TrustedRoots, public_pem, seals_of
from fleet.evidence.dossier.report import pictured_attempts, readme, render
from fleet.ledger.canonical import canonical
from fleet.models import now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from cryptography.x509 import Certificate

    from fleet.browser.page import PageSource
    from fleet.evidence.dossier.collect import Collected, DossierOrder
    from fleet.evidence.dossier.exhibits import ExhibitPicture
    from fleet.evidence.dossier.proofs import AuditPath, DossierSeal
    from fleet.ledger.signing import SigningKey
    from fleet.storage.store import Store

AT_ONCE = 8
"""Attempts in memory, some 1 MB each."""

FORMAT = "prefecture-fleet/dossier/2"


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
    on_progress: Callable[[int], None] = lambda written: None,
    key: SigningKey | None = None,
) -> BuiltDossier:
    """
    Write the dossier that was asked for.

    Args:
        pages: a running Chromium; it prints the PDF and reaches no other machine for it.
        path: the ZIP; nothing is overwritten, and it is there, whole, only at the end.
        roots: certificates of authorities that are believed (`timestamps.roots_of`).
        on_progress: called with how many attempts are written so far; the PDF comes after the last.
        key: signs the list of files, on which all rests that no seal covers (the PDF, what the
            dossier says it is about, what was removed); without it the verifier says so.

    Raises:
        BadInput: no such flow, no attempt, something stored was altered, or `path` is there.
        StoreUnreachable, StoreRefused: not everything could be read.
        FleetError: it could not be printed.
    """
    at = now()
    collected = await collect(store, order)
    trusted = TrustedRoots(roots)
    covered = {entry.id: entry.seal for entry in collected.entries}
    seals = [seal async for seal in seals_of(store.ledger, covered, trusted)]
    with (
        tempfile.TemporaryDirectory(prefix="fleet-dossier-") as folder,
        DossierArchive(path, at, key) as archive,
    ):
        signer = key.public if key else None
        builder = _Builder(store, order, collected, seals, Path(folder), archive, signer)
        pictures = await builder.attempts(on_progress)
        await builder.chain()
        await builder.proofs(trusted)
        await builder.print(pages, pictures, at)
        await builder.about(at)
    stamped = {seal.statement.number for seal in seals if seal.timestamps}
    return BuiltDossier(
        attempts=len(collected.entries),
        unsealed=sum(entry.seal is None for entry in collected.entries),
        unstamped=sum(entry.seal not in stamped for entry in collected.entries),
        removed=len(collected.removals),
        size_bytes=(await asyncio.to_thread(path.stat)).st_size,
    )


class _Builder:
    """Writes the parts of one dossier, in the order in which they are called."""

    def __init__(
        self,
        store: Store,
        order: DossierOrder,
        collected: Collected,
        seals: Sequence[DossierSeal],
        folder: Path,
        archive: DossierArchive,
        signer: str | None,
    ) -> None:
        self._store, self._order, self._collected, self._seals = store, order, collected, seals
        self._folder, self._archive, self._signer = folder, archive, signer
        self._context = PdfContext(order.language)

    async def _add(self, *named: tuple[str, bytes | Path]) -> None:
        def add() -> None:
            for name, content in named:
                self._archive.add(name, content)

        await asyncio.to_thread(add)

    async def attempts(self, on_progress: Callable[[int], None]) -> list[ExhibitPicture]:
        """Write the attempts; what of them the PDF shows."""
        writer = ExhibitWriter(self._store, self._order, self._context, self._folder)
        entries = self._collected.entries
        proofs: dict[str, AuditPath] = {}
        for seal in self._seals:
            proofs |= seal.proofs
        pictured, pictures = pictured_attempts(self._order, entries), []
        for begin in range(0, len(entries), AT_ONCE):
            some = {entry.id: entry for entry in entries[begin : begin + AT_ONCE]}
            query = {"_id": {"$in": list(some)}}
            documents = {d["_id"]: d async for d in self._store.ledger.documents(query)}
            exhibits = await asyncio.gather(
                *(
                    writer.exhibits(documents[name], entry, proofs.get(name), show=name in pictured)
                    for name, entry in some.items()
                )
            )
            for each in exhibits:
                await self._add(*each.files)
                if each.picture is not None:
                    pictures.append(each.picture)
            on_progress(begin + len(some))
        return sorted(pictures, key=lambda each: each.entry.attempt.started_at)

    async def chain(self) -> None:
        """Write the flow's chain, and the neighbours that show that nothing is left out."""
        last = self._collected.last
        async for link, document in neighbour_links(self._store, self._order, self._collected):
            await self._add((f"chain/outside/{link.number:06d}.json", canonical(document)))
            last = max(last, link.number)
        lines = self._folder / "links.jsonl"
        with lines.open("wb") as file:
            async for link, _ in self._store.ledger.chains(self._order.scenario_id):
                if link.number > last:
                    break
                file.write(link.leaf + b"\n")
        await self._add(("chain/links.jsonl", lines))

    async def proofs(self, trusted: TrustedRoots) -> None:
        """Write seals, signatures, timestamps, certificates, public keys, the verifier."""
        for seal in self._seals:
            await self._add(
                (f"{seal.name}.json", seal.statement.content),
                (f"{seal.name}.sig", seal.signature.encode()),
                *((f"{seal.name}.{stamp.ending}", stamp.token) for stamp in seal.timestamps),
            )
        signer = {self._signer} if self._signer else set()
        keys = sorted({seal.statement.key for seal in self._seals} | signer)
        verifier = files("fleet.evidence.dossier").joinpath("verifier.py").read_bytes()
        await self._add(
            ("certificates/roots.pem", trusted.pem()),
            ("ledger-public-key.pem", b"".join(map(public_pem, keys))),
            ("verifier.py", verifier),
        )

    async def print(
        self, pages: PageSource, pictures: Sequence[ExhibitPicture], at: datetime
    ) -> None:
        """Write the PDF."""
        order, context = self._order, self._context
        html, pdf = self._folder / "dossier.html", self._folder / "dossier.pdf"
        proofs = DossierProofs(self._seals, self._signer)
        text = await render(self._store, order, context, self._collected, proofs, pictures, at)
        html.write_text(text, encoding="utf-8")
        practice = context.t("Données d’exercice : préfecture d’entraînement, rien n’est réel.")
        span = f"{context.day(order.period.first)} – {context.day(order.period.last)}"
        foot = f"{order.scenario_id}, {span}"
        head = practice if order.made_up else ""
        await print_pdf(pages, html, pdf, head=head, foot=foot)
        await self._add(("dossier.pdf", pdf))

    async def about(self, at: datetime) -> None:
        """Write what the dossier is, what was removed from it, how it is read."""
        order, collected = self._order, self._collected
        removals = {
            name: {"kind": each.kind.value, "reason": each.reason, "at": each.at}
            for name, each in collected.removals.items()
        }
        about = {
            "format": FORMAT,
            "scenario_id": order.scenario_id,
            "department": order.department,
            "since": order.since,
            "until": order.until,
            "made_at": at,
            "attempts": len(collected.entries),
            "links": {"first": collected.first, "last": collected.last},
            "lacking": {
                f"{seal.statement.number} {url}": why
                for seal in self._seals
                for url, why in seal.lacking
            },
        }
        values = {"order": order, "attempts": len(collected.entries)}
        await self._add(
            ("dossier.json", canonical(about)),
            ("removals.json", canonical(removals)),
            ("LISEZ-MOI.txt", readme("fr", **values).encode()),
            ("README.txt", readme("en", **values).encode()),
        )
