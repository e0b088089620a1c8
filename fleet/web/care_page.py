"""
`/a-soigner`: the flows that the fleet does not understand any more, and what to do about each.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.care import IN_A_ROW, Care, Changed, Reason, VersionField, needing_care
from fleet.filter import Filter
from fleet.models import Group, Verdict
from fleet.web.language import N_, Words
from fleet.web.library import Library, library_of
from fleet.web.page import Page
from fleet.web.removed import notices

if TYPE_CHECKING:
    from collections.abc import Mapping

AT_ONCE = 16
"""Questions to the database at the same time."""

CHANGED: Mapping[Changed, str] = {
    "site": N_("Le site a changé"),
    "ours": N_("Le robot a changé"),
    "unknown": N_("On ne sait pas qui a changé"),
}

REASONS: Mapping[Reason, str] = {
    Reason.CRASHES: N_("le scénario ou le robot échoue ; ce n’est jamais le fait du site"),
    Reason.OUR_CHANGE: N_("cela a commencé juste après un changement de notre part : %(versions)s"),
    Reason.MANY_SITES: N_("%(sites)s sites ont commencé à échouer le même jour"),
    Reason.ANCHOR_GONE: N_("le repère « %(anchor)s » n’est plus sur ses pages"),
    Reason.NEVER_RECOGNISED: N_("aucune tentative d’avant n’a été comprise"),
    Reason.NO_LONGER_RECOGNISED: N_(
        "ses réponses étaient comprises avant, et celles d’autres sites le sont encore"
    ),
}
"""For each reason: the words for a reader, to go on after "the site has changed: "."""

VERSIONS: Mapping[VersionField, str] = {
    "fleet_version": N_("le robot"),
    "ruleset": N_("les règles"),
    "scenario_version": N_("le scénario"),
    "chromium_version": N_("Chromium"),
}
"""What of ours has a version."""

router = APIRouter()


@router.get("/a-soigner")
async def needing(request: Request) -> HTMLResponse:
    """What needs care, the longest first."""
    page, library = Page(request), library_of(request)
    found = await in_need(library)
    named = [file.sha256 for each in found for file in each.latest.evidence]
    return page.render(
        "care.html",
        removed=await notices(request, named),
        found=[(each, why(page, each), advice(page, each)) for each in found],
        changed=CHANGED,
        in_a_row=IN_A_ROW,
        flows=len(library.scenarios),
    )


async def in_need(library: Library) -> list[Care]:
    """
    The flows of the catalogue that need care, the longest first.

    A flow whose latest attempt says something of its site needs none, so only the history of
    the others is read.
    """
    places = asyncio.Semaphore(AT_ONCE)

    async def silent(scenario_id: str) -> bool:
        async with places:
            latest = await library.browse.pictures(Filter(scenario_id=scenario_id), limit=1)
        return any(tile.verdict.group is Group.OURS for tile in latest.items)

    ids = list(library.scenarios)
    found = await asyncio.gather(*map(silent, ids))
    return await needing_care(
        library.store, [each for each, is_silent in zip(ids, found, strict=True) if is_silent]
    )


def why(words: Words, care: Care) -> str:
    """On what ground somebody is said to have changed, in these words' language."""
    ground = care.ground
    versions = ", ".join(
        f"{words.t(VERSIONS[new.field])} ({new.before} → {new.after})" for new in ground.versions
    )
    return words.t(
        REASONS[ground.reason],
        versions=versions,
        sites=words.number(ground.sites),
        anchor=care.latest.missing_anchor,
    )


def advice(words: Words, care: Care) -> str:
    """What to do about it."""
    latest = care.latest
    if latest.verdict is Verdict.CRASHED:
        return words.t(
            "Le message ci-dessous nomme la ligne en cause. Corrigez le scénario, ou signalez le"
            " défaut aux auteurs du robot avec ce message."
        )
    if latest.missing_anchor:
        return words.t(
            "La page à cette adresse est peut-être devenue celle d’une autre démarche. Regardez"
            " la capture, retrouvez le bon lien sur le site de la préfecture, puis corrigez"
            " l’adresse ou le repère dans le scénario."
        )
    if care.changed == "ours":
        return words.t(
            "Comparez avec une tentative d’avant. Si la page est la même, c’est le changement"
            " qu’il faut corriger : règles, scénario ou navigateur."
        )
    return words.t(
        "Regardez la dernière capture. Si la page dit la même chose avec d’autres mots, ajoutez"
        " ces mots au scénario. Si elle ne dit rien, ne changez rien : « non reconnue » est alors"
        " la bonne réponse."
    )
