"""
The eZ Publish `bookingserver`: `/booking/create/<id>` on the prefectures' own sites and pprdv.

Steps: 0 accept the conditions, 1 choose a desk (« planning ») if there are several, then the
answer: 2 « Vérification de disponibilité » when there is no slot, or 3 « Description de la
nature du rendez-vous » and 4 the calendar. A visit stops at 2 or 4; from 5 on a slot is taken.
On which week the calendar opens is not known [U]: an empty one is looked on from
(docs/verdicts.md).

Sentences and elements come from the code of about twenty public checkers and from official
pages that quote them, 2014–2025. The elements of the skin of 2024 are not known from a source.
None was seen by this project on a live site.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet.models import PARIS, Scenario, Verdict, definition_version
from fleet.rules import classifier

if TYPE_CHECKING:
    from datetime import date

    from fleet.models import Outcome
    from fleet.rules.signs import Sign
    from fleet.visit.visit import Visit

VERSION = "1"
"""Changes when a visit of this family would read a page differently."""

COOKIE_BANNERS = (
    "#tarteaucitronAllDenied2",
    ".tarteaucitronDeny",
    "#cookies-banner .boutons a",
    "button.tarteaucitronCTAButton",
    "#tarteaucitronPersonalize2",
)
CONDITIONS = "input#condition[type=checkbox]"
DESKS = "input[type=radio][name=planning]"
FREE_CELLS = ("td.free", "td.status-1")
FREE_LINKS = "td a[href*='/booking/create/'][href*='/5/']"

START = "Effectuer une demande de rendez-vous"
NEXT = ("Etape suivante", "Étape suivante")

NO_SLOTS = (
    "Il n'existe plus de plage horaire libre pour votre demande de rendez-vous",
    "Il n'y a pas calendrier disponible",  # sic, skin of 2024
    "pas de rendez-vous disponibles pour le moment",
)
CLOSED = (
    "Ce lien a été désactivé définitivement",
    "Cette page n'est pas disponible pour le moment",
)
DESCRIPTION = "Description de la nature du rendez-vous"

_INSTANT = re.compile(r"/5/(\d{9,10})(?:\D|$)")  # from 1973 to 2286


def flow(
    *,
    department: str,
    flow: str,
    title: str,
    url: str,
    planning: str | None = None,
    anchor: str | None = None,
    control: bool = False,
) -> Scenario:
    """
    A scenario of this platform.

    Args:
        department, flow, title, anchor, control: as for `fleet.scenario`.
        url: `https://…/booking/create/<id>`, with or without a step behind it.
        planning: value of the desk's radio button; leave it out when the form has only one.

    Raises:
        ValueError: one of these is wrong; the message says what was expected.
    """
    if not re.search(r"/booking/create/\d+(/0)?/?$", url):
        raise ValueError(f"url {url!r} does not end in /booking/create/<number>")
    if planning is not None and not re.fullmatch(r"\d+", planning):
        raise ValueError(f"planning {planning!r} is not the number of a radio button")

    async def script(visit: Visit) -> Outcome:
        return await _visit(visit, planning)

    return Scenario(
        department=department,
        flow=flow,
        title=title,
        url=url,
        family="bookingserver",
        control=control,
        anchor=anchor,
        version=definition_version(
            family="bookingserver",
            family_version=VERSION,
            url=url,
            planning=planning,
            anchor=anchor,
        ),
        script=script,
    )


async def _visit(visit: Visit, planning: str | None) -> Outcome:
    start = [visit.css(CONDITIONS)]
    answers = _answers(visit)
    description = [visit.text(DESCRIPTION), visit.url("*/booking/create/*/3")]

    visit.dismiss(*COOKIE_BANNERS)
    await visit.open()
    if await visit.which(start=start, closed=answers["closed"]) == "closed":
        return await visit.decide(closed=answers["closed"])

    await _accept(visit)
    desks = [visit.css(DESKS)]
    page = await visit.which(start=start, desks=desks, description=description, **answers)
    if page == "desks":
        await _choose_desk(visit, planning)
        page = await visit.which(start=start, description=description, **answers)
    elif planning is not None and page in ("description", "slots", "no_slots"):
        visit.unrecognised(
            f"asks for no desk any more, so its answer may not be that of planning {planning};"
            " look at the pictures, then take `planning` out of the scenario"
        )
    if page == "start":
        return classifier.session_expired(visit.address, f"css {CONDITIONS!r}")
    if page == "description":
        await _next(visit, *NEXT)

    outcome = await visit.decide(**answers)
    if outcome.verdict is not Verdict.SLOTS:
        return outcome
    links = await visit.attributes(FREE_LINKS, "href")
    return outcome.offering(days_of(links), slot_count=len(links))


async def desks_offered(visit: Visit) -> dict[str, str]:
    """
    The desks of a form whose first page is open: values of the radio buttons → their labels.

    Empty if the form does not ask for a desk. For somebody who writes a scenario.
    """
    visit.dismiss(*COOKIE_BANNERS)
    await visit.which(start=[visit.css(CONDITIONS)])
    await _accept(visit)
    answers = _answers(visit)
    description = [visit.text(DESCRIPTION), visit.url("*/booking/create/*/3")]
    if await visit.which(desks=[visit.css(DESKS)], description=description, **answers) != "desks":
        return {}
    labels = {}
    for value in await visit.attributes(DESKS, "value"):
        words = await visit.texts(f"label[for='planning{value}']")
        labels[value] = words[0] if words else value
    return labels


async def _accept(visit: Visit) -> None:
    await visit.tick(css=CONDITIONS)
    await _next(visit, START)


def _answers(visit: Visit) -> dict[str, list[Sign]]:
    return {
        "slots": [visit.css(*FREE_CELLS), visit.css(FREE_LINKS)],
        "no_slots": [visit.text(*NO_SLOTS), visit.url("*/booking/create/*/2")],
        "closed": [visit.text(*CLOSED)],
    }


async def _choose_desk(visit: Visit, planning: str | None) -> None:
    offered = await visit.attributes(DESKS, "value")
    if planning is None:
        visit.unrecognised(
            f"asks which desk: {', '.join(offered)}; write one of them as `planning`, and a"
            " scenario for each"
        )
    if planning not in offered:
        visit.unrecognised(f"does not offer planning {planning} but {', '.join(offered)}")
    await visit.choose(css=f"{DESKS}[value='{planning}']")
    await _next(visit, *NEXT)


async def _next(visit: Visit, *words: str) -> None:
    if not await visit.press(*words):
        visit.unrecognised(f"stays where it is when {words[0]!r} is pressed")


def days_of(links: list[str]) -> list[date]:
    """The Paris days of slot links `…/5/<unix seconds>`, one for each that names an instant."""
    found = (_INSTANT.search(link) for link in links)
    instants = (datetime.fromtimestamp(int(match.group(1)), UTC) for match in found if match)
    return [instant.astimezone(PARIS).date() for instant in instants]
