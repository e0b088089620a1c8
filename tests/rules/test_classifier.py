"""The classifier alone: words, statuses and errors of a site, without a browser."""

from __future__ import annotations

import pytest

from fleet.models import Verdict
from fleet.rules.classifier import judge_gate, judge_page, judge_status
from fleet.rules.net_errors import judge_net_error
from fleet.rules.signs import PageReading, Sign, independent, normalise, quoted, said

NO_SLOT = "Il n'existe plus de plage horaire libre pour votre demande de rendez-vous."
URL = "https://www.puy-de-dome.gouv.fr/booking/create/14510/2"


def page(text: str, *headings: str, title: str = "") -> PageReading:
    return PageReading(url=URL, title=title, text=text, headings=headings)


@pytest.mark.parametrize(
    "seen",
    [
        NO_SLOT.upper(),
        NO_SLOT.replace("'", "\u2019"),
        NO_SLOT.replace(" ", "\u00a0"),
        NO_SLOT.replace(" ", "  \n\t"),
        NO_SLOT.replace("existe", "exi\u00adste"),
        NO_SLOT.replace("e", "e\u200b"),
    ],
)
def test_case_space_apostrophes_and_invisible_letters_do_not_matter(seen: str) -> None:
    assert normalise(seen) == normalise(NO_SLOT)


def test_letters_made_of_two_are_the_same_letter() -> None:
    assert normalise("de\u0301sactive\u0301") == "désactivé"


def test_every_sign_of_a_set_must_be_there() -> None:
    sentence, address = Sign(kind="text", patterns=(NO_SLOT,)), Sign(kind="url", patterns=("*/3",))

    assert said([sentence], page(NO_SLOT)) != ()
    assert said([sentence, address], page(NO_SLOT)) == ()


def test_two_sentences_are_one_proof_and_a_sentence_with_an_address_two() -> None:
    first, second = Sign(kind="text", patterns=("a",)), Sign(kind="text", patterns=("b",))
    address = Sign(kind="url", patterns=("*/2",))
    element, other = Sign(kind="css", patterns=("a",)), Sign(kind="css", patterns=("b",))

    assert not independent([first, second])
    assert not independent([element, element])
    assert independent([first, address])
    assert independent([element, other])


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (401, Verdict.BLOCKED),
        (403, Verdict.BLOCKED),
        (404, Verdict.UNRECOGNISED),
        (410, Verdict.UNRECOGNISED),
        (418, Verdict.UNRECOGNISED),
        (429, Verdict.RATE_LIMITED),
        (500, Verdict.OVERLOAD),
        (504, Verdict.OVERLOAD),
    ],
)
def test_a_bad_status_decides_whatever_the_page_says(status: int, verdict: Verdict) -> None:
    outcome = judge_status(status, URL, page(NO_SLOT))

    assert outcome is not None
    assert outcome.verdict == verdict


@pytest.mark.parametrize("status", [200, 204, 302])
def test_a_good_status_decides_nothing(status: int) -> None:
    assert judge_status(status, URL, page(NO_SLOT)) is None


def test_a_503_that_announces_maintenance_is_maintenance() -> None:
    outcome = judge_status(503, URL, page("Le site est en maintenance."))

    assert outcome is not None
    assert outcome.verdict == Verdict.MAINTENANCE


def test_how_long_to_wait_after_a_429_is_kept() -> None:
    outcome = judge_status(429, URL, None, "120")

    assert outcome is not None
    assert "Retry-After: 120" in outcome.detail


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (page("", "Service surchargé"), Verdict.OVERLOAD),
        (page("504 Gateway Time-out The server didn't respond in time."), Verdict.OVERLOAD),
        (page("Request forbidden by administrative rules."), Verdict.BLOCKED),
    ],
)
def test_a_page_that_is_only_a_proxys_message_decides(seen: PageReading, verdict: Verdict) -> None:
    outcome = judge_page(seen)

    assert outcome is not None
    assert outcome.verdict == verdict


def test_a_long_page_that_quotes_a_proxys_message_decides_nothing() -> None:
    assert judge_page(page("Ce site répond. " * 60 + "502 Bad Gateway")) is None


def test_a_page_that_works_and_announces_a_maintenance_decides_nothing() -> None:
    announced = page(NO_SLOT, "Information : maintenance programmée le 28 novembre")

    assert judge_page(announced) is None


def test_a_maintenance_is_one_where_nothing_else_is_known() -> None:
    outcome = judge_gate(page("Veuillez revenir plus tard.", "Site en maintenance"))

    assert outcome is not None
    assert outcome.verdict == Verdict.MAINTENANCE


def test_who_maintains_the_site_is_no_maintenance() -> None:
    assert judge_gate(page("Une phrase inconnue. Maintenance du site : DNUM")) is None


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ("net::ERR_CONNECTION_REFUSED at https://…", Verdict.SITE_DOWN),
        ("net::ERR_NAME_NOT_RESOLVED", Verdict.SITE_DOWN),
        ("net::ERR_CERT_DATE_INVALID", Verdict.SITE_DOWN),
        ("net::ERR_TOO_MANY_REDIRECTS", Verdict.SITE_DOWN),
        ("net::ERR_CONNECTION_TIMED_OUT", Verdict.TIMEOUT),
        ("net::ERR_INTERNET_DISCONNECTED", Verdict.CRASHED),
        ("net::ERR_UNSAFE_PORT", Verdict.CRASHED),
        ("net::ERR_ABORTED", Verdict.UNRECOGNISED),
        ("", Verdict.UNRECOGNISED),
    ],
)
def test_an_error_of_ours_is_not_put_down_to_the_site(error: str, verdict: Verdict) -> None:
    assert judge_net_error(error).verdict == verdict


@pytest.mark.parametrize(
    "pattern", ["Aucun créneau", "L'un \"ou\" l'autre", "a\nb ×3", "\\ \u200b"]
)
def test_the_words_of_a_sign_quote_its_pattern(pattern: str) -> None:
    reading = PageReading(url=pattern, title="", text=pattern, counts={pattern: 3})

    for kind in ("text", "css"):
        words = Sign(kind=kind, patterns=("no", pattern)).seen(reading)
        assert quoted(str(words)) == (kind, pattern)
    assert quoted(f"heading {pattern!r}") == ("heading", pattern)


@pytest.mark.parametrize("words", ["", "HTTP 502 http://x/", "text 'cut", "text __import__('os')"])
def test_words_that_quote_no_sign_are_none(words: str) -> None:
    assert quoted(words) is None
