"""
French and English: the texts of the pages, dates and numbers as each language writes them.

French is what templates and code say themselves; `locale/en.po` holds the English beside it. The
address keeps the choice: pages under `/en/` are English, all others French.
"""

from __future__ import annotations

import io
import re
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from babel import Locale, dates, numbers
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
    source = files("fleet.rendering").joinpath("locale", f"{language}.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(source), locale=language))
    compiled.seek(0)
    return Translations(compiled)


@cache
def _locale_of(language: Language) -> Locale:
    return Locale("fr", "FR") if language == "fr" else Locale("en", "GB")


# A page says hundreds of numbers and days, most of them many times, and Babel takes a pattern
# apart for each: half of a page's time. Entries are short texts; 20,000 take about 4 MB.


@cache
def _pattern(digits: int, ending: str) -> numbers.NumberPattern:
    return numbers.parse_pattern("#,##0" + ("." + "0" * digits if digits else "") + ending)


@lru_cache(maxsize=20_000)
def _decimal(value: float, digits: int, language: Language) -> str:
    return numbers.format_decimal(value, format=_pattern(digits, ""), locale=_locale_of(language))


@lru_cache(maxsize=20_000)
def _percent(share: float, digits: int, language: Language) -> str:
    pattern = _pattern(digits, "\u202f%")
    return numbers.format_percent(share, format=pattern, locale=_locale_of(language))


@lru_cache(maxsize=10_000)
def _date(value: date, pattern: str, language: Language) -> str:
    return dates.format_date(value, pattern, locale=_locale_of(language))


@cache
def _weekdays(width: Literal["wide", "abbreviated"], language: Language) -> tuple[str, ...]:
    names = dates.get_day_names(width, "stand-alone", locale=_locale_of(language))
    return tuple(str(names[number]) for number in range(7))


_SPACES = (
    (re.compile(r" (?=[;?!])|(?<=\d) (?=%(?!\())"), "\u202f"),
    (re.compile(r" (?=[:»])|(?<=«) "), "\u00a0"),
)
"""Where French has a space that no line may end with: narrow, and as wide as others."""


@lru_cache(maxsize=5_000)
def with_spaces(french: str) -> str:
    """The words with no-break spaces where French writes them; literals have plain ones."""
    for place, space in _SPACES:
        french = place.sub(space, french)
    return french


class Words:
    """How one language says things. `t` translates; the others format."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._catalogue = translations(language)

    def t(self, words: str, **values: object) -> str:
        """The words in this language; `%(name)s` in them are filled in."""
        text = with_spaces(words) if self.language == "fr" else self._catalogue.ugettext(words)
        return text % values if values else text

    def nt(self, one: str, several: str, n: int, **values: object) -> str:
        """One or several, as the language counts; `%(n)s` is the number, written out."""
        if self.language == "fr":  # which counts nothing in the singular
            text = with_spaces(one if n < 2 else several)
        else:
            text = self._catalogue.ungettext(one, several, n)
        return text % {"n": self.number(n), **values}

    def number(self, value: float, digits: int = 0) -> str:
        """A number with its separators."""
        return _decimal(value, digits, self.language)

    def signed(self, value: float, digits: int = 0) -> str:
        """A number with its sign, also if it is above zero."""
        text = self.number(abs(value), digits)
        nothing = text == self.number(0, digits)
        return text if nothing else ("+" if value > 0 else "−") + text

    def percent(self, share: float | None, digits: int = 0) -> str:
        """A share as per cent; a dash where there is none."""
        return "–" if share is None else _percent(share, digits, self.language)

    def day(self, value: date) -> str:
        """`24 novembre 2026`."""
        if self.language == "fr" and value.day == 1:
            return "1er " + _date(value, "MMMM y", self.language)
        return _date(value, "d MMMM y", self.language)

    def short_day(self, value: date) -> str:
        """`24 nov.`."""
        return _date(value, "d MMM", self.language)

    def weekday(self, number: int, width: Literal["wide", "abbreviated"] = "wide") -> str:
        """The name of a day of the week, 0 for Monday."""
        return _weekdays(width, self.language)[number]

    def month(self, value: date) -> str:
        """`novembre 2026`."""
        return _date(value, "LLLL y", self.language)

    def brief_instant(self, value: datetime) -> str:
        """`24 nov. 2026, 23:19`, for a table that says once that its hours are those of Paris."""
        there = value.astimezone(PARIS)
        return f"{_date(there.date(), 'd MMM y', self.language)}, {there.strftime('%H:%M')}"

    def instant(self, value: datetime, *, seconds: bool = False) -> str:
        """`24 novembre 2026, 23:19 (heure de Paris)`, the zone always written."""
        there = value.astimezone(PARIS)
        time = there.strftime("%H:%M:%S" if seconds else "%H:%M")  # in both languages
        return f"{self.day(there.date())}, {time} ({self.t('heure de Paris')})"
