"""The practice site of RDV-Préfecture, by a plain HTTP client: routes, sessions, tripwires."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from fleet.practice import Demarche, DemarcheAnswer, PracticeServer

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
BANNER = "RÉPLIQUE DE TEST — données fictives, aucun rendez-vous réel"
FLOW = Demarche(
    host="rdv-prefecture",
    id="93801",
    department="38",
    prefecture="Préfecture de l'Isère",
    title="Remise de titre de séjour",
    answer=DemarcheAnswer.LAST_WEEK,
    person="tournesol",
    session_s=600,
)
NOTHING = "Aucun créneau disponible à partir de cette date."
IMAGE = "captchetat/simple-captcha-endpoint?get=image&c=captchaFR&t=1"


class Visitor:
    """A browser without scripts; `clock` is the site's."""

    def __init__(self, server: PracticeServer, http: aiohttp.ClientSession) -> None:
        self.server = server
        self._http = http
        self.clock = NOW
        self.path = ""

    async def ask(self, rest: str = "", *, code: str | None = None) -> str:
        root = f"http://127.0.0.1:{self.server.port}{FLOW.path}"
        method, data = ("GET", None) if code is None else ("POST", {"captchaUsercode": code})
        async with self._http.request(method, root + rest, data=data) as got:
            self.path = got.url.path_qs.removeprefix(FLOW.path)
            self.cookies = got.cookies
            return await got.text(errors="replace")

    async def code(self) -> str:
        """What a person reads on the picture."""
        await self.ask(IMAGE)
        return await self.ask("cgu/code?person=tournesol")


@asynccontextmanager
async def visiting(flow: Demarche = FLOW) -> AsyncIterator[Visitor]:
    visitor: Visitor
    server = PracticeServer((flow,), clock=lambda: visitor.clock)
    jar = aiohttp.CookieJar(unsafe=True)
    async with server, aiohttp.ClientSession(cookie_jar=jar) as http:
        visitor = Visitor(server, http)
        yield visitor


@pytest.mark.parametrize(
    ("rest", "words"),
    [("", "Que souhaitez-vous faire ?"), ("cgu/", "code de sécurité"), ("nulle-part/", "trouvée")],
)
async def test_every_page_says_that_it_is_a_replica(rest: str, words: str) -> None:
    async with visiting() as visitor:
        text = await visitor.ask(rest)

        assert BANNER in text
        assert words in text


async def test_the_session_is_a_cookie_of_the_application_alone() -> None:
    async with visiting() as visitor:
        await visitor.ask()

        assert visitor.cookies["JSESSIONID"]["path"] == "/rdvpref"


async def test_a_visit_is_counted_once_at_the_first_page() -> None:
    async with visiting() as visitor:
        await visitor.ask()
        await visitor.ask("cgu/")
        await visitor.ask()

        assert visitor.server.visits(FLOW) == 1


async def test_the_answer_without_a_session_goes_back_to_the_captcha() -> None:
    async with visiting() as visitor:
        await visitor.ask("creneau/")

        assert visitor.path == "cgu/?error=errorSessionInvalide"


async def test_a_person_passes_the_captcha_until_the_session_is_over() -> None:
    async with visiting() as visitor:
        text = await visitor.ask("_validerCaptcha", code=await visitor.code())
        assert (visitor.path, NOTHING in text) == ("creneau/", True)

        visitor.clock += timedelta(seconds=599)
        await visitor.ask("creneau/")
        assert visitor.path == "creneau/"

        visitor.clock += timedelta(seconds=1)
        await visitor.ask("creneau/")
        assert visitor.path == "cgu/?error=errorSessionInvalide"
        assert visitor.server.tripwires == []


async def test_a_wrong_code_gives_another_try_and_the_old_code_is_void() -> None:
    async with visiting() as visitor:
        code = await visitor.code()
        text = await visitor.ask("_validerCaptcha", code="x")
        assert visitor.path == "cgu/?error=invalidCaptcha"
        assert "Le code de sécurité saisi est incorrect" in text

        await visitor.ask("_validerCaptcha", code=code)
        assert visitor.path == "cgu/?error=invalidCaptcha"


async def test_every_captcha_has_a_code_and_a_picture_of_its_own() -> None:
    async with visiting() as visitor:
        pictures = {await visitor.ask(IMAGE) for _ in range(3)}

        assert len(pictures) == 3
        assert all("PNG" in picture[:8] for picture in pictures)


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ("_validerCaptcha", "123456"),
        ("_validerCaptcha", ""),
        ("cgu/code?person=faux", None),
        ("cgu/code", None),
        ("creneau/_choisirBloc", ""),
        ("formulaire/", None),
        ("login/", None),
    ],
)
async def test_what_a_robot_must_not_ask_for_is_a_tripwire(rest: str, code: str | None) -> None:
    async with visiting() as visitor:
        await visitor.ask()
        await visitor.ask(rest, code=code)

        assert visitor.server.tripwires


async def test_a_flow_without_a_person_gives_its_code_to_nobody() -> None:
    nobody = Demarche(
        host=FLOW.host, id=FLOW.id, department="38", prefecture="Préfecture", title="Titre"
    )
    async with visiting(nobody) as visitor:
        await visitor.ask(IMAGE)
        text = await visitor.ask("cgu/code?person=")

        assert "Page non trouvée" in text
        assert visitor.server.tripwires
