"""
`/controle`: how often verdicts are wrong, by people who read the pictures without seeing them.

The counts are for everybody. Reading asks for an account: the page shows the pictures of an attempt
that was drawn, and nothing that tells what the robot said of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_CONTENT

from fleet.analysis import verdict_audit
from fleet.errors import BadInput
from fleet.models import now
from fleet.models.audit import AuditReading, PersonSaw, VerdictClass
from fleet.rendering.i18n import N_
from fleet.web.context import context_of
from fleet.web.middleware.forms import read_form, text_of
from fleet.web.middleware.sessions import redirect_to_sign_in, session_of
from fleet.web.removed import notices
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.models import Attempt
    from fleet.models.audit import AuditDraw

router = APIRouter()

QUESTIONS: Mapping[PersonSaw, str] = {
    PersonSaw.SLOTS: N_("Au moins un rendez-vous peut être choisi"),
    PersonSaw.NO_SLOTS: N_("Le site dit qu’il n’y a pas de rendez-vous"),
    PersonSaw.CLOSED: N_("Le site dit que la démarche est fermée, suspendue ou déplacée"),
    PersonSaw.OTHER: N_("Autre chose : erreur, captcha, connexion, attente, page vide…"),
    PersonSaw.UNSURE: N_("Les images ne permettent pas de le dire"),
}
"""What a person may say, in this order."""

CLASSES: Mapping[VerdictClass, str] = {
    VerdictClass.SLOTS: N_("Rendez-vous proposé"),
    VerdictClass.NO_SLOTS: N_("Aucun rendez-vous"),
    VerdictClass.CLOSED: N_("Démarche fermée"),
    VerdictClass.UNANSWERED: N_("Sans réponse"),
}
"""What was drawn from apart."""

SHOWN_WRONG = 20


@router.get("/controle")
async def results(request: Request) -> Response:
    """The counts of each draw, newest first."""
    audits = context_of(request).store.audits
    found = [
        (each, verdict_audit.tally(each, await audits.readings(each)))
        for each in await audits.draws()
    ]
    return PageContext(request).render(
        "audit.html",
        draws=found,
        classes=CLASSES,
        shown_wrong=SHOWN_WRONG,
        user=session_of(request).user,
    )


@router.get("/controle/lire")
async def read(request: Request) -> Response:
    """The pictures that come next for this member; members only."""
    return await _question(request)


@router.post("/controle/lire")
async def answer(request: Request) -> Response:
    """Keep what a member saw, and go on with the next."""
    user, audits = session_of(request).user, context_of(request).store.audits
    if user is None:
        return redirect_to_sign_in(request)
    async with read_form(request) as form:
        draw_id, attempt_id, seen = (text_of(form, name) for name in ("tirage", "image", "vu"))
    drawn = next((each for each in await audits.draws() if each.id == draw_id), None)
    if drawn is None or attempt_id not in drawn.attempt_ids:
        raise HTTPException(400, f"image={attempt_id[:80]!r}")
    if seen not in [each.value for each in PersonSaw]:
        return await _question(request, N_("Choisissez ce que vous avez vu."), attempt_id)
    await audits.add_reading(
        AuditReading(
            draw_id=draw_id, attempt_id=attempt_id, by=user.name, seen=PersonSaw(seen), at=now()
        )
    )
    address = PageContext(request).href("/controle/lire")
    return RedirectResponse(address, status_code=HTTP_303_SEE_OTHER)


async def _question(request: Request, problem: str = "", attempt_id: str = "") -> Response:
    session, context = session_of(request), context_of(request)
    if session.user is None:
        return redirect_to_sign_in(request)
    draws = await context.store.audits.draws()
    drawn = draws[0] if draws else None
    left: list[str] = []
    if drawn is not None:
        readings = await context.store.audits.readings(drawn)
        left = verdict_audit.next_to_read(drawn, readings, session.user.name)
        if attempt_id in left:
            left = [attempt_id, *(each for each in left if each != attempt_id)]
    attempt, pictures, gone = await _first_that_is_there(request, left)
    return PageContext(request).render(
        "audit_question.html",
        status=HTTP_422_UNPROCESSABLE_CONTENT if problem else 200,
        headers={"Cache-Control": "no-store"},
        drawn=drawn,
        attempt=attempt,
        pictures=pictures,
        done=_done(drawn, len(left)),
        gone=gone,
        questions=QUESTIONS,
        problem=problem,
        form_token=session.form_token,
    )


def _done(drawn: AuditDraw | None, left: int) -> tuple[int, int]:
    """How many of how many this member has read."""
    whole = len(drawn.attempt_ids) if drawn else 0
    return whole - left, whole


async def _first_that_is_there(
    request: Request, attempt_ids: list[str]
) -> tuple[Attempt | None, list[str], int]:
    """The first of these whose pictures are all kept, those pictures; how many were passed over."""
    queries = context_of(request).queries
    for gone, attempt_id in enumerate(attempt_ids):
        try:
            attempt = (await queries.attempt(attempt_id)).attempt
        except BadInput:
            continue
        own = [each.sha256 for each in attempt.evidence if each.kind == "picture"]
        if own and not await notices(request, own):
            return attempt, own, gone
    return None, [], len(attempt_ids)
