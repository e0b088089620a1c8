"""The blind checks of verdicts, as JSON: what `/controle` shows."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request

from fleet.analysis import verdict_audit
from fleet.models import Frozen, Instant
from fleet.models.audit import VerdictClass
from fleet.rendering.i18n import N_
from fleet.web.api.models import Answer, Count
from fleet.web.context import context_of

router = APIRouter()

Share = Annotated[float, Field(ge=0, le=1)]


class ClassChecked(Frozen):
    """What people saw on the pictures that were drawn from one class of verdicts."""

    verdicts: VerdictClass = Field(description=N_("ce que le robot a dit"))
    of: Count = Field(description=N_("combien de tentatives de cette classe avaient une capture"))
    drawn: Count = Field(description=N_("combien en ont été tirées"))
    read: Count = Field(description=N_("combien ont été relues"))
    right: Count = Field(description=N_("confirmées"))
    wrong: Count = Field(description=N_("contredites"))
    unsure: Count = Field(description=N_("personne n’a pu le dire"))
    disputed: Count = Field(description=N_("des personnes ne sont pas d’accord"))
    rate: Share | None = Field(description=N_("contredites / (confirmées + contredites)"))
    interval: tuple[Share, Share] | None = Field(description=N_("l’intervalle à 95 %"))
    worst: Share | None = Field(
        description=N_("la limite supérieure, si tout ce qui est indécis était faux")
    )
    wrong_ids: tuple[str, ...] = Field(description=N_("les tentatives contredites"))


class Check(Frozen):
    """One draw, and what people saw."""

    id: str
    at: Instant = Field(description=N_("quand il a été tiré"))
    since: Instant
    until: Instant
    seed: str = Field(description=N_("dans chaque classe, les plus petits SHA-256 de « seed id »"))
    classes: tuple[ClassChecked, ...]


class Checks(Answer):
    """The draws, newest first."""

    items: tuple[Check, ...]


@router.get(
    "/api/audits",
    summary=N_("Le contrôle des verdicts, à l’aveugle"),
    description=N_(
        "Des personnes regardent des captures tirées au sort sans voir le verdict. Le dernier"
        " tirage d’abord, vingt au plus."
    ),
)
async def audits(request: Request) -> Checks:
    """The blind checks."""
    context = context_of(request)
    items = []
    for drawn in await context.store.audits.draws():
        readings = await context.store.audits.readings(drawn)
        classes = [
            ClassChecked.model_validate(verdict_audit.as_fields(each))
            for each in verdict_audit.tally(drawn, readings)
        ]
        fields = drawn.model_dump(include={"id", "at", "since", "until", "seed"})
        items.append(Check(**fields, classes=tuple(classes)))
    return Checks(made_up=context.made_up, items=tuple(items))
