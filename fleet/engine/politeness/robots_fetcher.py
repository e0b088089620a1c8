"""Asks hosts for their robots.txt: once a day, bounded in time, size and redirects."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
from aiohttp.resolver import ThreadedResolver

from fleet.engine.politeness.robots import Robots, names_somebody
from fleet.models import now as real_now
from fleet.models.address import host_of
from fleet.rules.internal import SETTING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
    from aiohttp.abc import ResolveResult

    from fleet.engine.politeness.hosts import Hosts
    from fleet.models import Scenario
    from fleet.rules.internal import PublicOnly


READ_S = 10.0

MOST_BYTES = 512_000
"""What comes after is not read (RFC 9309 asks for 500 KiB at least)."""

MOST_REDIRECTS = 5

AT_ONCE = 32

FRESH = timedelta(hours=24)

_CONTROLS = {code: "\n" for code in range(32) if chr(code) not in "\t\n\r"}
"""They would take six times their room where they are kept, more than is kept of a host."""

ROUND_S = 600.0
"""How often `RobotsReader.keep_read` looks for hosts that were not read for a day."""


class RobotsReader:
    """
    Reads robots.txt of hosts where that was not done for a day; never of one that is left alone.

    Args:
        user_agent: the same that visits send.
        public: what visits may ask; None: everything.
    """

    def __init__(
        self,
        hosts: Hosts,
        user_agent: str,
        *,
        public: PublicOnly | None = None,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self._hosts, self._user_agent, self._now = hosts, user_agent, now
        self._public = public
        self._places = asyncio.Semaphore(AT_ONCE)

    async def read(self, scenario: Scenario) -> None:
        """Read those of the hosts that the scenario asks, if it is time. Never raises."""
        for url in (scenario.url, *self._hosts.leads(scenario)):
            await self.read_for(url)

    async def read_for(self, url: str) -> None:
        """Read that for this address, if it is time. Never raises."""
        host = self._hosts.named(host_of(url))
        if self._fresh(host.name) or host.cooling_until() is not None:
            return
        async with self._places:
            before = self._hosts.robots.of(host.name)
            robots = await fetch(
                robots_url(url), self._user_agent, self._now(), public=self._public
            )
            if robots.read_at is None and before is not None:
                kept = {"read_at": before.read_at, "text": before.text}
                robots = robots.model_copy(update=kept)
            self._hosts.robots.keep(host.name, robots)

    async def keep_read(self, scenarios: Callable[[], Sequence[Scenario]]) -> None:
        """Read those of all hosts of the catalogue, each once a day, until cancelled."""
        while True:
            urls = {
                host_of(url): url
                for scenario in scenarios()
                for url in (*self._hosts.leads(scenario), scenario.url)
            }
            await asyncio.gather(*map(self.read_for, urls.values()))
            await asyncio.sleep(ROUND_S)

    def _fresh(self, host: str) -> bool:
        robots = self._hosts.robots.of(host)
        return robots is not None and abs(self._now() - robots.tried_at) < FRESH


def robots_url(url: str) -> str:
    """Where the robots.txt for `url` is."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/robots.txt"


async def fetch(
    url: str,
    user_agent: str,
    at: datetime,
    *,
    read_s: float = READ_S,
    public: PublicOnly | None = None,
) -> Robots:
    """
    What is at `url`, by RFC 9309: 4xx but 429 means that there is none. Never raises.

    At most `read_s` seconds, `MOST_BYTES` bytes and `MOST_REDIRECTS` redirects,
    none of which leads inside (`public`).
    """
    # not compressed: a few kilobytes must not become gigabytes here
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
    failed = Robots(url=url, tried_at=at)
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=_Resolver(public), force_close=True),
                middlewares=(_refuse_inside(public),),
                timeout=aiohttp.ClientTimeout(total=read_s),
            ) as session,
            session.get(url, headers=headers, max_redirects=MOST_REDIRECTS) as answer,
        ):
            if 400 <= answer.status < 500 and answer.status != 429:
                return Robots(url=url, tried_at=at, read_at=at)
            if not 200 <= answer.status < 300:
                return failed.model_copy(update={"problem": f"HTTP {answer.status}"})
            if (coding := answer.headers.get("Content-Encoding", "identity")) != "identity":
                return failed.model_copy(update={"problem": f"sent as {coding[:40]}, not asked"})
            text = await _text(answer.content)
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        return failed.model_copy(update={"problem": f"{type(exc).__name__}: {str(exc)[:200]}"})
    # a page that says "not found" with status 200 is no robots.txt
    rules = text if names_somebody(text) else None
    return Robots(url=url, tried_at=at, read_at=at, text=rules)


async def _text(content: aiohttp.StreamReader) -> str:
    got = bytearray()
    async for chunk in content.iter_chunked(16_384):
        got += chunk
        if len(got) > MOST_BYTES:
            # half a line would forbid, or allow, more than is meant
            del got[got.rfind(b"\n", 0, MOST_BYTES) + 1 :]
            break
    return got.decode("utf-8-sig", "replace").translate(_CONTROLS)


class _Resolver(ThreadedResolver):
    """
    Names as the system knows them, and `*.localhost` as Chromium does: this machine.

    What it gives is what is connected to, so no name leads inside that may not.
    """

    def __init__(self, public: PublicOnly | None) -> None:
        super().__init__()
        self._public = public

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        here = host == "localhost" or host.endswith(".localhost")
        found = await super().resolve("127.0.0.1" if here else host, port, family)
        if self._public is not None:
            addresses = [each["host"] for each in found]
            _check(self._public.refuses_addresses(f"http://{host}/", addresses))
        return found


def _refuse_inside(public: PublicOnly | None) -> ClientMiddlewareType:
    """Each address that is asked, those of redirects included, as it is written."""

    async def ask(request: ClientRequest, go_on: ClientHandlerType) -> ClientResponse:
        if public is not None:
            _check(public.refuses(str(request.url)))
        return await go_on(request)

    return ask


def _check(refused: str | None) -> None:
    if refused is not None:
        raise OSError(f"led inside, and not asked: {refused}; see {SETTING}")
