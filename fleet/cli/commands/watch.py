"""`fleet watch`: every flow, around the clock, until SIGTERM."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import structlog

from fleet.bootstrap.catalogue import follower_of, places_of
from fleet.bootstrap.visits import check_may_visit, is_loopback
from fleet.bootstrap.watch import (
    alerts_of,
    check_gaps,
    open_watch_parts,
    urls_of,
    warn_over_budget,
    watch_options,
)
from fleet.bootstrap.worlds import apart_from_real
from fleet.cli.commands.alert import make_notice_tests, report_end, report_health
from fleet.cli.commands.practice import on_port, practice_server
from fleet.cli.commands.signals import interrupt_event
from fleet.engine.heartbeat import beat
from fleet.engine.metrics import listen
from fleet.engine.politeness.robots_fetcher import RobotsReader
from fleet.engine.quarantine import Quarantine
from fleet.engine.watch import Watch
from fleet.errors import BadInput
from fleet.system.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from fleet.alerts.alerts import Alerts
    from fleet.models import Attempt, Scenario
    from fleet.settings import Settings


async def watch(settings: Settings, patterns: Sequence[str], in_practice: bool) -> bool:
    """Watch the scenarios that match `patterns` (all if none) until SIGTERM or Ctrl-C."""
    stop = interrupt_event()
    options = watch_options(settings)
    async with contextlib.AsyncExitStack() as stack:
        port = (await stack.enter_async_context(practice_server())).port if in_practice else None
        home = settings.data_dir / "watch" / settings.database
        quarantine = Quarantine(home / "quarantine")
        scenarios = FollowedCatalogue(settings, patterns, port, quarantine)
        loopback = all(map(is_loopback, scenarios()))
        settings = apart_from_real(settings) if loopback else settings
        check_gaps(options, loopback)
        parts = await stack.enter_async_context(
            open_watch_parts(settings, loopback_only=loopback, in_practice=in_practice)
        )
        warn_over_budget(scenarios(), options, parts.hosts.courtesy)
        title_of = title_finder(lambda: scenarios.current)
        alerts = alerts_of(settings, parts.store, title_of, practice=in_practice)
        await stack.enter_async_context(alerts)
        robots = RobotsReader(parts.hosts, parts.browsers.user_agent, public=parts.browsers.public)
        watched = Watch(
            parts,
            options,
            scenarios,
            on_stored=wake_alerts(alerts),
            robots=robots,
            catalogue_problem=lambda: scenarios.problem,
            quarantined=lambda: scenarios.quarantined,
        )
        more = [
            robots.keep_read(lambda: scenarios.current),
            report_health(alerts, watched),
            make_notice_tests(parts.store, urls_of(settings)),
        ]
        if settings.listen is not None:
            more.append(listen(watched, settings.listen, lambda: alerts.counts))
        if settings.heartbeat_url is not None:
            more.append(beat(settings.heartbeat_url.get_secret_value(), watched.problem))
        try:
            with Pulse(
                on_still=watched.stood_still,
                on_beat=quarantine.watch_held,
                blame=quarantine.blame,
            ):
                await watched.watch(stop, *more)
        finally:
            quarantine.end()
            await report_end(alerts, watched)
    return True


def title_finder(scenarios: Callable[[], Sequence[Scenario]]) -> Callable[[str], str | None]:
    """Gives the title of a flow of this moment's catalogue, by its scenario's id."""
    return lambda id_: next((each.title for each in scenarios() if each.id == id_), None)


def wake_alerts(alerts: Alerts) -> Callable[[Attempt], Awaitable[None]]:
    """Called with an attempt that was stored: whoever waits for its news is told."""

    async def stored(_: Attempt) -> None:
        alerts.wake()

    return stored


class FollowedCatalogue:
    """
    The catalogue of the moment, by files that may change; the same list while they do not.

    `problem` says why nothing new can be read at the moment, None if it can. `current` is what
    was read last; `quarantined` why some of it stands still, by ids.
    """

    def __init__(
        self,
        settings: Settings,
        patterns: Sequence[str],
        practice_port: int | None,
        quarantine: Quarantine | None = None,
    ) -> None:
        self._quarantine = quarantine or Quarantine()
        self.quarantined: Mapping[str, str] = {}
        self._practice = False
        self._settings, self._patterns, self._port = settings, patterns, practice_port
        self._follower = follower_of(settings)
        self._scenarios: list[Scenario] | None = None

    @property
    def problem(self) -> str | None:
        """Why nothing new can be read; what was read before is watched."""
        return self._follower.problem

    @property
    def current(self) -> Sequence[Scenario]:
        """The scenarios as they were read last; nothing is read now."""
        return self._scenarios or []

    def __call__(self) -> Sequence[Scenario]:
        """
        The scenarios that are watched now.

        Raises:
            BadInput: the first time: there are none, or they may not be visited.
        """
        catalogue = self._follower.reload()
        if catalogue is None:
            return self._scenarios or []
        for problem in catalogue.problems:
            structlog.get_logger().error("scenario file left out", problem=str(problem))
        first = self._scenarios is None
        if first:
            self._quarantine.begin(set(catalogue.files.values()))
        self.quarantined = self._quarantine.over(catalogue.files)
        for why in sorted(set(self.quarantined.values())):
            structlog.get_logger().error("in quarantine until its file changes", why=why)
        try:
            chosen = catalogue.select(self._patterns)
            check_may_visit(chosen, self._settings)
        except BadInput as exc:
            if first:
                raise
            structlog.get_logger().error("the catalogue stays as it was", problem=str(exc))
            return self._scenarios or []
        chosen = self._of_one_world(chosen)
        if first and not chosen:
            raise BadInput(
                f"no scenario to watch in {places_of(self._settings)}; see: fleet check, fleet list"
            )
        self._scenarios = [on_port(s, self._port) if self._port else s for s in chosen]
        return self._scenarios

    def _of_one_world(self, chosen: list[Scenario]) -> list[Scenario]:
        """Those that may be kept in one database: practice sites are never among real ones."""
        if not self._scenarios:
            self._practice = all(map(is_loopback, chosen))
        others = [each.id for each in chosen if is_loopback(each) != self._practice]
        if others:
            structlog.get_logger().error(
                "not watched: practice sites of this machine and real ones are never kept in one"
                " database; try it with fleet try, or watch it in a folder of its own",
                scenarios=others,
            )
        return [each for each in chosen if each.id not in others]
