"""Accounts on the pages: invited, with a second factor, administered; tests of notices."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from fleet.cli.commands.alert import make_notice_tests
from fleet.models import now
from fleet.storage.collections.second_factor import STEP_S, code_at, new_secret
from tests.alerts.postbox import serving as postbox_serving
from tests.web.members import CLAIRE, OMAR, PASSWORD, Club, club, form_token, sign_in


@pytest.fixture
async def pages(mongodb_url: str, tmp_path: Path) -> AsyncIterator[Club]:
    """Pages for members only, with two accounts, of which none administers."""
    async with club(mongodb_url, tmp_path, members_only=True) as made:
        yield made


async def post(http: httpx.AsyncClient, path: str, page: str, **fields: str) -> httpx.Response:
    return await http.post(path, data={"jeton": await form_token(http, page), **fields})


async def invited(pages: Club, http: httpx.AsyncClient, name: str, **kind: bool) -> httpx.Response:
    """Follow a new invitation; who made the account is then signed in."""
    token, _ = await pages.store.invitations.make(administrator=kind.get("administrator", False))
    path = f"/invitation/{token}"
    return await post(http, path, path, nom=name, mot_de_passe=PASSWORD, encore=PASSWORD)


async def test_who_is_invited_makes_an_account_once(pages: Club) -> None:
    token, _ = await pages.store.invitations.make(administrator=False)
    path = f"/invitation/{token}"
    async with pages.reader() as http:
        for fields, words in (
            ({"nom": "Léa", "mot_de_passe": "court", "encore": "court"}, "12 à 200"),
            ({"nom": "Léa", "mot_de_passe": PASSWORD, "encore": "x"}, "pas les mêmes"),
            ({"nom": "<b>", "mot_de_passe": PASSWORD, "encore": PASSWORD}, "Un nom a 1 à 40"),
            ({"nom": CLAIRE, "mot_de_passe": PASSWORD, "encore": PASSWORD}, "déjà ce nom"),
        ):
            wrong = await post(http, path, path, **fields)
            assert wrong.status_code == 422
            assert words in wrong.text
            assert f'value="{PASSWORD}"' not in wrong.text

        made = await post(http, path, path, nom="Léa", mot_de_passe=PASSWORD, encore=PASSWORD)
        assert (made.status_code, made.headers["location"]) == (303, "/compte")
        assert "Léa" in (await http.get("/compte")).text
        assert (await http.get(path)).status_code == 404
        assert (await http.get("/comptes")).status_code == 403
        kept = str([await pages.raw(name) for name in ("invitations", "users", "sessions")])
        assert token not in kept


async def test_a_link_that_was_never_made_says_so_also_to_who_may_not_read(pages: Club) -> None:
    async with pages.reader() as http:
        assert "n’est plus valable" in (await http.get(f"/invitation/{'A' * 43}")).text
        assert (await http.get("/invitation/short")).status_code == 401


async def test_an_administrator_invites_and_removes(pages: Club) -> None:
    async with pages.reader() as http, pages.reader() as guest:
        await invited(pages, http, "Ada", administrator=True)
        page = await post(http, "/comptes/inviter", "/comptes", role="membre")
        found = re.search(r"/invitation/[\w-]{43}", page.text)
        assert found
        assert found[0] not in (await http.get("/comptes")).text
        made = await post(
            guest, found[0], found[0], nom="Léa", mot_de_passe=PASSWORD, encore=PASSWORD
        )
        assert made.status_code == 303
        assert (await guest.get("/methode")).status_code == 200

        gone = await post(http, "/comptes/retirer", "/comptes", nom="Léa")
        assert gone.status_code == 303
        assert (await guest.get("/methode")).status_code == 401
        own = await post(http, "/comptes/retirer", "/comptes", nom="Ada")
        assert own.status_code == 422
        assert "Ada" in [each.name for each in await pages.store.accounts.list()]


async def test_a_member_administers_nothing(pages: Club) -> None:
    async with pages.member() as http:
        for path in ("/comptes/inviter", "/comptes/retirer", "/comptes/essai-avis"):
            got = await post(http, path, "/compte", nom=OMAR, role="administrateur")
            assert got.status_code == 403
    assert len(await pages.store.accounts.list()) == 2
    assert await pages.raw("invitations") == await pages.raw("notice_tests") == []


async def sign_in_with(http: httpx.AsyncClient, code: str) -> int:
    fields = {"nom": CLAIRE, "mot_de_passe": PASSWORD, "code": code}
    return (await post(http, "/connexion", "/connexion", **fields)).status_code


async def test_a_second_factor_is_asked_for_once_it_was_shown_to_work(pages: Club) -> None:
    async with pages.member() as http:
        begun = await http.get("/compte/second-facteur")
        secret = re.findall(r'name="secret" value="(\w+)"', begun.text)[0]
        assert "<svg" in begun.text
        fields = {"secret": secret, "code": "000000"}
        wrong = await post(http, "/compte/second-facteur", "/compte/second-facteur", **fields)
        assert wrong.status_code == 422
        assert secret in wrong.text
        step = int(now().timestamp()) // STEP_S
        fields["code"] = code_at(secret, step)
        shown = await post(http, "/compte/second-facteur", "/compte/second-facteur", **fields)
        codes = re.findall(r"<li><code>([a-z2-7-]+)</code></li>", shown.text)
        assert len(codes) == 10
        assert codes[0] not in (await http.get("/compte")).text

    async with pages.reader() as http:
        assert (await sign_in(http, CLAIRE, PASSWORD)).status_code == 401
        assert await sign_in_with(http, fields["code"]) == 401  # used by the page above
        assert await sign_in_with(http, codes[0]) == 303
    async with pages.reader() as http:
        assert await sign_in_with(http, codes[0]) == 401
        # a wrong password uses no code up
        fields = {"nom": CLAIRE, "mot_de_passe": "not the password", "code": codes[1]}
        assert (await post(http, "/connexion", "/connexion", **fields)).status_code == 401
        assert await sign_in_with(http, codes[1]) == 303
        still = await post(http, "/compte/second-facteur/retirer", "/compte", code="000000")
        assert still.status_code == 422
        ended = await post(http, "/compte/second-facteur/retirer", "/compte", code=codes[2])
        assert ended.status_code == 303
    async with pages.reader() as http:
        assert (await sign_in(http, CLAIRE, PASSWORD)).status_code == 303


async def test_who_tries_all_codes_to_end_a_second_factor_has_to_wait(pages: Club) -> None:
    """An open browser must not be enough: six digits are soon tried if nobody counts."""
    async with pages.member() as http:
        secret = new_secret()
        step = int(now().timestamp()) // STEP_S
        codes = await pages.store.second_factors.begin(CLAIRE, secret, code_at(secret, step))
        assert codes
        said = []
        for n in range(8):
            end = {"code": f"{n:06}"}
            got = await post(http, "/compte/second-facteur/retirer", "/compte", **end)
            said.append(got.status_code)
        # also the right one, as long as it lasts
        right = await post(http, "/compte/second-facteur/retirer", "/compte", code=codes[0])
        user, _ = await pages.store.accounts.find(CLAIRE)

    assert said[:2] == [422, 422]
    assert said[-1] == right.status_code == 429
    assert "Attendez" in right.text
    assert user
    assert user.second_factor


async def test_the_watching_fleet_makes_a_test_that_is_asked_for_on_the_page(pages: Club) -> None:
    async with pages.reader() as http, postbox_serving() as postbox:
        await invited(pages, http, "Ada", administrator=True)
        assert (await post(http, "/comptes/essai-avis", "/comptes")).status_code == 303
        assert "ne l’a pas encore fait" in (await http.get("/comptes")).text
        again = await post(http, "/comptes/essai-avis", "/comptes")

        making = asyncio.ensure_future(make_notice_tests(pages.store, [postbox.url]))
        async with asyncio.timeout(60):
            while "accepté" not in (await http.get("/comptes")).text:
                assert not making.done()
                await asyncio.sleep(0.1)
        making.cancel()

    # a minute may have begun between the two
    assert again.status_code in (303, 422)
    assert any("ESSAI" in title for title in postbox.titles)
