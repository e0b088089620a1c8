"""French first, English beside it: no page says a text that has no translation."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fleet.rendering.i18n import Words, with_spaces
from fleet.web.extract_messages import english, texts


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


def test_french_signs_and_quotes_stand_after_spaces_that_do_not_break() -> None:
    assert with_spaces("« Tous » : 95 % (Wilson) ; vrai ? Oui !") == (
        "«\u00a0Tous\u00a0»\u00a0: 95\u202f% (Wilson)\u202f; vrai\u202f? Oui\u202f!"
    )
    assert with_spaces("moins de 5 %(unit)s, voir http://a.example/?b:c;d") == (
        "moins de 5 %(unit)s, voir http://a.example/?b:c;d"
    )
    assert Words("fr").t(" : ") + "a ? b" == "\u00a0: a ? b"
    assert Words("fr").t("%(kind)s :", kind="a ? b") == "a ? b\u00a0:"


def test_nothing_and_one_are_singular_in_french_and_only_one_in_english() -> None:
    texts = ("%(n)s visite", "%(n)s visites")

    assert [Words("fr").nt(*texts, n) for n in (0, 1, 2)] == ["0 visite", "1 visite", "2 visites"]
    assert [Words("en").nt(*texts, n) for n in (0, 1, 2)] == ["0 visits", "1 visit", "2 visits"]


def test_each_thing_has_one_word_in_french_and_one_in_english() -> None:
    """A visit is made of attempts, some of them retries (docs/glossary.md): no try, no sample."""
    french = [part for message in english() if message.id for part in parts(message.id)]
    translated = [
        part for message in english() if message.id for part in parts(message.string or "")
    ]

    assert [text for text in french if re.search(r"\bessais?\b", text, re.IGNORECASE)] == []
    assert [text for text in french if re.search(r"\brelevés\b|\bun relevé\b", text)] == [
        "fichiers conservés : captures, code des pages, relevés de leur texte"  # outlines
    ]
    other = r"\b(a|the|no|which) (try|sample|pass)\b|\b(tries|samples|passes)\b"
    assert [text for text in translated if re.search(other, text)] == []


def parts(text: str | tuple[str, ...] | list[str]) -> list[str]:
    """A text, or its singular and plural, without the names of what is filled in."""
    return [re.sub(r"%\(\w+\)s", "…", each) for each in ([text] if isinstance(text, str) else text)]
