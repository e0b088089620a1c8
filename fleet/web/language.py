"""
French and English: the texts of the pages, dates and numbers as each language writes them.

French is what templates and code say themselves; `locale/en.po` holds the English beside it. The
address keeps the choice: pages under `/en/` are English, all others French.
"""

from __future__ import annotations

import io
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal

from babel import dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from fleet.models import PARIS

Language = Literal["fr", "en"]

LANGUAGES: dict[Language, str] = {"fr": "Français", "en": "English"}


def N_(words: str) -> str:
    """Mark words for the catalogue; they are translated where they are shown."""
    return words


@cache
def translations(language: Language) -> NullTranslations:
    """The catalogue of a language; French words are the keys, so French needs none."""
    if language == "fr":
        return NullTranslations()
    source = files("fleet.web").joinpath("locale", f"{language}.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source), locale=language))
    compiled.seek(0)
    return Translations(compiled)


class Words:
    """How one language says things. `t` translates; the others format."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._catalogue = translations(language)
        self._locale = {"fr": "fr_FR", "en": "en_GB"}[language]

    def t(self, words: str, **values: object) -> str:
        """The words in this language; `%(name)s` in them are filled in."""
        said = self._catalogue.ugettext(words)
        return said % values if values else said

    def nt(self, one: str, several: str, n: int, **values: object) -> str:
        """One or several, as the language counts; `%(n)s` is the number, written out."""
        said = self._catalogue.ungettext(one, several, n)
        if self.language == "fr" and n == 0:  # French counts nothing in the singular
            said = one
        return said % {"n": self.number(n), **values}

    def number(self, value: float, digits: int = 0) -> str:
        """A number with its separators."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return numbers.format_decimal(value, format=pattern, locale=self._locale)

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share as per cent; a dash where there is none."""
        if share is None:
            return "–"
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + "\u202f%"
        return numbers.format_percent(share, format=pattern, locale=self._locale)

    def day(self, value: date) -> str:
        """`24 novembre 2026`."""
        if self.language == "fr" and value.day == 1:
            return "1er " + dates.format_date(value, "MMMM y", locale=self._locale)
        return dates.format_date(value, "d MMMM y", locale=self._locale)

    def short_day(self, value: date) -> str:
        """`24 nov.`."""
        return dates.format_date(value, "d MMM", locale=self._locale)

    def weekday(self, number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
        """The name of a day of the week, 0 for Monday."""
        names = dates.get_day_names(width, "stand-alone", locale=self._locale)
        return str(names[number])

    def month(self, value: date) -> str:
        """`novembre 2026`."""
        return dates.format_date(value, "LLLL y", locale=self._locale)

    def instant(self, value: datetime, *, seconds: bool = False) -> str:
        """`24 novembre 2026, 23:19 (heure de Paris)`, the zone always written."""
        there = value.astimezone(PARIS)
        time = dates.format_time(there, "HH:mm:ss" if seconds else "HH:mm", locale=self._locale)
        return f"{self.day(there.date())}, {time} ({self.t('heure de Paris')})"
