"""The exhibits of one attempt: its files as they are, what proves them, its framed picture."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from fleet.errors import BadInput, EvidenceRemoved
from fleet.ledger.canonical import canonical, sha256
from fleet.models import Attempt, Group, Verdict
from fleet.rendering import framed_picture
from fleet.rendering.i18n import Words
from fleet.rendering.images import NoPicture, TooLarge, draw_in_thread, open_png
from fleet.rendering.labels import GROUPS, VERDICTS
from fleet.rendering.marks import draw_marks

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.evidence.dossier.collect import DossierEntry, DossierOrder
    from fleet.evidence.dossier.proofs import AuditPath
    from fleet.models import Evidence
    from fleet.models.attempt import Mark
    from fleet.rendering.framed_picture import Caption
    from fleet.storage.store import Store

ENDINGS = {"picture": "png", "html": "html", "outline": "json"}

MAX_WIDTH_PX = 1280
MAX_PART_RATIO = 1.5
"""Height of a part of a picture in the PDF, in widths; taller pictures are shown in parts."""

MAX_PARTS = 6

Document = dict[str, Any]


class PdfContext(Words):
    """What the PDF's template says things with."""

    def verdict(self, verdict: Verdict) -> str:
        """The name of a verdict for a reader."""
        return self.t(VERDICTS[verdict][0])

    def sentence(self, verdict: Verdict) -> str:
        """What a verdict means, in one sentence."""
        return self.t(VERDICTS[verdict][1])

    def group(self, group: Group) -> str:
        """What a group of verdicts is called."""
        return self.t(GROUPS[group])


@dataclass(frozen=True, slots=True)
class ExhibitPicture:
    """A picture in the PDF: its parts (names of files), none if it cannot be drawn; `cut`: more."""

    entry: DossierEntry
    caption: Caption
    parts: tuple[str, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class Exhibits:
    """Files of the ZIP by name, and what of them the PDF shows."""

    files: tuple[tuple[str, bytes], ...]
    picture: ExhibitPicture | None


@dataclass(frozen=True, slots=True)
class ExhibitWriter:
    """Makes exhibits from a store; `parts` is the folder for what the PDF shows of pictures."""

    store: Store
    order: DossierOrder
    context: PdfContext
    parts: Path

    async def exhibits(
        self, document: Document, entry: DossierEntry, proof: AuditPath | None, *, show: bool
    ) -> Exhibits:
        """
        The exhibits of an attempt, from its stored document.

        Raises:
            BadInput: the document or a file is not what was linked.
            StoreRefused: a file's bytes do not give its hash any more.
        """
        manifest = canonical(document)
        if sha256(manifest) != entry.link.manifest:
            raise BadInput(
                f"attempt {entry.id} is not the one that was linked: it was altered. Only what"
                " holds goes into a dossier; see: fleet verify"
            )
        folder = f"attempts/{entry.folder}"
        files = {f"{folder}/manifest.json": manifest, f"{folder}/link.json": entry.link.leaf}
        if proof is not None:
            files[f"{folder}/proof.json"] = canonical(
                {"seal": proof.seal, "leaf": proof.leaf, "count": proof.count, "path": proof.path}
            )
        attempt = Attempt.from_document(document)
        for evidence in attempt.evidence:
            name = f"{folder}/{evidence.sha256}.{ENDINGS[evidence.kind]}"
            if name not in files:
                try:
                    files[name] = await self.store.evidence(evidence.sha256)
                except EvidenceRemoved:
                    continue
        picture = None
        if entry.picture is not None:
            png = files.get(f"{folder}/{entry.picture.sha256}.png")
            caption = self._caption(attempt, entry.picture)
            if png is not None:
                # if it cannot be drawn, the original is there, and the PDF says so
                with contextlib.suppress(TooLarge, NoPicture):
                    files[f"{folder}/framed.png"] = await draw_in_thread(
                        framed_picture.draw, png, caption
                    )
                if show:
                    picture = await self._picture(entry, caption, png, entry.picture)
            elif show:
                picture = ExhibitPicture(entry, caption, (), cut=False)
        return Exhibits(tuple(files.items()), picture)

    def _caption(self, attempt: Attempt, picture: Evidence) -> Caption:
        order = self.order
        return framed_picture.caption_of(
            self.context, attempt, picture, order.title, made_up=order.made_up
        )

    async def _picture(
        self, entry: DossierEntry, caption: Caption, png: bytes, picture: Evidence
    ) -> ExhibitPicture:
        try:
            parts, cut = await draw_in_thread(
                write_parts, png, self.parts, picture.sha256, caption.marks
            )
        except (TooLarge, NoPicture):
            return ExhibitPicture(entry, caption, (), cut=False)
        return ExhibitPicture(entry, caption, parts, cut)


def write_parts(
    png: bytes, folder: Path, name: str, marks: tuple[tuple[int, Mark], ...] = ()
) -> tuple[tuple[str, ...], bool]:
    """
    Write a picture as JPEG, in parts that fit a page; their names, and whether there is more.

    `marks` are outlined on it, as on the framed copy.

    Raises:
        TooLarge, NoPicture: see `images.open_png`.
    """
    picture = open_png(png)
    if marks:
        draw_marks(picture, 0, picture.size, marks)
        name += f"-{sha256(repr(marks).encode())[:16]}"
    if picture.width > MAX_WIDTH_PX:
        height = round(picture.height * MAX_WIDTH_PX / picture.width)
        picture = picture.resize((MAX_WIDTH_PX, height), Image.Resampling.LANCZOS)
    step = round(picture.width * MAX_PART_RATIO)
    tops = range(0, picture.height, step)
    names = []
    for top in tops[:MAX_PARTS]:
        part = picture.crop((0, top, picture.width, min(top + step, picture.height)))
        file = folder / f"{name}-{top}.jpg"
        if not file.exists():  # the same page is often seen again
            written = io.BytesIO()
            part.save(written, "JPEG", quality=80, subsampling=0)
            file.write_bytes(written.getvalue())
        names.append(file.name)
    return tuple(names), len(tops) > MAX_PARTS
