"""
What the API answers: the shapes of its JSON. They are a contract; a field is only ever added.

Descriptions are in French, as the documentation page shows them; what the fields of an attempt
mean is in `fleet.web.field_docs`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from fleet.analysis.care import CareKind
from fleet.models import Attempt, Frozen, Instant, Verdict
from fleet.models.judgement import Judgement
from fleet.models.removal import RemovalKind
from fleet.models.scenario import DeclaredEntry
from fleet.rendering.i18n import N_

MADE_UP = N_("vrai : données d’exercice, faites à des préfectures d’entraînement ; rien n’est réel")

Count = Annotated[int, Field(ge=0)]


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
