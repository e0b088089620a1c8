"""An address is known by what a server may make of it: hundreds of spellings, none of them sent."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from urllib.parse import quote

import pytest

from fleet.rules.forbidden import WATCHED, forbidden
from fleet.rules.guard import PageRequest, calendar, refusal

SITE = "https://www.puy-de-dome.gouv.fr"
TAKES = (
    "/booking/create/14510/5",
    "/rdvpref/reservation/demarche/9040/formulaire/",
    "/rdvpref/x/_validerCaptcha",
    "/users/rdv_wizard_step/new",
    "/users/sign_up",
    "/dossiers/new",
    "/commencer/rdv-aes/sign_in",
    "/creneaux?starts_at=1",
    "/eApp/dwr/call/plaincall/AjaxSelectionFormFeeder.confirmAppointment.dwr",
    "/auth/login-actions/registration",
)
READS = (
    "/booking/create/14510/3",
    "/booking/create/14510",
    "/rdvpref/reservation/demarche/9040/creneau/",
    "/prendre_rdv?departement=29",
    "/commencer/rdv-aes",
    "/contact/formulaire/",
    "/formulaires-cerfa",
    "/css/formulaire-r%C3%A9ponse",
    "/connexion?retour=/booking/create/14510/5",
    "/recherche?q=booking/create",
)

Spelling = Callable[[str], str]


def each(change: Spelling) -> Spelling:
    """The same of every name between two slashes."""
    return lambda path: "/".join(change(name) if name else "" for name in path.split("/"))


def slash(other: str) -> Spelling:
    """Another slash in the place of all but the first."""
    return lambda path: path[0] + path[1:].replace("/", other)


def inserted(what: str) -> Spelling:
    return lambda path: path[:4] + what + path[4:]


def before(what: str) -> Spelling:
    return lambda path: what + path


def encoded(path: str) -> str:
    return "".join(c if c in "/?" else f"%{ord(c):02x}" for c in path)


def wide(path: str) -> str:
    return "".join(c if c in "/?=" else chr(ord(c) + 0xFEE0) for c in path)


SPELLINGS: dict[str, Spelling] = {
    "large letters": lambda path: path.partition("?")[0].upper() + "?starts_at",
    "large first letters": lambda path: path.partition("?")[0].title() + "?starts_at",
    "encoded": encoded,
    "first letter encoded": lambda path: f"/%{ord(path[1]):02X}{path[2:]}",
    "encoded twice": lambda path: encoded(path).replace("%", "%25"),
    "encoded three times": lambda path: encoded(path).replace("%", "%2525"),
    "slash encoded": slash("%2F"),
    "slash encoded twice": slash("%252f"),
    "slash encoded four times": slash("%2525252f"),
    "slash doubled": slash("//"),
    "begins with three": before("//"),
    "dot": slash("/./"),
    "dot encoded": slash("/%2e/"),
    "two dots": slash("/x/../"),
    "two dots encoded": slash("/x/%2E%2e/"),
    "two dots with an encoded slash": slash("/x%2f..%2f"),
    "above the root": before("/../.."),
    "parameters": each(lambda name: f"{name};a=b" if "?" not in name else name),
    "parameters encoded": each(lambda name: f"{name}%3Ba" if "?" not in name else name),
    "session": lambda path: path.replace("?", ";jsessionid=1?") if "?" in path else f"{path};a",
    "dot at the end": each(lambda name: f"{name}." if "?" not in name else name),
    "dots at the end": each(lambda name: f"{name}..." if "?" not in name else name),
    "dot at the end, encoded": each(lambda name: f"{name}%2e" if "?" not in name else name),
    "plus at the end": each(lambda name: f"{name}+" if "?" not in name else name),
    "space at the end": each(lambda name: f"{name}%20"),
    "space at the beginning": each(lambda name: f"%20{name}"),
    "wide letters": wide,
    "wide letters encoded": lambda path: quote(wide(path), safe="/?="),
    "backslash": lambda path: path.replace("/", "\\"),
    "backslash encoded": slash("%5c"),
    "tabulator": inserted("\t"),
    "tabulator encoded": inserted("%09"),
    "new line encoded": inserted("%0d%0a"),
    "nothing (NUL)": each(lambda name: f"{name}%00"),
    "space without width": inserted("%E2%80%8B"),
    "soft hyphen": inserted("%C2%AD"),
    "mark of byte order": inserted("%EF%BB%BF"),
    "joiner": inserted("\u200d"),
    "right to left": inserted("\u202e"),
    "accent": inserted("\u0301"),
    "overlong slash": slash("%c0%af"),
    "overlong slash, three bytes": slash("%e0%80%af"),
    "overlong letter": lambda path: f"/%c1%{0x80 | ord(path[1]) & 0x3F:02x}{path[2:]}",
    "%u": lambda path: f"/%u{ord(path[1]):04x}{path[2:]}",
    "%u everywhere": lambda path: "".join(c if c in "/?" else f"%u{ord(c):04X}" for c in path),
    "%u slash": slash("%u002f"),
    "fraction slash": slash("\u2044"),
    "division slash": slash("\u2215"),
    "wide slash": slash("%ef%bc%8f"),
    "long s": lambda path: path.partition("?")[0].replace("s", "\u017f") + "?starts_at",
    "kelvin": lambda path: path.replace("k", "\u212a"),
    "i without dot": lambda path: path.replace("i", "\u0131"),
    "I with dot": lambda path: path.replace("i", "\u0130"),
    "ending": lambda path: path.replace("?", ".html?") if "?" in path else f"{path}.html",
    "query": lambda path: f"{path}&x=1" if "?" in path else f"{path}?x=1",
    "empty query": lambda path: path if "?" in path else f"{path}?",
    "fragment": lambda path: f"{path}#/booking/create/14510/4",
    "fragment after a query": lambda path: f"{path}&#x" if "?" in path else f"{path}?#x",
    "script before it": before("/index.php"),
    "script and part of the site": before("/index.php/fre"),
    "in the query": before("/index.php?"),
    "in a parameter": lambda path: f"/index.php?q={path[1:]}",
    "in an encoded parameter": lambda path: f"/index.php?q={quote(path, safe='')}",
    "in a parameter of the root": before("/?url="),
    "in a second parameter": before("/app.php?a=1&route="),
    "folder before it": before("/cgi-bin"),
    "several at once": lambda path: (
        "/./" + path[1:].replace("/", "//") + ("" if "?" in path else ";a")
    ),
}

HOSTS = (
    "https://www.puy-de-dome.gouv.fr:8443",
    "https://user:password@www.puy-de-dome.gouv.fr",
    "https://WWW.PUY-DE-DOME.GOUV.FR.",
    "HTTPS://www.puy-de-dome.gouv.fr:443",
    "http:\\\\www.puy-de-dome.gouv.fr",
    "https:///www.puy-de-dome.gouv.fr",
    "https://[2a01:cb00::1]:8443",
    "https://3232235777",
    "blob:https://www.puy-de-dome.gouv.fr",
    "//www.puy-de-dome.gouv.fr",
    "",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_address_that_takes_a_slot_is_known_in_every_spelling(spelling: str) -> None:
    passed = [path for path in TAKES if not forbidden(SITE + SPELLINGS[spelling](path))]

    assert passed == []


@pytest.mark.parametrize("host", HOSTS)
def test_an_address_that_takes_a_slot_is_known_at_every_host(host: str) -> None:
    assert [path for path in TAKES if not forbidden(f"{host}{path}")] == []


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_pictures_are_paused_at_it_in_every_spelling(spelling: str) -> None:
    """Chromium drops tabulators, and encodes what is no ASCII, before it compares."""
    for path in TAKES:
        written = SPELLINGS[spelling](path).partition("#")[0].replace("\\", "/").replace("\t", "")
        asked = quote(written, safe="/?=&;%+.()")
        assert any(fnmatchcase(SITE + asked, pattern) for pattern in WATCHED), path


@pytest.mark.parametrize("spelling", sorted({*SPELLINGS} - {"ending"}))
def test_an_address_that_reads_is_not_refused_for_its_spelling(spelling: str) -> None:
    passed = [path for path in READS if forbidden(SITE + SPELLINGS[spelling](path))]

    assert passed == ["/connexion?retour=/booking/create/14510/5"] * bool(passed)


@pytest.mark.parametrize(
    "step",
    [
        *("5", "05", "005", "+5", "%2B5", " 5", "5abc", "5.0", "5,1", "５", "%EF%BC%95", "5e0"),
        *("0.5e1", "1e1", ".5e1", "5;", "5%00", "(step)/5", "(step)/05", "%28step%29/5"),
        *("(a)/1/(step)/5", "(a)/(b)/5", "10", "99", "5/../5", "4/../5", "5.", "5%2e"),
    ],
)
def test_a_step_that_takes_a_slot_is_known_as_a_number_may_be_written(step: str) -> None:
    assert forbidden(f"{SITE}/booking/create/14510/{step}")


@pytest.mark.parametrize(
    "step",
    [
        *("4", "04", "4.0", "4e0", "0.4e1", ".4e1", "(x)/4", "(a)/1/(x)/4", "4/", "４", " 4", "+4"),
        *("4a", "4%00", "4;x", "4.", "%34", "%2534", "%u0034", "4?x", "4#x", "5"),
    ],
)
def test_a_calendar_is_known_as_a_number_may_be_written(step: str) -> None:
    page = f"{SITE}/booking/create/14510/{step}"

    assert calendar(page)
    for method in ("POST", "PUT", "PATCH", "DELETE", "post", "QUERY", "X"):
        for kind in ("XHR", "Fetch", "Document", "Ping", "Other", "EventSource"):
            assert refusal(PageRequest(f"{SITE}/x", method, kind, (page,))), (method, kind)


@pytest.mark.parametrize(
    ("query", "posts"),
    [
        ("_method=POST", True),
        ("a=1&_method=put", True),
        ("%5Fmethod=DELETE", True),
        ("_METHOD=patch", True),
        ("http_method=POST", True),
        ("_method=GET", False),
        ("_method=head", False),
        ("method=", False),
        ("method=search", False),
        ("payment_methods=post", False),
        ("a=_method", False),
    ],
)
def test_a_calendar_cannot_post_by_naming_another_method_in_the_address(
    query: str, posts: bool
) -> None:
    asked = PageRequest(f"{SITE}/x?{query}", "GET", "XHR", (f"{SITE}/booking/create/1/4",))

    assert bool(refusal(asked)) is posts
