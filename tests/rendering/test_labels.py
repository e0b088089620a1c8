"""What readers are told in words that others published."""

from __future__ import annotations

from fleet.analysis.delays import Delay
from fleet.rendering.labels import DELAYS


def test_every_class_of_delay_has_the_words_that_la_cimade_published() -> None:
    assert [DELAYS[delay] for delay in Delay] == [
        "au moins deux dates sur un mois",
        "une seule date possible sous un mois",
        "première date possible entre un et deux mois",
        "première date possible au-delà de 2 mois",
        "pas de date disponible",
        "date inconnue",
    ]
