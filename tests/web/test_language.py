"""French first, English beside it: no page says a text that has no translation."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fleet.web.catalogue import english, texts
from fleet.web.language import Words


def test_every_text_of_the_pages_has_its_english() -> None:
    catalogue = english()
    missing = []
    for text in texts():
        message = catalogue.get(text[0] if isinstance(text, tuple) else text)
        said = (message.string if message else None) or ""
        if not (all(said) if isinstance(said, tuple) else said):
            missing.append(text)

    assert missing == []


def test_the_catalogue_holds_nothing_that_no_page_says() -> None:
    said = {text[0] if isinstance(text, tuple) else text for text in texts()}
    kept = {m.id[0] if isinstance(m.id, tuple) else m.id for m in english() if m.id}

    assert kept - said == set()


def test_a_translation_fills_in_the_same_values() -> None:
    for message in english():
        if not message.id:
            continue
        names = set(re.findall(r"%\((\w+)\)s", str(message.id)))
        assert set(re.findall(r"%\((\w+)\)s", str(message.string))) <= names, message.id


def test_dates_and_numbers_are_written_as_each_language_does() -> None:
    at = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)

    assert Words("fr").instant(at) == "25 novembre 2026, 00:30 (heure de Paris)"
    assert Words("en").instant(at) == "25 November 2026, 00:30 (Paris time)"
    assert Words("fr").percent(0.075, 1) == "7,5\u202f%"
    assert Words("en").percent(0.075, 1) == "7.5\u202f%"
    assert Words("fr").percent(None) == "–"
    assert Words("fr").weekday(6) == "dimanche"
