"""
`/observations`: what volunteers saw by hand. Made by persons, and said so everywhere.

Whoever may read the pages may read these. Adding and withdrawing asks for an account; any member
may withdraw any observation, because what must go (a name, a face) must go quickly.
"""

from __future__ import annotations

import uuid
from itertools import groupby
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import (
    HTTP_303_SEE_OTHER,
    HTTP_404_NOT_FOUND,
    HTTP_413_CONTENT_TOO_LARGE,
    HTTP_422_UNPROCESSABLE_CONTENT,
    HTTP_503_SERVICE_UNAVAILABLE,
)

from fleet.models import now
from fleet.models.departments import DEPARTMENTS
from fleet.rendering.i18n import N_
from fleet.storage.collections.observations import MAX_REASON, Observation, Sighting, Withdrawal
from fleet.web.context import context_of
from fleet.web.errors import EvidenceProblem
from fleet.web.limiter import RETRY_S
from fleet.web.middleware.forms import read_form, text_of
from fleet.web.middleware.headers import is_head, without_body
from fleet.web.middleware.sessions import UPLOAD_BYTES, redirect_to_sign_in, session_of
from fleet.web.not_modified import is_unchanged
from fleet.web.pages.evidence import HARMLESS, READ
from fleet.web.pages.members.observation_form import SEEN, ObservationAnswers
from fleet.web.stored_files import pictures_turn
from fleet.web.templating import PageContext
from fleet.web.uploads import UnusablePicture, UploadedPicture, uploaded_picture

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.datastructures import FormData

    from fleet.web.context import WebContext

router = APIRouter()

LISTED = 20
LAST_PAGE = 1_000


@router.get("/observations")
async def observations(request: Request) -> Response:
    """The observations, newest first; `?departement=63` for one department's."""
    page, number = PageContext(request), _page_number(request)
    department = request.query_params.get("departement") or None
    if department is not None and department not in DEPARTMENTS:
        raise HTTPException(400, f"departement={department[:20]!r}: 63, 2A, 971, …")
    found = await context_of(request).store.observations.latest(
        LISTED + 1, skip=(number - 1) * LISTED, department=department
    )
    return page.render(
        "observations.html",
        found=found[:LISTED],
        more=len(found) > LISTED,
        number=number,
        department=department,
        departments=DEPARTMENTS,
        seen_words=SEEN,
        user=session_of(request).user,
    )


def _page_number(request: Request) -> int:
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:5]) <= LAST_PAGE):
        raise HTTPException(400, f"page={text[:20]!r}: 1, 2, 3, …")
    return int(text)


@router.get("/observations/nouvelle")
async def empty_form(request: Request) -> Response:
    """The form for an observation, empty; members only."""
    if session_of(request).user is None:
        return redirect_to_sign_in(request)
    return _form(request, ObservationAnswers.none())


@router.post("/observations/nouvelle")
async def add(request: Request) -> Response:
    """Keep an observation, or show the form again with what is wrong."""
    user, context = session_of(request).user, context_of(request)
    if user is None:
        return redirect_to_sign_in(request)
    status = HTTP_422_UNPROCESSABLE_CONTENT
    async with read_form(request, files=1) as form:
        answers = ObservationAnswers.of(form, context.scenarios)
        try:
            async with request.app.state.uploads.turn(request):
                uploaded = await _uploaded(form, answers)
        except FileTooLarge:
            status, uploaded = HTTP_413_CONTENT_TOO_LARGE, None
        except EvidenceProblem as exc:  # the form shows what was typed
            answers.problems["image"], status, uploaded = exc.words, exc.status_code, None
    if uploaded is None or answers.seen_at is None:
        return _form(request, answers, status)
    observation = _observation(user.name, answers, uploaded)
    await context.store.observations.add(observation, uploaded.picture, uploaded.small)
    address = PageContext(request).href(f"/observations/{observation.id}")
    return RedirectResponse(address, status_code=HTTP_303_SEE_OTHER)


class FileTooLarge(Exception):
    """The file has more bytes than may be sent."""


async def _uploaded(form: FormData, answers: ObservationAnswers) -> UploadedPicture | None:
    """
    The copy of the picture; None, with the problem in `answers`, if none can be kept.

    Raises:
        FileTooLarge: with the problem in `answers`, too.
    """
    original = await _read_file(form)
    if not original:
        answers.problems["image"] = N_("Joignez une image : une capture d’écran ou une photo.")
    elif len(original) > UPLOAD_BYTES:
        answers.problems["image"] = N_("Cette image est trop lourde : 10 Mo au plus.")
        raise FileTooLarge
    elif not answers.problems:
        try:
            return await uploaded_picture(original)
        except UnusablePicture as exc:
            answers.problems["image"] = str(exc)
    return None


async def _read_file(form: FormData) -> bytes:
    """The file's bytes, up to one more than may be; its name is not looked at."""
    file = form.get("image")
    return await file.read(UPLOAD_BYTES + 1) if isinstance(file, UploadFile) else b""


def _observation(
    author: str, answers: ObservationAnswers, uploaded: UploadedPicture
) -> Observation:
    texts = answers.texts
    return Observation.model_validate(
        {
            "id": uuid.uuid4().hex,
            "author": author,
            "added_at": now(),
            "seen_at": answers.seen_at,
            "department": texts["departement"],
            "scenario_id": answers.scenario_id,
            "flow_words": texts["autre_demarche"],
            "seen": Sighting(texts["vu"]),
            "note": texts["note"],
            "original_sha256": uploaded.original_sha256,
            "original_size_bytes": uploaded.original_size_bytes,
            "sha256": uploaded.sha256,
            "size_bytes": len(uploaded.picture),
            "width": uploaded.width,
            "height": uploaded.height,
        }
    )


def _form(request: Request, answers: ObservationAnswers, status: int = 200) -> Response:
    context = context_of(request)
    in_order = sorted(context.scenarios.values(), key=lambda s: (s.department, s.title))
    return PageContext(request).render(
        "observation_form.html",
        status=status,
        headers={"Retry-After": str(RETRY_S)} if status == HTTP_503_SERVICE_UNAVAILABLE else None,
        answers=answers,
        departments=DEPARTMENTS,
        flows=[(d, list(group)) for d, group in groupby(in_order, lambda s: s.department)],
        seen_words=SEEN,
        form_token=session_of(request).form_token,
    )


@router.get("/observations/{id_}")
async def observation(request: Request, id_: str) -> Response:
    """One observation, or what is left of one that was withdrawn."""
    return _show(request, await _find(request, id_))


def _show(request: Request, found: Observation, problem: str = "", reason: str = "") -> Response:
    session, context = session_of(request), context_of(request)
    return PageContext(request).render(
        "observation.html",
        status=HTTP_422_UNPROCESSABLE_CONTENT if problem else 200,
        found=found,
        department=DEPARTMENTS.get(found.department, found.department),
        flow=flow_name(context, found),
        linked=found.scenario_id in context.scenarios,
        seen_words=SEEN,
        user=session.user,
        form_token=session.form_token,
        problem=problem,
        reason=reason,
        longest_reason=MAX_REASON,
    )


def flow_name(context: WebContext, found: Observation) -> str:
    """The flow of an observation, for a reader."""
    return context.title(found.scenario_id) if found.scenario_id else found.flow_words


async def _find(request: Request, id_: str) -> Observation:
    found = await context_of(request).store.observations.get(id_)
    if found is None:
        raise HTTPException(HTTP_404_NOT_FOUND, id_[:80])
    return found


@router.post("/observations/{id_}/retirer")
async def withdraw(request: Request, id_: str) -> Response:
    """Take an observation back, with a reason."""
    user = session_of(request).user
    if user is None:
        return redirect_to_sign_in(request, f"/observations/{id_[:80]}")
    async with read_form(request) as form:
        reason = text_of(form, "raison")
    found = await _find(request, id_)
    if not reason:
        return _show(request, found, N_("Dites pourquoi : la raison reste affichée."))
    if len(reason) > MAX_REASON:
        return _show(request, found, N_("C’est trop long : 500 caractères au plus."), reason)
    withdrawal = Withdrawal(by=user.name, at=now(), reason=reason)
    await context_of(request).store.observations.withdraw(found.id, withdrawal)
    address = PageContext(request).href(f"/observations/{found.id}")
    return RedirectResponse(address, status_code=HTTP_303_SEE_OTHER)


@router.api_route("/observations/{id_}/image.jpg", methods=READ)
async def picture(request: Request, id_: str) -> Response:
    """The picture; HTTPException 404 once it is withdrawn."""
    found = await _find(request, id_)
    read = context_of(request).store.observations.picture
    return await _jpeg(request, found, read, found.sha256)


@router.api_route("/observations/{id_}/vignette.jpg", methods=READ)
async def small(request: Request, id_: str) -> Response:
    """The small copy of the picture; HTTPException 404 once it is withdrawn."""
    found = await _find(request, id_)
    read = context_of(request).store.observations.small
    return await _jpeg(request, found, read, f"{found.sha256}-small")


async def _jpeg(
    request: Request,
    found: Observation,
    read: Callable[[Observation], Awaitable[bytes | None]],
    version: str,
) -> Response:
    if found.withdrawn is not None:
        raise HTTPException(HTTP_404_NOT_FOUND, found.id)
    headers = {
        # asked for again each time: what is withdrawn is gone at once
        "Cache-Control": "public, no-cache",
        "ETag": f'"{version}"',
        "Content-Security-Policy": HARMLESS,
        "Content-Disposition": f'inline; filename="observation_{found.id}.jpg"',
    }
    if is_unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if is_head(request):
        return without_body(headers, "image/jpeg")
    async with pictures_turn(request):
        content = await read(found)
    if content is None:
        raise HTTPException(HTTP_404_NOT_FOUND, found.id)
    return Response(content, headers=headers, media_type="image/jpeg")
