"""
What stands in the place of a file that was removed on purpose: a sentence, and its hash.

The raw file answers 410, whatever a reader's copy from before says; who removed it is not told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fleet.models import PARIS
from fleet.models.removal import RemovalKind
from fleet.web.context import context_of
from fleet.web.templating import PageContext, escape_bidi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.models.removal import Removal
    from fleet.rendering.i18n import Words

GONE = 410
ATTEMPTS_SHOWN = 10


class FileRemoved(HTTPException):
    """The file was removed on purpose; `removal` says how."""

    def __init__(self, removal: Removal) -> None:
        super().__init__(GONE, removal.sha256)
        self.removal = removal


@dataclass(frozen=True, slots=True)
class Notice:
    """
    What a reader is told of a removed file.

    `title` is short, for a tile; `words` is the sentence; `hash_words` come before `sha256`.
    """

    title: str
    words: str
    hash_words: str
    sha256: str

    @property
    def text(self) -> str:
        """All of it, where no hash can be set apart."""
        return f"{self.words} {self.hash_words} {self.sha256}"


def notice_of(words: Words, removal: Removal) -> Notice:
    """The notice of a removal, in the language of `words`; a takedown's reason is as given."""
    day = words.day(removal.at.astimezone(PARIS).date())
    if removal.kind is RemovalKind.TAKEDOWN:
        reason = escape_bidi(removal.reason).removesuffix(".")
    else:
        reason = words.t("les fichiers ne sont gardés ici que pour un temps, et ce temps est passé")
    values = {"day": day, "reason": reason}
    if removal.file == "picture":
        title = words.t("Image retirée le %(day)s", day=day)
        sentence = words.t("Cette image a été retirée le %(day)s : %(reason)s.", **values)
    else:
        title = words.t("Fichier retiré le %(day)s", day=day)
        sentence = words.t("Ce fichier a été retiré le %(day)s : %(reason)s.", **values)
    hash_words = words.t("Son empreinte SHA-256 reste :")
    return Notice(title, sentence, hash_words, removal.sha256)


async def notices(request: Request, sha256s: Iterable[str | None]) -> dict[str, Notice]:
    """By hash, the notices of those of these files that were removed."""
    names = {each for each in sha256s if each is not None}
    found = await context_of(request).store.removals.get_many(list(names)) if names else {}
    page = PageContext(request)
    return {name: notice_of(page, removal) for name, removal in found.items()}


async def refuse_removed(request: Request, *sha256s: str) -> None:
    """
    Raises:
        FileRemoved: one of these files was removed.
    """
    found = await context_of(request).store.removals.get_many(sha256s)
    if found:
        raise FileRemoved(next(iter(found.values())))


async def show_gone(request: Request, exc: Exception) -> Response:
    """The page, or the JSON, for a `FileRemoved`."""
    assert isinstance(exc, FileRemoved)
    page, removal = PageContext(request), exc.removal
    notice = notice_of(page, removal)
    headers = {"Cache-Control": "no-store"}
    if page.path.startswith("/api/"):
        fields = removal.model_dump(mode="json", include={"sha256", "kind", "reason", "at"})
        return JSONResponse({"detail": notice.text, **fields}, GONE, headers)
    return page.render(
        "removed.html",
        status=GONE,
        headers=headers,
        notice=notice,
        code=GONE,
        attempt_ids=removal.attempt_ids[:ATTEMPTS_SHOWN],
        attempts=removal.attempts,
    )
