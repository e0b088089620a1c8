"""What no visit may send or press, as plain rules; that nothing leaves is proved elsewhere."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from fleet.errors import GuardRefused
from fleet.models.address import host_of
from fleet.rules.addresses import readings
from fleet.rules.forbidden import WATCHED, forbidden
from fleet.rules.guard import Guard, GuardRefusal, PageRequest, calendar, check_press, refusal

SITE = "https://www.puy-de-dome.gouv.fr"
CREATE = f"{SITE}/booking/create/14510"
EAPPOINTMENT = "https://rdv-etrangers-94.interieur.gouv.fr/eAppointmentpref94"
ANEF_LOGIN = "https://sso.anef.dgef.interieur.gouv.fr/auth/realms/anef-usagers"
RDV = "https://rdv.anct.gouv.fr"
FORM = "https://demarche.numerique.gouv.fr/commencer/rdv-aes-pro"
GUICHET = "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040"


def may_send(url: str, method: str, *senders: str, kind: str = "Document") -> bool:
    return refusal(PageRequest(url, method, kind, senders)) is None


def allows(guard: Guard, url: str, method: str, page: str) -> bool:
    return guard.judge(PageRequest(url, method, "Document", (page,))) is None


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
    for page in (
        f"{GUICHET}/creneau/",
        f"{GUICHET}/creneau/_choisirBloc?a=b",
        f"{GUICHET}/creneau",
    ):
        assert not may_send(f"{GUICHET}/creneau/", "POST", page)
        assert may_send(f"{GUICHET}/creneau/", "GET", page)
    assert may_send(f"{GUICHET}/cgu/", "POST", f"{GUICHET}/cgu/")


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

    allowed = [allows(guard, url, method, step) for url, method in asked]
    assert allowed == [True] * 6 + [False]
    assert allows(Guard("94/etrangers"), send, "POST", step), "another visit counts for itself"


def test_forms_of_other_platforms_are_not_counted() -> None:
    guard = Guard("63/titre-de-sejour")

    assert all(allows(guard, f"{CREATE}/1", "POST", f"{CREATE}/1") for _ in range(5))


def test_a_person_may_answer_the_captcha_and_nothing_else() -> None:
    """In the window of a person's session; a scenario has no way to such a guard."""
    person, scenario = Guard("69/titre-de-sejour", person=True), Guard("69/titre-de-sejour")

    assert allows(person, f"{GUICHET}/cgu/_validerCaptcha", "POST", f"{GUICHET}/cgu/")
    assert not allows(person, f"{GUICHET}/formulaire/", "GET", f"{GUICHET}/creneau/")
    assert not allows(
        person, f"{GUICHET}/_validerCaptcha/formulaire/", "GET", f"{GUICHET}/creneau/"
    )
    assert not allows(scenario, f"{GUICHET}/cgu/_validerCaptcha", "POST", f"{GUICHET}/cgu/")


# By meaning, not by spelling ----------------------------------------------------------------------

SPELLINGS = [
    f"{SITE}/BOOKING/CREATE/14510/5",
    f"{SITE}/booking%2Fcreate%2F14510%2F5",
    f"{SITE}/%62%6F%6F%6B%69%6E%67/create/14510/5",
    f"{SITE}/booking//create///14510//5",
    f"{SITE}/booking/./create/14510/5",
    f"{SITE}/booking/create/14510/4/../5",
    f"{SITE}/booking/create/14510/4/%2e%2e/5",
    f"{SITE}/booking/create/14510/5%2F..%2F4",
    f"{SITE}/booking/create/14510/4%2F..%2F5",
    f"{SITE}\\booking\\create\\14510\\5",
    f"{SITE}/booking%5Ccreate%5C14510%5C5",
    f"{SITE}/booking;v=1/create;v=2/14510;v=3/5",
    f"{SITE}/booking/create/14510/%205",
    f"{SITE}/booking/create/14510/%2B5",
    f"{SITE}/ｂｏｏｋｉｎｇ/create/14510/5",
    f"{SITE}/%EF%BD%82ooking/create/14510/5",
    f"{SITE}/%25252562ooking/create/14510/5",
    f"{SITE}/booking/create/14510/5#/booking/create/14510/4",
    "//www.puy-de-dome.gouv.fr/booking/create/14510/5",
    "/booking/create/14510/5",
    f"{GUICHET}/FORMULAIRE/",
    f"{GUICHET}/formulaire.html",
    f"{GUICHET}/cgu/_VALIDERcaptcha",
    f"{RDV}/creneaux/?lieu_id=1&STARTS_AT=2026-11-30",
    f"{RDV}/creneaux?search%5Bstarts_at%5D=2026-11-30",
    f"{FORM}?a=b&%63hamp_x=1",
]


@pytest.mark.parametrize("url", SPELLINGS)
def test_an_address_is_known_however_it_is_spelt(url: str) -> None:
    assert forbidden(url) is not None


@pytest.mark.parametrize("url", [url for url in SPELLINGS if "ｂ" not in url])
def test_a_picture_at_a_forbidden_address_is_paused_however_it_is_spelt(url: str) -> None:
    """Chromium writes `\\` as `/` and encodes what is no ASCII before it compares."""
    asked = url.partition("#")[0].replace("\\", "/")

    assert any(fnmatchcase(asked, pattern) for pattern in WATCHED)


@pytest.mark.parametrize(
    "page",
    [f"{SITE}/Booking/%63reate//14510/04", f"{GUICHET}/CRENEAU/", f"{GUICHET}/x/../creneau;a=b/"],
)
def test_a_calendar_is_known_however_its_address_is_spelt(page: str) -> None:
    assert calendar(page)
    assert not may_send(f"{SITE}/x", "POST", page)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Puy-de-Dome.gouv.fr:8443/x", "www.puy-de-dome.gouv.fr"),
        ("https://a@b:1@c.fr/", "c.fr"),
        ("http://[::1]:80/", "::1"),
        ("http://a.fr.:80/", "a.fr"),
        ("https://Préfecture.fr/x", "xn--prfecture-c4a.fr"),
        ("http://[fe80::1]/", "fe80::1"),
        ("blob:https://a.fr/0-1", "a.fr"),
        ("http://[", ""),
        ("null", ""),
        ("about:srcdoc", ""),
        ("/booking", ""),
    ],
)
def test_a_host_is_taken_from_an_address(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "piece", ["%25", "../", "rdvpref/", "rdv_invitations/", "commencer/", ";/"]
)
def test_an_address_without_end_is_refused_and_no_work_is_put_into_it(piece: str) -> None:
    """Chromium takes two million characters."""
    url = f"{SITE}/{piece * (2_000_000 // len(piece))}"

    assert forbidden(url, kind="XHR") == "it is too long to be read"
    assert sum(len(way.path) for way in readings(url)) < 500_000
    assert forbidden(f"{SITE}/x?{'a=1&' * 400_000}", kind="XHR") is None


# What is asked for, and by whom -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"{SITE}/css/formulaire.css", "Stylesheet"),
        (f"{SITE}/css/formulaire.css?v=3", "Stylesheet"),
        (f"{SITE}/js/booking/confirm.js", "Script"),
        (f"{SITE}/images/formulaire/logo.svg", "Image"),
        (f"{SITE}/formulaire/police.woff2", "Font"),
        (f"{SITE}/prescripteur/film.mp4", "Media"),
        (f"{SITE}/formulaire/favicon.ico", "Other"),
        (f"{SITE}/formulaire/notice.pdf", "Document"),
        (f"{SITE}/i18n/formulaire.json", "XHR"),
        (f"{SITE}/users/sign_up/manifest.json", "Manifest"),
        (f"{SITE}/login-actions/theme.css", "Stylesheet"),
        (f"{SITE}/suivi.gif?page=%2Fbooking%2Fcreate%2F14510%2F5", "Image"),
        (f"{SITE}/connexion?retour=/booking/create/14510/5", "Document"),
        # parts of a page, whose addresses have no ending
        (f"{SITE}/css/formulaire/", "Stylesheet"),
        (f"{SITE}/js/booking/confirm", "Script"),
        (f"{SITE}/images/booking/create/14510/5.png", "Image"),
        (f"{SITE}/fonts/formulaire", "Font"),
        (f"{SITE}/static/_validerCaptcha.js", "Script"),
        (f"{SITE}/assets/rdv_invitations/create_rdv-a1b2.js", "Script"),
        (f"{SITE}/js/ajax.confirmAppointment.js", "Script"),
        # other sites' forms
        (f"{SITE}/contact/formulaire/", "Document"),
        (f"{SITE}/formulaire", "Fetch"),
        (f"{SITE}/formulaire/lang/fr.json", "XHR"),
        (f"{SITE}/confirmation-de-rdv/aide", "Document"),
    ],
)
def test_a_file_is_no_form_whatever_it_is_called(url: str, kind: str) -> None:
    assert forbidden(url, kind=kind) is None


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        (f"{CREATE}/5", "Image"),
        (f"{CREATE}/5.png", "Image"),
        (f"{CREATE}/5/style.css", "Stylesheet"),
        (f"{SITE}/booking/confirm", "Image"),
        (f"{SITE}/booking/confirm", "Script"),
        (f"{SITE}/booking/confirm.js", "XHR"),
        (f"{SITE}/booking/confirm/x%3F.png", "Image"),
        (f"{SITE}/booking/confirm/;x.png", "Image"),
        (f"{SITE}/booking/confirm?x=/logo.png", "Image"),
        (f"{GUICHET}/formulaire/", "Image"),
        (f"{GUICHET}/js/../formulaire", "Script"),
        (f"{SITE}/reservation/demarche/9040/formulaire", "Fetch"),
        (f"{SITE}/js/booking/confirm", "XHR"),
        (f"{SITE}/booking/confirm/x.css", "Document"),
        (f"{SITE}/booking/confirm/x.png", "Document"),
        (f"{CREATE}/10", "Document"),
        (f"{CREATE}/(step)/5", "Document"),
        (f"{SITE}/index.php?/booking/create/14510/5", "Document"),
        (f"{RDV}/creneaux.html?starts_at=1", "Document"),
        (f"{RDV}/users/rdv_wizard_step/new.json", "XHR"),
        (f"{RDV}/creneaux?starts_at=1", "Ping"),
    ],
)
def test_an_address_that_acts_is_forbidden_whatever_asks_for_it(url: str, kind: str) -> None:
    assert forbidden(url, kind=kind) is not None


def test_a_form_of_whatever_kind_is_neither_pressed_nor_sent() -> None:
    form = f"{SITE}/contact/formulaire/"

    assert not may_send(form, "POST", SITE)
    with pytest.raises(GuardRefused):
        check_press("92/x", "Continuer", form)


@pytest.mark.parametrize(
    "words",
    [
        "Réserver ce créneau",
        "Choisir ce créneau",
        "Prendre ce rendez-vous",
        "Valider mon rendez-vous",
        "Je confirme mon rendez-vous",
        "Annuler mon rendez-vous",
        "Choisir\u202a ce\u200f créneau",
    ],
)
def test_usual_words_of_a_final_button_are_not_pressed(words: str) -> None:
    with pytest.raises(GuardRefused):
        check_press("92/x", words, None)


def test_nothing_may_be_posted_while_one_of_the_senders_is_a_calendar() -> None:
    portal, frame = f"{SITE}/rendez-vous", f"{CREATE}/4"

    for kind in ("Document", "XHR", "Ping", "Other"):
        assert not may_send(f"{SITE}/x", "POST", portal, frame, kind=kind)
        assert not may_send(f"{SITE}/x", "PUT", frame, kind=kind)
        assert may_send(f"{SITE}/x", "POST", portal, kind=kind)


def test_what_a_calendar_sends_to_somebody_else_is_stopped_and_no_fault_of_the_visit() -> None:
    """Audience measurement; a form that leads elsewhere is a step all the same."""
    guard, page = Guard("63/x"), (f"{CREATE}/4",)
    elsewhere = "https://audience.example/hit"

    for asked in (
        PageRequest(elsewhere, "POST", "XHR", page),
        PageRequest(elsewhere, "POST", "Ping", page),
        PageRequest(f"{SITE}/csp", "POST", "CSPViolationReport", page),
    ):
        found = guard.judge(asked)
        assert found is not None
        assert not found.grave
    assert guard.refused == []
    found = guard.judge(PageRequest(elsewhere, "POST", "Document", page))
    assert found is not None
    assert found.grave
    assert len(guard.refused) == 1


@pytest.mark.parametrize(
    ("rest", "allowed"),
    [
        ("bookingserver::planning::assign::14510::14520::7", True),
        ("bookingserver::planning::assign::14510::14520::7,bookingserver::x", False),
        ("bookingserver::planning::take::14510", False),
        ("bookingserver::planning::assign::1/../../../booking/create/14510/4", False),
    ],
)
def test_the_calendar_of_ez_may_post_the_question_for_its_week_and_nothing_else(
    rest: str, allowed: bool
) -> None:
    """Three public checkers saw it posted: without it the page shows no slots at all."""
    url, page = f"{SITE}/ezjscore/call/{rest}", f"{CREATE}/4"

    assert may_send(url, "POST", page, kind="XHR") is allowed


def test_a_refusal_says_what_was_stopped_by_which_rule_and_what_to_do_if_it_is_wrong() -> None:
    guard = Guard("92/x")
    guard.judge(PageRequest(f"{SITE}/rdvpref/formulaire/", "GET", "Document"))

    with pytest.raises(GuardRefused) as told:
        guard.check()
    assert str(told.value) == (
        "92/x: the guard stopped a request that would take or hold a slot: GET"
        f" {SITE}/rdvpref/formulaire/ (Document): '/rdvpref/formulaire' is the personal form of"
        " RDV-Préfecture. Nothing was sent; end the scenario one step earlier. If this is a false"
        ' alarm: docs/conduct.md, "When the guard is wrong"'
    )


CALENDAR_OF_EZ = f"{CREATE}/4"


def test_while_a_visit_looks_through_a_calendar_only_reading_leaves() -> None:
    """What is stopped for that alone is noted, and the visit goes on; a step that takes a slot
    still ends it."""
    guard = Guard("63/x")
    guard.only_reads = True
    week = (
        f"{CREATE.partition('/booking')[0]}/ezjscore/call/bookingserver::planning::assign::1::2::7"
    )

    def judged(url: str, method: str, kind: str = "XHR") -> GuardRefusal | None:
        return guard.judge(PageRequest(url, method, kind, (CALENDAR_OF_EZ,)))

    assert judged("https://rdv.example/semaine", "GET") is None
    assert judged(week, "POST") is None
    for url in ("https://rdv.example/semaine", CALENDAR_OF_EZ):
        refusal = judged(url, "POST")
        assert refusal is not None
        assert not refusal.grave
    assert guard.refused == []
    taking = judged(f"{CREATE}/5", "POST")
    assert taking is not None
    assert taking.grave
    assert guard.refused
