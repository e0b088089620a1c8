"""
What the API answers: the shapes of its JSON. They are a contract; a field is only ever added.

Descriptions are in French, as the documentation page shows them; what the fields of an attempt
mean is in `fleet.web.field_docs`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from fleet.analysis.care import CareKind
from fleet.analysis.rates import Counts, Delay
from fleet.models import Attempt, Frozen, Instant, Verdict
from fleet.models.judgement import Judgement
from fleet.models.removal import RemovalKind
from fleet.models.scenario import DeclaredEntry
from fleet.rendering.i18n import N_

MADE_UP = N_("vrai : données d’exercice, faites à des préfectures d’entraînement ; rien n’est réel")

FIRST = N_("premier jour compté, à Paris")
LAST = N_("dernier jour compté, à Paris")

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Answer(Frozen):
    """What every answer says of itself."""

    made_up: bool = Field(description=MADE_UP)


class Problem(Frozen):
    """Why there is no answer."""

    detail: str = Field(description=N_("ce qui ne va pas, en une phrase"))


PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": N_("La question se contredit.")},
    503: {"model": Problem, "description": N_("La base de données ne répond pas.")},
}
"""The answers that any question may get."""

NOT_THERE: dict[int | str, dict[str, Any]] = {
    404: {"model": Problem, "description": N_("Il n’y a rien de ce nom.")}
}


class RemovedFile(Frozen):
    """A file whose bytes were removed on purpose; its hash stays in the attempts that name it."""

    sha256: str = Field(description=N_("l’empreinte du fichier, qui reste"))
    kind: RemovalKind = Field(
        description=N_("`takedown` : retiré pour sa raison ; `retention` : gardé assez longtemps")
    )
    reason: str = Field(description=N_("pourquoi, dans les mots de qui l’a retiré"))
    at: Instant = Field(description=N_("quand il a été retiré"))


class RemovedAnswer(RemovedFile):
    """Why a file is not there any more."""

    detail: str = Field(description=N_("ce qui ne va pas, en une phrase"))


REMOVED: dict[int | str, dict[str, Any]] = {
    410: {"model": RemovedAnswer, "description": N_("Ce fichier a été retiré.")}
}


class ScenarioFound(Frozen):
    """A flow of the catalogue."""

    id: str = Field(description=N_("département et démarche : `63/titre-de-sejour`"))
    department: str
    department_name: str = Field(description=N_("nom du département"))
    flow: str
    title: str = Field(description=N_("ce que la démarche permet, en français"))
    url: str = Field(description=N_("l’adresse que le robot visite"))
    family: str = Field(description=N_("la plateforme de rendez-vous"))
    version: str = Field(description=N_("change quand la façon de mesurer change"))
    control: bool = Field(description=N_("démarche témoin, destinée à un autre public"))
    anchor: str | None = Field(
        description=N_("mots qu’une page de la tentative doit montrer pour que sa réponse compte")
    )
    enters: tuple[DeclaredEntry, ...] = Field(
        default=(),
        description=N_("les champs où le robot saisit un code postal, une commune, une date"),
    )
    page: str = Field(description=N_("sa page sur ce site"))


class Scenarios(Answer):
    """The catalogue, sorted by department and flow."""

    items: tuple[ScenarioFound, ...]


class Attempts(Answer):
    """A page of attempts, newest first."""

    items: tuple[Attempt, ...]
    newer: str | None = Field(
        description=N_("curseur de la page plus récente ; rien au commencement")
    )
    older: str | None = Field(description=N_("curseur de la page plus ancienne ; rien à la fin"))


class AttemptFound(Answer):
    """One attempt, what later rules say of it, and its neighbours."""

    attempt: Attempt
    judgements: tuple[Judgement, ...] = Field(
        description=N_("ce que des règles plus récentes disent de la même tentative")
    )
    older: str | None = Field(description=N_("la tentative d’avant, de la même démarche"))
    newer: str | None = Field(description=N_("la tentative d’après, de la même démarche"))
    removed: tuple[RemovedFile, ...] = Field(
        description=N_("ceux de ses fichiers qui ont été retirés ; leur empreinte reste")
    )
    page: str = Field(description=N_("sa page sur ce site"))


class EvidenceFound(Answer):
    """A stored file, whose bytes were read and gave this hash just now."""

    sha256: str = Field(description=N_("l’empreinte des octets, recalculée pour cette réponse"))
    size_bytes: int = Field(ge=0)
    kind: str = Field(description=N_("`picture`, `html` ou `outline`"))
    file: str = Field(description=N_("l’adresse des octets"))
    thumbnail: str | None = Field(
        description=N_("une image réduite ; rien si ce n’est pas une image")
    )


class Figures(Frozen):
    """Samples counted (what a sample is: /methode)."""

    samples: Count = Field(
        description=N_("visites, chacune comptée une fois, par sa dernière tentative")
    )
    retried: Count = Field(description=N_("tentatives mises à part parce qu’une autre suivit"))
    verdicts: Mapping[Verdict, int] = Field(description=N_("visites par verdict ; absent : zéro"))
    slots: Count = Field(description=N_("visites où un rendez-vous était proposé"))
    no_slots: Count = Field(description=N_("visites où la page disait qu’il n’y en avait aucun"))
    n: Count = Field(description=N_("dénominateur du taux : slots + no_slots"))
    rate: Share | None = Field(description=N_("taux d’offre : slots / n ; rien si n = 0"))
    interval: tuple[float, float] | None = Field(
        description=N_("intervalle de confiance à 95 % (Wilson) ; rien si n = 0")
    )
    closed: Count = Field(
        description=N_("visites qui ont trouvé la démarche fermée ; hors du taux")
    )
    unanswered: Count = Field(description=N_("visites sans réponse : refus, pannes, et les nôtres"))
    unanswered_share: Share | None = Field(description=N_("leur part de toutes les visites"))


class Rate(Figures):
    """The figures of a flow, of a department's flows, or of all."""

    department: str | None = Field(description=N_("rien quand tous les départements sont réunis"))
    scenario_id: str | None = Field(description=N_("rien quand plusieurs démarches sont réunies"))
    title: str = Field(
        description=N_("le nom de la démarche, du département, ou « Tous les départements »")
    )
    control: bool = Field(
        description=N_("démarches témoins ; elles ne sont jamais ajoutées aux autres")
    )


class Rates(Answer):
    """Figures of a period."""

    by: Literal["flow", "department", "all"] = Field(description=N_("ce qu’est une ligne"))
    first: date = Field(description=FIRST)
    last: date = Field(description=LAST)
    items: tuple[Rate, ...]


class CalendarDay(Figures):
    """One Paris day of a flow."""

    day: date
    delays: Mapping[Delay, int] = Field(description=N_("visites par classe de délai"))
    known: Count = Field(description=N_("visites dont la première date offerte est connue"))
    mean_wait_days: float | None = Field(
        description=N_("jours jusqu’à la première date offerte, en moyenne ; rien si inconnu")
    )
    shortest_wait_days: int | None = Field(description=N_("le plus petit nombre de ces jours"))


class Version(Frozen):
    """From an instant on, the flow was measured in another way."""

    at: Instant = Field(description=N_("depuis cet instant, en temps universel (UTC)"))
    before: str = Field(description=N_("version d’avant"))
    after: str = Field(description=N_("version depuis"))


class Calendar(Answer):
    """One flow, day by day; days without any attempt are not there."""

    scenario_id: str
    title: str
    first: date = Field(description=FIRST)
    last: date = Field(description=LAST)
    total: Figures = Field(description=N_("tous les jours ensemble"))
    days: tuple[CalendarDay, ...] = Field(description=N_("les jours où il y eut une tentative"))
    breaks: tuple[Version, ...] = Field(
        description=N_("où la façon de mesurer a changé : ne pas comparer sans précaution")
    )


class State(Frozen):
    """What an attempt saw."""

    attempt_id: str
    at: Instant = Field(description=N_("début de la tentative, en temps universel (UTC)"))
    verdict: Verdict
    page: str = Field(description=N_("la page de la tentative sur ce site"))


class ChangeFound(Frozen):
    """A flow changed its state, at some time between two attempts."""

    scenario_id: str
    title: str
    control: bool
    before: State = Field(description=N_("la dernière tentative qui vit l’ancien état"))
    after: State = Field(description=N_("la première qui vit le nouveau"))


class ChangesFound(Answer):
    """Changes, newest first."""

    items: tuple[ChangeFound, ...]
    older: str | None = Field(description=N_("curseur de la page plus ancienne ; rien à la fin"))


class CareFound(Frozen):
    """A flow that is not understood any more."""

    scenario_id: str
    title: str
    since: Instant = Field(description=N_("première des tentatives de suite sans réponse"))
    attempts: Count = Field(description=N_("combien de suite"))
    verdict: Verdict
    changed: Literal["site", "ours", "unknown"] = Field(
        description=N_("qui a probablement changé : le site, nous, ou on ne sait pas")
    )
    reason: CareKind = Field(description=N_("sur quoi cela repose"))
    why: str = Field(description=N_("la même chose en une phrase (en anglais)"))
    detail: str
    missing_anchor: str | None
    latest_attempt: str = Field(description=N_("identifiant de la dernière tentative"))
    pictures: tuple[str, ...] = Field(description=N_("empreintes des captures de la dernière"))


class Cares(Answer):
    """Flows of the catalogue that need care, the longest first."""

    items: tuple[CareFound, ...]


def figures(counts: Counts) -> dict[str, Any]:
    """The fields of `Figures` from counts."""
    rate = counts.rate
    return {
        "samples": counts.samples,
        "retried": counts.retried,
        "verdicts": counts.verdicts,
        "slots": rate.slots,
        "no_slots": rate.no_slots,
        "n": rate.n,
        "rate": rate.rate,
        "interval": rate.interval,
        "closed": counts.closed,
        "unanswered": counts.unanswered,
        "unanswered_share": counts.unanswered_share,
    }
