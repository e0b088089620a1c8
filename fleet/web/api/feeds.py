"""
Changes of state as Atom feeds: of everything, of a department, of one flow.

An entry's id is made of the attempt that saw the change, so it is the same on every copy of the
database and for ever; its instant is that attempt's.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.status import HTTP_304_NOT_MODIFIED, HTTP_404_NOT_FOUND

import fleet
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import FIRST_DAY
from fleet.rendering.i18n import N_, Words
from fleet.rendering.labels import VERDICTS
from fleet.web.api.models import NOT_THERE, ChangeFound, State
from fleet.web.api.query import Asked, Department, Flow, StrictQuery, check_measured, flow_of
from fleet.web.client_address import site_of
from fleet.web.context import WebContext, context_of
from fleet.web.not_modified import is_unchanged
from fleet.web.templating import PageContext, environment

if TYPE_CHECKING:
    from fleet.analysis.changes import Change, SeenState

ENTRIES = 50
MEDIA_TYPE = "application/atom+xml"

# RFC 4151 wants a name that its user owned on that day; the package's is the only one that is
# the same wherever the pages are served from.
TAG = "tag:prefecture-fleet,2026-11-24:"

EPOCH = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
"""The instant of a feed in which nothing has happened yet; a feed must have one."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write; readers refuse a feed with one such character as a whole."""

_FEED: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {}}, "description": N_("un flux Atom")},
    304: {"description": N_("rien de nouveau depuis l’ETag donné")},
}

FEED_WORDS = N_(
    "Les cinquante derniers changements, le plus récent d’abord. L’identifiant d’une entrée ne"
    " change jamais. Répond 304 à un `If-None-Match` qui porte l’ETag de la dernière réponse."
)

router = APIRouter()


class FeedQuery(StrictQuery):
    """How a feed is told."""

    langue: Asked[Literal["fr", "en"]] = Field(None, description=N_("la langue des phrases"))
    control: Asked[bool] = Field(None, description=N_("les démarches témoins, ou les autres"))


@router.get(
    "/api/changes.atom",
    summary=N_("Flux Atom : les changements de toutes les démarches"),
    description=FEED_WORDS,
    response_class=Response,
    responses=_FEED,
)
async def all_changes(request: Request, asked: Annotated[FeedQuery, Query()]) -> Response:
    """The latest changes of all flows."""
    library, words = context_of(request), _words(request, asked)
    found = await library.store.figures.changes(ENTRIES, control=asked.control)
    title = words.t("Rendez-vous en préfecture : ce qui change")
    return _feed(request, words, library, title=title, path="/", changes=found)


@router.get(
    "/api/changes/{department}.atom",
    summary=N_("Flux Atom : les changements d’un département"),
    description=FEED_WORDS,
    response_class=Response,
    responses=_FEED | NOT_THERE,
)
async def department_changes(
    request: Request, department: Department, asked: Annotated[FeedQuery, Query()]
) -> Response:
    """The latest changes of a department."""
    library, words = context_of(request), _words(request, asked)
    if department not in DEPARTMENTS:
        raise HTTPException(HTTP_404_NOT_FOUND, f"no department {department[:20]!r}")
    found = await library.store.figures.changes(
        ENTRIES, department=department, control=asked.control
    )
    title = words.t(
        "Rendez-vous en préfecture, %(place)s : ce qui change",
        place=f"{DEPARTMENTS[department]} ({department})",
    )
    path = f"/departement/{department}"
    return _feed(request, words, library, title=title, path=path, changes=found)


@router.get(
    "/api/changes/{department}/{flow}.atom",
    summary=N_("Flux Atom : les changements d’une démarche"),
    description=FEED_WORDS,
    response_class=Response,
    responses=_FEED | NOT_THERE,
)
async def flow_changes(
    request: Request, department: Department, flow: Flow, asked: Annotated[FeedQuery, Query()]
) -> Response:
    """The latest changes of one flow."""
    library, words = context_of(request), _words(request, asked)
    scenario_id = flow_of(department, flow)
    await check_measured(library, scenario_id)
    found = await library.store.figures.changes(
        ENTRIES, scenario_id=scenario_id, control=asked.control
    )
    title = words.t(
        "Rendez-vous en préfecture, %(place)s : ce qui change",
        place=f"{DEPARTMENTS[department]} ({department}), {library.title(scenario_id)}",
    )
    path = f"/demarche/{scenario_id}"
    return _feed(request, words, library, title=title, path=path, changes=found)


def change_found(library: WebContext, change: Change) -> ChangeFound:
    """A change as the API says it."""
    return ChangeFound(
        scenario_id=change.scenario_id,
        title=library.title(change.scenario_id),
        control=change.after.control,
        before=_state(change.before),
        after=_state(change.after),
    )


def _state(seen: SeenState) -> State:
    page = f"/tentative/{seen.attempt_id}"
    return State(attempt_id=seen.attempt_id, at=seen.at, verdict=seen.verdict, page=page)


def _words(request: Request, asked: FeedQuery) -> Words:
    return Words(asked.langue or request.scope.get("fleet.language", "fr"))


def _feed(
    request: Request,
    words: Words,
    library: WebContext,
    *,
    title: str,
    path: str,
    changes: list[Change],
) -> Response:
    site = site_of(request) + ("/en" if words.language == "en" else "")
    own = request.scope.get("fleet.path", request.url.path)
    text = (
        environment()
        .get_template("feed.atom")
        .render(
            language=words.language,
            id=f"{TAG}{own.removeprefix('/api/')}{'' if words.language == 'fr' else ':en'}",
            title=f"{words.t('Données d’exercice')} – {title}" if library.made_up else title,
            updated=max((each.after.at for each in changes), default=EPOCH),
            author=words.t("Préfectures : des rendez-vous en ligne ?"),
            address=PageContext(request).address,
            media_type=MEDIA_TYPE,
            page=site + path,
            version=fleet.__version__,
            entries=[_entry(each, words, library, site) for each in changes],
        )
    )
    content = _NOT_XML.sub("", text).encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "max-age=300"}
    if is_unchanged(request, etag):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(content, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def _entry(change: Change, words: Words, library: WebContext, site: str) -> dict[str, object]:
    department = change.scenario_id.partition("/")[0]
    before, after = (words.t(VERDICTS[s.verdict][0]) for s in (change.before, change.after))
    now_seen, before_seen = (
        f"{site}/tentative/{seen.attempt_id}" for seen in (change.after, change.before)
    )
    return {
        "id": f"{TAG}change:{change.after.attempt_id}",
        "title": f"{DEPARTMENTS.get(department, department)} ({department}),"
        f" {library.title(change.scenario_id)}{words.t(' : ')}{before} → {after}",
        "at": change.after.at,
        "summary": sentence(change, words),
        "links": (
            (now_seen, words.t("Cette tentative")),
            (before_seen, words.t("La tentative précédente")),
        ),
        "verdict": change.after.verdict,
        "label": after,
    }


def sentence(change: Change, words: Words) -> str:
    """What changed and between which two instants, for a person."""
    return words.t(
        "Tentative du %(after_at)s : « %(after)s ». La tentative précédente qui disait quelque"
        " chose, le %(before_at)s, disait : « %(before)s ». Le changement a eu lieu entre les"
        " deux.",
        after_at=words.instant(change.after.at),
        after=words.t(VERDICTS[change.after.verdict][0]),
        before_at=words.instant(change.before.at),
        before=words.t(VERDICTS[change.before.verdict][0]),
    )
