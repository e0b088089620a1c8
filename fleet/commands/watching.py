"""`fleet watch`: every flow, around the clock, until SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

import fleet
from fleet import catalog
from fleet.browser import START_S, Chromium
from fleet.commands.alerting import alerts_of, tell_conditions, tell_end
from fleet.commands.proving import authorities_of, key_of, seal_store
from fleet.commands.signals import interrupted
from fleet.equipment import aimed, check_may_visit, hosts_of, is_loopback, limits_of, practising
from fleet.errors import BadInput
from fleet.executable import find_chromium
from fleet.heartbeat import beat
from fleet.metrics import listen
from fleet.politeness import over_budget
from fleet.pressure import Places
from fleet.recycling import Browsers, Lifetime
from fleet.robots import RobotsReader
from fleet.spool import Spool
from fleet.storage import open_lasting_store
from fleet.unfinished import Marks
from fleet.watch import Order, Parts, Patience, Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from fleet.alerts import Alerts
    from fleet.models import Attempt, Scenario
    from fleet.politeness import Courtesy
    from fleet.settings import Settings

LEAST_GAP = timedelta(minutes=10)
"""No real flow is visited more often, whatever the settings say."""


async def watch(settings: Settings, patterns: Sequence[str], in_practice: bool) -> bool:
    """Watch the scenarios that match `patterns` (all if none) until SIGTERM or Ctrl-C."""
    stop = interrupted()
    order = order_of(settings)
    async with contextlib.AsyncExitStack() as stack:
        port = (await stack.enter_async_context(practising())).port if in_practice else None
        scenarios = followed(settings, patterns, port)
        loopback = all(map(is_loopback, scenarios()))
        check_gaps(order, loopback)
        parts = await stack.enter_async_context(
            open_parts(settings, loopback_only=loopback, in_practice=in_practice)
        )
        tell_budget(scenarios(), order, parts.hosts.courtesy)
        title_of = titles(scenarios)
        alerts = alerts_of(settings, parts.store, title_of, practice=in_practice)
        await stack.enter_async_context(alerts)
        watched = Watch(parts, order, scenarios, stored=teller(alerts))
        more = [
            RobotsReader(parts.hosts, parts.browsers.user_agent).keep_read(scenarios),
            tell_conditions(alerts, watched),
        ]
        if settings.listen is not None:
            more.append(listen(watched, settings.listen, lambda: alerts.counts))
        if settings.heartbeat_url is not None:
            more.append(beat(settings.heartbeat_url.get_secret_value(), watched.problem))
        try:
            await watched.watch(stop, *more)
        finally:
            await tell_end(alerts, watched)
    return True


def titles(scenarios: Callable[[], Sequence[Scenario]]) -> Callable[[str], str | None]:
    """Gives the title of a flow of this moment's catalogue, by its scenario's id."""
    return lambda id_: next((each.title for each in scenarios() if each.id == id_), None)


def teller(alerts: Alerts) -> Callable[[Attempt], Awaitable[None]]:
    """Called with an attempt that was stored: whoever waits for its news is told."""

    async def stored(_: Attempt) -> None:
        alerts.look()

    return stored


def tell_budget(scenarios: Sequence[Scenario], order: Order, courtesy: Courtesy) -> None:
    """Warn of hosts that the catalogue asks for more visits an hour than they are given."""
    for host, asked in over_budget(scenarios, order.mean_gap, courtesy.visits_per_hour):
        structlog.get_logger().warning(
            "more visits are due than the host is given; the rest will be missed",
            host=host,
            due_an_hour=round(asked, 1),
            given=courtesy.visits_per_hour,
            advice="raise FLEET_MEAN_GAP_MINUTES, or watch fewer of its flows",
        )


def order_of(settings: Settings) -> Order:
    """How the settings want it watched."""
    return Order(
        mean_gap=timedelta(minutes=settings.mean_gap_minutes),
        min_gap=timedelta(minutes=settings.min_gap_minutes),
        grace_s=settings.grace_s,
        limits=limits_of(settings),
        patience=Patience(
            tries=settings.tries, retry_wait=timedelta(seconds=settings.retry_wait_s)
        ),
        notices=bool(settings.notify_urls),
        heartbeat=settings.heartbeat_url is not None,
    )


def check_gaps(order: Order, loopback: bool) -> None:
    """
    Raises:
        BadInput: real sites would be visited too often, or the gaps cannot be had.
    """
    if order.mean_gap <= 2 * order.min_gap:
        raise BadInput(
            f"FLEET_MEAN_GAP_MINUTES is {order.mean_gap.total_seconds() / 60:g}: visits at random"
            " instants need a mean gap of more than twice FLEET_MIN_GAP_MINUTES"
            f" ({order.min_gap.total_seconds() / 60:g})"
        )
    if not loopback and order.min_gap < LEAST_GAP:
        raise BadInput(
            f"FLEET_MIN_GAP_MINUTES is {order.min_gap.total_seconds() / 60:g}: a real flow is"
            f" visited every {LEAST_GAP.total_seconds() / 60:g} minutes at most; set it to that or"
            " more, or practise with --practice"
        )


def followed(
    settings: Settings, patterns: Sequence[str], practice_port: int | None
) -> Callable[[], Sequence[Scenario]]:
    """The catalogue of the moment, by files that may change; the same list while they do not."""
    following = catalog.Following(settings.scenarios_dir)
    first = True
    scenarios: list[Scenario] = []

    def now() -> Sequence[Scenario]:
        nonlocal first, scenarios
        catalogue = following.changed()
        if catalogue is None:
            return scenarios
        first, was_first = False, first
        for problem in catalogue.problems:
            structlog.get_logger().error("scenario file left out", problem=str(problem))
        try:
            chosen = catalogue.select(patterns)
            check_may_visit(chosen, settings)
        except BadInput as exc:
            if was_first:
                raise
            structlog.get_logger().error("the catalogue stays as it was", problem=str(exc))
            return scenarios
        if was_first and not chosen:
            raise BadInput(
                f"no scenario to watch in {settings.scenarios_dir}; see: fleet check, fleet list"
            )
        scenarios = [aimed(s, practice_port) if practice_port else s for s in chosen]
        return scenarios

    return now


@contextlib.asynccontextmanager
async def open_parts(
    settings: Settings, *, loopback_only: bool, in_practice: bool
) -> AsyncIterator[Parts]:
    """What a watching fleet works with, opened in order and closed in reverse."""
    home = settings.data_dir / "watch" / settings.database
    key, authorities = key_of(settings), authorities_of(settings)
    spool = Spool(
        home / "spool",
        most_bytes=settings.spool_mb * 1_000_000,
        free_bytes=settings.disk_free_mb * 1_000_000,
    )
    await asyncio.to_thread(spool.open)
    try:
        async with (
            open_lasting_store(settings) as (store, revive),
            browsers_of(settings, loopback_only=loopback_only) as browsers,
            Places(settings.pages) as places,
        ):
            yield Parts(
                store=store,
                browsers=browsers,
                hosts=hosts_of(settings, practice=in_practice),
                places=places,
                spool=spool,
                marks=Marks(home / "begun"),
                lease=store.lease("watch"),
                revive=revive,
                seal=lambda: seal_store(store, key, authorities),
            )
    finally:
        spool.close()


def browsers_of(settings: Settings, *, loopback_only: bool) -> Browsers:
    """Chromiums that relieve each other, as the settings want them."""
    executable, starting = find_chromium(settings), asyncio.Lock()

    def make() -> Chromium:
        return Chromium(
            executable,
            fleet_version=fleet.__version__,
            sandbox=settings.chromium_sandbox,
            contact_url=settings.contact_url,
            egress_address=settings.egress_address,
            close_s=settings.close_s,
            loopback_only=loopback_only,
            starting=starting,
        )

    lifetime = Lifetime(
        visits=settings.recycle_visits,
        age_s=60 * settings.recycle_minutes,
        memory_bytes=settings.recycle_mb * 1_000_000,
    )
    visit_s = START_S + settings.deadline_s + settings.last_look_s + 2 * settings.close_s
    return Browsers(make, lifetime, longest_visit_s=visit_s)
