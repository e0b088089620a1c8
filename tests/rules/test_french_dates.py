"""Days as French pages write them."""

from __future__ import annotations

from datetime import date

import pytest

from fleet.rules.french_dates import days_in

LAST_OF_NOVEMBER = date(2026, 11, 30)  # a Monday


@pytest.mark.parametrize(
    "text",
    [
        "lundi 30 novembre 2026 à 09h00",
        "Prochaine disponibilité le\nLUNDI 30 NOVEMBRE 2026 à 09h00",
        "lundi 30\u00a0novembre\u202f2026",
        "30 nov. 2026",
        "30/11/2026",
        "le 30/11/2026 à 9:00",
        "date=2026-11-30 09:00:00 +0100",
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert days_in(text) == [LAST_OF_NOVEMBER]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("mardi 1er décembre 2026", date(2026, 12, 1)),
        ("mardi 01 DÉCEMBRE 2026", date(2026, 12, 1)),
        ("5 fe\u0301vrier 2027", date(2027, 2, 5)),
        ("15 août 2026", date(2026, 8, 15)),
        ("3 juil. 2026", date(2026, 7, 3)),
        ("3 juin 2026", date(2026, 6, 3)),
        ("3 mars 2026", date(2026, 3, 3)),
        ("3 mai 2026", date(2026, 5, 3)),
    ],
)
def test_every_month_is_known_with_its_accents_and_short_forms(text: str, day: date) -> None:
    assert days_in(text) == [day]


def test_several_days_come_in_the_order_of_the_text() -> None:
    assert days_in("du 30/11/2026 au 1er décembre 2026") == [
        LAST_OF_NOVEMBER,
        date(2026, 12, 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prochainement",
        "30 novembre",  # of which year?
        "31/11/2026",
        "30/13/2026",
        "mardi 30 novembre 2026",  # it is a Monday
        "30/11/26",
        "130/11/2026",
        "30/11/20261",
        "n° 2026-11-301",
        "30 marsouins 2026",
    ],
)
def test_what_is_no_certain_day_is_not_read(text: str) -> None:
    assert days_in(text) == []
