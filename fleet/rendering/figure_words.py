"""What stands beside a figure, in the same words on a page, in a picture and in a dossier."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.analysis.rates import difference
from fleet.analysis.weekly_hours import FLOWS, HOURS
from fleet.models import Group, Verdict
from fleet.rendering.scale import share_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.analysis.rates import Counts, OfferRate
    from fleet.analysis.waits import WaitForSlot
    from fleet.rendering.i18n import Words

MOST_HOURS = 12
"""As many hours are named in a sentence."""

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


def beside_sentence(words: Words, beside: Mapping[Verdict, int]) -> str:
    """What attempts saw that are in no rate: a slot that one of them saw was there."""
    n = sum(beside.values())
    if not n:
        return ""
    attempts = words.nt(
        "Dans aucun taux : %(n)s tentative de plus, à un instant qui n’a pas été tiré",
        "Dans aucun taux : %(n)s tentatives de plus, à des instants qui n’ont pas été tirés",
        n,
    )
    saw = words.t(
        "rendez-vous proposé : %(slots)s, aucun rendez-vous : %(none)s",
        slots=words.number(beside.get(Verdict.SLOTS, 0)),
        none=words.number(beside.get(Verdict.NO_SLOTS, 0)),
    )
    return f"{attempts} ({saw})."


def nothing_sentence(words: Words, counts: Counts, days: int) -> str:
    """
    How long there can have been slots that no visit saw; empty where some saw them.

    Args:
        days: from the first visit that was due to the last.
    """
    if counts.rate.slots or not counts.rate.n or counts.bounds is None:
        return ""
    most = time_text(words, counts.bounds[1] * days * 24)
    found = words.nt("0 sur %(n)s réponse", "0 sur %(n)s réponses", counts.rate.n)
    over = words.nt("sur %(n)s jour", "sur %(n)s jours", days)
    return f"{found}{words.t(' ; ')}" + words.t("au plus %(most)s %(over)s.", most=most, over=over)


def hours_sentence(words: Words, hours: Iterable[tuple[int, int]], *, drawn: bool) -> str:
    """Which hours of the week stand out, or that none does."""
    if not drawn:
        return words.t("Visites demandées à la main : aucune heure n’est comparée aux autres.")
    named = [
        words.t("%(day)s à %(hour)s h", day=words.weekday(day), hour=hour) for day, hour in hours
    ]
    if not named:
        return words.t("Aucune heure ne se distingue des autres.")
    listed = ", ".join(named[:MOST_HOURS]) + (" …" if len(named) > MOST_HOURS else "")
    return words.t("Plus souvent que le hasard ne l’explique : %(hours)s.", hours=listed)


def hours_meaning(words: Words) -> str:
    """What a coloured cell means, and what cannot be seen in one that is not."""
    return words.t(
        "Une case colorée se distingue des autres heures (test exact de Fisher, à 5 %% pour les"
        " %(cells)s heures de %(flows)s démarches ensemble) ; les autres cases n’apprennent rien"
        " de leur heure. En 13 semaines, une ouverture de 10 minutes chaque semaine se distingue"
        " 3 fois sur 10, et une ouverture de 3 minutes n’est même pas vue dans la moitié des"
        " trimestres.",
        cells=HOURS,
        flows=FLOWS,
    )


def time_text(words: Words, hours: float) -> str:
    """A stretch of time, in hours or in days."""
    if hours < DAYS_FROM_H:
        return words.t("%(hours)s heures", hours=words.number(hours, 1 if hours < 10 else 0))
    return words.nt("%(n)s jour", "%(n)s jours", round(hours / 24))


def wait_text(words: Words, wait: WaitForSlot) -> str:
    """How long half of those who look like this wait until they see a slot."""
    if wait.half_within is not None:
        hours = wait.half_within / timedelta(hours=1)
        if hours < 1:
            return words.t("la moitié en voient un en moins d’une heure")
        return words.t("la moitié en voient un en %(time)s", time=time_text(words, hours))
    if wait.found:
        return words.nt(
            "plus de la moitié n’en voient aucun en %(n)s jour",
            "plus de la moitié n’en voient aucun en %(n)s jours",
            wait.days,
        )
    return words.nt("aucun vu en %(n)s jour", "aucun vu en %(n)s jours", wait.days)


def difference_text(words: Words, one: OfferRate, other: OfferRate) -> str:
    """By how many points the one rate is above the other, with the interval of that."""
    found = difference(one, other)
    if found is None:
        return "–"
    apart, low, high = (words.signed(100 * each, 1) for each in found)
    return words.t("%(apart)s points (%(low)s à %(high)s)", apart=apart, low=low, high=high)
