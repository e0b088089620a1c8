"""Figures as a reader sees them: classes of colour, signs and words, shares never rounded away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.models import Group, Verdict
from fleet.rendering.i18n import N_

if TYPE_CHECKING:
    from fleet.analysis.rates import Counts
    from fleet.rendering.i18n import Words

LEVELS: tuple[tuple[float, str, str], ...] = (
    (0.0, "l0", N_("0 % : aucun vu")),
    (0.05, "l1", N_("plus de 0 %, jusqu’à 5 %")),
    (0.20, "l2", N_("plus de 5 %, jusqu’à 20 %")),
    (0.50, "l3", N_("plus de 20 %, jusqu’à 50 %")),
    (0.80, "l4", N_("plus de 50 %, jusqu’à 80 %")),
    (1.0, "l5", N_("plus de 80 %")),
)
"""The greatest share of a level, its class, its name."""

FEW = 20
"""With fewer answers than this, a rate is shown as one on few visits."""

SEEN: dict[str, tuple[str, str]] = {
    "slots": ("●", N_("au moins un rendez-vous proposé ce jour-là")),
    "no_slots": ("–", N_("aucun rendez-vous vu")),
    "closed": ("×", N_("démarche fermée")),
    "refused": ("▲", N_("accès refusé au robot : captcha, compte, pare-feu")),
    "unavailable": ("■", N_("site indisponible")),
    "ours": ("?", N_("de notre fait : page non reconnue ou erreur du robot")),
    "unseen": ("", N_("aucune visite faite")),
}
"""What a day shows: its sign, and what it means; the first that fits, in this order."""


IN_NO_RATE = N_("rendez-vous vu à la main ou à une nouvelle tentative, dans aucun taux")
"""What a day without shade shows although there was a slot."""


def level(share: float | None) -> str:
    """The class of a share, `l0` for exactly none up to `l5`; `none` where there is no share."""
    if share is None:
        return "none"
    return next(name for most, name, _ in LEVELS if share <= most)


def share_text(words: Words, share: float | None) -> str:
    """
    A share as per cent, a dash where there is none.

    Something is never written as 0 %, and not quite everything never as 100 %.
    """
    if share is None or share in (0, 1):
        return words.percent(share)
    if share < 0.001:
        return "< " + words.percent(0.001, 1)
    if share > 0.999:
        return "> " + words.percent(0.999, 1)
    return words.percent(share, 1 if share < 0.0995 or share > 0.9 else 0)


def day_state(counts: Counts) -> str:
    """What a day's counts show, a key of `SEEN`."""
    for verdict in (Verdict.SLOTS, Verdict.NO_SLOTS, Verdict.CLOSED):
        if counts.of(verdict):
            return verdict.value
    for group in (Group.REFUSED, Group.UNAVAILABLE, Group.OURS):
        if counts.group(group):
            return group.value
    return "unseen"
