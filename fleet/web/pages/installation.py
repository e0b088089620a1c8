"""`/installation`: what this installation still lacks, each with what to type. Nothing secret."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.models import now
from fleet.models.departments import NOWHERE
from fleet.models.paris import paris_day
from fleet.models.query import Filter
from fleet.rendering.i18n import N_, Words
from fleet.web.context import WebContext, context_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.ledger.chain import Seal
    from fleet.models.status import Status
    from fleet.storage.backup import LastDump
    from fleet.storage.queries import GalleryTile

router = APIRouter()

FRESH = timedelta(days=2)
"""How old the latest backup may be if one is made every day."""

LATEST = 20
"""Of so many attempts one must have a picture; a site that is down gives none."""


class InstallationState(StrEnum):
    """How a point stands; `UNNEEDED`: this installation can do without it."""

    DONE = "done"
    TO_DO = "to-do"
    UNKNOWN = "unknown"
    UNNEEDED = "unneeded"


STATES = {
    InstallationState.DONE: N_("fait"),
    InstallationState.TO_DO: N_("à faire"),
    InstallationState.UNKNOWN: N_("inconnu"),
    InstallationState.UNNEEDED: N_("inutile ici"),
}


@dataclass(frozen=True, slots=True)
class Point:
    """
    One thing that an installation needs, in a reader's language.

    `seen` is what stands today; `typed` what to type or to write into `.env`, "" if nothing;
    `english` are messages of the fleet, as they are; `link` is the address of what was seen.
    """

    title: str
    state: InstallationState
    seen: str
    typed: str = ""
    english: tuple[str, ...] = ()
    link: str = ""


@router.get("/installation")
async def installation(request: Request) -> HTMLResponse:
    """The points, what is required first; practice needs no more than that."""
    page, context = PageContext(request), context_of(request)
    parts = [(page.t("Sans quoi rien n’est mesuré"), await required_points(page, context))]
    if not context.made_up:
        wanted = await recommended_points(page, context)
        parts.append((page.t("Pour durer, et pour que cela se sache"), wanted))
    found = [point.state for _, points in parts for point in points]
    return page.render(
        "installation.html",
        parts=parts,
        states=STATES,
        missing=found.count(InstallationState.TO_DO),
        unknown=found.count(InstallationState.UNKNOWN),
    )


async def missing_points(page: PageContext, context: WebContext) -> list[str]:
    """
    What a fleet cannot do without and this one lacks, for one line of another page.

    A robot that was at work once and stands still now is not among it: see `freshness`.
    """
    needed = await required_points(page, context)
    titles = [point.title for point in needed if point.state is InstallationState.TO_DO]
    if await context.store.watch_state.status() is not None:
        titles = [title for title in titles if title != page.t("Un robot à l’œuvre")]
    return [title[:1].lower() + title[1:] for title in titles]


async def required_points(page: PageContext, context: WebContext) -> list[Point]:
    """What a fleet cannot do without: two indexed reads, for the overview asks too."""
    status, latest = await asyncio.gather(context.store.watch_state.status(), _latest(context, 1))
    if latest and not latest[0].picture:
        latest = await _latest(context, LATEST)
    return [
        _contact(page, context, status),
        _scenarios(page, context),
        _watching(page, context, status),
        _attempt(page, context, latest),
    ]


async def _latest(context: WebContext, limit: int) -> Sequence[GalleryTile]:
    """The latest attempts, the very last first."""
    return (await context.queries.pictures(Filter(), limit=limit)).items


async def recommended_points(page: PageContext, context: WebContext) -> list[Point]:
    """What a fleet that is to last should have."""
    status, users, seals, dump = await asyncio.gather(
        context.store.watch_state.status(),
        context.store.accounts.list(),
        context.store.ledger.statements(limit=1),
        context.store.dumps.last(),
    )
    return [
        _backup(page, dump),
        _seals(page, seals[0] if seals else None),
        _setting_point(
            page.t("Des avis quand une démarche change"),
            status.notices if status else None,
            page.t("Quelqu’un est averti quand une démarche change, ou que le robot s’arrête."),
            page.t("Personne n’est averti de rien."),
            "FLEET_NOTIFY_URLS=mailto://…",
            page.t("Seul le robot le sait, et il n’a pas parlé."),
        ),
        _setting_point(
            page.t("Une surveillance extérieure"),
            status.heartbeat if status else None,
            page.t("Une adresse extérieure est appelée tant que le robot va bien."),
            page.t("Si toute la machine s’arrête, personne ne le saura."),
            "FLEET_HEARTBEAT_URL=https://…",
            page.t("Seul le robot le sait, et il n’a pas parlé."),
        ),
        Point(
            page.t("L’adresse de ces pages"),
            InstallationState.DONE if context.public_url else InstallationState.TO_DO,
            context.public_url or page.t("Avis et dossiers ne peuvent mener à aucune page."),
            "" if context.public_url else "FLEET_PUBLIC_URL=https://…",
        ),
        Point(
            page.t("Un compte pour les bénévoles"),
            InstallationState.DONE if users else InstallationState.TO_DO,
            page.nt("%(n)s compte.", "%(n)s comptes.", len(users))
            if users
            else page.t("Personne ne peut ajouter d’observation ni se connecter."),
            "" if users else "docker compose exec web fleet user invite --administrator",
        ),
        _browser(page, context),
    ]


def _in_container(context: WebContext, command: str) -> str:
    """What to type for a command of the watching fleet, in `docker-compose.yml`."""
    if context.made_up:
        return f"docker compose --profile demo exec demo-watch {command}"
    return f"docker compose exec watch {command}"


def _service(context: WebContext, verb: str) -> str:
    """What to type for a verb of Docker about the watching fleet."""
    if context.made_up:
        return f"docker compose --profile demo {verb} demo-watch"
    return f"docker compose {verb} watch"


def _contact(words: Words, context: WebContext, status: Status | None) -> Point:
    title, typed = words.t("Une adresse de contact"), "FLEET_CONTACT_URL=https://…"
    if context.made_up:
        seen = words.t("Seules des préfectures d’entraînement sont visitées.")
        return Point(title, InstallationState.UNNEEDED, seen)
    if context.contact:
        seen = words.t("Les sites voient qui les visite : %(contact)s", contact=context.contact)
        return Point(title, InstallationState.DONE, seen)
    if status and status.ready and not status.stopped and not status.stale(now()):
        seen = words.t("Ces pages n’en connaissent aucune ; le robot en a peut-être une.")
        return Point(title, InstallationState.UNKNOWN, seen, typed)
    seen = words.t(
        "Ces pages n’en connaissent aucune. Sans elle, aucun site réel n’est visité : un site doit"
        " pouvoir voir qui le visite, et à qui s’adresser (une page, ou mailto: et une adresse)."
    )
    return Point(title, InstallationState.TO_DO, seen, typed)


def _scenarios(words: Words, context: WebContext) -> Point:
    title, n = words.t("Des démarches à visiter"), len(context.scenarios)
    if n and context.problems:
        title = words.t("Un catalogue sans erreur")
    seen = words.nt("%(n)s démarche au catalogue.", "%(n)s démarches au catalogue.", n)
    bad = tuple(context.problems)
    if bad:
        seen += " " + words.nt(
            "%(n)s fichier ne peut pas être lu :",
            "%(n)s fichiers ne peuvent pas être lus :",
            len(bad),
        )
    if context.away:
        title = words.t("Le dossier du catalogue")
        seen += " " + words.t("Leur dossier n’est plus là ; ce qui en avait été lu reste en usage.")
    sound = n and not bad and not context.away
    typed = "" if sound else _in_container(context, "fleet check")
    return Point(
        title, InstallationState.DONE if sound else InstallationState.TO_DO, seen, typed, bad[:5]
    )


def _watching(page: PageContext, context: WebContext, status: Status | None) -> Point:
    title, typed = page.t("Un robot à l’œuvre"), _service(context, "logs")
    if status is None and context.made_up:
        seen = page.t("Aucun n’observe ici ; pour s’exercer, « fleet run --practice » suffit.")
        return Point(title, InstallationState.UNNEEDED, seen)
    if status is None:
        seen = page.t("Aucun robot n’a encore observé dans cette base.")
    elif status.stopped:
        seen = page.t("Il s’est arrêté le %(at)s.", at=page.instant(status.at))
        typed = _service(context, "up -d")
    elif status.stale(now()):
        seen = page.t("Plus de nouvelles de lui depuis le %(at)s.", at=page.instant(status.at))
    elif status.problem:
        seen = page.t("Il ne peut pas travailler :")
        return Point(title, InstallationState.TO_DO, seen, typed, (status.problem,))
    elif not status.scenarios:
        seen = page.t("Il est là, mais n’a aucune démarche à observer.")
    else:
        seen = page.nt(
            "Il observe %(n)s démarche depuis le %(since)s.",
            "Il observe %(n)s démarches depuis le %(since)s.",
            status.scenarios,
            since=page.instant(status.since),
        )
        return Point(title, InstallationState.DONE, seen)
    return Point(title, InstallationState.TO_DO, seen, typed)


def _attempt(page: PageContext, context: WebContext, latest: Sequence[GalleryTile]) -> Point:
    title = page.t("Une première capture")
    if pictured := next((tile for tile in latest if tile.picture), None):
        seen = page.t("La dernière est du %(at)s.", at=page.instant(pictured.started_at))
        return Point(title, InstallationState.DONE, seen, link=f"/tentative/{pictured.attempt_id}")
    if latest:
        seen = page.t("Les dernières tentatives n’ont montré aucune page.")
        return Point(title, InstallationState.TO_DO, seen, _in_container(context, "fleet doctor"))
    seen = page.t("Aucune encore. Un robot à l’œuvre en fait ; pour ne pas attendre :")
    wanted = (s for s in context.scenarios.values() if not s.control)
    some = next((s.id for s in wanted if s.department != NOWHERE), "")
    run = "fleet run --practice" if context.made_up else "fleet run"
    return Point(
        title, InstallationState.TO_DO, seen, _in_container(context, f"{run} {some}".rstrip())
    )


def _backup(page: PageContext, dump: LastDump | None) -> Point:
    title, typed = page.t("Une sauvegarde"), "docker compose --profile backup up -d"
    if dump is None:
        seen = page.t("Aucune n’est connue : si le disque meurt, tout est perdu.")
        return Point(title, InstallationState.TO_DO, seen, typed)
    seen = page.nt(
        "La dernière, du %(at)s, contient %(n)s tentative.",
        "La dernière, du %(at)s, contient %(n)s tentatives.",
        dump.attempts,
        at=page.instant(dump.at),
    )
    fresh = now() - dump.at < FRESH
    return Point(
        title,
        InstallationState.DONE if fresh else InstallationState.TO_DO,
        seen,
        "" if fresh else typed,
    )


def _seals(page: PageContext, latest: Seal | None) -> Point:
    title, typed = page.t("Des sceaux horodatés par d’autres"), "FLEET_TIMESTAMP_URLS=https://…"
    if latest is None:
        seen = page.t("Aucun sceau n’a encore été fait ; le robot en fait un par heure.")
        return Point(title, InstallationState.TO_DO, seen)
    values = {
        "n": page.number(latest.statement.number),
        "at": page.instant(latest.statement.sealed_at),
    }
    if latest.tokens:
        seen = page.t("Le dernier sceau, n° %(n)s du %(at)s, est horodaté.", **values)
        return Point(title, InstallationState.DONE, seen, link="/sceaux")
    seen = page.t(
        "Le dernier sceau, n° %(n)s du %(at)s, n’est horodaté par aucune autorité extérieure : sa"
        " date ne repose que sur cette machine.",
        **values,
    )
    return Point(title, InstallationState.TO_DO, seen, typed, link="/sceaux")


def _browser(page: PageContext, context: WebContext) -> Point:
    """The Chromium of these pages: in docker-compose.yml that of the watching fleet too."""
    title, build, at = page.t("Un navigateur à jour"), context.browser_build(), now()
    if build is None:
        seen = page.t("Ces pages n’ont pas de navigateur ; « fleet doctor » dit l’âge du robot.")
        return Point(title, InstallationState.UNKNOWN, seen, _in_container(context, "fleet doctor"))
    seen = page.nt(
        "Chromium a été construit il y a %(n)s jour, le %(day)s.",
        "Chromium a été construit il y a %(n)s jours, le %(day)s.",
        build.days(at),
        day=page.day(paris_day(build.built_at)),
    )
    if not build.is_old(at):
        return Point(title, InstallationState.DONE, seen)
    seen += " " + page.t("Il va sur des pages hostiles sans les dernières corrections.")
    return Point(title, InstallationState.TO_DO, seen, "docker/upgrade.sh")


def _setting_point(
    title: str, is_set: bool | None, yes: str, no: str, typed: str, unknown: str
) -> Point:
    if is_set is None:
        return Point(title, InstallationState.UNKNOWN, unknown, typed)
    return (
        Point(title, InstallationState.DONE, yes)
        if is_set
        else Point(title, InstallationState.TO_DO, no, typed)
    )
