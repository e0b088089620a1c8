"""
« Administration numérique pour les étrangers en France » (ANEF): its public home page.

There is no calendar to see: a file is made and followed behind a login (FranceConnect, number of
foreigner or of visa) [V]. So a visit measures only whether the home page is there: reachable is
`login_required` with the fact `home="reachable"`, and it stops before « Se connecter ». Errors and
maintenance are found by the engine.

The page is put together by a script (Angular) after its document has come [B: a public test of
the portal]. Known words: its name « Étrangers en France » [B] and « SE CONNECTER » on the top
right [V: a page of refugies.info that explains it]. The elements around them are not known [U],
so none is relied on but that « Se connecter » is a link or button. None was seen by this project
on a live site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet.models import Scenario, definition_version
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from fleet.models import Outcome
    from fleet.visit.visit import Visit

VERSION = "1"
"""Changes when a visit of this family would read a page differently."""

HOME = re.compile(r"https?://[^/?#]+/particuliers/?(#/?)?")

NAME = (
    "Étrangers en France",
    "Etrangers en France",
)
LOGIN = ("Se connecter", "Je me connecte")
CONTROLS = "a, button, [role=button], [role=link]"


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
    A scenario of this platform: is the home page there?

    Args:
        department, flow, title, anchor, control: as for `fleet.scenario`.
        url: `https://…/particuliers/#/`.

    Raises:
        ValueError: the address is another one; the message says what was expected.
    """
    if not HOME.fullmatch(url):
        raise ValueError(f"url {url!r} is not the home page …/particuliers/#/")
    return Scenario(
        department=department,
        flow=flow,
        title=title,
        url=url,
        family="anef",
        control=control,
        anchor=anchor,
        version=definition_version(family="anef", family_version=VERSION, url=url, anchor=anchor),
        script=_visit,
    )


async def _visit(visit: Visit) -> Outcome:
    await visit.open()
    outcome = await visit.decide(
        login_required=[visit.text(*NAME), visit.text(*LOGIN), visit.css(CONTROLS)]
    )
    words = {normalise(each) for each in await visit.texts(CONTROLS)}
    if words.isdisjoint(normalise(each) for each in LOGIN):
        # « … vous ne pouvez pas vous connecter », for example
        visit.unrecognised("speaks of logging in, but no link or button of it says so")
    return outcome.stating(home="reachable")
