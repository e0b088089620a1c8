"""What no visit may send or press, as plain rules; that nothing leaves is proved elsewhere."""

from __future__ import annotations

import pytest

from fleet.errors import GuardRefused
from fleet.guard import check_press, forbidden, may_send

SITE = "https://www.puy-de-dome.gouv.fr"
CREATE = f"{SITE}/booking/create/14510"


@pytest.mark.parametrize(
    "url",
    [
        *(f"{CREATE}/{step}" for step in (5, 6, 7, 8, 9)),
        f"{CREATE}/5/1795680000",
        f"{CREATE}/5?week=2",
        f"{CREATE}/5;jsessionid=1",
        f"{CREATE}/05",
        f"{SITE}/index.php/booking/create/14510/8#form",
        f"{SITE}/Booking/Create/14510/5",
        f"{SITE}/%62ooking/create/14510/%35",
        f"{SITE}/%2562ooking/create/14510/5",
        f"{SITE}/booking/confirm/abc",
        "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040/formulaire/",
        "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/x/formulaire;jsessionid=A",
        "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/x/_validerCaptcha",
    ],
)
def test_an_address_that_takes_a_slot_or_answers_a_captcha_is_forbidden(url: str) -> None:
    assert forbidden(url) is not None


@pytest.mark.parametrize(
    "url",
    [
        CREATE,
        *(f"{CREATE}/{step}" for step in (0, 1, 2, 3, 4)),
        f"{SITE}/booking/create/51234/2",
        f"{SITE}/booking/create/5",
        f"{SITE}/ezjscore/call/bookingserver::planning::assign::14510::5::7",
        f"{SITE}/formulaires-cerfa",
        "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040/creneau/",
    ],
)
def test_an_address_that_only_reads_is_allowed(url: str) -> None:
    assert forbidden(url) is None


@pytest.mark.parametrize("page", [f"{CREATE}/4", f"{CREATE}/04;a=b", f"{CREATE}/6"])
def test_nothing_is_posted_from_the_calendar_on(page: str) -> None:
    assert not may_send(f"{CREATE}/4", "POST", page)
    assert not may_send(CREATE, "POST", page)
    assert may_send(f"{CREATE}/4", "GET", page)


def test_the_calendar_is_opened_by_a_post_from_the_description() -> None:
    assert may_send(f"{CREATE}/4", "POST", f"{CREATE}/3")


@pytest.mark.parametrize(
    "words",
    ["Première plage horaire libre", " CONFIRMER le rendez-vous", "Valider et terminer", "libre"],
)
def test_the_words_of_a_final_step_are_not_pressed(words: str) -> None:
    with pytest.raises(GuardRefused, match="would take or hold a slot"):
        check_press("63/titre-de-sejour", words, None)


def test_a_link_is_not_pressed_whatever_it_says_if_it_leads_to_a_slot() -> None:
    with pytest.raises(GuardRefused):
        check_press("63/titre-de-sejour", "Suivant", f"{CREATE}/5/1795680000")


@pytest.mark.parametrize("words", ["Prendre rendez-vous", "Etape suivante", "Créneaux libres ?"])
def test_the_words_of_a_first_step_are_pressed(words: str) -> None:
    check_press("63/titre-de-sejour", words, f"{CREATE}/1")
