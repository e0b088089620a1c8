"""
Démarches simplifiées: `/commencer/<slug>`, now on demarche.numerique.gouv.fr.

Since about 2018 many prefectures have replaced their calendar by such a form, named « Demande
de rendez-vous ». There is no slot to see: what can be measured is whether the form is open.
Open is `login_required` (an account is demanded before anything else) with the fact
`form_open`; closed is `closed`. The visit opens one address and presses nothing.

An address with a query is refused: `?champ_…=` fills in a draft, which the site then stores [V].

Routes and elements come from the platform's public source, versions of 2019 to 2026 [V], the
sentences of closed, unknown and ProConnect-only forms from the same source [V]. None was seen
by this project on a live site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet.models import Scenario, definition_version
from fleet.rules.french_dates import days_in
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from fleet.models import Outcome
    from fleet.visit.visit import Visit

VERSION = "1"
"""Changes when a visit of this family would read a page differently."""

START = "Commencer la démarche"
PROCONNECT = "Cette démarche nécessite une authentification via ProConnect"
CLOSED = "est close depuis le"
UNKNOWN = "La démarche n'existe pas"

ACCOUNT_LINKS = tuple(
    f"a[href*='/commencer/'][href*='/{door}']" for door in ("sign_in", "sign_up", "france_connect")
)
PROCONNECT_LINKS = ("a[href*='/pro_connect']", "[data-connect='pro'] .fr-connect")

_ADDRESS = re.compile(r"/(?:commencer|fermeture)/([\w-]+)/?")


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
        department, flow, title, anchor, control: as for `fleet.scenario`.
        url: `https://…/commencer/<slug>`, on either of its two hosts.

    Raises:
        ValueError: one of these is wrong; the message says what was expected.
    """
    parts = urlsplit(url)
    if not re.fullmatch(r"/commencer/[\w-]+/?", parts.path) or parts.query or parts.fragment:
        raise ValueError(f"url {url!r} does not end in /commencer/<slug>")
    return Scenario(
        department=department,
        flow=flow,
        title=title,
        url=url,
        family="demarches_simplifiees",
        control=control,
        anchor=anchor,
        version=definition_version(
            family="demarches_simplifiees", family_version=VERSION, url=url, anchor=anchor
        ),
        script=_visit,
    )


async def _visit(visit: Visit) -> Outcome:
    closed = [visit.text(CLOSED), visit.url("*/fermeture/*")]
    doors = {
        "open": [visit.text(START), visit.css(*ACCOUNT_LINKS)],
        "proconnect": [visit.text(PROCONNECT), visit.css(*PROCONNECT_LINKS)],
    }
    await visit.open()
    page = await visit.which(closed=closed, unknown=[visit.text(UNKNOWN)], **doors)
    if page == "unknown":
        visit.unrecognised(
            "does not know this form any more; look for the new link on the prefecture's site and"
            " correct `url`"
        )
    if page == "closed":
        outcome = (await visit.decide(closed=closed)).stating(form_open="false")
        since = _closed_since(await visit.texts("h1"))
        outcome = outcome.stating(closed_since=since) if since else outcome
    else:
        outcome = (await visit.decide(login_required=doors[page])).stating(form_open="true")
        if page == "proconnect":
            outcome = outcome.stating(login="proconnect")
    path = urlsplit(visit.address).path
    moved = _slug(path) != _slug(urlsplit(visit.scenario.url).path)
    return outcome.stating(moved_to=path) if moved else outcome


def _closed_since(headings: list[str]) -> str | None:
    """The ISO day that follows « est close depuis le »; the form's own title may hold others."""
    for heading in headings:
        _, found, after = normalise(heading).rpartition(CLOSED)
        days = days_in(after) if found else []
        if days:
            return days[0].isoformat()
    return None


def _slug(path: str) -> str:
    match = _ADDRESS.fullmatch(path)
    return match.group(1) if match else path
