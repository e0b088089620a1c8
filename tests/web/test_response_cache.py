"""Answers kept for some seconds: the same for everybody, never an old one, never another's."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fleet.models import EvidenceFile
from fleet.storage.store import Store
from fleet.web.context import WebContext
from fleet.web.middleware.response_cache import KEEP_S, ResponseCache
from fleet.web.middleware.sessions import WebSession
from tests.storage.databases import own_store
from tests.storage.test_store import attempt_of, file_of
from tests.web.conftest import client, serving
from tests.web.members import CLAIRE, HASH, PASSWORD, sign_in

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
PICTURE = file_of(b"a picture")


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now_s: float = 1000.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Pages:
    """A running application that keeps answers, its store, and the clock it keeps them by."""

    url: str
    store: Store
    clock: Clock
    attempts: list[str] = field(default_factory=list)

    async def add(self, *files: EvidenceFile) -> str:
        """Store one more attempt; its id."""
        made = attempt_of(*files, started_at=AT + timedelta(hours=len(self.attempts)))
        await self.store.attempts.add(made, files)
        self.attempts.append(made.id)
        return made.id

    def reader(self, **headers: str) -> httpx.AsyncClient:
        """A browser of its own."""
        return client(self.url, **headers)


@asynccontextmanager
async def keeping(
    mongodb_url: str, folder: Path, *, members_only: bool = False
) -> AsyncIterator[Pages]:
    async with own_store(mongodb_url) as store:
        await store.accounts.add(CLAIRE, HASH)
        library = WebContext(store, store.queries, {}, True, folder, members_only)
        clock = Clock()
        async with serving(library, keep_s=KEEP_S, clock=clock) as url:
            pages = Pages(url, store, clock)
            await pages.add(PICTURE)
            yield pages


@pytest.fixture(scope="module")
async def pages(mongodb_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pages]:
    async with keeping(mongodb_url, tmp_path_factory.mktemp("kept")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def later(request: pytest.FixtureRequest) -> None:
    """What another test left is too old for this one."""
    if "pages" in request.fixturenames:
        request.getfixturevalue("pages").clock.now_s += 2 * KEEP_S


async def test_a_new_attempt_is_shown_after_twenty_seconds_at_most(pages: Pages) -> None:
    async with pages.reader() as http:
        first = await http.get("/galerie")
        new = await pages.add()
        pages.clock.now_s += KEEP_S - 0.1
        kept = await http.get("/galerie")
        pages.clock.now_s += 0.1
        fresh = await http.get("/galerie")

    assert "age" not in first.headers
    assert (kept.headers["age"], kept.content) == ("19", first.content)
    assert new not in kept.text
    assert "age" not in fresh.headers
    assert new in fresh.text


async def test_a_reader_who_has_the_page_is_told_so_and_gets_it_when_it_changes(
    pages: Pages,
) -> None:
    async with pages.reader() as http:
        first = await http.get("/api/attempts")
        has = {"If-None-Match": first.headers["etag"]}
        same = await http.get("/api/attempts", headers=has)
        pages.clock.now_s += KEEP_S
        made_anew_but_the_same = await http.get("/api/attempts", headers=has)
        await pages.add()
        pages.clock.now_s += KEEP_S
        changed = await http.get("/api/attempts", headers=has)

    assert first.headers["cache-control"] == "no-cache"  # kept, and asked about each time
    assert first.headers["vary"] == "Cookie, Accept-Encoding"
    assert (same.status_code, same.content, same.headers["etag"]) == (
        304,
        b"",
        has["If-None-Match"],
    )
    assert made_anew_but_the_same.status_code == 304
    assert (changed.status_code, changed.json()["items"][0]["id"]) == (200, pages.attempts[-1])


async def test_twenty_equal_requests_at_once_have_the_page_made_once(pages: Pages) -> None:
    async with pages.reader() as http:
        answers = await asyncio.gather(*(http.get("/departement/91") for _ in range(20)))

    assert sum("age" not in each.headers for each in answers) == 1
    assert {each.content for each in answers} == {answers[0].content}


async def test_a_page_kept_for_a_reader_by_http_is_not_sent_to_one_by_https(pages: Pages) -> None:
    async with pages.reader() as http, pages.reader(**{"X-Forwarded-Proto": "https"}) as tls:
        plain, secure = await http.get("/galerie"), await tls.get("/galerie")

    assert "age" not in secure.headers
    assert pages.url in plain.text
    assert pages.url.replace("http:", "https:") in secure.text


async def test_nothing_goes_from_a_member_to_a_stranger_or_back(pages: Pages) -> None:
    async with pages.reader() as http, pages.reader() as stranger:
        assert (await sign_in(http, CLAIRE, PASSWORD)).status_code == 303
        of_member = await http.get("/galerie")
        of_stranger = await stranger.get("/galerie")
        pages.clock.now_s += 1
        again = await http.get("/galerie", headers={"If-None-Match": of_stranger.headers["etag"]})
        kept = await stranger.get("/galerie")

    for answer in (of_member, again):
        assert answer.status_code == 200
        assert CLAIRE in answer.text
        assert answer.headers["cache-control"] == "private, no-store"
        assert not {"age", "etag"} & answer.headers.keys()
    assert CLAIRE not in of_stranger.text
    assert "age" not in of_stranger.headers
    assert (kept.headers["age"], kept.content) == ("1", of_stranger.content)


async def test_a_reader_with_a_cookie_of_ours_is_served_apart_even_without_an_account(
    pages: Pages,
) -> None:
    async with pages.reader() as http:
        await http.get("/connexion")
        assert http.cookies
        answers = [await http.get("/galerie") for _ in range(2)]

    assert not any("age" in each.headers for each in answers)


async def test_french_and_english_and_different_hosts_are_kept_apart(pages: Pages) -> None:
    async with pages.reader() as http, pages.reader(Host="localhost") as elsewhere:
        french, english = await http.get("/"), await http.get("/en/")
        assert "age" not in (await elsewhere.get("/")).headers
        again = [await http.get(path) for path in ("/", "/en/")]

    assert [re.findall('<html lang="(..)">', each.text) for each in again] == [["fr"], ["en"]]
    assert [each.content for each in again] == [french.content, english.content]
    assert all("age" in each.headers for each in again)


async def test_every_query_has_its_own_answer(pages: Pages) -> None:
    await pages.add()
    async with pages.reader() as http:
        short, long = [await http.get(f"/api/attempts?limit={n}") for n in (1, 2)]

    assert (len(short.json()["items"]), len(long.json()["items"])) == (1, 2)


@pytest.mark.parametrize(
    "path",
    [
        "/connexion",
        "/observations",
        "/visites",
        "/visites/none",
        "/donnees",
        "/comparer",
        f"/preuve/{PICTURE.evidence.sha256}",
        f"/api/evidence/{PICTURE.evidence.sha256}",
        "/api/export/attempts.csv",
        "/api/export/attempts.jsonl",
        "/api/changes.atom",
        "/graphique/91/titre-de-sejour/taux.csv?du=2026-03-01&au=2026-03-20",
        "/static/fleet.css",
        "/departement/999",
        "/galerie?verdict=perhaps",
        "/galerie?verdict=",
        "/" + "?x=" + 3000 * "x",
    ],
)
async def test_this_is_made_anew_for_each_request(pages: Pages, path: str) -> None:
    async with pages.reader() as http:
        answers = [await http.get(path) for _ in range(2)]

    assert not any("age" in each.headers for each in answers)


async def test_what_was_not_there_is_there_as_soon_as_it_is_stored(pages: Pages) -> None:
    made = attempt_of(started_at=AT)
    async with pages.reader() as http:
        assert (await http.get(f"/tentative/{made.id}")).status_code == 404
        await pages.store.attempts.add(made, [])
        assert (await http.get(f"/tentative/{made.id}")).status_code == 200


async def test_pages_for_members_are_never_kept(mongodb_url: str, tmp_path: Path) -> None:
    async with keeping(mongodb_url, tmp_path, members_only=True) as pages, pages.reader() as http:
        assert (await http.get("/api/attempts")).status_code == 401
        assert (await sign_in(http, CLAIRE, PASSWORD)).status_code == 303
        answers = [await http.get("/api/attempts") for _ in range(2)]
        async with pages.reader() as stranger:
            assert (await stranger.get("/api/attempts")).status_code == 401

    assert [each.status_code for each in answers] == [200, 200]
    assert not any("age" in each.headers for each in answers)


# The rules themselves, over the smallest applications that break them


async def ask(app: ASGIApp, path: str = "/", method: str = "GET", **headers: str) -> httpx.Response:
    """One request, as `Sessions` and `LanguageOfAddress` hand it on."""

    async def found(scope: Scope, receive: Receive, send: Send) -> None:
        known = {"fleet.session": WebSession(), "fleet.language": "fr"}
        await app({**scope, **known}, receive, send)

    given = {name.replace("_", "-"): value for name, value in headers.items()}
    transport = httpx.ASGITransport(found)
    async with httpx.AsyncClient(transport=transport, base_url="http://fleet.example") as http:
        return await http.request(method, path, headers=given)


def kept(response: Response, most_bytes: int = 10_000) -> ResponseCache:
    return ResponseCache(response, Clock(), KEEP_S, most_bytes)


async def in_pieces() -> AsyncIterator[str]:
    yield "one"
    yield "two"


@pytest.mark.parametrize(
    "response",
    [
        PlainTextResponse("ours", headers={"Set-Cookie": "fleet=x"}),
        PlainTextResponse("mine", headers={"Cache-Control": "private, no-store"}),
        PlainTextResponse("of this browser", headers={"Vary": "Accept"}),
        PlainTextResponse("an error", status_code=503),
        PlainTextResponse("moved", status_code=303, headers={"Location": "/"}),
    ],
    ids=lambda response: str(response.headers.items()),
)
async def test_such_an_answer_passes_as_it_is(response: Response) -> None:
    app = kept(response)
    answers = [await ask(app) for _ in range(2)]

    for answer in answers:
        assert answer.status_code == response.status_code
        assert answer.content == response.body
        assert dict(answer.headers) == dict(response.headers)


async def test_a_stream_passes_piece_by_piece() -> None:
    async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(in_pieces())(scope, receive, send)

    app = ResponseCache(streaming, Clock(), KEEP_S)
    answers = [await ask(app) for _ in range(2)]

    assert [(each.text, "age" in each.headers) for each in answers] == [("onetwo", False)] * 2


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("POST", {}), ("GET", {"Range": "bytes=0-1"}), ("GET", {"Authorization": "x"})],
)
async def test_such_a_request_is_not_answered_from_what_is_kept(
    method: str, headers: dict[str, str]
) -> None:
    app = kept(PlainTextResponse("for everybody"))
    assert "age" in [await ask(app) for _ in range(2)][1].headers

    assert "age" not in (await ask(app, method=method, **headers)).headers


async def test_what_is_kept_stays_within_its_bytes_and_the_longest_unasked_goes_first() -> None:
    app = kept(PlainTextResponse(1000 * "x"), most_bytes=5000)

    async def was_kept(n: int) -> bool:
        return "age" in (await ask(app, f"/departement/{n}")).headers

    for n in (1, 2, 3):
        assert not await was_kept(n)
    assert await was_kept(1)
    assert not await was_kept(4)
    assert app._bytes <= 5000
    assert [await was_kept(n) for n in (1, 3, 4)] == [True, True, True]
    assert not await was_kept(2)


async def test_an_answer_larger_than_a_page_is_given_and_not_kept() -> None:
    app = kept(PlainTextResponse(1_100_000 * "x"), most_bytes=10_000_000)
    answers = [await ask(app) for _ in range(2)]

    assert [(len(each.content), "age" in each.headers) for each in answers] == [
        (1_100_000, False)
    ] * 2


async def test_if_the_one_that_makes_it_fails_those_who_wait_are_served_on_their_own() -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def fails_once(scope: Scope, receive: Receive, send: Send) -> None:
        if not began.is_set():
            began.set()
            await go_on.wait()
            raise RuntimeError("the first one fails")
        await PlainTextResponse("made")(scope, receive, send)

    app = ResponseCache(fails_once, Clock(), KEEP_S)
    arrived = asyncio.Event()

    async def arriving(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        await app(scope, receive, send)

    first = asyncio.ensure_future(ask(app))
    await began.wait()
    waiting = asyncio.ensure_future(ask(arriving))
    await arrived.wait()
    go_on.set()

    with pytest.raises(RuntimeError, match="the first one fails"):
        await first
    assert (await waiting).text == "made"
    assert app._pending == {}
