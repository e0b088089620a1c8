"""Whoever asked for it is told once what holds now: real mongod, real HTTP, a clock of ours."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from fleet.alerts.alerts import Alerts
from fleet.alerts.channel import Channel
from fleet.alerts.dispatcher import MAX_RETRY_WAIT, TRIES, Dispatcher, DispatchTiming
from fleet.alerts.messages import MessageWriter
from fleet.analysis.events import of_fleet
from fleet.bootstrap import watch
from fleet.cli.commands import alert
from fleet.errors import BadInput
from fleet.models import Attempt, Verdict
from fleet.models.event import Event, EventKind
from fleet.settings import Settings, load_settings
from fleet.storage.collections.events import CLAIM, Events
from fleet.storage.embedded import Mongod
from fleet.storage.store import Store
from tests.alerts.postbox import Postbox, serving
from tests.cli.test_cli import fleet
from tests.storage.test_embedded import servers_of
from tests.storage.test_store import attempt_of

START = datetime(2026, 3, 10, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
FLOW = "91/titre-de-sejour"
AT_ONCE = DispatchTiming(offer_delay=timedelta())
WORDING = MessageWriter({FLOW: "Titre de séjour"}.get, "https://rdv.example")


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    async with serving() as own:
        yield own


@pytest.fixture
async def other() -> AsyncIterator[Postbox]:
    async with serving() as own:
        yield own


class Scene:
    """A store and a courier for one postbox, on one clock."""

    def __init__(self, store: Store, clock: Clock, postbox: Postbox, *, url: str = "") -> None:
        self.store, self.clock, self.postbox = store, clock, postbox
        self.url = url or postbox.url
        self.restart()

    def restart(self, rhythm: DispatchTiming = AT_ONCE, wording: MessageWriter = WORDING) -> None:
        """As a new process: it remembers nothing but what is in MongoDB."""
        channel = Channel(self.url, 1)
        self.courier = Dispatcher(channel, wording, rhythm, frozenset(EventKind), self.clock)

    async def look(self, after: timedelta = timedelta()) -> datetime | None:
        self.clock.at += after
        outbox = await self.store.events.outbox(self.courier.channel.id)
        return await self.courier.dispatch(outbox)

    async def sees(self, *verdicts: str, after: timedelta = 11 * MINUTE) -> list[Attempt]:
        """The flow is visited, and shows these verdicts one after the other."""
        attempts = []
        for each in verdicts:
            self.clock.at += after
            verdict = Verdict(each)
            plain = {"first_dates": (), "slot_count": None, "started_at": self.clock.at}
            attempts.append(attempt_of(verdict=verdict, group=verdict.group, **plain))
            await self.store.attempts.add(attempts[-1], [])
        return attempts


@pytest.fixture
async def scene(store: Store, postbox: Postbox) -> Scene:
    clock = Clock()
    store.events = store.attempts._events = Events(store._db, now=clock)
    scene = Scene(store, clock, postbox)
    await scene.look()  # a channel is told what happens from its first look on
    return scene


# What is told, and in what words


async def test_a_change_is_told_in_one_french_sentence_with_its_flow_and_a_link(
    scene: Scene,
) -> None:
    before, after = await scene.sees("no_slots", "slots")

    await scene.look()

    (notice,) = scene.postbox.notices
    assert notice["title"] == "Rendez-vous proposé – Essonne (91)"
    assert notice["message"] == (
        "Essonne (91), Titre de séjour : lors de la tentative du 10/03/2026 à 10:22 (heure de"
        " Paris), la page proposait au moins un rendez-vous ; lors de la précédente qui disait"
        " quelque chose, le 10/03/2026 à 10:11 (heure de Paris), la page disait qu’il n’y avait"
        f" aucun rendez-vous. https://rdv.example/tentative/{after.id}"
    )
    assert before.id != after.id


async def test_what_is_told_of_practice_prefectures_says_so_twice(scene: Scene) -> None:
    scene.restart(wording=MessageWriter(WORDING.title_of, made_up=True))
    await scene.sees("no_slots", "slots")

    await scene.look()

    (notice,) = scene.postbox.notices
    assert notice["title"].startswith("EXERCICE – ")
    assert notice["message"].startswith("[exercice] ")


async def test_nothing_is_told_twice_nor_without_a_change(scene: Scene) -> None:
    await scene.sees("no_slots", "slots")
    await scene.look()
    await scene.look(after=2 * HOUR)
    await scene.sees("slots", "timeout", "slots")

    assert await scene.look() is None
    assert scene.postbox.titles == ["Rendez-vous proposé – Essonne (91)"]


async def test_an_offer_waits_for_its_delay_and_one_that_is_gone_before_is_never_told(
    scene: Scene,
) -> None:
    scene.restart(DispatchTiming(offer_delay=15 * MINUTE))
    await scene.sees("no_slots", "slots")
    stored = scene.clock.at
    assert await scene.look(after=14 * MINUTE) == stored + 15 * MINUTE
    assert scene.postbox.notices == []
    await scene.look(after=MINUTE)
    assert scene.postbox.titles == ["Rendez-vous proposé – Essonne (91)"]

    await scene.sees("no_slots", after=2 * HOUR)
    await scene.look()
    await scene.sees("slots", "no_slots", after=5 * MINUTE)

    assert await scene.look(after=2 * HOUR) is None
    assert [title.split(" –")[0] for title in scene.postbox.titles] == [
        "Rendez-vous proposé",
        "Aucun rendez-vous",
    ]
    assert scene.courier.counts["same"] == 2


async def test_a_flow_that_goes_back_and_forth_is_told_once_an_hour_with_a_count(
    scene: Scene,
) -> None:
    await scene.sees("no_slots", "slots")
    await scene.look()
    told = scene.clock.at
    for verdict in ("no_slots", "slots", "no_slots"):
        await scene.sees(verdict)
        assert await scene.look() == (None if verdict == "slots" else told + HOUR)

    await scene.look(after=HOUR)

    assert scene.postbox.titles[1:] == ["Aucun rendez-vous – Essonne (91)"]
    assert "(2 autres événements depuis le dernier avis.)" in scene.postbox.notices[1]["message"]
    assert scene.courier.counts == {"sent": 2, "same": 2}


async def test_what_came_and_went_before_a_notice_is_counted_in_it(scene: Scene) -> None:
    await scene.sees("no_slots", "slots", "captcha", "closed")

    await scene.look()

    assert scene.postbox.titles == ["Démarche fermée – Essonne (91)"]
    assert "(2 autres événements depuis le dernier avis.)" in scene.postbox.notices[0]["message"]


async def test_trouble_of_the_fleet_is_told_once_an_hour_for_each_kind_with_a_count(
    scene: Scene,
) -> None:
    for minute in (0, 2, 20, 40):
        at = START + minute * MINUTE
        scene.clock.at = at
        await scene.store.events.add([of_fleet(EventKind.BROWSERS_DIE, at)])
        await scene.look(after=MINUTE)
    assert scene.postbox.titles == ["Chromium meurt"]
    scene.restart()

    await scene.look(after=HOUR)

    assert scene.postbox.titles == ["Chromium meurt"] * 2
    assert "(2 autres événements depuis le dernier avis.)" in scene.postbox.notices[1]["message"]


async def test_what_happens_at_the_same_time_is_told_in_one_message(scene: Scene) -> None:
    await scene.sees("no_slots", "slots")
    await scene.store.events.add([of_fleet(EventKind.NO_ROOM, scene.clock.at)])

    await scene.look()
    await scene.store.events.add([of_fleet(EventKind.STORE_AWAY, scene.clock.at)])
    await scene.look(after=MINUTE / 2)
    assert scene.postbox.titles == ["2 nouvelles"]
    await scene.look(after=MINUTE / 2)

    assert scene.postbox.notices[0]["message"].count("\n\n") == 1
    assert scene.postbox.titles == ["2 nouvelles", "MongoDB absent"]


async def test_what_one_message_does_not_hold_comes_in_the_next(scene: Scene) -> None:
    scene.courier.channel.max_length = 400
    kinds = (EventKind.NO_ROOM, EventKind.STORE_AWAY, EventKind.WATCH_STARTED)
    await scene.store.events.add([of_fleet(kind, scene.clock.at) for kind in kinds])

    again = await scene.look()
    assert again == scene.clock.at + MINUTE
    await scene.look(after=MINUTE)

    assert len(scene.postbox.notices) == 2
    sentences = " ".join(notice["message"] for notice in scene.postbox.notices)
    assert all(sentences.count(of_fleet(kind, START).words) == 1 for kind in kinds)


async def test_only_the_kinds_that_are_asked_for_are_told(scene: Scene) -> None:
    scene.courier = Dispatcher(
        scene.courier.channel, WORDING, AT_ONCE, {EventKind.CLOSED, EventKind.CARE}, scene.clock
    )
    await scene.sees("no_slots", "slots")
    await scene.look()
    await scene.sees("closed")

    await scene.look(after=HOUR)

    assert scene.postbox.titles == ["Démarche fermée – Essonne (91)"]


async def test_a_new_address_is_not_told_what_happened_before_it_was_set(
    scene: Scene, other: Postbox
) -> None:
    await scene.sees("no_slots", "slots")
    newcomer = Scene(scene.store, scene.clock, other)
    scene.clock.at += MINUTE
    await newcomer.look()
    await newcomer.sees("closed")

    await newcomer.look()

    assert other.titles == ["Démarche fermée – Essonne (91)"]


async def test_what_a_long_absent_mongodb_gets_late_is_no_news_but_what_still_holds_is(
    scene: Scene,
) -> None:
    await scene.sees("no_slots", "slots")
    scene.clock.at += 30 * HOUR  # they reach MongoDB only now

    await scene.store.events.add([of_fleet(EventKind.NO_ROOM, scene.clock.at)])
    await scene.look()

    assert scene.postbox.titles == ["Plus de place"]
    assert scene.courier.counts["old"] == 1


async def test_a_late_attempt_does_not_make_an_old_state_the_news(scene: Scene) -> None:
    await scene.sees("no_slots", "slots", after=HOUR)
    await scene.look()
    late = attempt_of(
        verdict=Verdict.CLOSED,
        group=Verdict.CLOSED.group,
        started_at=scene.clock.at - HOUR / 2,
        first_dates=(),
        slot_count=None,
    )

    await scene.store.attempts.add(late, [])
    await scene.look(after=2 * HOUR)

    assert scene.postbox.titles == ["Rendez-vous proposé – Essonne (91)"]


# What fails


async def test_a_notice_that_the_service_refuses_is_sent_again_later_and_arrives_once(
    scene: Scene,
) -> None:
    scene.postbox.status = 503
    await scene.sees("no_slots", "slots")
    with capture_logs() as logs:
        rest = await scene.look()
        assert rest == scene.clock.at + MINUTE
        await scene.look(after=MINUTE / 2)  # it rests
        await scene.look(after=MINUTE / 2)
        scene.postbox.status = 200
        await scene.look(after=2 * MINUTE)
        await scene.look(after=2 * HOUR)

    assert (scene.postbox.requests, len(scene.postbox.notices)) == (3, 1)
    assert scene.courier.counts == {"failed": 2, "sent": 1}
    assert [log["event"] for log in logs] == [
        "a notice was not sent; it will be tried again",
        "notices are sent again",
    ]
    assert "503" in logs[0]["problem"]


async def test_a_notice_that_nobody_ever_takes_is_given_up_and_the_next_one_is_told(
    scene: Scene,
) -> None:
    scene.postbox.status = 500
    await scene.sees("no_slots", "slots", "captcha")
    for _ in range(TRIES + 2):
        await scene.look(after=MAX_RETRY_WAIT)
    assert (scene.postbox.requests, scene.courier.counts["given_up"]) == (TRIES, 2)

    scene.postbox.status = 200
    await scene.sees("closed", after=2 * HOUR)
    await scene.look()

    assert scene.postbox.titles == ["Démarche fermée – Essonne (91)"]


async def test_what_one_address_refuses_the_other_gets_once(scene: Scene, other: Postbox) -> None:
    second = Scene(scene.store, scene.clock, other)
    await second.look()
    scene.postbox.status = 500
    await scene.sees("no_slots", "slots")

    for _ in range(3):
        await scene.look(after=5 * MINUTE)
        await second.look()

    assert len(other.notices) == 1
    assert scene.postbox.requests == 3


async def test_a_restart_sends_nothing_twice_and_loses_nothing(scene: Scene) -> None:
    await scene.sees("no_slots", "slots")
    await scene.look()
    await scene.sees("closed", after=2 * HOUR)
    scene.restart()

    await scene.look()
    scene.restart()
    await scene.look(after=2 * HOUR)

    assert [title.split(" –")[0] for title in scene.postbox.titles] == [
        "Rendez-vous proposé",
        "Démarche fermée",
    ]


async def test_what_a_killed_fleet_was_sending_is_another_ones_only_after_a_time(
    scene: Scene,
) -> None:
    """Nobody knows whether it arrived: it is told again, but not by two fleets at once."""
    scene.postbox.open.clear()
    await scene.sees("no_slots", "slots", "captcha")
    sending = asyncio.ensure_future(scene.look())
    await scene.postbox.asked.wait()
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    scene.postbox.open.set()
    scene.restart()

    await scene.look()
    assert scene.postbox.requests == 1
    await scene.look(after=CLAIM + MINUTE)

    assert scene.postbox.requests == 2
    assert set(scene.postbox.titles) == {"Captcha – Essonne (91)"}


async def test_two_fleets_that_look_at_once_tell_a_change_once(scene: Scene) -> None:
    twin = Scene(scene.store, scene.clock, scene.postbox)
    await scene.sees("no_slots", "slots")

    await asyncio.gather(scene.look(), twin.look())

    assert len(scene.postbox.notices) == 1


# Secrets


async def test_nothing_of_an_address_is_said_when_it_fails(
    postbox: Postbox, unused_tcp_port: int
) -> None:
    postbox.status = 403
    url = postbox.url.replace("127.0.0.1", "jean:motdepasse@127.0.0.1")
    refuses = Channel(url, 1)
    is_away = Channel(url.replace(str(postbox.port), str(unused_tcp_port)), 2)

    said = [f"{each.name}: {await each.send('essai', 'essai')}" for each in (refuses, is_away)]

    assert said[0].startswith("1 (json): ")
    assert "403" in said[0]
    assert said[1].endswith("Connection error occurred sending JSON notification to ****.")
    assert not [p for p in ("jean", "motdepasse", "geheim", "127.0.0.1") if p in str(said)]


def test_an_address_that_apprise_does_not_know_is_named_by_its_place_only(store: Store) -> None:
    with pytest.raises(BadInput, match="FLEET_NOTIFY_URLS: the address at place 2 is none") as said:
        Alerts(store.events, ["json://127.0.0.1/", "nonsense://motdepasse"], WORDING)

    assert "motdepasse" not in str(said.value)


def test_addresses_are_parted_at_spaces_and_commas_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    urls = ["mailto://a:geheim@b.example?to=x@c.example,y@c.example", "ntfy://geheim", "json://h/p"]
    monkeypatch.setenv("FLEET_NOTIFY_URLS", f" {urls[0]},{urls[1]},\n {urls[2]} ")
    settings = load_settings()

    monkeypatch.setenv("FLEET_HEARTBEAT_URL", "geheim")
    monkeypatch.setenv("FLEET_NOTIFY_KINDS", "slots offers")
    with pytest.raises(BadInput) as said:
        load_settings()

    assert watch.urls_of(settings) == urls
    assert "geheim" not in repr(settings) + str(said.value)
    assert "FLEET_NOTIFY_KINDS: " in str(said.value)


@pytest.mark.process
async def test_the_test_command_says_of_each_address_whether_it_takes_notices(
    postbox: Postbox, other: Postbox
) -> None:
    other.status = 401

    said = await fleet("alert", "test", FLEET_NOTIFY_URLS=f"{postbox.url}, {other.url}")

    assert postbox.titles == ["ESSAI"]
    assert said.code == 2
    assert "1 of 2 addresses took no notice" in said.line
    good, bad = said.out.splitlines()
    assert good == "1 (json): ok"
    assert bad.startswith("2 (json): ")
    assert "401" in bad
    assert "geheim" not in said.out + said.err


async def test_the_test_command_wants_an_address_and_is_content_if_all_take_notices(
    postbox: Postbox,
) -> None:
    urls = (SecretStr(postbox.url),)

    assert await alert.test(Settings(notify_urls=urls))
    with pytest.raises(BadInput, match="FLEET_NOTIFY_URLS is not set"):
        await alert.test(Settings(notify_urls=()))


# A fleet that goes on


async def until(postbox: Postbox, notices: int) -> None:
    """Wait for so many; the test's own time limit ends it if they never come."""
    while len(postbox.notices) < notices:
        postbox.came.clear()
        await postbox.came.wait()


def started(name: str) -> Event:
    """A fleet started a little before its notices did."""
    return of_fleet(EventKind.WATCH_STARTED, datetime.now(UTC) - MINUTE, about=name)


async def test_to_tell_waits_for_no_service(store: Store, postbox: Postbox) -> None:
    postbox.open.clear()
    async with Alerts(store.events, [postbox.url], WORDING) as alerts:
        await alerts.publish(started("one"))
        await postbox.asked.wait()
        await alerts.publish(of_fleet(EventKind.NO_ROOM, datetime.now(UTC)))
        assert postbox.notices == []  # the service is still silent, and we are here
        postbox.open.set()

    assert postbox.titles == ["Observation commencée", "Plus de place"]
    assert alerts.counts == {"sent": 2}


async def test_a_stored_attempt_is_told_by_the_fleet_that_watches(
    store: Store, postbox: Postbox
) -> None:
    at = datetime.now(UTC)
    async with Alerts(store.events, [postbox.url], WORDING, timing=AT_ONCE) as alerts:
        await alerts.publish(started("one"))
        await until(postbox, 1)
        for minutes, verdict in ((-2, Verdict.NO_SLOTS), (-1, Verdict.CLOSED)):
            when = at + minutes * MINUTE
            await store.attempts.add(
                attempt_of(started_at=when, verdict=verdict, group=verdict.group), []
            )
        alerts.wake()

    assert postbox.titles[1:] == ["Démarche fermée – Essonne (91)"]


async def test_without_an_address_events_are_only_written_down(store: Store) -> None:
    event = started("one")

    async with Alerts(store.events, [], WORDING) as alerts:
        await alerts.publish(event)

    assert [each.id for each in await store.events.latest(5)] == [event.id]


@pytest.mark.process
async def test_that_mongodb_is_away_is_told_while_it_is_and_not_again_when_it_is_back(
    tmp_path: Path, postbox: Postbox
) -> None:
    server = Mongod(tmp_path / "data")
    async with server as url, await Store.open(url, "test") as store:
        async with Alerts(store.events, [postbox.url], WORDING) as alerts:
            await alerts.publish(started("one"))
            await until(postbox, 1)
        (process,) = servers_of(tmp_path / "data")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        away = of_fleet(EventKind.STORE_AWAY, datetime.now(UTC))

        async with Alerts(store.events, [postbox.url], WORDING) as alerts:
            await alerts.publish(away)
            await until(postbox, 2)
            assert await server.revive()
        async with Alerts(store.events, [postbox.url], WORDING) as alerts:
            await alerts.publish(of_fleet(EventKind.ROOM_AGAIN, datetime.now(UTC)))

        titles = ["Observation commencée", "MongoDB absent", "De nouveau de la place"]
        assert postbox.titles == titles
        assert away.id in {each.id for each in await store.events.latest(5)}
