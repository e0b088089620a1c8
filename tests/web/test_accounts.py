"""Signing in and out, and everything that somebody without an account might try."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fleet.browser.chromium import Chromium
from fleet.models import now
from fleet.storage.collections.accounts import (
    FREE_TRIES_ACCOUNT,
    FREE_TRIES_ADDRESS,
    FREE_TRIES_EVERYWHERE,
    SESSION,
    SignInTry,
)
from fleet.web.app import create_app
from fleet.web.client_address import address_of
from fleet.web.pages import dossiers
from fleet.web.pages.members import (
    account,
    accounts,
    audit,
    invitation,
    observations,
    own_account,
)
from fleet.web.proxies import BehindProxies, Proxies
from tests.web.members import (
    CLAIRE,
    HASH,
    OMAR,
    PASSWORD,
    Club,
    club,
    form_token,
    go_with_keys,
    routes_of,
    sign_in,
    tab_to,
    without_scripts,
)
from tests.web.test_observations import observation_of

SIGNED_IN = "Se déconnecter"


@pytest.fixture(scope="session")
async def members(
    mongodb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Club]:
    """Pages for anybody, with two accounts; of all tests."""
    async with club(mongodb_url, tmp_path_factory.mktemp("members")) as made:
        yield made


@pytest.fixture
async def fresh(mongodb_url: str, tmp_path: Path) -> AsyncIterator[Club]:
    """The same for one test alone, which may do what it likes to the accounts."""
    async with club(mongodb_url, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
async def locked(mongodb_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Club]:
    """Pages for members only; of all tests."""
    folder = tmp_path_factory.mktemp("locked")
    async with club(mongodb_url, folder, members_only=True) as made:
        yield made


def posts() -> list[str]:
    """The address of everything that can be sent to."""
    modules = (account, accounts, audit, dossiers, invitation, observations, own_account)
    routes = [r for module in modules for r in module.router.routes]
    return [r.path for r in routes if isinstance(r, Route) and "POST" in (r.methods or ())]


def example(path: str) -> str:
    """One address of that path."""
    values = {"id_": "1", "department": "63", "flow": "titre-de-sejour", "token": "A" * 43}
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", value)
    return path


# With the keyboard ---------------------------------------------------------------------------


async def test_one_signs_in_and_out_with_the_keyboard_alone_and_without_scripts(
    fresh: Club, chromium: Chromium
) -> None:
    async with without_scripts(chromium) as page:
        await page.goto(f"{fresh.url}/en/methode")
        await go_with_keys(page, page.locator(".tools a[href*=connexion]"))
        await tab_to(page, page.locator("#nom"))
        await page.keyboard.type("  claire d. ")
        await tab_to(page, page.locator("#mot_de_passe"))
        await page.keyboard.type(PASSWORD)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        assert page.url == f"{fresh.url}/en/methode"
        await expect(page.locator(".who")).to_have_text(CLAIRE)

        await go_with_keys(page, page.locator("form[action*=deconnexion] button"))

        await expect(page.locator(".who")).to_have_count(0)
    assert await fresh.raw("sessions") == []


# Sessions ------------------------------------------------------------------------------------


async def test_the_answer_does_not_tell_an_unknown_name_from_a_wrong_password(
    members: Club,
) -> None:
    async with members.reader() as http:
        unknown = await sign_in(http, "Claire E.", "not the password")
        wrong = await sign_in(http, CLAIRE, "not the password")

    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text.replace("Claire E.", CLAIRE) == wrong.text


async def test_a_token_that_somebody_knew_before_is_no_session_afterwards(members: Club) -> None:
    known = "A" * 43
    async with members.reader() as http, members.reader() as other:
        http.cookies.set("fleet", known, domain="127.0.0.1")
        got = await sign_in(http, CLAIRE, PASSWORD)
        other.cookies.set("fleet", known, domain="127.0.0.1")

        assert got.status_code == 303
        assert got.cookies["fleet"] != known
        assert SIGNED_IN not in (await other.get("/methode")).text


async def test_signing_in_again_ends_the_session_before(fresh: Club) -> None:
    async with fresh.member() as http, fresh.reader() as other:
        before = http.cookies["fleet"]
        token = await form_token(http, "/methode")
        await http.post("/connexion", data={"jeton": token, "nom": OMAR, "mot_de_passe": PASSWORD})
        other.cookies.set("fleet", before, domain="127.0.0.1")

        assert OMAR in (await http.get("/methode")).text
        assert SIGNED_IN not in (await other.get("/methode")).text
    assert len(await fresh.raw("sessions")) == 1


async def test_the_database_holds_no_token_and_no_password(members: Club) -> None:
    async with members.member() as http:
        kept = str([await members.raw(name) for name in ("sessions", "users", "sign_in_tries")])

        assert http.cookies["fleet"] not in kept
        assert PASSWORD not in kept
        assert "$argon2id$" in kept


@pytest.mark.parametrize(
    "forged", ["x", "", "é" * 43, "A" * 43, "A" * 5_000, '{"$gt": ""}', "../../etc/passwd", "\x01"]
)
async def test_a_forged_session_is_a_reader_without_account(members: Club, forged: str) -> None:
    cookie = b"fleet=" + forged.encode()
    async with members.reader() as http:
        got = await http.get("/methode", headers=[(b"Cookie", cookie)])

    assert got.status_code == 200
    assert SIGNED_IN not in got.text


async def test_a_session_that_is_over_is_nobodys(members: Club) -> None:
    user, _ = await members.store.accounts.find(CLAIRE)
    assert user
    over = await members.store.accounts.begin_session(user, at=now() - SESSION)
    async with members.reader() as http:
        http.cookies.set("fleet", over, domain="127.0.0.1")
        got = await http.get("/methode")

    assert got.status_code == 200
    assert SIGNED_IN not in got.text


async def test_a_removed_account_is_signed_out_everywhere(fresh: Club) -> None:
    async with fresh.member() as http:
        await fresh.store.accounts.remove(CLAIRE)
        assert SIGNED_IN not in (await http.get("/methode")).text

        await fresh.store.accounts.add(CLAIRE, HASH)
        assert SIGNED_IN not in (await http.get("/methode")).text


async def test_what_a_member_sees_is_kept_by_no_cache(members: Club) -> None:
    async with members.member() as http:
        got = await http.get("/methode")

    assert got.headers["cache-control"] == "private, no-store"
    assert "Cookie" in got.headers["vary"]


async def test_the_cookie_is_for_this_site_and_no_script(members: Club) -> None:
    async with members.reader() as plain, members.reader(**{"X-Forwarded-Proto": "https"}) as tls:
        http = (await plain.get("/connexion")).headers["set-cookie"]
        https = (await tls.get("/connexion")).headers["set-cookie"]

    assert re.fullmatch(
        r"fleet=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", http, re.ASCII
    )
    assert re.fullmatch(
        r"__Host-fleet=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax; Secure",
        https,
        re.ASCII,
    )


# Where a request comes from ------------------------------------------------------------------


async def believed(behind: Proxies, client: str, headers: dict[str, str]) -> tuple[str, str]:
    """Whence and by which scheme a request comes, as the pages see it: it passes our middleware."""
    found: list[tuple[str, str]] = []

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        found.append((address_of(request), request.url.scheme))
        await Response()(scope, receive, send)

    # the client's address is part of the connection, and a test has only this machine's
    through = httpx.ASGITransport(BehindProxies(pages, behind), client=(client, 1))
    async with httpx.AsyncClient(transport=through, base_url="http://rdv.example.org") as http:
        await http.get("/", headers=headers)
    return found[0]


TLS = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


async def test_the_word_of_a_proxy_that_the_pages_stand_behind_counts_too() -> None:
    behind = Proxies(("192.0.2.80", "no-such-name.invalid"))
    before = await believed(behind, "192.0.2.80", TLS)
    await behind.look_up()

    assert before == ("192.0.2.80", "http")
    assert await believed(behind, "192.0.2.80", TLS) == ("198.51.100.7", "https")
    assert await believed(behind, "192.0.2.81", TLS) == ("192.0.2.81", "http")


async def test_a_proxy_is_known_on_a_socket_for_ipv4_and_ipv6_too() -> None:
    behind = Proxies(("192.0.2.80",))
    await behind.look_up()

    assert await believed(behind, "::ffff:192.0.2.80", TLS) == ("198.51.100.7", "https")


async def test_a_proxy_that_gets_another_address_is_believed_there_only() -> None:
    behind = Proxies(("proxy",))
    behind.addresses["proxy"] = {"192.0.2.80"}
    first = await believed(behind, "192.0.2.80", TLS)
    behind.addresses["proxy"] = {"192.0.2.81"}

    assert first == ("198.51.100.7", "https")
    assert await believed(behind, "192.0.2.80", TLS) == ("192.0.2.80", "http")
    assert await believed(behind, "192.0.2.81", TLS) == ("198.51.100.7", "https")


async def test_a_proxys_name_is_looked_up() -> None:
    behind = Proxies(("localhost",))
    await behind.look_up()

    assert "127.0.0.1" in behind.addresses["localhost"]


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.2", "198.51.100.7", "198.51.100.7"),
        ("::1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "10.0.0.1, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "<script>", "unknown"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("127.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("203.0.113.9", "::ffff:198.51.100.7", "203.0.113.9"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("::ffff:127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7:50000", "198.51.100.7"),
        ("127.0.0.1", "[2001:db8:1:2:3:4:5:6]:50000", "2001:db8:1:2::/64"),
        # 6to4, NAT64 and Teredo: the subscriber's own address is inside
        ("2002:c633:6407:1:2:3:4:5", "", "198.51.100.7"),
        ("64:ff9b::198.51.100.7", "", "198.51.100.7"),
        ("2001:0:cb00:7109:8000:63bf:39cc:9bf8", "", "198.51.100.7"),
        # nobody is a proxy of ours by what a translator or tunnel carries
        ("64:ff9b::127.0.0.1", "198.51.100.7", "127.0.0.1"),
        ("2002:7f00:1::1", "198.51.100.7", "127.0.0.1"),
    ],
)
async def test_a_proxys_word_counts_only_from_this_machine(
    client: str, forwarded: str, address: str
) -> None:
    said = {"X-Forwarded-For": forwarded} if forwarded else {}
    got = await believed(Proxies(), client, {"X-Forwarded-Proto": "https", **said})

    here = client.removeprefix("::ffff:").startswith("127.") or client == "::1"
    assert got == (address, "https" if here else "http")


async def test_behind_https_no_page_feed_or_redirect_names_http(members: Club) -> None:
    host = members.url.removeprefix("http://")
    async with members.reader(**{"X-Forwarded-Proto": "https"}) as http:
        feed = await http.get("/api/changes.atom")
        data = await http.get("/donnees")
        page = await http.get("/methode")
        redirect = await http.get("/galerie/")

    assert f'href="https://{host}/api/changes.atom"' in feed.text
    assert f"https://{host}/" in data.text
    assert f"https://{host}/methode" in page.text
    assert redirect.headers["location"] == "/galerie"
    for each in (feed, data, page):
        assert f"http://{host}" not in each.text


async def test_the_pages_believe_the_proxies_of_their_library_and_no_others(members: Club) -> None:
    behind = Proxies(("192.0.2.80",))
    await behind.look_up()
    app = create_app(replace(members.library, proxies=behind))
    locations = []
    for address in ("192.0.2.80", "192.0.2.81"):
        through = httpx.ASGITransport(app, client=(address, 1))
        async with httpx.AsyncClient(transport=through, base_url="http://rdv.example.org") as http:
            got = await http.get("/donnees", headers={"X-Forwarded-Proto": "https"})
            locations += re.findall("(https?)://rdv.example.org/donnees", got.text)

    assert locations == ["https", "http"]


FROM_ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
]


async def test_whatever_is_sent_from_another_site_is_refused(members: Club) -> None:
    async with members.member() as http:
        token = await form_token(http, "/methode")
        for path, headers in itertools.product(posts(), FROM_ELSEWHERE):
            address = example(path)
            got = await http.post(address, data={"jeton": token}, headers=headers)

            assert got.status_code == 403, (path, headers)
            assert "autre site" in got.text
        assert SIGNED_IN in (await http.get("/methode")).text


async def test_a_form_without_its_token_is_refused(members: Club) -> None:
    data = {"nom": CLAIRE, "mot_de_passe": PASSWORD, "raison": "x"}
    async with members.member() as http, members.reader() as other:
        anothers = await form_token(other, "/connexion")
        assert anothers
        for path, token in itertools.product(posts(), [None, "", "0" * 64, "é", anothers]):
            sent = data if token is None else {**data, "jeton": token}
            got = await http.post(example(path), data=sent)

            assert got.status_code == 403, (path, token)
            assert "plus valable" in got.text
        assert SIGNED_IN in (await http.get("/methode")).text


async def test_a_form_of_a_browser_without_cookies_is_refused(members: Club) -> None:
    async with members.reader() as http:
        token = await form_token(http, "/connexion")
        for sent in (token, ""):
            http.cookies.clear()
            fields = {"jeton": sent, "nom": CLAIRE, "mot_de_passe": PASSWORD}
            got = await http.post("/connexion", data=fields)

            assert got.status_code == 403


async def test_every_address_that_takes_something_is_known_to_these_tests(members: Club) -> None:
    takes = {
        route.path
        for route in routes_of(create_app(members.library).routes)
        if isinstance(route, Route) and set(route.methods or ()) - {"GET", "HEAD"}
    }

    assert takes == set(posts())


async def test_a_page_of_another_site_cannot_sign_a_member_out(
    members: Club, browser_page: BrowserPage
) -> None:
    trap = f"""<form method="post" action="{members.url}/deconnexion"><button>x</button></form>"""

    await browser_page.route(
        "http://evil.localhost/*", lambda it: it.fulfill(body=trap, content_type="text/html")
    )
    await browser_page.goto(f"{members.url}/connexion")
    await browser_page.fill("#nom", CLAIRE)
    await browser_page.fill("#mot_de_passe", PASSWORD)
    async with browser_page.expect_navigation():
        await browser_page.keyboard.press("Enter")
    await browser_page.goto("http://evil.localhost/")
    async with browser_page.expect_navigation() as sent:
        await browser_page.click("button")
    response = await sent.value

    assert response
    assert response.status == 403
    await browser_page.goto(f"{members.url}/methode")
    await expect(browser_page.locator(".who")).to_have_text(CLAIRE)


@pytest.mark.parametrize(
    ("asked", "went"),
    [
        ("/observations?page=1", "/observations?page=1"),
        ("/en/methode", "/en/methode"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\tx", "/"),
        ("/" + "x" * 600, "/"),
    ],
)
async def test_after_signing_in_one_is_sent_to_a_page_of_this_site(
    members: Club, asked: str, went: str
) -> None:
    async with members.reader() as http:
        got = await sign_in(http, CLAIRE, PASSWORD, suite=asked)

    assert got.headers["location"] == went


# Brute force ---------------------------------------------------------------------------------


async def tried_before(of: Club, names: Sequence[str], address: str) -> None:
    """Wrong tries some hours ago: the next one is looked at, then one waits a minute."""
    for number, name in enumerate(names):
        at = now() - timedelta(hours=6) + number * timedelta(minutes=6)
        assert await of.store.accounts.count_try(SignInTry(name, address, address), at=at) == 0


async def test_whoever_tries_too_often_must_wait_and_is_told_so(fresh: Club) -> None:
    await tried_before(fresh, [CLAIRE] * (FREE_TRIES_ACCOUNT + 5), "127.0.0.1")
    async with fresh.reader() as http:
        looked_at = await sign_in(http, CLAIRE, "wrong")
        wrong = await sign_in(http, CLAIRE, "wrong")
        right = await sign_in(http, CLAIRE, PASSWORD)
        other = await sign_in(http, OMAR, PASSWORD)

    got = [each.status_code for each in (looked_at, wrong, right, other)]
    assert got == [401, 429, 429, 303]
    assert 1 <= int(right.headers["retry-after"]) <= 2**7
    assert "Attendez" in right.text
    assert 'role="alert"' in right.text


async def test_tries_at_the_same_moment_are_not_all_the_first(fresh: Club) -> None:
    await tried_before(fresh, [CLAIRE] * (FREE_TRIES_ACCOUNT + 5), "127.0.0.1")
    async with fresh.reader() as http:
        token = await form_token(http, "/connexion")
        fields = {"jeton": token, "nom": CLAIRE, "mot_de_passe": "wrong"}
        tries = [http.post("/connexion", data=fields) for _ in range(18)]
        got = [each.status_code for each in await asyncio.gather(*tries)]

    assert sorted(got) == [401, *[429] * 17]


async def test_an_address_that_tries_many_names_must_wait_and_others_need_not(
    fresh: Club,
) -> None:
    async with (
        fresh.reader(**{"X-Forwarded-For": "203.0.113.9"}) as robber,
        fresh.reader(**{"X-Forwarded-For": "198.51.100.7"}) as claire,
    ):
        names = [f"name {number}" for number in range(FREE_TRIES_ADDRESS + 5)]
        await tried_before(fresh, names, "203.0.113.9")
        assert (await sign_in(robber, "another name", "wrong")).status_code == 401

        assert (await sign_in(robber, CLAIRE, PASSWORD)).status_code == 429
        assert (await sign_in(claire, CLAIRE, PASSWORD)).status_code == 303


async def test_nobody_keeps_a_member_out_by_trying_at_their_account(fresh: Club) -> None:
    accounts = fresh.store.accounts
    async with fresh.member() as claire, fresh.member(OMAR) as omar, fresh.reader() as new:
        at = now()
        for number in range(FREE_TRIES_EVERYWHERE + 20):  # so many that one waits for minutes
            robber = SignInTry(CLAIRE, f"robber {number}", f"robber {number}")
            at += timedelta(seconds=await accounts.count_try(robber, at=at))
        for http in (claire, omar):
            del http.cookies["fleet"]
        wrong = await sign_in(claire, CLAIRE, "wrong")
        right = await sign_in(claire, CLAIRE, PASSWORD)

        assert [wrong.status_code, right.status_code] == [401, 303]
        # neither somebody else's known browser nor an unknown one is hers
        assert (await sign_in(omar, CLAIRE, PASSWORD)).status_code == 429
        new.cookies.set("fleet-known", f"{'A' * 22}.{'0' * 64}", domain="127.0.0.1")
        assert (await sign_in(new, CLAIRE, PASSWORD)).status_code == 429


# For members only ----------------------------------------------------------------------------


def pages(of: Club) -> set[str]:
    """An example of every address that can be read."""
    values = {
        "{department}": "63",
        "{flow}": "titre-de-sejour",
        "{sha256}": "0" * 64,
        "{attempt_id}": "1",
        "{run_id}": "1",
        "{step}": "0",
    }
    found = set()
    for route in routes_of(create_app(of.library).routes):
        path = getattr(route, "path", "")
        for name, value in values.items():
            path = path.replace(name, value)
        found.add(re.sub(r"\{.*?\}", "x", path))
    return found - {"/static", "/connexion", "/deconnexion"}


async def test_for_members_only_means_every_page_picture_and_answer(locked: Club) -> None:
    for_machines = {"/healthz", "/healthz/live", "/healthz/ready", "/robots.txt", "/favicon.ico"}
    without_a_contact = {"/security.txt", "/.well-known/security.txt"}
    asked = pages(locked) - for_machines - without_a_contact
    assert len(asked) > 30
    async with locked.reader(Accept="text/html") as browser, locked.reader() as program:
        for path in [*asked, "/en/galerie", "/nothing", "/api/openapi.json", "/api/docs"]:
            seen = await browser.get(path)
            assert seen.status_code == 303, path
            assert "/connexion?suite=%2F" in seen.headers["location"]
            refused = await program.get(path)
            assert refused.status_code == 401, path
        for path in ("/static/fleet.css", "/connexion", "/en/connexion", *for_machines):
            assert (await program.get(path)).status_code == 200


async def test_a_member_comes_to_the_page_that_was_asked_for(
    locked: Club, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{locked.url}/en/observations?departement=63")
    await browser_page.fill("#nom", CLAIRE)
    await browser_page.fill("#mot_de_passe", PASSWORD)
    async with browser_page.expect_navigation():
        await browser_page.keyboard.press("Enter")

    assert browser_page.url == f"{locked.url}/en/observations?departement=63"
    await expect(browser_page.locator(".who")).to_have_text(CLAIRE)


async def test_what_is_for_members_only_is_kept_by_no_shared_cache(locked: Club) -> None:
    made = observation_of()
    await locked.store.observations.add(made, b"x", b"x")
    async with locked.member() as http:
        api = await http.get("/api/openapi.json")
        picture = await http.get(f"/observations/{made.id}/image.jpg")
        style = await http.get("/static/fleet.css")

    assert api.headers["cache-control"] == "private, no-store"
    assert picture.headers["cache-control"] == "private, no-cache"
    assert "no-store" not in style.headers.get("cache-control", "")


async def test_a_member_reads_what_is_for_members(locked: Club) -> None:
    async with locked.member() as http:
        got: httpx.Response = await http.get("/observations")

    assert got.status_code == 200
    assert CLAIRE in got.text
