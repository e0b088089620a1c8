"""
The framed copy of a picture: what a judge is shown. Drawn when it is read, never stored.

A band above the picture says where, when, by which visit and with which verdict it was taken,
and which hash proves it. The picture itself stands below it pixel by pixel, but for the numbered
outlines around the signs that decided (`marks.py`); the stored file is not touched. Nothing in
the band depends on when it is drawn: the same copy always has the same bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from fleet.models import PARIS, Group, Verdict
from fleet.models.departments import DEPARTMENTS
from fleet.rendering.images import as_png, check_size, open_png
from fleet.rendering.labels import VERDICTS, sentence_of
from fleet.rendering.marks import draw_marks, legend_of, numbered
from fleet.rendering.text import LINE, font, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Attempt, Dialog, Evidence
    from fleet.models.attempt import Mark
    from fleet.rendering.i18n import Words

DRAWING = "2"
"""Changes with what is drawn, so that a reader's copy from before is not taken for the present."""

MIN_WIDTH_PX = 900

_INK, _SOFT, _PAPER, _LINE = "#1d2328", "#56616b", "#ffffff", "#1d2328"
_WARNING, _BOX = "#f8ecd0", "#fdf3d7"
_COLOURS = {
    Verdict.SLOTS: "#1b7a43",
    Verdict.NO_SLOTS: "#a8322a",
    Verdict.CLOSED: "#6b4a8f",
}
_GROUP_COLOURS = {
    Group.ANSWERED: "#56616b",
    Group.REFUSED: "#8a6100",
    Group.UNAVAILABLE: "#3e6273",
    Group.OURS: "#6a6a6a",
}


@dataclass(frozen=True, slots=True)
class BandRow:
    """One line of the band: what it is called, what it says, whether it is code."""

    label: str
    value: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class Caption:
    """
    The words of the band. `boxes` are what boxes said that no picture can show.

    `marks` are outlined on the picture, each with its sign's number; `rows` has their legend.
    """

    warning: str | None
    verdict: Verdict
    heading: str
    sentence: str
    subject: str
    rows: tuple[BandRow, ...]
    boxes: tuple[BandRow, ...]
    foot: str
    marks: tuple[tuple[int, Mark], ...] = ()

    def fingerprint(self, sha256: str) -> str:
        """Names the framed copy of that picture: it changes when any word or the picture does."""
        return hashlib.sha256(f"{DRAWING}{sha256}{asdict(self)}".encode()).hexdigest()


def caption_of(
    words: Words, attempt: Attempt, picture: Evidence, title: str, *, made_up: bool
) -> Caption:
    """What the band says above this picture of this attempt, in the language of `words`."""
    steps = [file.step for file in attempt.evidence if file.kind == "picture"]
    page, pages = steps.index(picture.step) + 1, len(steps)
    here = picture.taken_at.astimezone(PARIS)
    offset = here.utcoffset()
    hours = int(offset.total_seconds() // 3600) if offset else 0
    department = f"{DEPARTMENTS[attempt.department]} ({attempt.department})"
    utc = picture.taken_at.astimezone(UTC)
    sentence = words.t(sentence_of(attempt))
    if page < pages:  # the page below is not the one that says so
        sentence = words.t(
            "Verdict de toute la tentative, donné à sa dernière page (%(pages)s). Ici, page"
            " %(page)s.",
            page=page,
            pages=pages,
        )
    rows: tuple[BandRow, ...] = (
        BandRow(words.t("Adresse affichée"), picture.url or "–", code=True),
        BandRow(words.t("Titre de la page"), picture.title or "–"),
        BandRow(
            words.t("Prise le"),
            f"{words.instant(here, seconds=True)}, UTC+{hours}\n{utc:%Y-%m-%d %H:%M:%S} UTC",
        ),
        BandRow(words.t("Démarche"), attempt.scenario_id, code=True),
        BandRow(
            words.t("Tentative"),
            words.t(
                "%(id)s, n° %(number)s de sa visite, page %(page)s sur %(pages)s",
                id=attempt.id,
                number=attempt.number,
                page=page,
                pages=pages,
            ),
            code=True,
        ),
        BandRow(words.t("SHA-256 de l’original"), picture.sha256, code=True),
    )
    legend = legend_of(words, attempt, picture)
    if legend:
        rows += (BandRow(words.t("Signes du verdict"), "\n".join(legend)),)
    marks = tuple(numbered(attempt, picture))
    foot = [
        words.t("Copie encadrée à la lecture ; l’original est intact sous cette empreinte."),
        words.t(
            "Capture d’un robot qui lit la page et n’y réserve rien ; ce n’est pas un constat."
        ),
    ]
    if marks:
        foot.insert(1, words.t("Les cadres numérotés y sont ajoutés autour des signes."))
    if picture.truncated:
        foot.insert(0, words.t("La page était plus longue ; la capture s’arrête avant sa fin."))
    return Caption(
        warning=words.t("Données d’exercice : préfecture d’entraînement, rien n’est réel.")
        if made_up
        else None,
        verdict=attempt.verdict,
        heading=words.t(VERDICTS[attempt.verdict][0]),
        sentence=sentence,
        subject=f"{department}{words.t(' : ')}{title}",
        rows=rows,
        boxes=tuple(
            BandRow(
                words.t("La page a ouvert une boîte (%(kind)s) qui disait :", kind=dialog.kind),
                dialog.message or "–",
            )
            for dialog in dialogs_until(attempt, picture)
        ),
        foot=" ".join(foot),
        marks=marks,
    )


def dialogs_until(attempt: Attempt, picture: Evidence) -> Sequence[Dialog]:
    """The boxes that opened before this picture and after the one before; none shows on it."""
    pictures = [file for file in attempt.evidence if file.kind == "picture"]
    place = [file.step for file in pictures].index(picture.step)
    after = pictures[place - 1].taken_at if place else None
    last = place == len(pictures) - 1
    return [
        dialog
        for dialog in attempt.dialogs
        if (after is None or dialog.at > after) and (last or dialog.at <= picture.taken_at)
    ]


class _Band:
    """The band while it is laid out: `drawing` is None on the first pass, which measures it."""

    def __init__(self, width_px: int, drawing: ImageDraw.ImageDraw | None) -> None:
        self.scale = min(2.0, max(1.0, width_px / 1280))
        self.width, self.pad = width_px, self.px(22)
        self.drawing = drawing
        self.y = 0

    def px(self, size: float) -> int:
        return round(size * self.scale)

    def text(self, name: str, size: float, colour: str, x: int, text: str, width: int) -> None:
        """Write at the present height and go on below."""
        size_px = self.px(size)
        for line in wrap(name, size_px, text, width):
            if self.drawing:
                self.drawing.text((x, self.y), line, fill=colour, font=font(name, size_px))
            self.y += round(size_px * LINE)

    def field(self, top: int, colour: str) -> None:
        """Colour the width from `top` down to the present height."""
        if self.drawing:
            self.drawing.rectangle((0, top, self.width, self.y), fill=colour)


def draw(picture_png: bytes, caption: Caption) -> bytes:
    """
    The framed copy as PNG.

    Raises:
        TooLarge, NoPicture: see `images.open_png`.
    """
    picture = open_png(picture_png)
    width = max(picture.width, MIN_WIDTH_PX)
    measured = _Band(width, None)
    _lay_out(measured, caption)
    check_size(width, measured.y + picture.height)
    sheet = Image.new("RGB", (width, measured.y + picture.height), _PAPER)
    if picture.width < width:  # what is beside the picture is no part of it
        sheet.paste("#d9d8d2", (0, measured.y, width, sheet.height))
    sheet.paste(picture, (0, measured.y))
    draw_marks(sheet, measured.y, picture.size, caption.marks)
    _lay_out(_Band(width, ImageDraw.Draw(sheet)), caption)
    return as_png(sheet)


def _lay_out(band: _Band, caption: Caption) -> None:
    inner = band.width - 2 * band.pad
    if caption.warning:
        _strip(band, _WARNING, (("Sans-Bold", 15, caption.warning),))
    band.y += band.px(16)
    _verdict(band, caption)
    band.text("Sans", 16, _SOFT, band.pad, caption.sentence, inner)
    band.y += band.px(8)
    band.text("Sans-Bold", 20, _INK, band.pad, caption.subject, inner)
    band.y += band.px(8)
    beside = band.px(210)
    for row in caption.rows:
        top = band.y
        band.text("Sans", 14, _SOFT, band.pad, row.label, beside - band.px(14))
        below, band.y = band.y, top
        name, size = ("SansMono", 14.5) if row.code else ("Sans", 15.5)
        band.text(name, size, _INK, band.pad + beside, row.value, inner - beside)
        band.y = max(band.y, below) + band.px(3)
    band.y += band.px(8)
    for box in caption.boxes:
        _strip(band, _BOX, (("Sans", 14, box.label), ("Sans-Bold", 18, box.value)))
    band.y += band.px(6)
    band.text("Sans", 13.5, _INK, band.pad, caption.foot, inner)
    band.y += band.px(10)
    top = band.y
    band.y += band.px(3)
    band.field(top, _LINE)
    band.y += 1


def _verdict(band: _Band, caption: Caption) -> None:
    """The verdict in white on its colour."""
    size = band.px(25)
    colour = _COLOURS.get(caption.verdict, _GROUP_COLOURS[caption.verdict.group])
    width = round(font("Sans-Bold", size).getlength(caption.heading)) + band.px(32)
    bottom = band.y + round(size * 1.7)
    if band.drawing:
        shape = (band.pad, band.y, band.pad + width, bottom)
        band.drawing.rounded_rectangle(shape, radius=band.px(6), fill=colour)
        middle = (band.pad + band.px(16), (band.y + bottom) / 2)
        bold = font("Sans-Bold", size)
        band.drawing.text(middle, caption.heading, fill="#ffffff", font=bold, anchor="lm")
    band.y = bottom + band.px(8)


def _strip(band: _Band, colour: str, texts: Sequence[tuple[str, float, str]]) -> None:
    """Words on a coloured strip over the whole width: measured, coloured, then written."""
    top, drawing = band.y, band.drawing
    for band.drawing in (None, drawing):
        if band.drawing:
            band.field(top, colour)
        band.y = top + band.px(9)
        for name, size, text in texts:
            band.text(name, size, _INK, band.pad, text, band.width - 2 * band.pad)
        band.y += band.px(7)
