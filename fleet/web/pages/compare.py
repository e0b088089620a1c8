"""Two attempts side by side: their pictures, what differs between them, their texts."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fleet.errors import NotStored
from fleet.models.query import Cursor, Filter
from fleet.rendering.images import NoPicture, TooLarge, draw_in_thread
from fleet.rules.stored_page import StoredPage
from fleet.web import picture_diff
from fleet.web.context import context_of
from fleet.web.middleware.headers import is_head, without_body
from fleet.web.not_modified import is_unchanged
from fleet.web.pages.evidence import (
    FOR_EVER,
    HARMLESS,
    READ,
    check_hash,
    draw_or_refuse,
    find_attempt,
)
from fleet.web.removed import notices, refuse_removed
from fleet.web.stored_files import picture, picture_kind, pictures_turn, read_evidence
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.models import Attempt, Evidence
    from fleet.web.picture_diff import Difference
    from fleet.web.removed import Notice

router = APIRouter()

MAX_LINES = 1_500
MAX_LINE = 400
"""Of a page's text, as it is compared: a hostile one could hold the comparison up for minutes."""

AROUND = 12
"""Attempts to choose from, on each side."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: the attempt, and its picture and outline of the page compared."""

    attempt: Attempt
    picture: Evidence | None
    outline: Evidence | None


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of the compared texts: `same`, `gone`, `new`; `gap` where equal ones are left out."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Texts:
    """How the texts compare: no `lines` when they are equal; `cut`: only their beginning was."""

    lines: tuple[DiffLine, ...]
    cut: bool


@router.get("/comparer")
async def show(request: Request) -> HTMLResponse:
    """Two attempts side by side, or a choice of what to compare."""
    page = PageContext(request)
    a, b = (_id_of(request.query_params.get(name, "")) for name in ("a", "b"))
    if not (a and b):
        return await _choice(request, page, a or b)
    step = _step_of(request.query_params.get("page", ""))
    sides = [_side((await find_attempt(request, each)).attempt, step) for each in (a, b)]
    files = [file for side in sides for file in (side.picture, side.outline) if file]
    removed = await notices(request, [file.sha256 for file in files])
    sides_left = [_without(side, removed) for side in sides]
    async with pictures_turn(request):
        found, problem = await _difference(request, sides_left)
        texts = await _texts(request, sides_left)
    return page.render(
        "compare.html",
        sides=sides,
        titles=[context_of(request).title(side.attempt.scenario_id) for side in sides],
        steps=_steps(sides),
        step=step,
        difference=found,
        problem=problem,
        same=_same_picture(sides),
        texts=texts,
        removed=removed,
        text_removed=any(side.outline and side.outline.sha256 in removed for side in sides),
    )


def _id_of(text: str) -> str:
    """The id of an attempt, from itself or from the address of its page."""
    found = re.search(r"/tentative/([\w.:-]{1,64})", text)
    return found[1] if found else text.strip()[:80]


def _step_of(text: str) -> int | None:
    """The page of the visit that was asked for, from 1; None: the last one of each."""
    if not text:
        return None
    if not re.fullmatch(r"[1-9]\d{0,3}", text, re.ASCII):
        raise HTTPException(400, f"page={text[:20]!r}: 1, 2, 3, …")
    return int(text)


def _side(attempt: Attempt, step: int | None) -> Side:
    def found(kind: str) -> Evidence | None:
        of_kind = [each for each in attempt.evidence if each.kind == kind]
        if step is None:
            return of_kind[-1] if of_kind else None
        return next((each for each in of_kind if each.step == step - 1), None)

    return Side(attempt, found("picture"), found("outline"))


def _without(side: Side, removed: Mapping[str, Notice]) -> Side:
    """The side without those of its files that were removed."""
    picture, outline = (
        None if file is None or file.sha256 in removed else file
        for file in (side.picture, side.outline)
    )
    return Side(side.attempt, picture, outline)


def _steps(sides: list[Side]) -> list[int]:
    """The pages that both have, from 1."""
    both = [{e.step + 1 for e in s.attempt.evidence if e.kind == "picture"} for s in sides]
    return sorted(both[0] & both[1])


def _same_picture(sides: list[Side]) -> bool:
    hashes = {side.picture.sha256 if side.picture else None for side in sides}
    return len(hashes) == 1 and None not in hashes


async def _choice(request: Request, page: PageContext, chosen: str) -> HTMLResponse:
    """The page on which two attempts are chosen; `chosen` is the first of them, if any is."""
    context = context_of(request)
    attempt: Attempt | None = None
    around: list[Attempt] = []
    if chosen:
        attempt = (await find_attempt(request, chosen)).attempt
        same = Filter(scenario_id=attempt.scenario_id)
        for newer in (True, False):
            cursor = Cursor(at=attempt.started_at, attempt_id=attempt.id, newer=newer)
            around += (await context.queries.attempts(same, cursor, AROUND)).items
    return page.render(
        "compare_choice.html",
        attempt=attempt,
        around=around,
        title=context.title(attempt.scenario_id) if attempt else "",
    )


async def _difference(request: Request, sides: list[Side]) -> tuple[Difference | None, str]:
    """How much differs between two different pictures, or why nobody knows."""
    older, newer = sides[0].picture, sides[1].picture
    if older is None or newer is None or older.sha256 == newer.sha256:
        return None, ""
    bytes_of = [await picture(request, each.sha256) for each in (older, newer)]
    try:
        return await draw_in_thread(picture_diff.measure, *bytes_of), ""
    except (TooLarge, NoPicture) as exc:
        return None, str(exc)


async def _texts(request: Request, sides: list[Side]) -> Texts | None:
    """How what could be read on them compares; None if one of them was not kept."""
    texts = []
    for side in sides:
        if side.outline is None:
            return None
        try:
            stored = StoredPage.of(await read_evidence(request, side.outline.sha256))
        except NotStored:
            return None
        texts.append(stored.reading(()).text)
    return await draw_in_thread(compare_texts, *texts)


def compare_texts(older: str, newer: str) -> Texts:
    """What lines went and came, each with two equal ones around."""
    every = [
        [line.strip() for line in text.splitlines() if line.strip()] for text in (older, newer)
    ]
    shortened = [[line[:MAX_LINE] for line in lines[:MAX_LINES]] for lines in every]
    return Texts(tuple(_lines(*shortened)), cut=shortened != every)


def _lines(older: list[str], newer: list[str]) -> Iterator[DiffLine]:
    kinds = {" ": "same", "-": "gone", "+": "new"}
    for n, line in enumerate(difflib.unified_diff(older, newer, n=2, lineterm="")):
        if n < 2:  # the names of the files, which have none
            continue
        if line.startswith("@@"):
            if n > 2:
                yield DiffLine("gap", "")
            continue
        yield DiffLine(kinds[line[0]], line[1:])


@router.api_route("/difference/{older}/{newer}.png", methods=READ)
async def drawing(request: Request, older: str, newer: str) -> Response:
    """The newer picture, pale, with what differs marked."""
    check_hash(older), check_hash(newer)
    await refuse_removed(request, older, newer)
    etag = f'"{older}-{newer}-{picture_diff.DRAWING}"'
    headers = {"Cache-Control": FOR_EVER, "ETag": etag, "Content-Security-Policy": HARMLESS}
    if is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    if is_head(request):
        for each in (older, newer):
            await picture_kind(request, each)
        return without_body(headers, "image/png")
    async with pictures_turn(request):
        pictures = [await picture(request, each) for each in (older, newer)]
        content = await draw_or_refuse(picture_diff.draw, *pictures)
    return Response(content, headers=headers, media_type="image/png")
