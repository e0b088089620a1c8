"""The practice portal of the ANEF, by a plain HTTP client: shell, script, tripwires."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import pytest

from fleet.practice import Fault, Portal, PortalState, PracticeServer

BANNER = "RÉPLIQUE DE TEST — données fictives, aucun rendez-vous réel"
PORTAL = Portal(
    host="essai",
    id="particuliers",
    department="77",
    prefecture="Préfecture d'essai",
    title="ANEF",
)
LOGIN = "/auth/realms/anef-usagers/login-actions/authenticate"


async def ask(server: PracticeServer, path: str, method: str = "GET") -> tuple[int, str]:
    headers = {"Host": f"essai.localhost:{server.port}"}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"http://127.0.0.1:{server.port}{path}", headers=headers) as got,
    ):
        return got.status, await got.text()


async def test_the_document_is_a_shell_that_a_script_fills() -> None:
    async with PracticeServer([PORTAL]) as server:
        status, text = await ask(server, "/particuliers/")
        _, script = await ask(server, "/particuliers/main.js")

        assert server.url(PORTAL).endswith("/particuliers/#/")
        assert (status, "<title>Étrangers en France</title>" in text) == (200, True)
        assert "<app-root></app-root>" in text
        assert "Se connecter" not in text
        assert "Se connecter" in script
        assert BANNER in text
        assert server.visits(PORTAL) == 1
        assert server.tripwires == []


async def test_the_login_is_a_tripwire() -> None:
    async with PracticeServer([PORTAL]) as server:
        await ask(server, "/auth/realms/anef-usagers/protocol/openid-connect/auth")
        _, text = await ask(server, LOGIN, "POST")
        assert BANNER in text

        assert [each.method for each in server.tripwires] == ["GET", "POST", "POST"]


@pytest.mark.parametrize("step", ["home", "script"])
async def test_a_fault_answers_in_the_site_s_place(step: str) -> None:
    async with PracticeServer([replace(PORTAL, faults=(Fault(step, "http_503"),))]) as server:
        home, text = await ask(server, "/particuliers/")
        script, _ = await ask(server, "/particuliers/main.js")

        assert (home, script) == ((503, 200) if step == "home" else (200, 503))
        assert (BANNER in text) == (step == "script")


async def test_a_lost_script_is_a_404() -> None:
    async with PracticeServer([replace(PORTAL, state=PortalState.SCRIPT_LOST)]) as server:
        assert (await ask(server, "/particuliers/main.js"))[0] == 404
