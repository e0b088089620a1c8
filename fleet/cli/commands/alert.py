"""`fleet alert test`: does each address take a notice? And the notices of a watching fleet."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fleet.alerts.alerts import Alerts
from fleet.alerts.channel import SETTING, Channel
from fleet.alerts.fleet_health import FleetHealth
from fleet.analysis.events import in_paris, of_fleet
from fleet.bootstrap.watch import urls_of
from fleet.errors import BadInput, StoreRefused, StoreUnreachable
from fleet.models import now
from fleet.models.event import EventKind
from fleet.storage.collections.notice_tests import ChannelResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.engine.watch import Watch
    from fleet.settings import Settings
    from fleet.storage.store import Store


LOOK_S = 2.0
"""How often to look at how a watching fleet stands."""


async def test(settings: Settings) -> bool:
    """
    Send a test notice to each address, print for each whether it was taken.

    Raises:
        BadInput: no address is set, one is none that Apprise knows, or one took no notice.
    """
    urls = urls_of(settings)
    if not urls:
        raise BadInput(
            f"{SETTING} is not set, so nobody is told anything. Set it to one or more Apprise"
            " addresses; see docs/alerts.md"
        )
    results = await send_test(urls)
    for each in results:
        print(f"{each.channel}: {each.problem or 'ok'}")
    if failed := sum(each.problem is not None for each in results):
        raise BadInput(
            f"{SETTING}: {failed} of {len(results)} addresses took no notice, for the reasons"
            " above. Correct them, then: fleet alert test"
        )
    return True


async def send_test(urls: Sequence[str]) -> list[ChannelResult]:
    """
    Send a test notice to each address; whether it was taken.

    Raises:
        BadInput: one is none that Apprise knows.
    """
    channels = [Channel(url, place) for place, url in enumerate(urls, start=1)]
    body = (
        f"Ceci est un essai, envoyé le {in_paris(now())} : cette adresse reçoit les avis de la"
        " flotte. Il ne s’est rien passé."
    )
    problems = await asyncio.gather(*(channel.send("ESSAI", body) for channel in channels))
    return [
        ChannelResult(channel=channel.name, problem=problem)
        for channel, problem in zip(channels, problems, strict=True)
    ]


async def make_notice_tests(store: Store, urls: Sequence[str]) -> None:
    """Make the tests of notices that are asked for on the pages, until cancelled."""
    while True:
        # MongoDB may be away: the fleet goes on, and whoever asked sees that nobody answered
        with contextlib.suppress(StoreUnreachable, StoreRefused):
            if (number := await store.notice_tests.take()) is not None:
                await store.notice_tests.answer(number, await send_test(urls))
        await asyncio.sleep(LOOK_S)


async def report_health(alerts: Alerts, watch: Watch) -> None:
    """Tell that this fleet began to watch, then what happens to it, until cancelled."""
    health, parts = FleetHealth(), watch.parts
    await alerts.publish(of_fleet(EventKind.WATCH_STARTED, now(), about=watch.run.id))
    while True:
        for event in health.update(
            now(),
            no_room=parts.spool.why_full(),
            store_away=watch.store_away,
            deaths=parts.browsers.restarts["died"],
            scenarios_away=watch.catalogue_problem(),
            quarantined=watch.quarantined(),
        ):
            await alerts.publish(event)
        while watch.happened:
            await alerts.publish(watch.happened.popleft())
        await asyncio.sleep(LOOK_S)


async def report_end(alerts: Alerts, watch: Watch) -> None:
    """Tell why this fleet watches no more; nothing if it never began."""
    if watch.scheduler is None:
        return
    run, attempts = watch.run, watch.counters.verdicts.total()
    if watch.lease_lost:
        await alerts.publish(of_fleet(EventKind.LEASE_LOST, now(), about=run.id))
        return
    plural = "s" if attempts > 1 else ""
    words = (
        f"La flotte cesse d’observer, après {attempts} tentative{plural} depuis le"
        f" {in_paris(run.started_at)}."
    )
    await alerts.publish(
        of_fleet(EventKind.WATCH_STOPPED, now(), about=run.id, words=words, attempts=attempts)
    )
