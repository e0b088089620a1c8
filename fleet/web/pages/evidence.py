"""
The evidence files: the originals by their hash, small copies, framed copies.

An original is sent as it was stored, proved by its hash: before, if that was not done in the last
minutes, and again while it is sent. A stranger's page never opens here: stored HTML goes out as
text to be saved, whatever asks for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from fleet.errors import BadInput
from fleet.rendering import framed_picture
from fleet.rendering.i18n import LANGUAGES, N_, Words
from fleet.rendering.images import NoPicture, TooLarge, draw_in_thread, thumbnail
from fleet.rendering.thumbnails import Thumbnails
from fleet.web.context import context_of
from fleet.web.errors import EvidenceProblem
from fleet.web.middleware.headers import is_head, without_body
from fleet.web.not_modified import is_unchanged
from fleet.web.removed import FileRemoved, refuse_removed
from fleet.web.stored_files import (
    kind_of,
    picture,
    picture_kind,
    pictures_turn,
    problems_said,
    proved_size,
)
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

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
    """A stored file as it is, or a part of it (`Range`); read while it is sent."""
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
    store = context_of(request).store
    if is_head(request):
        size_bytes = await store.evidence_size_bytes(sha256, proved=False) or 0
    else:
        size_bytes = await proved_size(request, sha256)
    wanted = request.headers.get("range", "")
    if request.headers.get("if-range", etag) != etag:
        wanted = ""
    part = _part(wanted, size_bytes)
    if part is not None:
        if not part:
            headers["Content-Range"] = f"bytes */{size_bytes}"
            return Response(status_code=416, headers=headers)
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size_bytes}"
    headers["Content-Length"] = str(size_bytes if part is None else len(part))
    status = 200 if part is None else 206
    if is_head(request):
        return Response(status_code=status, headers=headers, media_type=media_type)
    parts = store.evidence_parts(sha256, part)
    async with problems_said(request, sha256):
        first = await anext(parts, b"")  # what cannot be read at all is said before it is begun
    return StreamingResponse(
        _with_rest(first, parts), status_code=status, headers=headers, media_type=media_type
    )


async def _with_rest(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in rest:
        yield part


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
    if content is None and await picture_kind(request, sha256) and is_head(request):
        return without_body(headers, "image/webp")
    if content is None:
        async with pictures_turn(request):
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
    if is_head(request):
        return without_body(headers, "image/png")
    async with pictures_turn(request):
        content = await draw_or_refuse(
            framed_picture.draw, await picture(request, taken.sha256), caption
        )
    return Response(content, headers=headers, media_type="image/png")
