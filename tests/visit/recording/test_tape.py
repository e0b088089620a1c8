"""Recording disturbs nothing; a replay leaves nothing out and lets nothing out."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.errors import BadInput
from fleet.models import Attempt, Outcome, Scenario, Verdict
from fleet.practice import Fault, Form, PracticeServer, Trap
from fleet.visit.attempt import attempt
from fleet.visit.recording import har
from fleet.visit.recording.player import Player
from fleet.visit.recording.recorder import Recorder
from fleet.visit.recording.tape import Tape, TapeEntry
from tests.cli import test_cli
from tests.conftest import QUICK, scenario_of
from tests.families.replay import replay
from tests.families.test_bookingserver import OFFERS, form

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Script = Callable[[fleet.Visit], Awaitable[Any]]

FOUND = Outcome(verdict=Verdict.CLOSED, detail="seen")


class Place:
    """A site of one test: `requests` is what reached it."""

    def __init__(self, answer: Handler) -> None:
        self.requests: list[str] = []
        self.url = ""
        self._answer = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"{request.method} {request.path_qs}")
        return await self._answer(request)


@contextlib.asynccontextmanager
async def serving(answer: Handler) -> AsyncIterator[Place]:
    place = Place(answer)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", place.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    place.url = f"http://somewhere.localhost:{runner.addresses[0][1]}"
    try:
        yield place
    finally:
        await runner.cleanup()


def page(text: str, **headers: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers=headers)


def scripted(script: Script, url: str) -> Scenario:
    return scenario_of(form()).model_copy(update={"script": script, "url": url})


async def record(
    scenario: Scenario, chromium: Chromium, recorder: Recorder | None = None
) -> tuple[Attempt, Tape]:
    recorder = recorder or Recorder()
    kept = await attempt(scenario, chromium, run_id="test", limits=QUICK, tape=recorder)
    return kept.attempt, recorder.tape(kept.attempt, practice=False)


def reading(found: list[str], *addresses: str) -> Script:
    """A script that opens these addresses of the site and keeps what each page says."""

    async def script(visit: fleet.Visit) -> Outcome:
        for address in addresses:
            await visit.open(f"{visit.scenario.url}{address}")
            found.append(str(await visit._page.evaluate("() => document.body.innerText")))
        return FOUND

    return script


async def visited(form: Form, chromium: Chromium) -> tuple[Attempt, Tape, Attempt, Player]:
    """A practice form visited and recorded, then played with its server gone."""
    recorder = Recorder()
    async with PracticeServer((form,)) as server:
        scenario = scenario_of(form).at(server.url(form))
        live = await attempt(scenario, chromium, run_id="test", limits=QUICK, tape=recorder)
        assert server.tripwires == []
    tape = recorder.tape(live.attempt, practice=True)
    played, player = await replay(tape, chromium, scenario=scenario.at(tape.url))
    return live.attempt, tape, played, player


def known(attempt: Attempt) -> dict[str, object]:
    """What a replay must find as it was; a practice server's port is on no tape."""
    port = attempt.url.split("/")[2].partition(":")[2]
    fields = attempt.model_dump(
        include={"verdict", "detail", "signs", "first_dates", "slot_count", "facts", "notes"}
    )
    served = [(served.status, served.url) for served in attempt.served]
    said = [dialog.message for dialog in attempt.dialogs]
    text = json.dumps([fields, served, said], default=str)
    return {"known": json.loads(text.replace(f":{port}/", "/") if port else text)}


# The same visit again -------------------------------------------------------------------------

STATES: dict[str, Form] = {
    "no slot": form(),
    "slots behind a description": form(describes=True, **OFFERS),
    "a cookie banner": form(cookies="tarteaucitron", skin="new"),
    "an answer in a popup": form(Trap.POPUP_ANSWER),
    "an answer in a frame": form(Trap.IFRAME_SENTENCE),
    "an answer after a box": form(Trap.ALERT_DIALOG),
    "a box before leaving": form(Trap.BEFOREUNLOAD_DIALOG),
    "a file for an answer": form(Trap.DOWNLOAD_ANSWER),
    "a redirect loop": form(Trap.REDIRECT_LOOP),
    "an expired session": form(Trap.SESSION_EXPIRED),
    "a grid that comes late": form(Trap.LATE_GRID),
    **{
        f"{kind} at step {step}": form(faults=(Fault(step, kind),))
        for kind in ("http_403", "http_429", "http_502", "surcharge_200", "reset")
        for step in (0, 2)
    },
}


@pytest.mark.parametrize("state", STATES)
async def test_a_replay_finds_everything_that_the_visit_found(
    chromium: Chromium, state: str
) -> None:
    live, _, played, player = await visited(STATES[state], chromium)

    assert known(played) == known(live)
    assert player.missing == []


async def test_what_never_came_does_not_come_in_the_replay_either(chromium: Chromium) -> None:
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/never":
            await never.wait()
        return page("<img src=/never><p>loaded")

    async with serving(answer) as place:
        live, tape = await record(scripted(reading([], "/"), place.url), chromium)
    played, player = await replay(tape, chromium, scenario=scripted(reading([], "/"), tape.url))

    assert [entry.unanswered for entry in tape.entries] == [False, True]
    assert played.notes == live.notes == (f"{tape.url}/ does not stop loading",)
    assert player.missing == []


@pytest.mark.slow
async def test_a_body_that_never_ends_is_not_held_back_and_ends_in_the_replay(
    chromium: Chromium,
) -> None:
    live, tape, played, _ = await visited(form(Trap.ENDLESS_BODY), chromium)

    assert live.verdict == played.verdict == Verdict.NO_SLOTS
    assert [entry.url.rpartition("/")[2] for entry in tape.entries if entry.unfinished] == ["2"]
    assert any("does not stop loading" in note for note in live.notes)


async def test_an_address_that_answers_differently_is_played_in_order_and_then_the_last(
    chromium: Chromium,
) -> None:
    numbers = itertools.count(1)

    async def answer(_: web.Request) -> web.StreamResponse:
        return page(f"answer {next(numbers)}", **{"Cache-Control": "no-store"})

    seen: list[str] = []
    async with serving(answer) as place:
        scenario = scripted(reading(seen, "/", "/", "/"), place.url)
        _, tape = await record(scenario, chromium)
    played: list[str] = []
    more = scripted(reading(played, "/", "/", "/", "/"), tape.url)
    await replay(tape, chromium, scenario=more)

    assert seen == ["answer 1", "answer 2", "answer 3"]
    assert played == [*seen, "answer 3"]


POSTING = """<p id=said></p><script>
const post = (body) => fetch("/desk", {method: "POST", body}).then((r) => r.text());
const several = async () => {
  const form = new FormData();
  form.append("planning", "3é");
  const said = [];
  for (const body of ORDER) said.push(await post(body === "form" ? form : body));
  document.getElementById("said").innerText = said.join(" ");
  document.title = "done";
};
several();
</script>"""


async def test_one_address_answers_each_posted_body_with_its_own_answer(
    chromium: Chromium,
) -> None:
    order = json.dumps(["planning=1", "planning=2", "form"])

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return page(POSTING.replace("ORDER", order))
        posted = await request.text()
        return web.Response(text="desk 3é" if "3é" in posted else f"desk {posted}")

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return await visit.decide(closed=[visit.text("desk 3é"), visit.text("planning=2")])

    async with serving(answer) as place:
        live, tape = await record(scripted(script, place.url + "/"), chromium)
    backwards = json.dumps(["form", "planning=2", "planning=1"])
    changed = tape.with_body(tape.url, POSTING.replace("ORDER", backwards))
    played, player = await replay(changed, chromium, scenario=scripted(script, tape.url))

    assert live.verdict == played.verdict == Verdict.CLOSED
    assert player.missing == []
    assert [entry.posted for entry in tape.entries][1:3] == ["planning=1", "planning=2"]


async def test_a_chain_of_redirects_is_on_the_tape_hop_by_hop(chromium: Chromium) -> None:
    hops = {"/": "/a", "/a": "/b?x=1", "/b": "/end"}

    async def answer(request: web.Request) -> web.StreamResponse:
        if (to := hops.get(request.path)) is not None:
            return web.Response(status=302, headers={"Location": to})
        return page("the end")

    async with serving(answer) as place:
        live, tape = await record(scripted(reading([], "/"), place.url), chromium)
    played, _ = await replay(tape, chromium, scenario=scripted(reading([], "/"), tape.url))

    assert [(e.status, e.header("location")) for e in tape.entries] == [
        (302, "/a"),
        (302, "/b?x=1"),
        (302, "/end"),
        (200, ""),
    ]
    assert [(s.status, s.url) for s in played.served] == [(s.status, s.url) for s in live.served]


async def test_a_page_that_leaves_at_once_is_kept_whole(chromium: Chromium) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return page("<script>location = '/next'</script>" + "é" * 20_000)
        return page("<p>next")

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return await visit.decide(closed=[visit.text("next")])

    async with serving(answer) as place:
        _, tape = await record(scripted(script, place.url + "/"), chromium)

    assert tape.text_of(tape.url).endswith("é" * 20_000)
    assert tape.problems == ()


async def test_an_instant_against_caches_does_not_make_another_request(
    chromium: Chromium,
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return page(
                "<p id=said></p><script>fetch('/week?_=' + Date.now()).then((r) => r.text())"
                ".then((text) => { document.getElementById('said').innerText = text })</script>"
            )
        return web.Response(text="the week")

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return await visit.decide(closed=[visit.text("the week")])

    async with serving(answer) as place:
        _, tape = await record(scripted(script, place.url + "/"), chromium)
    played, player = await replay(tape, chromium, scenario=scripted(script, tape.url))

    assert (played.verdict, player.missing) == (Verdict.CLOSED, [])


async def test_a_replay_happens_on_the_day_of_its_recording(chromium: Chromium) -> None:
    days: list[str] = []

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        there = await visit._page.evaluate(
            "() => [new Date().toISOString().slice(0, 13), new Date(0).getTime(),"
            " new Date() instanceof Date, typeof Date(), navigator.onLine, Date.UTC(1970, 0)]",
        )
        days.extend([visit.today.isoformat(), there])
        return FOUND

    tape = tape_of(html_entry("<p>a page"))
    tape = replace(tape, clock=datetime(2026, 3, 1, 23, 30, 0, tzinfo=UTC))

    await replay(tape, chromium, scenario=scripted(script, tape.url))

    assert days == ["2026-03-02", ["2026-03-01T23", 0, True, "string", True, 0]]


# Nothing leaves -------------------------------------------------------------------------------


async def test_nothing_leaves_a_replay_whatever_the_page_tries(chromium: Chromium) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return page("<p>a real answer")

    async with serving(answer) as place:
        other = place.url.replace("somewhere", "elsewhere")
        tries = f"""<p id=socket></p><p id=worker></p>
        <img src=/picture><iframe src="{other}/frame"></iframe>
        <iframe srcdoc="<img src=/inner>"></iframe><link rel=prefetch href=/prefetch>
        <script>
        const say = (id) => {{ document.getElementById(id).innerText = "no " + id; }};
        fetch("/fetch"); navigator.sendBeacon("/beacon", "b"); fetch("/kept", {{keepalive: true}});
        const socket = new WebSocket("{other}/socket".replace("http", "ws"));
        socket.onerror = () => say("socket");
        new EventSource("/events");
        const worker = new Worker(URL.createObjectURL(new Blob([
          `fetch("${{location.origin}}/worker").catch(() => 0).then(() => postMessage(0))`
        ])));
        worker.onmessage = () => say("worker");
        </script>"""
        tape = tape_of(html_entry(tries, url=f"{place.url}/"))

        async def script(visit: fleet.Visit) -> Outcome:
            await visit.open()
            return await visit.decide(closed=[visit.text("no socket"), visit.text("no worker")])

        played, player = await replay(tape, chromium, scenario=scripted(script, tape.url))

        assert place.requests == []
    assert played.verdict == Verdict.CLOSED, played.detail
    assert player.missing_pages == [f"not on the tape: GET {other}/frame"]
    assert f"not on the tape: GET {place.url}/picture" in played.notes


async def test_a_replay_is_offline_where_no_request_is_paused_either(chromium: Chromium) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return page("<p>a real answer")

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit._opened.cdp.send("Fetch.disable")  # as in a frame of another process
        await visit.open(f"{visit.scenario.url}other")
        return FOUND

    async with serving(answer) as place:
        tape = tape_of(html_entry("<p>a page", url=f"{place.url}/"))
        played, _ = await replay(tape, chromium, scenario=scripted(script, tape.url))

        assert place.requests == []
    assert "ERR_INTERNET_DISCONNECTED" in played.detail


async def test_a_page_that_is_not_on_the_tape_is_our_fault_not_a_verdict_on_the_site(
    chromium: Chromium,
) -> None:
    tape = tape_of(html_entry("<p>a page"))
    scenario = scripted(reading([], "/", "/other"), tape.url.removesuffix("/"))

    played, player = await replay(tape, chromium, scenario=scenario)

    assert played.verdict == Verdict.CRASHED
    assert "ERR_INTERNET_DISCONNECTED" in played.detail
    assert player.missing_pages == [f"not on the tape: GET {tape.url}other"]
    assert played.notes == tuple(player.missing_pages)


async def test_the_guard_stands_in_a_replay_even_if_the_tape_has_the_slot(
    chromium: Chromium,
) -> None:
    slot = "http://somewhere.localhost/booking/create/1/5/1800000000"
    begin = html_entry(f"<script>location = '{slot}'</script>")
    tape = tape_of(begin, html_entry("<p>a slot, taken", url=slot))

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return await visit.decide(closed=[visit.text("a slot, taken")])

    played, player = await replay(tape, chromium, scenario=scripted(script, tape.url))

    assert played.verdict == Verdict.CRASHED
    assert f"GET {slot}" in played.detail
    assert [served.url for served in played.served] == [tape.url]
    assert player.missing == []


# Limits ---------------------------------------------------------------------------------------


def sized(picture_bytes: int) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            return page("<p>small</p><img src=/1.png><img src=/2.png>")
        return web.Response(body=b"\x89" * picture_bytes, content_type="image/png")

    return answer


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"max_body_bytes": 5_000}, "a body of 9000 bytes; 5000 at most are kept"),
        ({"max_tape_bytes": 10_000}, "the tape is full: 10000 bytes of bodies at most are kept"),
    ],
)
async def test_a_body_over_a_limit_is_named_and_fails_loudly_when_played(
    chromium: Chromium, tmp_path: Path, limits: dict[str, int], problem: str
) -> None:
    async with serving(sized(9_000)) as place:
        scenario = scripted(reading([], "/"), place.url)
        live, tape = await record(scenario, chromium, Recorder(**limits))
    tape = har.load(har.save(tape, tmp_path))
    _, player = await replay(tape, chromium, scenario=scripted(reading([], "/"), tape.url))

    assert live.verdict == Verdict.CLOSED
    assert tape.size_bytes < 10_000
    assert tape.problems[-1].endswith(f".png: {problem}")
    assert f"not on the tape: GET {tape.url}/2.png ({problem})" in player.missing


async def test_a_page_over_the_limit_makes_the_replay_crash(chromium: Chromium) -> None:
    async with serving(sized(1)) as place:
        scenario = scripted(reading([], "/"), place.url)
        _, tape = await record(scenario, chromium, Recorder(max_body_bytes=10))

    played, player = await replay(tape, chromium, scenario=scripted(reading([], "/"), tape.url))

    assert played.verdict == Verdict.CRASHED
    assert "a body of 44 bytes; 10 at most are kept" in player.missing_pages[0]


# Files ----------------------------------------------------------------------------------------


def html_entry(text: str, url: str = "http://somewhere.localhost/", **more: Any) -> TapeEntry:
    return TapeEntry(
        method="GET",
        url=url,
        kind="Document",
        at=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", "text/html; charset=utf-8"),),
        body=text.encode(),
        **more,
    )


def tape_of(*entries: TapeEntry) -> Tape:
    return Tape(
        scenario_id="63/titre-de-sejour",
        url=entries[0].url,
        practice=True,
        clock=datetime(2026, 11, 24, 8, 30, tzinfo=UTC),
        verdict=Verdict.NO_SLOTS,
        fleet_version="0.1.0",
        chromium_version="156.0.8078.79",
        entries=entries,
    )


LATIN = "<meta charset=iso-8859-1>l’été"
BODIES = {
    "utf-8": ("text/html; charset=utf-8", "l’été « libre »".encode(), "l’été « libre »"),
    "a page's own latin-1": ("text/html", LATIN.encode("cp1252"), LATIN),
    "a header's latin-1": ("text/html; charset=ISO-8859-1", b"l\x92\xe9t\xe9", "l’été"),
    "a byte order mark": ("text/html; charset=utf-8", b"\xef\xbb\xbfpr\xc3\xa9", "\ufeffpré"),
    "broken utf-8": ("text/html; charset=utf-8", b"pr\xe9fecture", None),
    "an encoding nobody knows": ("text/html; charset=x-mine", b"text", None),
    "a picture": ("image/png", bytes(range(256)), None),
    "nothing": ("text/html", b"", ""),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_comes_back_byte_for_byte_and_is_readable_if_it_is_text(
    tmp_path: Path, name: str
) -> None:
    kind, body, text = BODIES[name]
    entry = replace(html_entry(""), headers=(("Content-Type", kind),), body=body)
    tape = tape_of(entry)

    path = har.save(tape, tmp_path)

    assert har.load(path) == tape
    content = json.loads(path.read_text())["log"]["entries"][0]["response"]["content"]
    assert (None if "encoding" in content else content["text"]) == text


def test_everything_about_an_entry_comes_back(tmp_path: Path) -> None:
    first = html_entry("<p>a", seconds=1.25, posted="a=1&b=é", sent=(("Accept", "*/*"),))
    lost = replace(first, status=0, headers=(), body=b"", error="net::ERR_CONNECTION_RESET")
    tape = tape_of(
        first,
        lost,
        replace(lost, error=None, unanswered=True),
        replace(first, unfinished=True),
        replace(first, body=b"", problem="too big"),
    )

    assert har.load(har.save(tape, tmp_path)) == tape


def test_a_file_is_never_overwritten_and_leaves_no_part_of_itself(tmp_path: Path) -> None:
    paths = [har.save(tape_of(html_entry(f"{n}")), tmp_path) for n in range(3)]

    folder = tmp_path / "63/titre-de-sejour"
    assert paths == [folder / f"no_slots{end}.har" for end in ("", "_2", "_3")]
    assert [har.load(path).entries[0].text for path in paths] == ["0", "1", "2"]
    assert sorted(folder.iterdir()) == paths


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "63").write_text("a file where a folder must be")

    with pytest.raises(BadInput, match=r"63/titre-de-sejour: Not a directory\. Choose another"):
        har.save(tape_of(html_entry("")), tmp_path)


def damaged(change: Callable[[dict[str, Any]], object]) -> str:
    log = json.loads(har.to_json(tape_of(html_entry("<p>a"))))
    change(log["log"])
    return json.dumps(log)


WHOLE = har.to_json(tape_of(html_entry("<p>a")))
DAMAGED = {
    "empty": ("", "expected a HAR file (JSON), seen: Expecting value: line 1 column 1"),
    "cut off": (WHOLE[:900], "expected a HAR file (JSON), seen: "),
    "no object": ("[1]", "expected a HAR file with a `log`, seen other JSON"),
    "without end": ("[" * 100_000, "expected a HAR file (JSON), seen: "),
    "no entries": (damaged(lambda log: log.pop("entries")), "log.entries: Field required"),
    "a status in words": (
        damaged(lambda log: log["entries"][0]["response"].update(status="fine")),
        "log.entries[0].response.status: Input should be a valid integer, unable to parse string"
        " as an integer, seen 'fine'",
    ),
    "headers of another shape": (
        damaged(lambda log: log["entries"][0]["response"].update(headers={"a": "b"})),
        "log.entries[0].response.headers: Input should be a valid tuple, seen {'a': 'b'}",
    ),
    "a body that is no base64": (
        damaged(lambda log: log["entries"][0]["response"]["content"].update(encoding="base64")),
        "expected bodies as text or base64, seen: ",
    ),
    "a later format": (
        damaged(lambda log: log["_fleet"].update(format=2)),
        "log._fleet.format: Input should be 1, seen 2",
    ),
    "a verdict nobody knows": (
        damaged(lambda log: log["_fleet"].update(verdict="fine")),
        "log._fleet.verdict: Input should be 'slots', 'no_slots'",
    ),
    "from elsewhere": (
        damaged(lambda log: (log.pop("_fleet"), log["creator"].update(name="WebInspector"))),
        "expected a recording of `fleet record`, seen a HAR file of 'WebInspector' without"
        " log._fleet, so its scenario is not known and secrets may be in it",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_told_in_one_line_with_what_to_do(tmp_path: Path, name: str) -> None:
    text, words = DAMAGED[name]
    path = tmp_path / "no_slots.har"
    path.write_text(text)

    with pytest.raises(BadInput) as told:
        har.load(path)

    line = str(told.value)
    assert line.startswith(f"{path}: {words}")
    assert line.endswith("record it again: fleet record ID")
    assert "\n" not in line


def test_a_file_that_is_not_there_or_too_big_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.har cannot be read: No such file"):
        har.load(tmp_path / "none.har")
    big = tmp_path / "big.har"
    with big.open("wb") as file:
        file.truncate(har.MAX_FILE_BYTES + 1)
    with pytest.raises(BadInput, match=r"big\.har: more than 40000000 bytes"):
        har.load(big)


async def test_a_tape_of_a_real_site_plays_where_that_site_cannot_be_reached(
    chromium: Chromium,
) -> None:
    seen: list[str] = []
    tape = tape_of(html_entry("<p>préfecture", url="https://www.somewhere.example/"))

    scenario = scripted(reading(seen, ""), tape.url)
    played, player = await replay(tape, chromium, scenario=scenario)

    assert (seen, player.missing) == (["préfecture"], [])
    assert [(served.status, served.url) for served in played.served] == [(200, tape.url)]


# Changed tapes --------------------------------------------------------------------------------


async def test_a_changed_page_is_judged_by_what_it_says_now(chromium: Chromium) -> None:
    _, tape, played, _ = await visited(form(), chromium)
    answer = tape.pages[-1]
    text = tape.text_of(answer)
    changed = tape.with_body(answer, text.replace("Il n'existe plus", "Il existe"))

    again, player = await replay(changed, chromium, scenario=scenario_of(form()).at(tape.url))

    assert played.verdict == Verdict.NO_SLOTS
    assert again.verdict == Verdict.UNRECOGNISED
    assert player.missing == []


def test_a_page_that_is_not_on_the_tape_cannot_be_changed() -> None:
    with pytest.raises(KeyError):
        tape_of(html_entry("")).with_body("http://somewhere.localhost/other", "text")


# The command ----------------------------------------------------------------------------------


async def test_record_writes_a_file_that_plays_and_never_overwrites_one(
    tmp_path: Path, mongodb_url: str
) -> None:
    settings = {
        "FLEET_MONGODB_URL": mongodb_url,
        "FLEET_DATABASE": f"test_{uuid.uuid4().hex[:8]}",
        "FLEET_DATA_DIR": tmp_path / "data",
    }
    command = ("record", "--practice", "94/titre-de-sejour", "-o", tmp_path / "pages")

    first, second = [await test_cli.fleet(*command, **settings) for _ in range(2)]

    folder = tmp_path / "pages/94/titre-de-sejour"
    assert sorted(p.name for p in folder.iterdir()) == ["closed.har", "closed_2.har"]
    assert (first.code, second.code) == (0, 0)
    assert first.out.startswith("94/titre-de-sejour → closed\n")
    size = (folder / "closed.har").stat().st_size
    assert f"recorded {folder}/closed.har: 5 requests, {size} bytes\n" in first.out
    assert first.out.endswith("played from the file, offline: closed again\n")
    assert f"recorded {folder}/closed_2.har" in second.out
    database = f"{settings['FLEET_DATABASE']}_trials"
    stored = await test_cli.attempts_in({k: str(v) for k, v in settings.items()}, database)
    assert [attempt.verdict for attempt in stored] == [Verdict.CLOSED] * 2
