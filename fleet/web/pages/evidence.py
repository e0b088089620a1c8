"""
The evidence files: the originals by their hash, small copies, framed copies.

An original is sent as it was stored, proved by its hash at every reading. A stranger's page never
opens here: stored HTML goes out as text to be saved, whatever asks for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fleet.errors import BadInput, EvidenceRemoved, StoreRefused
from fleet.rendering import framed_picture
from fleet.rendering.i18n import LANGUAGES, N_, Words
from fleet.rendering.images import NoPicture, TooLarge, draw_in_thread
from fleet.rendering.thumbnails import Thumbnails, thumbnail
from fleet.web.context import context_of
from fleet.web.errors import EvidenceProblem
from fleet.web.not_modified import is_unchanged
from fleet.web.removed import FileRemoved, refuse_removed
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.models import Evidence
    from fleet.storage.queries import AttemptNeighbours


router = APIRouter()

READ = ["GET", "HEAD"]

FOR_EVER = "private, max-age=31536000, immutable"
"""
For what an address with a hash brings: it can never be something else. Only in the reader's own
browser: what is taken down must not live on in a cache that others read from.
"""

HARMLESS = "default-src 'none'; sandbox"

KINDS = {
    "picture": ("image/png", "inline", "png"),
    # not text/html, and no name that a double click would open as a page
    "html": ("text/plain; charset=utf-8", "attachment", "html.txt"),
    "outline": ("application/json", "attachment", "json"),
}
"""For each kind of evidence: media type, disposition, end of its name."""


def check_hash(text: str) -> str:
    """`text`, if it is a SHA-256 as this project writes it; HTTPException 400 otherwise."""
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise HTTPException(400, f"{text[:80]!r}: 64 × 0-9 a-f")
    return text


async def kind_of(request: Request, sha256: str) -> str:
    """What the stored file is; HTTPException 404 if no file has this hash, or `FileRemoved`."""
    await refuse_removed(request, sha256)
    kind = await context_of(request).store.evidence_kind(sha256)
    if kind is None:
        raise HTTPException(404, sha256)
    return kind


async def read_evidence(request: Request, sha256: str) -> bytes:
    """
    The bytes of a stored file.

    Raises:
        FileRemoved: they were removed.
        HTTPException: 404, there is none; 503, its bytes do not give their hash any more.
    """
    store = context_of(request).store
    try:
        return await store.evidence(sha256)
    except EvidenceRemoved as exc:
        if (removal := await store.removals.get(sha256)) is None:
            raise HTTPException(404, sha256) from exc
        raise FileRemoved(removal) from exc
    except BadInput as exc:
        raise HTTPException(404, sha256) from exc
    except StoreRefused as exc:
        raise EvidenceProblem(
            503,
            N_("Fichier abîmé"),
            N_(
                "Ce fichier ne correspond plus à son empreinte : il n’est pas montré. Il faut le"
                " reprendre dans une sauvegarde."
            ),
            str(exc),
        ) from exc


async def picture(request: Request, sha256: str) -> bytes:
    """The bytes of a stored picture; as `proved`, and 404 if it is another kind of file."""
    if await kind_of(request, sha256) != "picture":
        raise HTTPException(404, sha256)
    return await read_evidence(request, sha256)


async def draw_or_refuse(make: Callable[..., bytes], *pictures_and_more: object) -> bytes:
    """
    What is drawn from pictures, in a thread.

    Raises:
        HTTPException: 413, too many pixels; 422, no picture.
    """
    try:
        return await draw_in_thread(make, *pictures_and_more)
    except TooLarge as exc:
        raise EvidenceProblem(
            413,
            N_("Image trop grande"),
            N_("Cette image est trop grande pour être dessinée ici. L’original reste disponible."),
            str(exc),
        ) from exc
    except NoPicture as exc:
        raise EvidenceProblem(
            422,
            N_("Image illisible"),
            N_("Ce fichier n’est pas une image entière. L’original reste disponible."),
            str(exc),
        ) from exc


def words_of(request: Request) -> Words:
    """The language of what has none in its address: `?langue=en`, else French."""
    wanted = request.query_params.get("langue", PageContext(request).language)
    for language in LANGUAGES:
        if language == wanted:
            return Words(language)
    raise HTTPException(400, f"langue={wanted[:20]!r}: {', '.join(LANGUAGES)}")


@router.api_route("/preuve/{sha256}", methods=READ)
async def original(request: Request, sha256: str) -> Response:
    """A stored file as it is, or a part of it (`Range`)."""
    check_hash(sha256)
    kind = await kind_of(request, sha256)
    media_type, disposition, ending = KINDS[kind]
    etag = f'"{sha256}"'
    headers = {
        "Cache-Control": FOR_EVER,
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": HARMLESS,
        "Content-Disposition": f'{disposition}; filename="{sha256}.{ending}"',
    }
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    content = await read_evidence(request, sha256)
    wanted = request.headers.get("range", "")
    if request.headers.get("if-range", etag) != etag:
        wanted = ""
    part = _part(wanted, len(content))
    if part is None:
        return Response(content, headers=headers, media_type=media_type)
    if not part:
        headers["Content-Range"] = f"bytes */{len(content)}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    body = content[part.start : part.stop]
    return Response(body, status_code=206, headers=headers, media_type=media_type)


def _part(wanted: str, size_bytes: int) -> range | None:
    """The bytes a `Range` header asks for, empty if there are none such; None: all of them."""
    found = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", wanted.strip())
    if found is None or found[0] == "bytes=-":  # several parts: all of it is a lawful answer
        return None
    if not found[1]:
        return range(max(0, size_bytes - int(found[2])), size_bytes)
    end = int(found[2]) + 1 if found[2] else size_bytes
    if end <= int(found[1]):
        return None if found[2] else range(0)
    return range(min(int(found[1]), size_bytes), min(end, size_bytes))


@router.api_route("/vignette/{sha256}.webp", methods=READ)
async def small(request: Request, sha256: str) -> Response:
    """The top of a picture, small."""
    check_hash(sha256)
    etag = f'"{sha256}-small"'
    headers = {"Cache-Control": FOR_EVER, "ETag": etag}
    thumbnails = Thumbnails(context_of(request).data_dir / "thumbnails")
    try:
        await refuse_removed(request, sha256)
    except FileRemoved:
        await anyio.to_thread.run_sync(thumbnails.drop, sha256)
        raise
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    content = await anyio.to_thread.run_sync(thumbnails.get, sha256)
    if content is None:
        content = await draw_or_refuse(thumbnail, await picture(request, sha256))
        await anyio.to_thread.run_sync(thumbnails.put, sha256, content)
    return Response(content, headers=headers, media_type="image/webp")


async def find_attempt(request: Request, attempt_id: str) -> AttemptNeighbours:
    """The attempt with its neighbours; HTTPException 404 if there is none of this id."""
    try:
        return await context_of(request).queries.attempt(attempt_id)
    except BadInput as exc:
        raise HTTPException(404, attempt_id[:80]) from exc


def picture_of(pictures: tuple[Evidence, ...], step: str) -> Evidence:
    """The picture of that step; HTTPException 400 if it is no number, 404 if there is none."""
    if not re.fullmatch(r"\d{1,4}", step, re.ASCII):
        raise HTTPException(400, f"{step[:20]!r}: 0, 1, 2, …")
    found = next((each for each in pictures if each.step == int(step)), None)
    if found is None:
        raise HTTPException(404, step)
    return found


@router.api_route("/tentative/{attempt_id}/cadre/{step}.png", methods=READ)
async def frame(request: Request, attempt_id: str, step: str) -> Response:
    """The framed copy of a picture, drawn now."""
    context = context_of(request)
    attempt = (await find_attempt(request, attempt_id)).attempt
    taken = picture_of(tuple(e for e in attempt.evidence if e.kind == "picture"), step)
    await refuse_removed(request, taken.sha256)
    caption = framed_picture.caption_of(
        words_of(request),
        attempt,
        taken,
        context.title(attempt.scenario_id),
        made_up=context.made_up,
    )
    etag = f'"{caption.fingerprint(taken.sha256)}"'
    name = f"{attempt.scenario_id.replace('/', '_')}_{taken.taken_at:%Y-%m-%dT%H%M%SZ}_{step}.png"
    headers = {
        # titles of flows and words of verdicts may be corrected: asked again, rarely drawn again
        "Cache-Control": "public, no-cache",
        "ETag": etag,
        "Content-Security-Policy": HARMLESS,
        "Content-Disposition": f'inline; filename="{name}"',
    }
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    content = await draw_or_refuse(
        framed_picture.draw, await picture(request, taken.sha256), caption
    )
    return Response(content, headers=headers, media_type="image/png")
