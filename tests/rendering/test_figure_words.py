"""What stands beside a figure, in both languages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from fleet.analysis.rates import Counts, OfferRate
from fleet.analysis.waits import Looking, WaitForSlot
from fleet.models import Verdict
from fleet.models.missed import MissReason
from fleet.rendering import figure_words
from fleet.rendering.i18n import Language, Words


def plain(text: str) -> str:
    return re.sub("[\u00a0\u202f]", " ", text)


DRAWN = Counts(
    {Verdict.NO_SLOTS: 30, Verdict.OVERLOAD: 40},
    retried=55,
    retry_answers=12,
    missed={MissReason.COOLING: 2},
    by_hand=7,
)
BY_HAND = Counts({Verdict.SLOTS: 1, Verdict.NO_SLOTS: 1}, drawn=False)


@pytest.mark.parametrize(
    ("language", "counts", "said"),
    [
        (
            "fr",
            DRAWN,
            "Échantillon : 72 visites prévues à des instants tirés au sort, 2 n’ont pas été faites,"
            " 7 tentatives demandées à la main n’y comptent pas.",
        ),
        (
            "en",
            DRAWN,
            "Sample: 72 visits due at instants drawn at random, 2 were not made,"
            " 7 attempts asked for by hand do not count in them.",
        ),
        (
            "fr",
            BY_HAND,
            "Échantillon : 2 visites demandées à la main, à des instants que quelqu’un a choisis :"
            " elles ne disent rien des autres instants, et le taux n’a pas d’intervalle.",
        ),
        ("fr", Counts(), "Échantillon : 0 visite prévue à un instant tiré au sort."),
    ],
)
def test_figures_say_on_what_sampling_they_stand(
    language: Language, counts: Counts, said: str
) -> None:
    assert plain(figure_words.sampling_sentence(Words(language), counts)) == said


def test_what_retries_got_stands_beside_the_visits_that_met_a_failure() -> None:
    assert plain(figure_words.retries_sentence(Words("fr"), DRAWN)) == (
        "40 visites ont trouvé le site indisponible ; 55 nouvelles tentatives ont été faites dans"
        " les minutes d’après, 12 ont eu une réponse. Elles ne comptent dans aucun taux : seul"
        " l’instant de la première est tiré."
    )
    assert figure_words.retries_sentence(Words("fr"), Counts({Verdict.OVERLOAD: 1})) == ""


@pytest.mark.parametrize(
    ("language", "counts", "said"),
    [
        ("fr", {Verdict.NO_SLOTS: 2160}, "0 sur 2 160 réponses ; au plus 3,8 heures sur 90 jours."),
        ("en", {Verdict.NO_SLOTS: 2160}, "0 of 2,160 answers; at most 3.8 hours in 90 days."),
        # of a site that answers one visit of four, less is known
        (
            "fr",
            {Verdict.NO_SLOTS: 540, Verdict.CAPTCHA: 1620},
            "0 sur 540 réponses ; au plus 69 jours sur 90 jours.",
        ),
        ("fr", {Verdict.NO_SLOTS: 2159, Verdict.SLOTS: 1}, ""),
        ("fr", {Verdict.CAPTCHA: 9}, ""),
    ],
)
def test_nothing_seen_is_never_said_as_nothing_there(
    language: Language, counts: dict[Verdict, int], said: str
) -> None:
    found = figure_words.nothing_sentence(Words(language), Counts(counts), 90)

    assert plain(found) == said


def test_of_what_was_asked_for_by_hand_nothing_is_said_of_other_instants() -> None:
    none = Counts({Verdict.NO_SLOTS: 9}, drawn=False)

    assert figure_words.nothing_sentence(Words("fr"), none, 90) == ""
    assert figure_words.bounds_sentence(Words("fr"), none) == ""
    assert figure_words.range_text(Words("fr"), none.rate.interval) == "–"


def test_hours_of_the_week_are_named_or_said_not_to_stand_out() -> None:
    words = Words("fr")

    assert plain(figure_words.hours_sentence(words, [(0, 1), (6, 23)], drawn=True)) == (
        "Plus souvent que le hasard ne l’explique : lundi à 1 h, dimanche à 23 h."
    )
    assert figure_words.hours_sentence(words, [], drawn=True) == (
        "Aucune heure ne se distingue des autres."
    )
    assert figure_words.hours_sentence(words, [], drawn=False).startswith("Visites demandées")
    assert "168 heures de 343 démarches" in plain(figure_words.hours_meaning(words))


@pytest.mark.parametrize(
    ("found", "hours", "said"),
    [
        (9, 84, "la moitié en voient un en 4 jours"),
        (9, 5.5, "la moitié en voient un en 5,5 heures"),
        (9, 0, "la moitié en voient un en moins d’une heure"),
        (1, None, "plus de la moitié n’en voient aucun en 92 jours"),
        (0, None, "aucun vu en 92 jours"),
    ],
)
def test_a_wait_is_said_in_hours_or_days_and_none_is_no_never(
    found: int, hours: float | None, said: str
) -> None:
    half = None if hours is None else timedelta(hours=hours)
    wait = WaitForSlot(Looking.AT_NINE, 88, found, 92, half)

    assert plain(figure_words.wait_text(Words("fr"), wait)) == said


def test_a_difference_is_said_in_points_with_its_sign() -> None:
    words = Words("fr")

    assert re.fullmatch(
        r"\+50,0 points \(\+[\d,]+ à \+[\d,]+\)",
        plain(figure_words.difference_text(words, OfferRate(60, 40), OfferRate(10, 90))),
    )
    assert figure_words.difference_text(words, OfferRate(0, 0), OfferRate(1, 9)) == "–"
    assert (words.signed(-0.01, 1), words.signed(-2, 0), words.signed(2, 0)) == ("0,0", "−2", "+2")


def test_a_slot_that_an_attempt_in_no_rate_saw_is_told_all_the_same() -> None:
    seen = {Verdict.SLOTS: 2, Verdict.NO_SLOTS: 1, Verdict.TIMEOUT: 1}

    assert plain(figure_words.beside_sentence(Words("fr"), seen)) == (
        "Dans aucun taux : 4 tentatives de plus, à des instants qui n’ont pas été tirés"
        " (rendez-vous proposé : 2, aucun rendez-vous : 1)."
    )
    assert figure_words.beside_sentence(Words("fr"), {}) == ""
