"""What stands beside a figure, in the same words on a page, in a picture and in a dossier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.models import Group
from fleet.rendering.scale import share_text

if TYPE_CHECKING:
    from fleet.analysis.rates import Counts
    from fleet.rendering.i18n import Words

DAYS_FROM_H = 48
"""From so many hours on, a stretch of time is told in days."""


def range_text(words: Words, shares: tuple[float, float] | None) -> str:
    """From which share to which; a dash where there is none."""
    if shares is None:
        return "–"
    low, high = (share_text(words, share) for share in shares)
    return words.t("%(low)s à %(high)s", low=low, high=high)


def sampling_sentence(words: Words, counts: Counts) -> str:
    """On what sampling figures stand, and what of it is not in them."""
    if not counts.drawn:
        asked = words.nt(
            "%(n)s visite demandée à la main, à un instant que quelqu’un a choisi : elle ne dit"
            " rien des autres instants, et le taux n’a pas d’intervalle.",
            "%(n)s visites demandées à la main, à des instants que quelqu’un a choisis : elles ne"
            " disent rien des autres instants, et le taux n’a pas d’intervalle.",
            counts.samples,
        )
        return words.t("Échantillon") + words.t(" : ") + asked
    due = words.nt(
        "%(n)s visite prévue à un instant tiré au sort",
        "%(n)s visites prévues à des instants tirés au sort",
        counts.due,
    )
    parts = [words.t("Échantillon") + words.t(" : ") + due]
    if counts.not_made:
        parts.append(
            words.nt("%(n)s n’a pas été faite", "%(n)s n’ont pas été faites", counts.not_made)
        )
    if counts.by_hand:
        parts.append(
            words.nt(
                "%(n)s tentative demandée à la main n’y compte pas",
                "%(n)s tentatives demandées à la main n’y comptent pas",
                counts.by_hand,
            )
        )
    return ", ".join(parts) + "."


def bounds_sentence(words: Words, counts: Counts) -> str:
    """Within which the share of all time lies; empty where that cannot be said."""
    if counts.bounds is None:
        return ""
    return words.t(
        "Part de tout le temps, quoi qu’auraient répondu les visites sans réponse ou pas faites"
        " (à 95 %%) : %(range)s.",
        range=range_text(words, counts.bounds),
    )


def retries_sentence(words: Words, counts: Counts) -> str:
    """What became of visits that found the site unavailable; empty if none was tried again."""
    if not counts.retried:
        return ""
    met = words.nt(
        "%(n)s visite a trouvé le site indisponible",
        "%(n)s visites ont trouvé le site indisponible",
        counts.group(Group.UNAVAILABLE),
    )
    again = words.nt(
        "%(n)s nouvelle tentative a été faite dans les minutes d’après",
        "%(n)s nouvelles tentatives ont été faites dans les minutes d’après",
        counts.retried,
    )
    got = words.nt("%(n)s a eu une réponse", "%(n)s ont eu une réponse", counts.retry_answers)
    never = words.t("Elles ne comptent dans aucun taux : seul l’instant de la première est tiré.")
    return f"{met}{words.t(' ; ')}{again}, {got}. {never}"


def nothing_sentence(words: Words, counts: Counts, days: int) -> str:
    """
    How long there can have been slots that no visit saw; empty where some saw them.

    Args:
        days: from the first visit that was due to the last.
    """
    if counts.rate.slots or not counts.rate.n or counts.bounds is None:
        return ""
    hours = counts.bounds[1] * days * 24
    most = (
        words.t("%(hours)s heures", hours=words.number(hours, 1))
        if hours < DAYS_FROM_H
        else words.nt("%(n)s jour", "%(n)s jours", round(hours / 24))
    )
    found = words.nt("0 sur %(n)s réponse", "0 sur %(n)s réponses", counts.rate.n)
    over = words.nt("sur %(n)s jour", "sur %(n)s jours", days)
    return f"{found}{words.t(' ; ')}" + words.t("au plus %(most)s %(over)s.", most=most, over=over)
