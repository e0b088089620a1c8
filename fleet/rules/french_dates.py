"""
Days as French pages write them: « lundi 30 novembre 2026 à 09h00 », « 30/11/2026 ».

A day that cannot exist, or whose weekday is another one, is not read at all: a wrong first date
is worse than none.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_MONTHS = (
    ("janvier", "janv", "jan"),
    ("fevrier", "fevr", "fev"),
    ("mars", "mar"),
    ("avril", "avr"),
    ("mai",),
    ("juin",),
    ("juillet", "juil"),
    ("aout",),
    ("septembre", "sept", "sep"),
    ("octobre", "oct"),
    ("novembre", "nov"),
    ("decembre", "dec"),
)
_MONTH_OF = {name: n for n, names in enumerate(_MONTHS, 1) for name in names}
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

_DAY = re.compile(
    rf"(?:\b(?P<weekday>{'|'.join(_WEEKDAYS)})\s+)?"
    rf"(?<!\d)(?P<d>\d{{1,2}})(?:er)?\s+(?P<month>{'|'.join(_MONTH_OF)})\b\.?\s+(?P<y>\d{{4}})(?!\d)"
    r"|(?<![\d/])(?P<d2>\d{1,2})/(?P<m2>\d{1,2})/(?P<y2>\d{4})(?![\d/])"
    r"|(?<![\d-])(?P<y3>\d{4})-(?P<m3>\d{2})-(?P<d3>\d{2})(?![\d-])"
)


def days_in(text: str) -> list[date]:
    """
    The days written in `text`, in their order, each with its year; empty if there is none.

    Case, accents and white space do not matter; months may be shortened (« 3 déc. 2026 »).
    """
    plain = unicodedata.normalize("NFD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    found = (_day(match) for match in _DAY.finditer(plain))
    return [day for day in found if day is not None]


def _day(match: re.Match[str]) -> date | None:
    part = match.groupdict()
    if part["month"]:
        year, month, number = part["y"], str(_MONTH_OF[part["month"]]), part["d"]
    elif part["m2"]:
        year, month, number = part["y2"], part["m2"], part["d2"]
    else:
        year, month, number = part["y3"], part["m3"], part["d3"]
    try:
        day = date(int(year), int(month), int(number))
    except ValueError:
        return None
    weekday = part["weekday"]
    return None if weekday and _WEEKDAYS[day.weekday()] != weekday else day
