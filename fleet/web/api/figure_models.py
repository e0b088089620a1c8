"""
What the API answers about figures; what `fleet.web.api.models` says of its shapes holds here, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from fleet.analysis.delays import Delay
from fleet.analysis.rates import Counts
from fleet.analysis.waits import Looking
from fleet.models import Frozen, Instant, Verdict
from fleet.models.missed import MissReason
from fleet.rendering.i18n import N_
from fleet.web.api.models import Answer, Count

FIRST = N_("premier jour compté, à Paris")
LAST = N_("dernier jour compté, à Paris")

Share = Annotated[float, Field(ge=0, le=1)]


class Figures(Frozen):
    """Samples counted (what a sample is: /methode)."""

    sampling: Literal["random", "by_hand"] = Field(
        description=N_(
            "`random` : des visites à des instants tirés au sort ; `by_hand` : rien n’a été tiré,"
            " ce sont celles demandées à la main, et il n’y a ni intervalle ni bornes"
        )
    )
    samples: Count = Field(
        description=N_("visites faites, chacune comptée une fois, par sa première tentative")
    )
    missed: Count = Field(description=N_("visites prévues qui n’ont pas été faites"))
    missed_by_reason: Mapping[MissReason, int] = Field(description=N_("les mêmes, par raison"))
    due: Count = Field(description=N_("visites prévues, faites ou non"))
    retried: Count = Field(
        description=N_("tentatives après la première de leur visite ; dans aucun taux")
    )
    retry_answers: Count = Field(description=N_("celles d’entre elles qui ont eu une réponse"))
    by_hand: Count = Field(
        description=N_("tentatives demandées à la main, qui ne sont pas comptées ici")
    )
    verdicts: Mapping[Verdict, int] = Field(description=N_("visites par verdict ; absent : zéro"))
    slots: Count = Field(description=N_("visites où un rendez-vous était proposé"))
    no_slots: Count = Field(description=N_("visites où la page disait qu’il n’y en avait aucun"))
    n: Count = Field(description=N_("dénominateur du taux : slots + no_slots"))
    rate: Share | None = Field(description=N_("taux d’offre : slots / n ; rien si n = 0"))
    interval: tuple[float, float] | None = Field(
        description=N_(
            "intervalle à 95 % de la part du temps où le site répond (/methode) ; rien si n = 0"
        )
    )
    closed: Count = Field(
        description=N_("visites qui ont trouvé la démarche fermée ; hors du taux")
    )
    unanswered: Count = Field(
        description=N_("visites faites, sans réponse : refus, pannes, et les nôtres")
    )
    unanswered_share: Share | None = Field(
        description=N_("(unanswered + missed) / due : ce dont personne ne sait rien")
    )
    seen_share: Share | None = Field(
        description=N_("slots / due : la part de toutes les visites qui ont vu un rendez-vous")
    )
    bounds: tuple[float, float] | None = Field(
        description=N_(
            "à 95 %, la part de tout le temps, si ce dont on ne sait rien n’avait pas de"
            " rendez-vous, et s’il en avait toujours"
        )
    )


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


class EvenRate(Frozen):
    """The mean of the rates of the rows, each with the same weight."""

    control: bool = Field(description=N_("des démarches témoins, ou des autres"))
    of: Count = Field(description=N_("combien de lignes ont un taux et un intervalle"))
    mean: Share = Field(description=N_("la moyenne de leurs taux"))
    interval: tuple[float, float] = Field(description=N_("son intervalle à 95 %"))


class Rates(Answer):
    """Figures of a period."""

    by: Literal["flow", "department", "all"] = Field(description=N_("ce qu’est une ligne"))
    first: date = Field(description=FIRST)
    last: date = Field(description=LAST)
    items: tuple[Rate, ...]
    even: tuple[EvenRate, ...] = Field(
        description=N_("les lignes comptant toutes autant : un grand guichet n’y pèse pas plus")
    )


class CalendarDay(Figures):
    """One Paris day of a flow."""

    day: date
    delays: Mapping[Delay, int] = Field(description=N_("visites par classe de délai"))
    known: Count = Field(description=N_("visites dont la première date offerte est connue"))
    mean_wait_days: float | None = Field(
        description=N_("jours jusqu’à la première date offerte, en moyenne ; rien si inconnu")
    )
    shortest_wait_days: int | None = Field(description=N_("le plus petit nombre de ces jours"))
    within: Mapping[int, int] = Field(
        description=N_("par nombre de mois (1, 2, 3, 6), visites dont la première date y tombe")
    )


class Version(Frozen):
    """From an instant on, the flow was measured in another way."""

    at: Instant = Field(description=N_("depuis cet instant, en temps universel (UTC)"))
    before: str = Field(description=N_("version d’avant"))
    after: str = Field(description=N_("version depuis"))


class StandingOut(Frozen):
    """An hour of the week in which slots were found more often than chance explains."""

    weekday: int = Field(ge=1, le=7, description=N_("1 pour lundi"))
    paris_hour: int = Field(ge=0, le=23)
    slots: Count = Field(description=N_("visites où un rendez-vous était proposé"))
    n: Count = Field(description=N_("dénominateur du taux : slots + no_slots"))
    chance: Share = Field(
        description=N_("la chance d’un tel écart si aucune heure ne se distinguait (Fisher)")
    )


class WaitFound(Frozen):
    """How long somebody waits who looks like this, from a random moment of the period on."""

    looking: Looking = Field(
        description=N_(
            "`all_hours` : environ chaque heure ; `at_nine` : chaque jour entre 9 h et 10 h ;"
            " `office_hours` : du lundi au vendredi de 9 h à 17 h"
        )
    )
    looks: Count = Field(description=N_("visites faites à ces heures"))
    found: Count = Field(description=N_("celles qui ont vu un rendez-vous"))
    days: Count = Field(description=N_("jours de la première visite à la dernière"))
    half_within_hours: float | None = Field(
        description=N_(
            "après combien d’heures la moitié en ont vu un ; rien si plus de la moitié n’en voient"
            " aucun"
        )
    )


class Calendar(Answer):
    """One flow, day by day; days without any visit, made or due, are not there."""

    scenario_id: str
    title: str
    first: date = Field(description=FIRST)
    last: date = Field(description=LAST)
    total: Figures = Field(description=N_("tous les jours ensemble"))
    days: tuple[CalendarDay, ...] = Field(
        description=N_("les jours où une visite était prévue ou faite")
    )
    hours_standing_out: tuple[StandingOut, ...] = Field(
        description=N_(
            "les heures de la semaine qui se distinguent, à 5 % pour toutes les heures de toutes"
            " les démarches ensemble ; le plus souvent aucune"
        )
    )
    waits: tuple[WaitFound, ...] = Field(
        description=N_("l’attente de qui regarde quand le robot a regardé")
    )
    breaks: tuple[Version, ...] = Field(
        description=N_("où la façon de mesurer a changé : ne pas comparer sans précaution")
    )


def figures(counts: Counts) -> dict[str, Any]:
    """The fields of a row of figures, from counts."""
    rate = counts.rate
    return {
        "sampling": "random" if counts.drawn else "by_hand",
        "samples": counts.samples,
        "missed": counts.due - counts.samples,
        "missed_by_reason": counts.missed if counts.drawn else {},
        "due": counts.due,
        "retried": counts.retried,
        "retry_answers": counts.retry_answers,
        "by_hand": counts.by_hand,
        "verdicts": counts.verdicts,
        "slots": rate.slots,
        "no_slots": rate.no_slots,
        "n": rate.n,
        "rate": rate.rate,
        "interval": rate.interval,
        "closed": counts.closed,
        "unanswered": counts.unanswered,
        "unanswered_share": counts.unanswered_share,
        "seen_share": counts.seen_share,
        "bounds": counts.bounds,
    }
