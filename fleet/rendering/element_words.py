"""What the elements are that families look for, for a reader who knows no CSS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.rendering.i18n import N_

if TYPE_CHECKING:
    from fleet.rendering.i18n import Words

_FREE = (N_("%(n)s case marquée « libre »"), N_("%(n)s cases marquées « libre »"))
_FREE_DAY = (
    N_("%(n)s jour du calendrier que l’on peut choisir"),
    N_("%(n)s jours du calendrier que l’on peut choisir"),
)
_CAPTCHA = (N_("%(n)s captcha"), N_("%(n)s captchas"))

ELEMENTS: dict[str, tuple[str, str]] = {
    "td.free": _FREE,
    "td.status-1": _FREE,
    "td a[href*='/booking/create/'][href*='/5/']": (
        N_("%(n)s lien qui mène à un créneau"),
        N_("%(n)s liens qui mènent à un créneau"),
    ),
    "input#condition[type=checkbox]": (
        N_("%(n)s case à cocher pour accepter les conditions"),
        N_("%(n)s cases à cocher pour accepter les conditions"),
    ),
    "input[type=radio][name=planning]": (
        N_("%(n)s guichet à choisir"),
        N_("%(n)s guichets à choisir"),
    ),
    "td[data-month][data-year] > a.ui-state-default": _FREE_DAY,
    "td[data-month][data-year]:has(> a.ui-state-default)": _FREE_DAY,
    "input[type=checkbox][name=selectedMotiveKeyList]": (
        N_("%(n)s motif à cocher"),
        N_("%(n)s motifs à cocher"),
    ),
    "#captchaFormulaireExtInput": _CAPTCHA,
    "rdv-captchetat": _CAPTCHA,
    "#captchaFR_CaptchaImage": _CAPTCHA,
    "input[type=radio][name=trhId]:enabled": (
        N_("%(n)s heure que l’on peut choisir"),
        N_("%(n)s heures que l’on peut choisir"),
    ),
    "a[href*='/prendre_rdv'][href*='lieu_id='][href*='date=']": (
        N_("%(n)s lien vers un lieu"),
        N_("%(n)s liens vers des lieux"),
    ),
    "a[aria-label^='Choisir le créneau'][href*='starts_at=']": (
        N_("%(n)s créneau que l’on peut choisir"),
        N_("%(n)s créneaux que l’on peut choisir"),
    ),
}
"""By the CSS selector of a family, its name for one and for several; a test finds them there."""


def element_words(words: Words, selector: str, n: int) -> str:
    """How many of which elements were seen; empty if a reader has no word for them."""
    if selector not in ELEMENTS:
        return ""
    one, several = ELEMENTS[selector]
    return words.t(one if n == 1 else several, n=words.number(n))
