"""`fleet session`: a person passes the captcha, the fleet re-reads the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import hosts_of, is_loopback, limits_of, open_chromium
from fleet.cli.commands.practice import with_practice
from fleet.cli.commands.run import check, for_sites, print_attempt
from fleet.cli.commands.signals import interrupt_event
from fleet.cli.console import Console
from fleet.engine.person_session import check_family, hold_session
from fleet.engine.politeness.robots_fetcher import RobotsReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Attempt, Scenario
    from fleet.settings import Settings

PERSON_S = 1800.0
"""How long a person may take to come to the answer."""


async def session(
    scenarios: Sequence[Scenario], settings: Settings, in_practice: bool, every_minutes: int
) -> bool:
    """Hold one session until the site or Ctrl-C ends it."""
    console = Console(highlight=False, soft_wrap=True)
    check(scenarios, settings, in_practice)
    check_family(scenarios[0])
    settings = for_sites(scenarios, settings)

    def on_attempt(attempt: Attempt) -> None:
        print_attempt(console, attempt, ())

    hosts = hosts_of(settings, practice=in_practice)
    async with open_store(settings) as store, with_practice(scenarios, in_practice) as chosen:
        loopback = is_loopback(chosen[0])
        async with open_chromium(
            settings, loopback_only=loopback, show=True, person=True
        ) as chromium:
            run = await hold_session(
                chosen[0],
                chromium,
                store,
                every_s=every_minutes * 60,
                person_s=PERSON_S,
                limits=limits_of(settings),
                hosts=hosts,
                robots=RobotsReader(hosts, chromium.user_agent, public=chromium.public),
                stop=interrupt_event(),
                tell=console.say,
                on_attempt=on_attempt,
            )
    if run is None or run.ended_at is None:
        return False
    minutes = (run.ended_at - run.started_at).total_seconds() / 60
    console.print(f"run {run.id}: {run.attempts} attempts stored, over {minutes:.0f} minutes")
    return True
