"""robots.txt is read as RFC 9309 wants it, once a day, and what it forbids is not visited."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from aiohttp import web
from protego import Protego

from fleet.browser.chromium import Chromium
from fleet.engine.options import RunOptions
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.engine.politeness.robots import PRODUCT, Robots, RobotsAnswer, rules_for_us
from fleet.engine.politeness.robots_fetcher import MOST_BYTES, RobotsReader, fetch
from fleet.engine.run import Runner
from fleet.models import Verdict
from fleet.practice import PracticeServer
from fleet.storage.store import Store
from tests.browser.alone import until
from tests.conftest import QUICK, scenario_of
from tests.engine.politeness.test_hosts import EVRY, Clock, ended
from tests.engine.test_run import aimed, form
from tests.families.test_demarches_simplifiees import form as procedure

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
AGENT = f"Mozilla/5.0 HeadlessChrome/156.0.0.0 {PRODUCT}/0.1.0 (+https://fleet.example/contact)"
SHUT = "User-agent: *\nDisallow: /\n"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site:
    """One host that answers `/robots.txt` with `answer`, and remembers who asked for it."""

    def __init__(self) -> None:
        self.answer: Handler = said("")
        self.asked: list[web.Request] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        return await self.answer(request)


def said(text: str, status: int = 200, **more: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status, headers=more)

    return answer


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    served = Site()
    application = web.Application()
    application.add_routes([web.get("/{path:.*}", served.handle)])
    runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://evry.localhost:{runner.addresses[0][1]}/robots.txt"
    yield served
    await runner.cleanup()


async def read(site: Site) -> Robots:
    return await fetch(site.url, AGENT, AT, read_s=0.5)


def says(text: str, path: str = "/booking/create/1") -> RobotsAnswer:
    robots = Robots(url="", tried_at=AT, read_at=AT, text=text)
    return robots.says(f"https://www.essonne.gouv.fr{path}")


LINES = (
    *(
        "User-agent: *",
        f"User-agent: {PRODUCT}",
        "User-Agent: bad",
        "user agent bad2",
        "User-agent:",
    ),
    *("User-agent: prefecture*", "Useragent: **", "User-agent: *fleet", "User-agent: bad # x"),
    *("Disallow: /a", "Disallow: /", "Allow: /a/b", "Allow: /", "Disallow:", "disallow /b"),
    *("Crawl-delay: 5", "Sitemap: https://x/y", "Host: x", "Noindex: /a", "Allowed: /x"),
    *("hello", "foo: bar", "foo http://x", "# c", "", "  ", "\t# User-agent: *"),
)


def test_what_is_left_of_a_robots_txt_means_the_same() -> None:
    """To Protego, which reads all of it or only what can count for us."""
    random = Random(1)
    for _ in range(3000):
        text = "\n".join(random.choices(LINES, k=random.randint(1, 9)))
        whole, left = Protego.parse(text), Protego.parse(rules_for_us(text))
        for path in ("/a", "/a/b", "/b", "/"):
            url = f"https://x.fr{path}"
            assert whole.can_fetch(url, PRODUCT) == left.can_fetch(url, PRODUCT), text


# What it says -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (SHUT, RobotsAnswer.DISALLOWED),
        ("User-agent: *\nDisallow:\n", RobotsAnswer.ALLOWED),
        ("User-agent: Googlebot\nDisallow: /\n", RobotsAnswer.ALLOWED),
        ("User-agent: prefecturefleet\nDisallow: /booking/\n", RobotsAnswer.DISALLOWED),
        (f"{SHUT}\nUser-agent: PrefectureFleet\nAllow: /booking/\n", RobotsAnswer.ALLOWED),
        ("User-agent: *\nDisallow: /booking/\nAllow: /booking/create/\n", RobotsAnswer.ALLOWED),
        ("User-agent: *\nDisallow: /*/create/*$\n", RobotsAnswer.DISALLOWED),
        ("User-agent: *\r\nDisallow: /booking\r\n", RobotsAnswer.DISALLOWED),
        ("User-agent: HeadlessChrome\nDisallow: /\n", RobotsAnswer.ALLOWED),
    ],
)
def test_the_lines_for_our_name_count_else_those_for_all_and_the_longest_rule_decides(
    text: str, answer: RobotsAnswer
) -> None:
    assert says(text) is answer


def test_visits_send_the_name_that_a_robots_txt_can_call(chromium: Chromium) -> None:
    assert f" {PRODUCT}/" in chromium.user_agent


# How it is read -----------------------------------------------------------------------------------


async def test_it_is_asked_for_by_our_own_name(site: Site) -> None:
    site.answer = said(f"\ufeff{SHUT}")

    got = await read(site)

    assert (got.text, got.read_at, got.problem) == (SHUT, AT, None)
    (request,) = site.asked
    assert request.path == "/robots.txt"
    assert request.headers["User-Agent"] == AGENT


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (said("Not Found", 404), RobotsAnswer.NONE),
        (said("Forbidden", 403), RobotsAnswer.NONE),
        (said("<!doctype html><title>Page introuvable</title>"), RobotsAnswer.NONE),
        (said(""), RobotsAnswer.NONE),
        (said("User-agent: *\nDisallow: /\n", 429), RobotsAnswer.UNREADABLE),
        (said("Service surchargé", 503), RobotsAnswer.UNREADABLE),
        (said("", 302, Location="/robots.txt"), RobotsAnswer.UNREADABLE),
        (said("", 302, Location="ftp://evry.localhost/"), RobotsAnswer.UNREADABLE),
        (said("", 302), RobotsAnswer.UNREADABLE),
    ],
)
async def test_a_site_without_one_forbids_nothing_and_one_that_fails_says_nothing(
    site: Site, answer: Handler, meaning: RobotsAnswer
) -> None:
    site.answer = answer

    got = await read(site)

    assert got.says(site.url) is meaning
    assert (got.problem is None) == (meaning is RobotsAnswer.NONE)


async def test_a_redirect_is_followed(site: Site) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/robots.txt":
            raise web.HTTPMovedPermanently("/autre/robots.txt")
        return web.Response(text=SHUT)

    site.answer = answer

    assert (await read(site)).text == SHUT


async def test_a_site_that_answers_slowly_or_for_ever_is_not_waited_for(site: Site) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"#\n")
            await asyncio.sleep(0.05)

    site.answer = drip

    async with asyncio.timeout(5):
        got = await read(site)

    assert "Timeout" in (got.problem or "")


async def test_no_more_than_its_beginning_is_read_and_no_half_line_counts(site: Site) -> None:
    line = "Disallow: /never/\n"
    site.answer = said("User-agent: *\n" + line * (2 * MOST_BYTES // len(line)))

    got = await read(site)

    assert MOST_BYTES - 2 * len(line) < len(got.text or "") <= MOST_BYTES
    assert (got.text or "").endswith(line)


async def test_what_is_compressed_although_nobody_asked_is_not_unpacked(site: Site) -> None:
    body = gzip.compress(b"\0" * 10_000_000)  # takes longer than is waited for an answer

    async def bomb(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    site.answer = bomb

    assert (await read(site)).problem == "sent as gzip, not asked"


async def test_a_host_that_is_not_there_is_unreadable() -> None:
    got = await fetch("http://127.0.0.1:1/robots.txt", AGENT, AT)

    assert got.read_at is None
    assert got.problem


# When it is read ----------------------------------------------------------------------------------


async def test_it_is_read_once_a_day_and_an_older_one_counts_while_none_can_be_read(
    site: Site,
) -> None:
    clock, scenario = Clock(), EVRY.at(site.url.replace("robots.txt", "booking/create/1"))
    hosts = Hosts(HostLimits(), None, now=clock)
    reader = RobotsReader(hosts, AGENT, now=clock)
    site.answer = said(SHUT)
    await reader.read(scenario)
    await reader.read(scenario)
    assert len(site.asked) == 1

    site.answer = said("", 503)
    clock.minutes(24 * 60)
    await reader.read(scenario)

    assert len(site.asked) == 2
    kept = hosts.robots.of("evry.localhost")
    assert kept is not None
    assert (kept.problem, kept.read_at) == ("HTTP 503", AT)
    assert hosts.disallowed(scenario) == (
        f"{scenario.id}: robots.txt of evry.localhost disallows /booking/create/1 for"
        " PrefectureFleet; not visited. Ask the site to allow it for that name"
    )


async def test_a_host_that_is_left_alone_is_not_asked_for_it_either(site: Site) -> None:
    clock, scenario = Clock(), EVRY.at(site.url)
    hosts = Hosts(HostLimits(), None, now=clock, sleep=clock.sleep)
    host = hosts.of(scenario)
    async with host.turn():
        host.seen(ended(Verdict.BLOCKED))

    await RobotsReader(hosts, AGENT, now=clock).read(scenario)

    assert site.asked == []


async def test_those_of_a_whole_catalogue_are_read_in_the_background(site: Site) -> None:
    clock, scenario = Clock(), EVRY.at(site.url)
    hosts = Hosts(HostLimits(), None, now=clock)
    reading = asyncio.ensure_future(
        RobotsReader(hosts, AGENT, now=clock).keep_read(lambda: [scenario, scenario])
    )
    await until(lambda: hosts.robots.of("evry.localhost") is not None)
    reading.cancel()

    assert len(site.asked) == 1


async def test_it_is_known_to_the_next_process(site: Site, tmp_path: Path) -> None:
    site.answer, scenario = said(SHUT), EVRY.at(site.url.replace("robots.txt", "x"))
    await RobotsReader(Hosts(HostLimits(), tmp_path), AGENT).read(scenario)

    later = Hosts(HostLimits(), tmp_path)

    assert later.disallowed(scenario)
    assert [state.robots for state in later.all()] == ["found"]


# What a run does with it --------------------------------------------------------------------------


async def test_a_run_leaves_out_what_is_disallowed_and_visits_the_rest(
    chromium: Chromium, store: Store
) -> None:
    """The replica of Démarches simplifiées serves the robots.txt of the real one."""
    starts, evry = procedure(), form("evry")
    async with PracticeServer([starts, evry]) as server:
        hosts = Hosts(HostLimits(pause_s=0), None)
        allowed = scenario_of(starts).at(server.url(starts))
        forbidden = allowed.at(f"http://demarches.localhost:{server.port}/users/sign_in")
        runner = Runner(
            chromium,
            store,
            options=RunOptions(pause_s=0, tries=1),
            limits=QUICK,
            hosts=hosts,
            robots=RobotsReader(hosts, chromium.user_agent),
        )
        result = await runner.run([allowed, forbidden, *aimed(server)], times=2)
        paths = [r.path for r in server.requests if r.host.startswith("demarches")]

    assert (result.run.attempts, result.left_out, result.finished) == (4, 2, True)
    assert paths.count("/robots.txt") == 1
    assert paths[0] == "/robots.txt"
    assert "/users/sign_in" not in paths
    (words,) = result.reasons
    assert "robots.txt of demarches.localhost disallows /users/sign_in" in words


async def test_a_robots_txt_that_never_comes_ends_no_run(site: Site) -> None:
    site.answer = said("", 500)
    hosts = Hosts(HostLimits(), None)
    scenario = EVRY.at(site.url)

    await RobotsReader(hosts, AGENT).read(scenario)

    assert hosts.disallowed(scenario) is None
    kept = hosts.robots.of("evry.localhost")
    assert kept is not None
    assert datetime.now(UTC) - kept.tried_at < timedelta(minutes=1)
