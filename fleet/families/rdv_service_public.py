"""
RDV Service Public: `/prendre_rdv?…` on rdv.anct.gouv.fr and rdv.numerique.gouv.fr.

One page is usually the whole answer: a sentence when there is nothing, a list of places with
their next availability, or the slots of a week. No slot is pressed: that begins a booking, and so
does the address `/creneaux?…starts_at=…`, which only sends on to that step.

An empty week is no "no slot": over it the page names the next availability. A week without slots
and without that says nothing; its arrow to the next week, a link that is only read [V], is followed
for a few weeks (docs/verdicts.md). A place without a next availability says nothing either.

Sentences and elements come from the platform's public source, versions of 2023 to 2026 [V];
one prefecture's flow is known, from public checkers [B]. That the "no slot" sentence may stand
in a plain paragraph of its card is our inference [I]. None was seen by this project on a live
site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from fleet.models import Scenario, definition_version
from fleet.rules.french_dates import days_in
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from fleet.models import Outcome
    from fleet.rules.signs import Sign
    from fleet.visit.visit import Visit

VERSION = "1"
"""Changes when a visit of this family would read a page differently."""

NO_SLOTS = (
    "Malheureusement, aucun créneau correspondant à votre recherche n'a été trouvé.",
    "Malheureusement, aucun créneau correspondant à votre invitation n'a été trouvé.",
)
AGAIN_LATER = " Veuillez réessayer ultérieurement."  # follows in the tests of 2026 [V]
NOTHING = (".card-body > .rdv-font-weight-700", ".card-body > .font-weight-bold", ".card-body > p")
"""Where the sentence stands alone: 2023–24 [V], before [V], a plain paragraph [I]."""

PLACES = "Sélectionnez un lieu de RDV"
NEXT = "Prochaine disponibilité le"
PLACE_LINK = "a[href*='/prendre_rdv'][href*='lieu_id='][href*='date=']"
WEEK = "Sélectionnez un créneau"
SLOT_LINK = "a[aria-label^='Choisir le créneau'][href*='starts_at=']"
NEXT_WEEK_LINK = "[id^='creneaux-lieu'] .bg-overlay a[href*='date=']"
QUESTIONS = (
    "Sélectionnez le motif de votre RDV",
    "Sélectionnez le service avec qui vous voulez prendre un RDV",
)

_PATH = re.compile(r"/(prendre_rdv|org/\d+(/[^/]*)?|org/ext/[^/]+/[^/]+(/[^/]*)?|motif/[^/].*)/?")


def flow(
    *,
    department: str,
    flow: str,
    title: str,
    url: str,
    anchor: str | None = None,
    control: bool = False,
) -> Scenario:
    """
    A scenario of this platform.

    Args:
        department, flow, title, anchor, control: as for `fleet.scenario`. The page of a flow
            names its motif, which makes a good `anchor`.
        url: `https://…/prendre_rdv?…` with the motif (and place, if the flow is one of a
            single place), or a public link `/org/<number>` or `/motif/<id>`.

    Raises:
        ValueError: one of these is wrong; the message says what was expected.
    """
    parts = urlsplit(url)
    if not _PATH.fullmatch(parts.path) or "starts_at" in parse_qs(parts.query):
        raise ValueError(
            f"url {url!r} is not /prendre_rdv?…, /org/<number> or /motif/<id>, or names a slot:"
            " that begins a booking. Give the page where somebody would start to look"
        )
    return Scenario(
        department=department,
        flow=flow,
        title=title,
        url=url,
        family="rdv_service_public",
        control=control,
        anchor=anchor,
        version=definition_version(
            family="rdv_service_public", family_version=VERSION, url=url, anchor=anchor
        ),
        script=_visit,
    )


async def _visit(visit: Visit) -> Outcome:
    no_slots = [visit.text(*NO_SLOTS), visit.css(*NOTHING)]
    offers: dict[str, Sequence[Sign]] = {
        "places": [visit.text(PLACES), visit.text(NEXT), visit.css(PLACE_LINK)],
        "week": [visit.text(WEEK), visit.css(SLOT_LINK)],
        "next_week": [visit.text(WEEK), visit.text(NEXT), visit.css(NEXT_WEEK_LINK)],
    }
    login = [visit.url("*/users/sign_in")]

    await visit.open()
    page = await visit.which(
        no_slots=no_slots, login=login, question=[visit.text(*QUESTIONS)], **offers
    )
    if page == "question":
        visit.unrecognised(
            "asks first which service or motif; follow the link by hand and give its address"
        )
    if page == "login":
        return await visit.decide(login_required=login)
    if page == "no_slots":
        if not await _stands_alone(visit):
            visit.unrecognised('only quotes the sentence for "no slot". Look at the picture')
        return await visit.decide(no_slots=no_slots)
    outcome = await visit.decide(slots=offers[page])
    if page == "week":
        links = await visit.attributes(SLOT_LINK, "href")
        return outcome.offering(days_of(links), slot_count=len(links))
    shown = await visit.texts(PLACE_LINK if page == "places" else NEXT_WEEK_LINK)
    days = sorted({day for text in shown for day in days_in(text)})
    if page == "places":
        outcome = outcome.stating(places=str(len(shown)))
    return outcome.model_copy(update={"first_dates": tuple(days[:2])})


async def _stands_alone(visit: Visit) -> bool:
    """Whether an element says that there is no slot and nothing else; others may quote it."""
    whole = {normalise(s) for s in NO_SLOTS} | {normalise(s + AGAIN_LATER) for s in NO_SLOTS}
    return any(normalise(text) in whole for text in await visit.texts(", ".join(NOTHING)))


def days_of(links: Sequence[str]) -> list[date]:
    """The days of slot links `…?starts_at=2026-11-30 09:00:00 +0100`; the site's own time."""
    instants = (parse_qs(urlsplit(link).query).get("starts_at", [""])[0] for link in links)
    return [day for instant in instants for day in days_in(instant.replace("T", " "))[:1]]
