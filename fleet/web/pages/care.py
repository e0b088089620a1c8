"""
`/a-soigner`: the flows that the fleet does not understand any more, and what to do about each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.analysis.care import IN_A_ROW, Care, CareKind, Changed, VersionField
from fleet.models import Verdict
from fleet.rendering.i18n import N_, Words
from fleet.web.care import flows_needing_care
from fleet.web.context import context_of
from fleet.web.removed import notices
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Mapping


CHANGED: Mapping[Changed, str] = {
    "site": N_("Le site a changé"),
    "ours": N_("Le robot a changé"),
    "unknown": N_("On ne sait pas qui a changé"),
}

REASONS: Mapping[CareKind, str] = {
    CareKind.CRASHES: N_("le scénario ou le robot échoue ; ce n’est jamais le fait du site"),
    CareKind.OUR_CHANGE: N_(
        "cela a commencé juste après un changement de notre part : %(versions)s"
    ),
    CareKind.MANY_SITES: N_("%(sites)s sites ont commencé à échouer le même jour"),
    CareKind.ANCHOR_GONE: N_("le repère « %(anchor)s » n’est plus sur ses pages"),
    CareKind.NEVER_RECOGNISED: N_("aucune tentative d’avant n’a été comprise"),
    CareKind.NO_LONGER_RECOGNISED: N_(
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
async def show(request: Request) -> HTMLResponse:
    """What needs care, the longest first."""
    page, context = PageContext(request), context_of(request)
    found = await flows_needing_care(context)
    named = [file.sha256 for each in found for file in each.latest.evidence]
    return page.render(
        "care.html",
        removed=await notices(request, named),
        found=[(each, why(page, each), advice(page, each)) for each in found],
        changed=CHANGED,
        quarantined=await _quarantined(request),
        in_a_row=IN_A_ROW,
        flows=len(context.scenarios),
    )


async def _quarantined(request: Request) -> Mapping[str, str]:
    """Why scenarios of the fleet that watches stand still, by ids."""
    status = await context_of(request).store.watch_state.status()
    return status.quarantined if status else {}


def why(words: Words, care: Care) -> str:
    """On what ground somebody is said to have changed, in these words' language."""
    reason = care.reason
    versions = ", ".join(
        f"{words.t(VERSIONS[new.field])} ({new.before} → {new.after})" for new in reason.versions
    )
    return words.t(
        REASONS[reason.kind],
        versions=versions,
        sites=words.number(reason.sites),
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
