"""What is wrong with an address that a page cannot use, in the reader's words, without code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pydantic import ValidationError

from fleet.models import now
from fleet.models.paris import paris_day
from fleet.models.query import FIRST_DAY
from fleet.rendering.i18n import Words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.errors import BadInput

DAYS = (("du", "au"), ("first", "last"))
"""What pages call the first and the last day of a period."""

NAMES = {"scenario_id": "demarche", "department": "departement", "hour": "heure"}
"""Fields of a filter that pages call otherwise."""

MAX_SHOWN = 40
"""Characters of a value that are said again."""


@dataclass(frozen=True, slots=True)
class WrongDays:
    """
    A period that cannot be: why, for a line beside the form in which it is given again.

    `names` are those of the two fields, `values` what to put into them; `turned` says that the
    two were swapped and stand in their order now; `others` is what else was asked for.
    """

    names: tuple[str, str]
    values: tuple[str, str]
    words: str
    turned: bool
    others: dict[str, str]


def wrong_days(words: Words, query: Mapping[str, str]) -> WrongDays | None:
    """What is wrong with the days of this query; None if nothing is."""
    for names in DAYS:
        given = [query.get(name, "").strip() for name in names]
        if not any(given):
            continue
        days = [_day(each) for each in given]
        said = _said(words, given, days, jours=query.get("jours", "").strip(), names=names)
        if said:
            first, last = days
            turned = first is not None and last is not None and first > last
            kept = [str(day) if day and FIRST_DAY <= day <= _today() else "" for day in days]
            others = {n: v for n, v in query.items() if n not in (*names, "jours", "page") and v}
            low, high = reversed(kept) if turned else kept
            return WrongDays(names, (low, high), said, turned and all(kept), others)
    return None


def _said(
    words: Words,
    given: list[str],
    days: list[date | None],
    *,
    jours: str,
    names: tuple[str, str],
) -> str:
    for text, day in zip(given, days, strict=True):
        if text and day is None:
            return words.t(
                "« %(text)s » n’est pas une date ; un jour s’écrit 2026-11-24.",
                text=text[:MAX_SHOWN],
            )
        if day and day > _today():
            return words.t(
                "Le %(day)s est dans l’avenir : rien n’a pu y être mesuré.", day=words.day(day)
            )
        if day and day < FIRST_DAY:
            return words.t(
                "Le %(day)s est trop ancien : rien n’a pu être mesuré avant le %(first)s.",
                day=words.day(day),
                first=words.day(FIRST_DAY),
            )
    first, last = days
    if first and last and first > last:
        return words.t(
            "Le premier jour (%(first)s) vient après le dernier (%(last)s).",
            first=words.day(first),
            last=words.day(last),
        )
    if jours:
        return words.t("L’adresse donne un nombre de jours et des dates : il ne faut que l’un.")
    if names == DAYS[0] and last and not first:
        return words.t("Il manque le premier jour.")
    return ""


def sentence(words: Words, exc: BadInput) -> str:
    """What is wrong with another parameter; empty if that cannot be told."""
    if isinstance(exc.__cause__, ValidationError):
        found = exc.__cause__.errors()
        names = [str(each["loc"][0]) for each in found if each["loc"]]
        if not names:
            return words.t("Deux choix de cette adresse s’excluent ; retirez-en un.")
        name, value = names[0], str(found[0]["input"])
    else:
        typed = re.match(r"(\w+)='(.*?)'", str(exc))
        if typed is None:
            return ""
        name, value = typed[1], typed[2]
    return words.t(
        "« %(value)s » n’est pas une valeur possible de « %(name)s » dans cette adresse.",
        value=value[:MAX_SHOWN],
        name=NAMES.get(name, name),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _today() -> date:
    return paris_day(now())
