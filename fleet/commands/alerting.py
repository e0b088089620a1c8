"""`fleet alert test`: does each address take a notice? And the notices of a watching fleet."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.alerts import Alerts
from fleet.channel import SETTING, Channel
from fleet.conditions import Conditions
from fleet.courier import Rhythm
from fleet.errors import BadInput
from fleet.event import Kind, of_fleet, paris
from fleet.models import now
from fleet.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet.settings import Settings
    from fleet.store import Store
    from fleet.watch import Watch

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
    channels = [Channel(url, place) for place, url in enumerate(urls, start=1)]
    body = (
        f"Ceci est un essai, envoyé le {paris(now())} : cette adresse reçoit les avis de la"
        " flotte. Il ne s’est rien passé."
    )
    problems = await asyncio.gather(*(channel.send("ESSAI", body) for channel in channels))
    for channel, problem in zip(channels, problems, strict=True):
        print(f"{channel.name}: {problem or 'ok'}")
    if failed := sum(problem is not None for problem in problems):
        raise BadInput(
            f"{SETTING}: {failed} of {len(channels)} addresses took no notice, for the reasons"
            " above. Correct them, then: fleet alert test"
        )
    return True


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
        Wording(title_of, settings.public_url, made_up=practice),
        kinds=settings.notify_kinds or frozenset(Kind),
        rhythm=Rhythm(offer_delay=timedelta(seconds=settings.notify_delay_s)),
    )


async def tell_conditions(alerts: Alerts, watched: Watch) -> None:
    """Tell that this fleet began to watch, then what happens to it, until cancelled."""
    conditions, parts = Conditions(), watched.parts
    await alerts.tell(of_fleet(Kind.WATCH_STARTED, now(), about=watched.run.id))
    while True:
        for event in conditions.look(
            now(),
            no_room=parts.spool.room(),
            store_away=watched.store_away,
            deaths=parts.browsers.restarts["died"],
        ):
            await alerts.tell(event)
        await asyncio.sleep(LOOK_S)


async def tell_end(alerts: Alerts, watched: Watch) -> None:
    """Tell why this fleet watches no more; nothing if it never began."""
    if watched.planner is None:
        return
    run, attempts = watched.run, watched.tally.verdicts.total()
    if watched.lost:
        await alerts.tell(of_fleet(Kind.LEASE_LOST, now(), about=run.id))
        return
    plural = "s" if attempts > 1 else ""
    words = (
        f"La flotte cesse d’observer, après {attempts} visite{plural} depuis le"
        f" {paris(run.started_at)}."
    )
    await alerts.tell(
        of_fleet(Kind.WATCH_STOPPED, now(), about=run.id, words=words, attempts=attempts)
    )


def urls_of(settings: Settings) -> list[str]:
    """Where notices are sent, in plain text: not to be shown."""
    return [url.get_secret_value() for url in settings.notify_urls]
