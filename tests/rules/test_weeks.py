"""Words for one week and for all there are, and what leads to the next week."""

from __future__ import annotations

import pytest

from fleet.rules.signs import PageReading, Sign
from fleet.rules.weeks import Extent, extent_of, is_shut, kept_from, leads_on

SENTENCE = "aucun créneau"


def said(text: str, *patterns: str, kind: str = "text") -> Extent:
    sign = Sign.model_validate({"kind": kind, "patterns": patterns or (SENTENCE,)})
    url = "https://rdv.example/"
    return extent_of([sign], PageReading(url=url, title="", text=text))


@pytest.mark.parametrize(
    ("text", "extent"),
    [
        ("Aucun créneau disponible cette semaine", Extent.SHOWN),
        ("Aucun créneau disponible sur cette semaine. Veuillez réessayer ultérieurement.", "shown"),
        ("Aucun créneau pour la semaine du 12 au 18 janvier", Extent.SHOWN),
        ("Aucun créneau ce mois-ci", Extent.SHOWN),
        ("Aucun créneau à cette date", Extent.SHOWN),
        ("Aucun créneau pour la période sélectionnée", Extent.SHOWN),
        ("Aucun créneau disponible à partir de cette date.", Extent.WHOLE),
        ("Aucun créneau disponible. Veuillez réessayer ultérieurement.", Extent.WHOLE),
        ("Aucun créneau à ce jour", Extent.WHOLE),
        ("Aucun créneau pour le moment", Extent.WHOLE),
        ("Malheureusement, aucun créneau n'a été trouvé.", Extent.WHOLE),
        ("Aucun créneau disponible", Extent.UNSAID),
        ("Aucun créneau disponible. Rendez-vous mis en ligne chaque semaine.", Extent.UNSAID),
        ("Aucun créneau cette semaine\nAucun créneau pour le moment", Extent.WHOLE),
        ("Aucun créneau\ncette semaine", Extent.SHOWN),
        ("Aucun créneau disponible\nVeuillez réessayer ultérieurement.", Extent.WHOLE),
        ("Aucun créneau disponible\nSemaine suivante", Extent.UNSAID),
        ("Autre chose", Extent.WORDLESS),
    ],
)
def test_words_speak_of_what_is_shown_or_of_all(text: str, extent: Extent) -> None:
    assert said(text) == extent


def test_a_sentence_over_several_lines_is_taken_as_it_was_asked_for() -> None:
    pattern = "Aucun créneau cette semaine"

    assert said("Aucun créneau\ncette semaine", pattern) == Extent.SHOWN


def test_elements_and_addresses_say_nothing_of_how_much() -> None:
    assert said(SENTENCE, "p.vide", kind="css") == Extent.WORDLESS


@pytest.mark.parametrize(
    "name",
    [
        *("Semaine suivante", "semaine suivante »", "› Semaine prochaine", "SEMAINE SUIVANTE >"),
        *("Voir la semaine suivante", "Afficher les jours suivants", "7 jours suivants"),
        *("Mois suivant", "Aller au mois suivant", "Sem. suiv.", "Prochaine semaine", "Next week"),
        *("Semaine suivante (07/12 au 13/12)", "Semaine suivante du 7 décembre", "Dates suivantes"),
    ],
)
def test_a_control_leads_on_by_what_it_says(name: str) -> None:
    assert leads_on(["", name])


@pytest.mark.parametrize(
    "name",
    [
        *("", "›", "Suivant", "Étape suivante", "Page suivante", "Semaine précédente"),
        *("Confirmer la semaine suivante", "Réserver la semaine suivante", "Cette semaine"),
        *("Prochaine disponibilité le 12/12/2026", "Prochaine date disponible", "Semaine 50"),
        "Prochaine mise en ligne de nouveaux rendez-vous",
    ],
)
def test_a_control_that_says_something_else_does_not(name: str) -> None:
    assert not leads_on([name])


@pytest.mark.parametrize(
    ("attributes", "shut"),
    [
        ({"disabled": ""}, True),
        ({"aria-disabled": "true"}, True),
        ({"class": "ui-datepicker-next ui-state-disabled"}, True),
        ({"class": "btn disabled"}, True),
        ({"class": "btn", "aria-disabled": "false"}, False),
        ({"class": "not-disabledness"}, False),
    ],
)
def test_a_control_is_shut_by_its_attributes(attributes: dict[str, str], shut: bool) -> None:
    assert is_shut(attributes) == shut


@pytest.mark.parametrize(
    ("page", "address", "posts", "words"),
    [
        ("https://a.example/x", "https://a.example/x?semaine=2", False, None),
        ("https://a.example/x", None, False, None),
        ("https://a.example/x", "javascript:suivant()", False, None),
        ("https://a.example/x", "https://b.example/x", False, "another site"),
        ("https://a.example/x", None, True, "sends a form"),
        ("https://a.example/rdvpref/reservation/demarche/1/creneau/", None, False, "not known"),
    ],
)
def test_a_way_on_that_may_do_more_than_read_is_not_pressed(
    page: str, address: str | None, posts: bool, words: str | None
) -> None:
    why = kept_from(page, address, posts=posts)

    assert (why is None) if words is None else (why is not None and words in why)
