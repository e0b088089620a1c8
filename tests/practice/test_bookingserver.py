"""The practice prefectures, by a plain HTTP client: the engine's steps, failures, tripwires."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from fleet.practice import (
    PREFECTURES,
    STEP_2_TRAPS,
    STEP_4_TRAPS,
    Fault,
    Form,
    Planning,
    PracticeServer,
    Trap,
    always,
    never,
    on_visits,
    released_at,
    sunday_night,
)

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)  # a Wednesday
NO_SLOT = (
    "Il n'existe plus de plage horaire libre pour votre demande de rendez-vous."
    " Veuillez recommencer ultérieurement."
)
BANNER = "RÉPLIQUE DE TEST — données fictives, aucun rendez-vous réel"
CONDITIONS = {"condition": "on", "nextButton": "Effectuer une demande de rendez-vous"}
EMPTY = Form(
    host="essai",
    id="990001",
    department="63",
    prefecture="Préfecture d'essai",
    title="Titre de séjour",
    plannings=(Planning("990011", "Guichet 1", never),),
)
FREE = replace(EMPTY, plannings=(Planning("990011", "Guichet 1", always),))
DESKS = replace(
    EMPTY,
    plannings=(Planning("990011", "Guichet 1", never), Planning("990012", "Guichet 2", always)),
    describes=True,
)


def prefecture(host: str) -> Form:
    return next(f for f in PREFECTURES if isinstance(f, Form) and f.host == host)


class Visitor:
    """A browser without scripts: keeps cookies, follows redirects, names the virtual host."""

    def __init__(self, server: PracticeServer, form: Form) -> None:
        self.form = form
        self.base = f"/booking/create/{form.id}"
        self._root = f"http://127.0.0.1:{server.port}"
        self._host = f"{form.hostname}:{server.port}"
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.status = 0
        self.path = ""
        self.text = ""
        self.headers: dict[str, str] = {}
        self.redirects: list[int] = []

    async def ask(self, method: str, path: str, **more: object) -> str:
        headers = {"Host": self._host, "Accept-Language": "fr-FR", **more.pop("headers", {})}  # type: ignore[dict-item]
        async with self._http.request(method, self._root + path, headers=headers, **more) as got:  # type: ignore[arg-type]
            self.status, self.path = got.status, got.url.path
            self.headers = dict(got.headers)
            self.redirects = [answer.status for answer in got.history]
            self.text = await got.text()
        return self.text

    async def get(self, step: str = "", **more: object) -> str:
        return await self.ask("GET", self.base + step, **more)

    async def post(self, step: str, **fields: str) -> str:
        return await self.ask("POST", self.base + step, data=fields)

    async def answer(self) -> str:
        """Step 0, its conditions, and whatever comes then."""
        await self.get()
        return await self.post("/0", **CONDITIONS)

    async def close(self) -> None:
        await self._http.close()


@asynccontextmanager
async def practising(
    form: Form, *others: Form, now: datetime = NOW
) -> AsyncIterator[tuple[PracticeServer, Visitor]]:
    async with PracticeServer((form, *others), clock=lambda: now) as server:
        visitor = Visitor(server, form)
        try:
            yield server, visitor
        finally:
            await visitor.close()


# The steps


async def test_step_0_shows_the_conditions_and_both_buttons() -> None:
    async with practising(EMPTY) as (server, visitor):
        text = await visitor.get()

        assert server.url(EMPTY) == f"http://essai.localhost:{server.port}/booking/create/990001"
        for part in (
            'id="condition" type="checkbox" name="condition"',
            'name="nextButton"',
            'name="manageButton"',
            'id="submit_Booking"',
            "etape_1.png",
            BANNER,
        ):
            assert part in text


async def test_one_planning_without_slots_ends_at_step_2_with_the_real_sentence() -> None:
    async with practising(EMPTY) as (server, visitor):
        text = await visitor.answer()

        assert (visitor.path, visitor.redirects) == ("/booking/create/990001/2", [302])
        assert NO_SLOT in text.split('id="FormBookingCreate"')[1]
        assert 'name="finishButton" value="Terminer"' in text
        assert 'name="nextButton"' not in text
        await visitor.post("/2", finishButton="Terminer")
        assert visitor.path == "/booking/create/990001"
        assert not server.tripwires


async def test_one_planning_with_slots_goes_straight_to_step_4() -> None:
    async with practising(FREE) as (_, visitor):
        text = await visitor.answer()

        assert visitor.path == "/booking/create/990001/4"
        assert "etape_4r.png" in text
        assert 'value="Première plage horaire libre"' in text
        assert "Rechargement automatique du calendrier" in text
        assert "libre<" not in text, "the grid comes by AJAX"


async def test_several_plannings_are_chosen_at_step_1_and_described_at_step_3() -> None:
    async with practising(DESKS) as (server, visitor):
        text = await visitor.answer()
        assert visitor.path.endswith("/1")
        assert 'name="planning" id="planning990012" value="990012"' in text

        await visitor.post("/1", nextButton="Etape suivante")
        assert visitor.path.endswith("/1"), "nothing chosen: same page"
        await visitor.post("/1", planning="990011", nextButton="Etape suivante")
        assert visitor.path.endswith("/2")
        text = await visitor.post("/1", planning="990012", nextButton="Etape suivante")
        assert visitor.path.endswith("/3")
        assert "Description de la nature du rendez-vous" in text
        await visitor.post("/4", nextButton="Etape suivante")
        assert visitor.path.endswith("/4")
        assert not server.tripwires


async def test_without_the_box_ticked_step_0_comes_back() -> None:
    async with practising(EMPTY) as (_, visitor):
        await visitor.get()
        await visitor.post("/0", nextButton=CONDITIONS["nextButton"])

        assert visitor.path.endswith("/0")


@pytest.mark.parametrize("step", ["/2", "/3", "/4"])
async def test_a_later_step_without_step_0_goes_back_to_step_0(step: str) -> None:
    async with practising(FREE) as (_, visitor):
        await visitor.get(step)

        assert (visitor.path, visitor.redirects) == ("/booking/create/990001/0", [302])


async def test_the_session_is_a_cookie_named_ezsessid() -> None:
    async with practising(EMPTY) as (server, visitor):
        await visitor.get()

        assert re.match(r"eZSESSID=[0-9a-f]{32};", visitor.headers["Set-Cookie"])
        assert server.requests[-1].session in visitor.headers["Set-Cookie"]


async def test_index_php_and_the_print_layout_are_aliases() -> None:
    async with practising(EMPTY) as (_, visitor):
        text = await visitor.ask("GET", "/index.php/booking/create/990001/0")
        assert 'action="/index.php/booking/create/990001/0"' in text
        text = await visitor.ask("GET", "/layout/set/print/booking/create/990001")
        assert "impression.css" in text
        assert "condition" in text


async def test_the_index_lists_the_forms_of_its_host_only() -> None:
    other = replace(EMPTY, host="ailleurs", id="990002", title="Ailleurs")
    async with practising(EMPTY, other) as (_, visitor):
        text = await visitor.ask("GET", "/Prendre-un-rendez-vous")

        assert 'href="/booking/create/990001"' in text
        assert "990002" not in text


async def test_an_unknown_form_or_host_is_a_404_of_the_site() -> None:
    async with practising(EMPTY) as (server, visitor):
        text = await visitor.ask("GET", "/booking/create/1")
        assert visitor.status == 404
        assert "Page non trouvée" in text
        assert BANNER in text
        await visitor.get(headers={"Host": f"ailleurs.localhost:{server.port}"})
        assert visitor.status == 404
        await visitor.get(headers={"Host": f"127.0.0.1:{server.port}"})
        assert visitor.status == 200
        await visitor.get(headers={"Host": "ESSAI.localhost"})
        assert visitor.status == 200


async def test_the_new_skin_answers_with_its_own_wording() -> None:
    form = replace(EMPTY, skin="new", index_php=True)
    async with practising(form) as (server, visitor):
        text = await visitor.answer()

        assert server.url(form).endswith("/index.php/booking/create/990001/0")
        assert "Il n'y a pas calendrier disponible" in text
        assert "Veuillez réessayer ultérieurement." in text
        assert NO_SLOT not in text


async def test_unchanged_pages_are_byte_identical_from_visit_to_visit() -> None:
    async with practising(EMPTY) as (server, first):
        second = Visitor(server, EMPTY)
        pages = [
            (await each.get(), await each.post("/0", **CONDITIONS)) for each in (first, second)
        ]
        await second.close()

        assert pages[0] == pages[1]


# The calendar


async def grid(visitor: Visitor, offset: int, planning: str = "990011") -> str:
    where = f"/ezjscore/call/bookingserver::planning::assign::{visitor.form.id}"
    return await visitor.ask("GET", f"{where}::{planning}::{offset}")


async def test_the_grid_has_one_link_for_each_free_slot_of_its_week() -> None:
    async with practising(FREE) as (_, visitor):
        await visitor.answer()
        text = await grid(visitor, 7)

        assert (
            '<th colspan="7">Semaine du lundi 30 novembre 2026 au dimanche 06 décembre 2026</th>'
            in text
        )
        links = re.findall(r'"status-1 free">.*?/booking/create/990001/5/(\d+)">libre</a>', text)
        assert len(links) == 5 * 3
        assert datetime.fromtimestamp(int(links[0]), PARIS) == datetime(
            2026, 11, 30, 9, tzinfo=PARIS
        )
        assert text.count(">libre<") == len(links) + 1, "one more in the legend"


async def test_the_grid_opens_on_the_first_week_with_a_free_slot() -> None:
    def next_month(visit: int, now: datetime) -> Sequence[datetime]:
        return (datetime(2026, 12, 22, 9, 0, tzinfo=PARIS),)

    form = replace(EMPTY, plannings=(Planning("990011", "Guichet 1", next_month),))
    async with practising(form) as (_, visitor):
        text = await visitor.answer()

        assert 'data-offset="28"' in text
        assert "/5/" not in await grid(visitor, 0)
        assert "/5/1797926400" in await grid(visitor, 28)


# What is free, and when


async def test_evry_offers_slots_on_exactly_7_of_100_visits() -> None:
    evry = prefecture("evry")
    async with PracticeServer([evry]) as server:
        ends = []
        for _ in range(100):
            visitor = Visitor(server, evry)
            await visitor.answer()
            await visitor.post("/1", planning=evry.measured or "", nextButton="Etape suivante")
            ends.append(visitor.path.rsplit("/", 1)[-1])
            await visitor.close()

        assert (ends.count("3"), ends.count("2")) == (7, 93)
        assert server.visits(evry) == 100


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (datetime(2026, 11, 22, 23, 59, tzinfo=PARIS), "/2"),
        (datetime(2026, 11, 23, 0, 0, tzinfo=PARIS), "/4"),
        (datetime(2026, 11, 23, 3, 59, tzinfo=UTC), "/4"),
        (datetime(2026, 11, 23, 5, 0, tzinfo=PARIS), "/2"),
    ],
)
async def test_montpellier_has_slots_in_the_night_to_monday_only(now: datetime, step: str) -> None:
    async with practising(prefecture("montpellier"), now=now) as (_, visitor):
        await visitor.answer()

        assert visitor.path.endswith(step)


def test_offers_are_in_the_future_and_repeat() -> None:
    assert never(1, NOW) == ()
    assert min(always(1, NOW)) > NOW + timedelta(days=2)
    assert always(1, NOW) == always(2, NOW)
    offers = on_visits({3}, of=10)
    assert [visit for visit in range(1, 31) if offers(visit, NOW)] == [3, 13, 23]
    assert not sunday_night(1, NOW)
    assert not released_at(NOW)(1, NOW - timedelta(seconds=1))
    assert released_at(NOW)(1, NOW)


async def test_a_visit_is_a_session_that_begins_at_step_0() -> None:
    async with practising(EMPTY) as (server, visitor):
        await visitor.get("/1")
        assert server.visits(EMPTY) == 0
        other = Visitor(server, EMPTY)
        await other.answer()
        await other.answer()
        await other.close()

        assert server.visits(EMPTY) == 1


# Failures


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("http_403", 403, "<h1>403 Forbidden</h1>\nRequest forbidden by administrative rules.\n"),
        ("http_404", 404, "<h1>404 Not Found</h1>"),
        ("http_429", 429, "<h1>429 Too Many Requests</h1>"),
        ("http_500", 500, "<h1>500 Internal Server Error</h1>"),
        ("http_502", 502, "502 Bad Gateway</h1>\nThe server returned an invalid or incomplete"),
        ("http_503", 503, "Unavailable</h1>\nNo server is available to handle this request."),
        ("http_504", 504, "<h1>504 Gateway Time-out</h1>"),
        ("surcharge_200", 200, "<h1>Service surchargé</h1>"),
        ("surcharge_503", 503, "<h1>Service surchargé</h1>"),
    ],
)  # fmt: skip
async def test_a_fault_answers_in_the_site_s_place(kind: str, status: int, words: str) -> None:
    async with practising(replace(EMPTY, faults=(Fault(2, kind),))) as (_, visitor):
        await visitor.get()
        assert visitor.status == 200
        text = await visitor.post("/0", **CONDITIONS)

        assert (visitor.status, words in text, BANNER in text) == (status, True, False)
        assert ("Retry-After" in visitor.headers) == (kind == "http_429")


@pytest.mark.parametrize("kind", ["reset", "empty_response"])
async def test_a_cut_connection_gives_no_answer(kind: str) -> None:
    async with practising(replace(EMPTY, faults=(Fault(0, kind),))) as (server, visitor):
        error = ConnectionResetError if kind == "reset" else aiohttp.ServerDisconnectedError
        with pytest.raises((aiohttp.ClientError, OSError)) as caught:
            await visitor.get()

        assert isinstance(caught.value, error | aiohttp.ClientOSError)
        assert server.requests[-1].status == 0


async def test_a_fault_can_end_after_some_requests_or_begin_after_some_visits() -> None:
    form = replace(EMPTY, faults=(Fault(0, "http_503", times=2, after_visits=1),))
    async with PracticeServer([form]) as server:
        seen = []
        for _ in range(4):
            each = Visitor(server, form)
            await each.get()
            seen.append(each.status)
            await each.close()

        assert seen == [200, 503, 503, 200]


async def test_a_fault_of_the_post_or_of_the_grid_spares_the_pages() -> None:
    form = replace(
        FREE, faults=(Fault(0, "http_502", method="POST", times=1), Fault("grid", "http_500"))
    )
    async with practising(form) as (_, visitor):
        await visitor.answer()
        assert visitor.status == 502
        await visitor.answer()
        assert (visitor.status, visitor.path[-2:]) == (200, "/4")
        await grid(visitor, 0)
        assert visitor.status == 500


async def test_slow_is_late_but_healthy() -> None:
    async with practising(replace(EMPTY, faults=(Fault(0, "slow", seconds=0.2),))) as (_, visitor):
        begun = time.monotonic()
        await visitor.get()

        assert (visitor.status, time.monotonic() - begun > 0.19) == (200, True)


async def test_the_server_closes_at_once_with_hanging_visits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hanging = (
        replace(EMPTY, id="990001", faults=(Fault(0, "hang"),)),
        replace(EMPTY, id="990002", faults=(Fault(0, "slow", seconds=300),)),
        replace(EMPTY, id="990003", traps=frozenset({Trap.ENDLESS_BODY})),
        replace(FREE, id="990004", traps=frozenset({Trap.GRID_NEVER})),
    )
    server = PracticeServer(hanging)
    await server.__aenter__()
    visitors = [Visitor(server, form) for form in hanging]
    calls = [visitors[0].get(), visitors[1].get(), visitors[2].answer(), grid(visitors[3], 0)]
    waiting = [asyncio.ensure_future(call) for call in calls]
    await asyncio.sleep(0.2)
    assert not any(task.done() for task in waiting)

    begun = time.monotonic()
    await server.__aexit__(None, None, None)
    assert time.monotonic() - begun < 1.0

    await asyncio.gather(*waiting, return_exceptions=True)
    for visitor in visitors:
        await visitor.close()
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


# Tripwires


@pytest.mark.parametrize("step", ["/5/1797926400", "/5", "/6", "/7", "/8", "/9"])
@pytest.mark.parametrize("before", ["/booking", "/index.php/booking", "/layout/set/print/booking"])
async def test_every_request_of_a_step_from_5_on_trips(step: str, before: str) -> None:
    async with practising(FREE) as (server, visitor):
        await visitor.ask("GET", f"{before}/create/990001{step}", allow_redirects=False)

        assert [(each.method, each.why) for each in server.tripwires] == [
            ("GET", "address of step 5 to 9")
        ]


async def test_posts_to_the_late_steps_and_confirmations_trip() -> None:
    async with practising(FREE) as (server, visitor):
        await visitor.ask("POST", "/booking/create/990001/8", allow_redirects=False)
        await visitor.ask("GET", "/booking/confirm/abc")

        assert len(server.tripwires) == 2


async def test_the_first_free_slot_button_of_step_4_trips() -> None:
    async with practising(FREE) as (server, visitor):
        await visitor.answer()
        assert not server.tripwires
        text = await visitor.post("/4", nextButton="Première plage horaire libre")

        assert server.tripwires[0].why == "POST made from step 4"
        assert visitor.path.endswith("/6")
        assert "eZHumanCAPTCHACode" in text


async def test_a_post_to_step_4_that_skips_step_3_trips() -> None:
    async with practising(DESKS) as (server, visitor):
        await visitor.answer()
        await visitor.post("/4", nextButton="Etape suivante")

        assert [each.why for each in server.tripwires] == [
            "POST to step 4 that does not come from step 3"
        ]


async def test_the_button_that_manages_other_appointments_trips() -> None:
    async with practising(EMPTY) as (server, visitor):
        await visitor.get()
        await visitor.post("/0", manageButton="Annuler, consulter et gérer mes demandes")

        assert [each.why for each in server.tripwires] == ["manageButton pressed"]


async def test_reading_the_calendar_by_ajax_does_not_trip() -> None:
    async with practising(FREE) as (server, visitor):
        await visitor.answer()
        for method in ("GET", "POST"):
            await visitor.ask(
                method, "/ezjscore/call/bookingserver::planning::assign::990001::990011::0"
            )

        assert not server.tripwires


# Traps and the demo set


@pytest.mark.parametrize("trap", sorted(STEP_2_TRAPS - {Trap.ENDLESS_BODY}))
async def test_a_trap_of_step_2_ends_there_whatever_is_offered(trap: Trap) -> None:
    async with practising(replace(FREE, traps=frozenset({trap}))) as (_, visitor):
        await visitor.answer()

        assert (visitor.status, visitor.path[-2:]) == (200, "/2")


@pytest.mark.parametrize("trap", sorted(STEP_4_TRAPS))
async def test_a_trap_of_step_4_ends_there_whatever_is_offered(trap: Trap) -> None:
    async with practising(replace(EMPTY, traps=frozenset({trap}))) as (_, visitor):
        await visitor.answer()

        assert (visitor.status, visitor.path[-2:]) == (200, "/4")


async def test_the_decoys_of_the_answer_page_are_what_their_names_say() -> None:
    texts = {}
    for trap in STEP_2_TRAPS - {Trap.ENDLESS_BODY}:
        async with practising(replace(EMPTY, traps=frozenset({trap}))) as (_, visitor):
            texts[trap] = await visitor.answer()

    assert NO_SLOT in texts[Trap.BOTH_ANSWERS]
    assert "/5/" in texts[Trap.BOTH_ANSWERS]
    for trap in (Trap.UNKNOWN_WORDING, Trap.SPLIT_SENTENCE, Trap.IFRAME_SENTENCE):
        assert NO_SLOT not in texts[trap]
    assert "</html>" not in texts[Trap.TRUNCATED_HTML]
    assert "existe plus" not in texts[Trap.TRUNCATED_HTML]
    assert texts[Trap.HIDDEN_SENTENCE].count(NO_SLOT) == 3
    assert "eZHumanCAPTCHACode" in texts[Trap.CAPTCHA_BEFORE]


async def test_a_taken_slot_leads_back_to_the_calendar() -> None:
    async with practising(replace(FREE, traps=frozenset({Trap.TAKEN_BETWEEN}))) as (_, visitor):
        await visitor.answer()
        link = re.search(r"/5/\d+", await grid(visitor, 7))
        assert link is not None
        await visitor.get(link.group())

        assert visitor.path.endswith("/4")


async def test_the_demo_set_shows_each_obstacle() -> None:
    want = {
        "creteil": (200, "Ce lien a été désactivé définitivement"),
        "lyon": (403, "Request forbidden by administrative rules."),
        "nanterre": (502, "Bad Gateway"),
        "toulouse": (200, "<h1>Service surchargé</h1>"),
        "lille": (200, "maintenance"),
        "bordeaux": (200, "réorganisation"),
        "rennes": (429, "Too Many Requests"),
        "strasbourg": (200, "eZHumanCAPTCHACode"),
        "nantes": (200, 'type="password"'),
        "paris": (200, "Choix d'une plage"),
        "bobigny": (200, "Il n'y a pas calendrier disponible"),
    }
    async with PracticeServer() as server:
        for host, (status, words) in want.items():
            visitor = Visitor(server, prefecture(host))
            text = await visitor.get()
            if visitor.status == 200 and "FormBookingCreate" in text:
                text = await visitor.post("/0", **CONDITIONS)
            await visitor.close()
            assert (host, visitor.status, words in text) == (
                host, status, True)  # fmt: skip
        assert not server.tripwires


async def test_the_list_of_prefectures_is_a_page_and_json() -> None:
    async with practising(EMPTY) as (server, visitor):
        await visitor.answer()
        await visitor.get("/5")
        here = {"headers": {"Host": f"localhost:{server.port}"}}
        page = await visitor.ask("GET", "/", **here)
        report = json.loads(await visitor.ask("GET", "/practice.json", **here))

        assert server.url(EMPTY) in page
        assert "qui aurait pris un rendez-vous" in page
        assert report["forms"][0]["visits"] == report["visits"] == 1
        assert [each["path"] for each in report["tripwires"]] == ["/booking/create/990001/5"]
        assert report["requests"][0]["path"] == "/booking/create/990001"
