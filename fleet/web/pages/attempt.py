"""One attempt with its evidence: what was seen, and everything that proves it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.models.departments import DEPARTMENTS
from fleet.models.query import Cursor, Filter
from fleet.rendering.framed_picture import dialogs_until
from fleet.rendering.i18n import N_
from fleet.rendering.labels import sentence_of
from fleet.rendering.marks import legend_of, sign_words
from fleet.web.context import context_of
from fleet.web.pages.evidence import find_attempt
from fleet.web.pages.proof import proof_of
from fleet.web.removed import notices
from fleet.web.stored_files import kind_of, pictures_turn, read_evidence
from fleet.web.templating import PageContext, escape_bidi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.models import Attempt, Dialog, Evidence
    from fleet.web.removed import Notice

router = APIRouter()

MAX_SHOWN_HTML = 400_000
"""Characters of a stored page that are shown; the file itself has all of them."""

MAX_TRIES = 5
"""A visit has so many attempts at most (setting `FLEET_TRIES`)."""

FACTS = {
    "next_publication": N_("Prochaine mise en ligne annoncée"),
    "last_publication": N_("Dernière mise en ligne annoncée"),
    "next_publication_week": N_("Semaine des prochains créneaux annoncés"),
    "person_session": N_("Session ouverte par une personne"),
    "places": N_("Lieux proposés"),
    "weeks": N_("Semaines du calendrier regardées"),
    "form_open": N_("Formulaire ouvert"),
    "closed_since": N_("Fermée depuis"),
    "moved_to": N_("Déplacée vers"),
    "login": N_("Compte demandé"),
    "home": N_("Page d’accueil"),
    "retry_after_s": N_("Attente demandée par le site, en secondes"),
    "unreached": N_("Aucune page reçue"),
    "waiting_room": N_("Salle d’attente virtuelle"),
}
"""What the facts that families state are called (docs/verdicts.md)."""

FACT_VALUES = {
    ("form_open", "true"): N_("oui"),
    ("form_open", "false"): N_("non"),
    ("login", "proconnect"): N_("un compte ProConnect"),
    ("home", "reachable"): N_("joignable"),
    ("waiting_room", "other"): N_("devant le site, avant toute réponse"),
    ("waiting_room", "queue-it"): N_("devant le site, avant toute réponse (Queue-it)"),
    ("waiting_room", "queue-fair"): N_("devant le site, avant toute réponse (Queue-Fair)"),
    ("waiting_room", "crowdhandler"): N_("devant le site, avant toute réponse (CrowdHandler)"),
    ("waiting_room", "cloudflare"): N_("devant le site, avant toute réponse (Cloudflare)"),
    ("unreached", "network"): N_("le réseau du robot était en faute ; on ne sait rien du site"),
    ("unreached", "clock"): N_("l’horloge du robot était fausse ; on ne sait rien du site"),
    ("unreached", "unknown"): N_("on ne sait pas à qui la faute ; on ne sait rien du site"),
}
"""What some of their values are called."""

KINDS = {
    "picture": N_("Capture"),
    "html": N_("Code de la page (HTML)"),
    "outline": N_("Textes et éléments visibles"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the visit: its picture, and what boxes said before it was taken."""

    number: int
    picture: Evidence
    boxes: Sequence[Dialog]

    @property
    def address(self) -> str:
        """Host and path of its address."""
        parts = urlsplit(self.picture.url)
        return f"{parts.hostname or ''}{parts.path}"


def steps_of(attempt: Attempt) -> list[Step]:
    """The pages of the visit that have a picture, in the order of the visit."""
    pictures = [each for each in attempt.evidence if each.kind == "picture"]
    return [Step(n, each, dialogs_until(attempt, each)) for n, each in enumerate(pictures, 1)]


def frame_address(page: PageContext, attempt: Attempt, removed: Mapping[str, Notice]) -> str | None:
    """Where the framed copy of an attempt's last picture is; None if there is or may be none."""
    pictures = [each for each in attempt.evidence if each.kind == "picture"]
    if not pictures or pictures[-1].sha256 in removed:
        return None
    language = "?langue=en" if page.language == "en" else ""
    return f"/tentative/{quote(attempt.id)}/cadre/{pictures[-1].step}.png{language}"


async def tries_of(request: Request, attempt: Attempt) -> list[Attempt]:
    """All attempts of the visit that this attempt is one of, the first one first."""
    queries = context_of(request).queries
    same = Filter(scenario_id=attempt.scenario_id)
    here = {"at": attempt.started_at, "attempt_id": attempt.id}
    before: list[Attempt] = []
    if attempt.number > 1:
        found = await queries.attempts(same, Cursor.model_validate(here), attempt.number - 1)
        for number, each in zip(range(attempt.number - 1, 0, -1), found.items, strict=False):
            if (each.run_id, each.number) != (attempt.run_id, number):
                break
            before.insert(0, each)
    after: list[Attempt] = []
    newer = Cursor.model_validate({**here, "newer": True})
    for each in reversed((await queries.attempts(same, newer, MAX_TRIES)).items):
        if (each.run_id, each.number) != (attempt.run_id, attempt.number + len(after) + 1):
            break
        after.append(each)
    return [*before, attempt, *after]


@router.get("/tentative/{attempt_id}")
async def show(request: Request, attempt_id: str) -> HTMLResponse:
    """The page of an attempt."""
    context = context_of(request)
    found = await find_attempt(request, attempt_id)
    attempt = found.attempt
    tries, judgements, withdrawal, proof, removed = await asyncio.gather(
        tries_of(request, attempt),
        context.store.judgements.of(attempt.id),
        context.store.withdrawals.get(attempt.id),
        proof_of(request, attempt.id),
        notices(request, [each.sha256 for each in attempt.evidence]),
    )
    page = PageContext(request)
    steps = steps_of(attempt)
    return page.render(
        "attempt.html",
        attempt=attempt,
        older=found.older,
        newer=found.newer,
        title=context.title(attempt.scenario_id),
        department=DEPARTMENTS[attempt.department],
        steps=steps,
        legend=legend_of(page, attempt, steps[-1].picture) if steps else (),
        signs=[sign_words(page, sign) for sign in attempt.signs],
        tries=tries,
        judgements=judgements,
        withdrawal=withdrawal,
        withdrawn_for=escape_bidi(withdrawal.reason) if withdrawal else "",
        proof=proof,
        files=Counter(each.kind for each in attempt.evidence if each.sha256 not in removed),
        removed=removed,
        picture_address=frame_address(page, attempt, removed),
        sentence=sentence_of(attempt),
        FACTS=FACTS,
        FACT_VALUES=FACT_VALUES,
        KINDS=KINDS,
    )


@router.get("/tentative/{attempt_id}/html")
async def html(request: Request, attempt_id: str) -> HTMLResponse:
    """The stored HTML of the last page, as text."""
    attempt = (await find_attempt(request, attempt_id)).attempt
    stored = next((each for each in reversed(attempt.evidence) if each.kind == "html"), None)
    if stored is None:
        raise HTTPException(404, f"{attempt.id}: html")
    await kind_of(request, stored.sha256)
    async with pictures_turn(request):
        text = (await read_evidence(request, stored.sha256)).decode("utf-8", "replace")
    return PageContext(request).render(
        "attempt_html.html",
        attempt=attempt,
        title=context_of(request).title(attempt.scenario_id),
        file=stored,
        shown=escape_bidi(text[:MAX_SHOWN_HTML]),
        characters=len(text),
        cut=len(text) > MAX_SHOWN_HTML,
        limit=MAX_SHOWN_HTML,
    )
