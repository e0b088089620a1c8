"""A robots.txt is asked for by our own HTTP: its redirects lead inside no more than a page."""

from __future__ import annotations

import pytest

from fleet.engine.politeness.robots_fetcher import fetch
from fleet.rules.internal import PublicOnly
from tests.engine.politeness.test_robots import AGENT, AT, Site, said, site

__all__ = ["site"]

OWN = PublicOnly(frozenset({"evry.localhost"}))


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "a.localhost", "127.1", "0x7f000001", "2130706433", "[::1]"),
        *("0.0.0.0", "%31%32%37.0.0.1", "169.254.169.254", "mongo", "user@127.0.0.1"),
    ],
)
async def test_a_redirect_that_leads_inside_is_not_followed(site: Site, host: str) -> None:
    port = site.url.rpartition(":")[2].partition("/")[0]
    site.answer = said("", 302, Location=f"http://{host}:{port}/secret")

    got = await fetch(site.url, AGENT, AT, public=OWN)

    assert [request.path for request in site.asked] == ["/robots.txt"]
    assert "led inside, and not asked" in str(got.problem)
    assert got.read_at is None, "it is not known what the site allows"


async def test_a_name_that_leads_inside_is_not_asked(site: Site) -> None:
    got = await fetch(site.url, AGENT, AT, public=PublicOnly())

    assert site.asked == []
    assert "FLEET_INTERNAL_HOSTS" in str(got.problem)


async def test_a_host_that_the_operator_names_is_asked(site: Site) -> None:
    site.answer = said("User-agent: *\nDisallow: /\n")

    assert (await fetch(site.url, AGENT, AT, public=OWN)).read_at == AT
