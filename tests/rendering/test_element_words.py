"""Elements have names that a reader knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fleet.families
from fleet.rendering.element_words import ELEMENTS
from fleet.rendering.i18n import Language, Words
from fleet.rendering.marks import sign_words


@pytest.mark.parametrize(
    ("sign", "language", "said"),
    [
        ("css 'td.free' ×2", "fr", "2 cases marquées « libre »"),
        ("css 'td.free' ×1", "fr", "1 case marquée « libre »"),
        ("css 'td.free' ×2", "en", "2 cells marked “free”"),
        ("css 'p.unknown' ×2", "fr", "Élément : p.unknown ×2"),
        ("text 'Aucun créneau'", "fr", "Phrase : « Aucun créneau »"),
    ],
)
def test_an_element_is_said_in_words_and_an_unknown_one_as_it_is(
    sign: str, language: Language, said: str
) -> None:
    assert re.sub("[\u00a0\u202f]", " ", sign_words(Words(language), sign)) == said


@pytest.mark.parametrize("selector", ELEMENTS)
def test_every_named_element_is_one_that_a_family_looks_for(selector: str) -> None:
    folder = Path(fleet.families.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))

    assert f'"{selector}"' in code
