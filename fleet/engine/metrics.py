"""
Metrics of a watching fleet for Prometheus, and whether it lives and is ready, over HTTP.

Everything is read from the fleet when it is asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from fleet.engine.status import status_of
from fleet.errors import BadInput
from fleet.models import Verdict, now

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping

    from aiohttp.typedefs import Handler

    from fleet.engine.watch import Watch

T = TypeVar("T")

ANSWER_S = 5.0
"""A loop that answers no question for so long stands."""


class WatchCollector(Collector):
    """The metrics of one watching fleet; names begin with `fleet_`, times are in seconds."""

    def __init__(self, watch: Watch, notices: Callable[[], Mapping[str, int]]) -> None:
        self._watch, self._notices = watch, notices

    def collect(self) -> Iterable[Metric]:
        """One family after the other."""
        watch, at = self._watch, now()
        status = status_of(watch, at)
        every = {verdict.value: status.verdicts.get(verdict.value, 0) for verdict in Verdict}
        yield _counter("fleet_attempts", "Attempts kept, by verdict.", "verdict", every)
        yield _counter("fleet_missed", "Due visits not made, by reason.", "why", status.misses)
        yield _counter(
            "fleet_browser_restarts",
            "Browsers started anew, by reason.",
            "why",
            status.browser_restarts,
        )
        notices = {"sent": 0, "failed": 0} | dict(self._notices())
        yield _counter("fleet_notices", "Notices, by what became of them.", "how", notices)
        buckets, total = watch.counters.lateness_buckets()
        yield HistogramMetricFamily(
            "fleet_lateness_seconds",
            "From when a visit was due to when it began.",
            buckets=buckets,
            sum_value=total,
        )
        next_due = (status.next_due - at).total_seconds() if status.next_due else 0
        oldest = (at - status.spool_oldest).total_seconds() if status.spool_oldest else 0
        sealed = watch.sealed_at.timestamp() if watch.sealed_at else 0
        for name, words, value in (
            ("fleet_scenarios", "Flows that are watched.", status.scenarios),
            ("fleet_next_due_seconds", "Time until the next visit is due.", next_due),
            ("fleet_waiting", "Due visits that have not begun.", status.waiting),
            ("fleet_open_pages", "Pages open now.", status.open_pages),
            ("fleet_allowed_pages", "Pages that may be open now.", status.allowed_pages),
            ("fleet_spool_items", "Attempts that wait for MongoDB.", status.spool_items),
            ("fleet_spool_bytes", "Their size on disk.", status.spool_bytes),
            ("fleet_spool_oldest_seconds", "How long the oldest has waited.", oldest),
            ("fleet_spool_refused", "Items that MongoDB never takes.", status.spool_refused),
            ("fleet_spool_damaged", "Items that cannot be read.", status.spool_damaged),
            ("fleet_hosts_cooling", "Hosts that are left alone.", len(status.cooling)),
            (
                "fleet_browser_memory_bytes",
                "Memory of browsers and drivers (PSS).",
                watch.parts.browsers.memory_bytes,
            ),
            ("fleet_last_seal_timestamp_seconds", "When it last sealed; 0: not yet.", sealed),
            ("fleet_mongodb_up", "1 while MongoDB answers.", float(not watch.store_away)),
            ("fleet_ready", "1 while nothing keeps the fleet from its work.", float(status.ready)),
        ):
            yield GaugeMetricFamily(name, words, value=float(value))


def _counter(name: str, words: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, words, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


@contextlib.contextmanager
def loop_beside() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own: it turns also while that of the caller stands."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="health", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _in(loop: asyncio.AbstractEventLoop, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `call` gives in another thread's loop."""
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call(), loop))


async def listen(
    watch: Watch, address: str, notices: Callable[[], Mapping[str, int]] = dict
) -> None:
    """
    Answer at `address` (`host:port`) until cancelled, also while the fleet's event loop stands.

    `/metrics` is for Prometheus. `/healthz/live` answers 200 while the event loop turns, else 503;
    `/healthz/ready` 200 while nothing keeps the fleet from its work, else 503 and what does.
    `/healthz` is the latter. `notices` gives what became of notices (`Alerts.counts`).

    Raises:
        BadInput: the address cannot be had.
    """
    app = _application(watch, notices, asyncio.get_running_loop())
    with loop_beside() as beside:
        runner = await _in(beside, lambda: _serve(app, address))
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await _in(beside, runner.cleanup)


def _application(
    watch: Watch, notices: Callable[[], Mapping[str, int]], fleets_own: asyncio.AbstractEventLoop
) -> web.Application:
    registry = CollectorRegistry()
    registry.register(WatchCollector(watch, notices))

    async def asked(question: Callable[[], T]) -> T:
        """Put it where the fleet's own things are read, so that nobody changes them meanwhile."""

        async def answer() -> T:
            return question()

        async with asyncio.timeout(ANSWER_S):
            return await _in(fleets_own, answer)

    async def metrics(_: web.Request) -> web.Response:
        body = await asked(lambda: generate_latest(registry))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def live(_: web.Request) -> web.Response:
        await asked(lambda: None)
        return web.json_response({"live": True})

    async def ready(_: web.Request) -> web.Response:
        problem = await asked(watch.problem)
        body = {"live": True, "ready": problem is None, "problem": problem}
        return web.json_response(body, status=503 if problem else 200)

    app = web.Application(middlewares=[_or_stands])
    for path, handler in (
        ("/metrics", metrics),
        ("/healthz/live", live),
        ("/healthz/ready", ready),
        ("/healthz", ready),
    ):
        app.router.add_get(path, handler)
    return app


@web.middleware
async def _or_stands(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The answer; or, if the fleet's loop gives none, that it stands."""
    try:
        return await handler(request)
    except TimeoutError:
        problem = f"the event loop has not turned for {ANSWER_S:g} s or more"
        return web.json_response({"live": False, "ready": False, "problem": problem}, status=503)


async def _serve(app: web.Application, address: str) -> web.AppRunner:
    host, _, port = address.rpartition(":")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
    except OSError as exc:
        await runner.cleanup()
        raise BadInput(
            f"FLEET_LISTEN is {address}: {exc.strerror or exc}; choose another port"
        ) from exc
    return runner
