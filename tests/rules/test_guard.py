"""What no visit may send or press, as plain rules; that nothing leaves is proved elsewhere."""

from __future__ import annotations

import pytest

from fleet.errors import GuardRefused
from fleet.rules.guard import Guard, check_press, forbidden, may_send

SITE = "https://www.puy-de-dome.gouv.fr"
CREATE = f"{SITE}/booking/create/14510"
EAPPOINTMENT = "https://rdv-etrangers-94.interieur.gouv.fr/eAppointmentpref94"
ANEF_LOGIN = "https://sso.anef.dgef.interieur.gouv.fr/auth/realms/anef-usagers"
RDV = "https://rdv.anct.gouv.fr"
FORM = "https://demarche.numerique.gouv.fr/commencer/rdv-aes-pro"


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
        *(
            f"{EAPPOINTMENT}/dwr/call/plaincall/AjaxSelectionFormFeeder.{call}.dwr"
            for call in (
                "checkSelectionValidity",
                "confirmAppointment",
                "confirmdeleteAppointmentDuplicated",
            )
        ),
        f"{ANEF_LOGIN}/login-actions/authenticate?session_code=a",
        f"{ANEF_LOGIN}/login-actions/registration",
        f"{ANEF_LOGIN}/protocol/openid-connect/registrations?client_id=anef-usagers",
        f"{RDV}/users/rdv_wizard_step/new?starts_at=2026-11-30+09%3A00&lieu_id=1",
        f"{RDV}/users/sign_up",
        f"{RDV}/prendre_rdv_prescripteur",
        f"{RDV}/prescripteur/start?starts_at=2026-11-30",
        f"{RDV}/creneaux?lieu_id=1&starts_at=2026-11-30+09%3A00",
        f"{RDV}/creneaux%3Fstarts_at=2026-11-30",
        f"{RDV}/rdv_invitations/x/create_rdv?starts_at=2026-11-30",
        *(f"{FORM}/{door}" for door in ("sign_in", "sign_up", "france_connect", "pro_connect")),
        f"{FORM}?champ_Q2hhbXA=x",
        f"{FORM}?a=b&identite_nom=x",
        "https://demarche.numerique.gouv.fr/dossiers/new?procedure_id=1",
        "https://demarche.numerique.gouv.fr/users/sign_up",
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
        f"{EAPPOINTMENT}/appointment.do?sitekey=P941&mobile=false",
        f"{EAPPOINTMENT}/dwr/call/plaincall/AjaxMotive.motiveMultiSiteSubmit.dwr",
        f"{EAPPOINTMENT}/dwr/call/plaincall/AjaxSelectionFormFeeder.getClosedDaysList.dwr",
        "https://administration-etrangers-en-france.interieur.gouv.fr/particuliers/#/",
        f"{ANEF_LOGIN}/protocol/openid-connect/auth?prompt=none",
        f"{RDV}/prendre_rdv?departement=29&public_link_organisation_id=2458&date=2026-11-30",
        f"{RDV}/org/2458/prefecture",
        FORM,
        f"{FORM}-champ_libre?test=1",
        FORM.replace("/commencer/", "/fermeture/"),
        "https://demarche.numerique.gouv.fr/dossiers/newsletter",
    ],
)
def test_an_address_that_only_reads_is_allowed(url: str) -> None:
    assert forbidden(url) is None


@pytest.mark.parametrize("page", [f"{CREATE}/4", f"{CREATE}/04;a=b", f"{CREATE}/6"])
def test_nothing_is_posted_from_the_calendar_on(page: str) -> None:
    assert not may_send(f"{CREATE}/4", "POST", page)
    assert not may_send(CREATE, "POST", page)
    assert may_send(f"{CREATE}/4", "GET", page)


def test_nothing_is_posted_from_the_calendar_of_rdv_prefecture() -> None:
    guichet = "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040"

    for page in (
        f"{guichet}/creneau/",
        f"{guichet}/creneau/_choisirBloc?a=b",
        f"{guichet}/creneau",
    ):
        assert not may_send(f"{guichet}/creneau/", "POST", page)
        assert may_send(f"{guichet}/creneau/", "GET", page)
    assert may_send(f"{guichet}/cgu/", "POST", f"{guichet}/cgu/")


def test_the_calendar_is_opened_by_a_post_from_the_description() -> None:
    assert may_send(f"{CREATE}/4", "POST", f"{CREATE}/3")


@pytest.mark.parametrize("door", ["/users/sign_in", "/france_connect", "/pro_connect/login"])
def test_a_site_may_send_a_visit_to_sign_in_but_no_visit_goes_there_or_signs_in(door: str) -> None:
    """Being sent there is the finding `login_required`; going there is a mistake."""
    assert may_send(f"{RDV}{door}", "GET", f"{RDV}/prendre_rdv")
    assert not may_send(f"{RDV}{door}", "POST", f"{RDV}{door}")
    with pytest.raises(GuardRefused):
        check_press("29/x", "Se connecter", f"{RDV}{door}")


@pytest.mark.parametrize(
    "words",
    [
        *("Première plage horaire libre", " CONFIRMER le rendez-vous", "Valider et terminer"),
        *("libre", "Choisir le créneau de 09:00", "Créer un compte demarches-simplifiees.fr"),
        "Gérer mes rendez-vous",
    ],
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


def test_the_form_of_eappointment_is_sent_once_in_a_visit_and_no_more() -> None:
    """All its steps have one address: the second form would be the one that takes a slot."""
    guard = Guard("94/etrangers")
    step, send = f"{EAPPOINTMENT}/element/jsp/appointment.jsp", f"{EAPPOINTMENT}/appointment.do"
    call = f"{EAPPOINTMENT}/dwr/call/plaincall/AjaxMotive.motiveMultiSiteSubmit.dwr"

    asked = [
        (f"{send}?sitekey=P941", "GET"),
        (call, "POST"),
        (call, "POST"),
        (send, "POST"),
        (step, "GET"),
        (call, "POST"),
        (send, "POST"),
    ]

    allowed = [guard.allows(url, method, step) for url, method in asked]
    assert allowed == [True] * 6 + [False]
    assert Guard("94/etrangers").allows(send, "POST", step), "another visit counts for itself"


def test_forms_of_other_platforms_are_not_counted() -> None:
    guard = Guard("63/titre-de-sejour")

    assert all(guard.allows(f"{CREATE}/1", "POST", f"{CREATE}/1") for _ in range(5))


def test_a_person_may_answer_the_captcha_and_nothing_else() -> None:
    """In the window of a person's session; a scenario has no way to such a guard."""
    site = "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040"
    person, scenario = Guard("69/titre-de-sejour", person=True), Guard("69/titre-de-sejour")

    assert person.allows(f"{site}/cgu/_validerCaptcha", "POST", f"{site}/cgu/")
    assert not person.allows(f"{site}/formulaire/", "GET", f"{site}/creneau/")
    assert not person.allows(f"{site}/_validerCaptcha/formulaire/", "GET", f"{site}/creneau/")
    assert not scenario.allows(f"{site}/cgu/_validerCaptcha", "POST", f"{site}/cgu/")
