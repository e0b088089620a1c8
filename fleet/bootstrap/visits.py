"""
What a visit needs, as the settings want it: Chromium, limits, hosts, practice prefectures.

Also who may be visited: real prefectures only with a contact address.
"""

from __future__ import annotations

import contextlib
import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.engine.options import RunOptions
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.errors import BadInput
from fleet.models.address import host_of
from fleet.visit.limits import AttemptLimits, VisitLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from fleet.models import Scenario
    from fleet.settings import Settings


def is_loopback(scenario: Scenario) -> bool:
    """Whether a visit of this scenario stays on this machine."""
    return is_loopback_url(scenario.url)


def is_loopback_url(url: str) -> bool:
    """Whether this address is on this machine."""
    host = host_of(url).strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def check_may_visit(scenarios: Iterable[Scenario], settings: Settings) -> None:
    """
    Raises:
        BadInput: a real site would be visited and no contact address is set.
    """
    real = [s for s in scenarios if not is_loopback(s)]
    if real and settings.contact_url is None:
        raise _no_contact(f"{len(real)} asked for, such as {real[0].id}")


def check_may_visit_url(url: str, settings: Settings) -> None:
    """
    Raises:
        BadInput: it is a real site's and no contact address is set.
    """
    if settings.contact_url is None and not is_loopback_url(url):
        raise _no_contact(url)


def _no_contact(what: str) -> BadInput:
    return BadInput(
        f"FLEET_CONTACT_URL is not set, so no real site is visited ({what}): a site must be able"
        " to see who visits it and whom to ask. Set it to a page or mailto: address of yours; to"
        " practise without, add --practice"
    )


def limits_of(settings: Settings) -> AttemptLimits:
    """How long an attempt and its parts may take, by the settings."""
    return AttemptLimits(
        visit=VisitLimits(
            deadline_s=settings.deadline_s,
            answer_timeout_s=settings.answer_timeout_s,
            settle_s=settings.settle_s,
        ),
        last_look_s=settings.last_look_s,
        close_s=settings.close_s,
    )


def run_options(settings: Settings, pages: int | None = None) -> RunOptions:
    """How hard a run may press; `pages` overrides the setting."""
    return RunOptions(
        pages=pages or settings.pages,
        pause_s=settings.pause_s,
        tries=settings.tries,
        retry_wait_s=settings.retry_wait_s,
    )


def hosts_of(settings: Settings, *, practice: bool) -> Hosts:
    """
    What is known of the hosts, shared by all fleets of a data folder.

    Practice prefectures are each command's own: of them nothing is kept, and none is left alone.
    """
    courtesy = HostLimits(settings.pause_s, settings.host_visits_per_hour)
    if practice:
        return Hosts(replace(courtesy, cooling=None), None)
    return Hosts(courtesy, settings.data_dir / "hosts")


@contextlib.asynccontextmanager
async def open_chromium(
    settings: Settings, *, loopback_only: bool, show: bool = False, person: bool = False
) -> AsyncIterator[Chromium]:
    """A running Chromium as the settings want it."""
    async with Chromium(
        find_chromium(settings.chromium),
        fleet_version=fleet.__version__,
        sandbox=settings.chromium_sandbox,
        contact_url=settings.contact_url,
        egress_address=settings.egress_address,
        internal_hosts=() if loopback_only else settings.internal_hosts,
        close_s=settings.close_s,
        loopback_only=loopback_only,
        show=show,
        person=person,
    ) as chromium:
        yield chromium
