"""From settings: what `fleet watch` works with."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

import fleet
from fleet.alerts.alerts import Alerts
from fleet.alerts.dispatcher import DispatchTiming
from fleet.alerts.messages import MessageWriter
from fleet.bootstrap.evidence import authorities_of, key_of
from fleet.bootstrap.store import open_lasting_store
from fleet.bootstrap.visits import hosts_of, limits_of
from fleet.browser.chromium import START_S, Chromium
from fleet.browser.executable import find_chromium
from fleet.browser.pool import BrowserPool, Lifetime
from fleet.engine.concurrency import ConcurrencyLimiter
from fleet.engine.in_progress import VisitMarks
from fleet.engine.options import RetryPolicy, WatchOptions
from fleet.engine.parts import WatchParts
from fleet.engine.politeness.hosts import over_budget
from fleet.engine.spool import Spool
from fleet.errors import BadInput
from fleet.evidence.sealing import seal_store
from fleet.models.event import EventKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from fleet.engine.politeness.host import HostLimits
    from fleet.models import Scenario
    from fleet.settings import Settings
    from fleet.storage.store import Store


def alerts_of(
    settings: Settings, store: Store, title_of: Callable[[str], str | None], *, practice: bool
) -> Alerts:
    """
    The notices that the settings want; open it (`async with`).

    Raises:
        BadInput: an address is none that Apprise knows.
    """
    return Alerts(
        store.events,
        urls_of(settings),
        MessageWriter(title_of, settings.public_url, made_up=practice),
        kinds=settings.notify_kinds or frozenset(EventKind),
        timing=DispatchTiming(offer_delay=timedelta(seconds=settings.notify_delay_s)),
    )


def urls_of(settings: Settings) -> list[str]:
    """Where notices are sent, in plain text: not to be shown."""
    return [url.get_secret_value() for url in settings.notify_urls]


MIN_GAP = timedelta(minutes=10)
"""No real flow is visited more often, whatever the settings say."""


def warn_over_budget(
    scenarios: Sequence[Scenario], options: WatchOptions, courtesy: HostLimits
) -> None:
    """Warn of hosts that the catalogue asks for more visits an hour than they are given."""
    for host, visits in over_budget(scenarios, options.mean_gap, courtesy.visits_per_hour):
        structlog.get_logger().warning(
            "more visits are due than the host is given; the rest will be missed",
            host=host,
            due_an_hour=round(visits, 1),
            given=courtesy.visits_per_hour,
            advice="raise FLEET_MEAN_GAP_MINUTES, or watch fewer of its flows",
        )


def watch_options(settings: Settings) -> WatchOptions:
    """How the settings want it watched."""
    return WatchOptions(
        mean_gap=timedelta(minutes=settings.mean_gap_minutes),
        min_gap=timedelta(minutes=settings.min_gap_minutes),
        grace_s=settings.grace_s,
        limits=limits_of(settings),
        retries=RetryPolicy(
            tries=settings.tries, retry_wait=timedelta(seconds=settings.retry_wait_s)
        ),
        notices=bool(settings.notify_urls),
        heartbeat=settings.heartbeat_url is not None,
    )


def check_gaps(options: WatchOptions, loopback: bool) -> None:
    """
    Raises:
        BadInput: real sites would be visited too often, or the gaps cannot be had.
    """
    if options.mean_gap <= 2 * options.min_gap:
        raise BadInput(
            f"FLEET_MEAN_GAP_MINUTES is {options.mean_gap.total_seconds() / 60:g}: visits at random"
            " instants need a mean gap of more than twice FLEET_MIN_GAP_MINUTES"
            f" ({options.min_gap.total_seconds() / 60:g})"
        )
    if not loopback and options.min_gap < MIN_GAP:
        raise BadInput(
            f"FLEET_MIN_GAP_MINUTES is {options.min_gap.total_seconds() / 60:g}: a real flow is"
            f" visited every {MIN_GAP.total_seconds() / 60:g} minutes at most; set it to that or"
            " more, or practise with --practice"
        )


@contextlib.asynccontextmanager
async def open_watch_parts(
    settings: Settings, *, loopback_only: bool, in_practice: bool
) -> AsyncIterator[WatchParts]:
    """What a watching fleet works with, opened in order and closed in reverse."""
    home = settings.data_dir / "watch" / settings.database
    key, authorities = key_of(settings), authorities_of(settings)
    spool = Spool(
        home / "spool",
        max_bytes=settings.spool_mb * 1_000_000,
        free_bytes=settings.disk_free_mb * 1_000_000,
    )
    await asyncio.to_thread(spool.open)
    try:
        async with (
            open_lasting_store(settings) as (store, revive),
            browsers_of(settings, loopback_only=loopback_only) as browsers,
            ConcurrencyLimiter(settings.pages) as places,
        ):
            yield WatchParts(
                store=store,
                browsers=browsers,
                hosts=hosts_of(settings, practice=in_practice),
                limiter=places,
                spool=spool,
                marks=VisitMarks(home / "begun"),
                lease=store.lease("watch", seat=spool.seat),
                revive=revive,
                seal=lambda: seal_store(store, key, authorities),
            )
    finally:
        spool.close()


def browsers_of(settings: Settings, *, loopback_only: bool) -> BrowserPool:
    """Chromiums that relieve each other, as the settings want them."""
    executable, starting = find_chromium(settings.chromium), asyncio.Lock()

    def make() -> Chromium:
        return Chromium(
            executable,
            fleet_version=fleet.__version__,
            sandbox=settings.chromium_sandbox,
            contact_url=settings.contact_url,
            egress_address=settings.egress_address,
            internal_hosts=() if loopback_only else settings.internal_hosts,
            close_s=settings.close_s,
            loopback_only=loopback_only,
            starting=starting,
        )

    lifetime = Lifetime(
        visits=settings.recycle_visits,
        age_s=60 * settings.recycle_minutes,
        memory_bytes=settings.recycle_mb * 1_000_000,
    )
    visit_s = START_S + settings.deadline_s + settings.last_look_s + 3 * settings.close_s
    return BrowserPool(make, lifetime, longest_visit_s=visit_s)
