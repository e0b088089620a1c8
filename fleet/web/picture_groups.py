"""Attempts in a row that left the same picture, as one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from fleet.models.paris import paris_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.storage.queries import GalleryTile
    from fleet.web.templating import PageContext


@dataclass(frozen=True, slots=True)
class PictureGroup:
    """Attempts of a flow, newest first, with no other between, one verdict and the same picture."""

    tiles: tuple[GalleryTile, ...]

    @property
    def latest(self) -> GalleryTile:
        """The newest, which stands for all."""
        return self.tiles[0]

    def when(self, page: PageContext) -> str:
        """From when to when, in Paris: `41 ×, 24 nov. 2026, 09:09–09:11`; once: just when."""
        last, first = self.tiles[0].started_at, self.tiles[-1].started_at
        until = page.brief_instant(last)
        if len(self.tiles) == 1:
            return until
        since = page.brief_instant(first)
        if paris_day(first) == paris_day(last):
            span = since if since == until else f"{since}–{until[-5:]}"
        else:
            span = f"{since} – {until}"
        return f"{page.number(len(self.tiles))} ×, {span}"


def grouped(tiles: Iterable[GalleryTile]) -> list[PictureGroup]:
    """
    The tiles in their order, those that are alike and follow each other as one.

    What has no picture is never like another: nobody knows what was there.
    """
    return [
        PictureGroup(tuple(same))
        for _, same in groupby(
            tiles, key=lambda it: (it.scenario_id, it.verdict, it.picture or it.attempt_id)
        )
    ]


def one_by_one(tiles: Iterable[GalleryTile]) -> list[PictureGroup]:
    """The tiles in their order, each for itself."""
    return [PictureGroup((tile,)) for tile in tiles]
