"""`fleet serve`: the web pages, until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn

from fleet.bootstrap.catalogue import catalogue_of, follower_of
from fleet.bootstrap.evidence import authorities_of, key_if_there
from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import open_chromium
from fleet.browser.executable import build_of, find_chromium
from fleet.catalog.seen_working import seen_working
from fleet.cli.commands.signals import interrupt_event
from fleet.cli.commands.user import first_invitation
from fleet.cli.serve_processes import beside, has_message, usual_number
from fleet.errors import BadInput, FleetError, NoChromium
from fleet.system.pulse import Pulse
from fleet.system.terminal import bear_any_terminal
from fleet.web.app import create_app
from fleet.web.connections import ConnectionLimits, bounded
from fleet.web.context import WebContext
from fleet.web.proxies import Proxies

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from contextlib import AbstractAsyncContextManager
    from multiprocessing.connection import Connection
    from socket import socket

    from fleet.browser.chromium import Chromium
    from fleet.models.browser_build import BrowserBuild
    from fleet.models.seen_working import SeenWorkingFile
    from fleet.settings import Settings
    from fleet.storage.store import Store

GRACE_S = 5
"""For answers under way when the server is to end."""

FOLLOW_S = 10.0
"""How often to look whether a scenario file changed, as `fleet watch` does."""

OWN_FILES = 200
"""That a server process has open itself, at most: MongoDB, the log, pictures, Chromium's pipes."""

BACKLOG = 2048
"""Connections that wait to be taken."""


async def serve(
    settings: Settings,
    host: str,
    port: int,
    in_practice: bool,
    processes: int | None = None,
    *,
    invite: bool = False,
) -> bool:
    """
    Serve the pages over the store; says the address once every process answers.

    Args:
        processes: how many serve; None for `serve_processes.usual_number`.
        invite: say a link by which an administrator makes an account, if there is none.

    Raises:
        BadInput: the port cannot be had.
        FleetError: one of several processes does not start.
    """
    made_up = in_practice or settings.database.endswith("_made_up")
    more = (processes or usual_number()) - 1
    async with open_store(settings) as store:
        listening = _listen(host, port)
        others = beside(partial(_serve_beside, settings, made_up, listening), more)
        library = library_of(settings, store, made_up=made_up)
        if invite and not await store.accounts.has_administrator():
            pages = settings.public_url or f"http://127.0.0.1:{listening.getsockname()[1]}"
            print(await first_invitation(store, pages), flush=True)
        async with _following(library, settings):
            await _until_interrupted(_serve_with(others, library, listening, host))
    return True


async def serve_app(library: WebContext, host: str, port: int) -> None:
    """
    Serve in this process only, until Ctrl-C or SIGTERM.

    Raises:
        BadInput: the port cannot be had.
    """
    alone = contextlib.nullcontext()
    await _until_interrupted(_serve_with(alone, library, _listen(host, port), host))


def library_of(settings: Settings, store: Store, *, made_up: bool) -> WebContext:
    """What the pages read from: this store, and the scenarios of the settings' folder."""
    library = WebContext(
        store=store,
        queries=store.queries,
        scenarios={},
        made_up=made_up,
        data_dir=settings.data_dir,
        members_only=settings.reading == "members",
        roots=authorities_of(settings).roots,
        key=key_if_there(settings),
        chromium=_chromium(settings),
        browser_build=partial(_browser_build, settings),
        contact=settings.contact_url,
        public_url=settings.public_url,
        proxies=Proxies(settings.behind),
    )
    library.use(catalogue_of(settings), _seen(settings, library))
    return library


def _seen(settings: Settings, library: WebContext) -> SeenWorkingFile | None:
    """Which flows were seen working; a damaged file is told of, and the pages go on without it."""
    try:
        return None if library.made_up else seen_working(*settings.scenarios_dir, library.data_dir)
    except BadInput as exc:
        structlog.get_logger().error("what was seen working is not known", problem=str(exc))
        return None


@contextlib.asynccontextmanager
async def _following(library: WebContext, settings: Settings) -> AsyncIterator[None]:
    """Meanwhile, use the scenario files as they are, and know the proxies in front."""

    async def follow() -> None:
        following, said = follower_of(settings), False
        while True:
            with contextlib.suppress(BadInput):  # away since the start: what was read stays
                if found := await asyncio.to_thread(following.reload):
                    library.use(found, _seen(settings, library))
            library.away[:] = [following.problem] if following.problem else []
            if library.away and not said:
                structlog.get_logger().error("the scenario folder is away", problem=library.away[0])
            said = bool(library.away)
            await asyncio.sleep(FOLLOW_S)

    tasks = [asyncio.ensure_future(each) for each in (follow(), library.proxies.follow())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


def _chromium(settings: Settings) -> Callable[[], AbstractAsyncContextManager[Chromium]] | None:
    """What opens the Chromium that prints dossiers; None where there is none."""
    try:
        find_chromium(settings.chromium)
    except NoChromium:
        return None
    return partial(open_chromium, settings, loopback_only=True)


def _browser_build(settings: Settings) -> BrowserBuild | None:
    """The Chromium that is installed now; it may be renewed while the pages are served."""
    try:
        return build_of(find_chromium(settings.chromium))
    except (NoChromium, OSError):
        return None


async def _until_interrupted(work: Coroutine[None, None, None]) -> None:
    """Do it until it ends or Ctrl-C or SIGTERM comes; then it is cancelled."""
    stopping = asyncio.ensure_future(interrupt_event().wait())
    working = asyncio.ensure_future(work)
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def _serve_with(
    others: AbstractAsyncContextManager[None], library: WebContext, listening: socket, host: str
) -> None:
    async with others, _answering(library, listening) as serving:
        # what stands is ended: whatever keeps this command running starts it again
        print(f"http://{host}:{listening.getsockname()[1]}/", flush=True)
        with Pulse():
            await asyncio.wait({serving})


def _serve_beside(settings: Settings, made_up: bool, listening: socket, first: Connection) -> None:
    """What a further process does: serve until the first one is gone."""

    async def serve_until_alone() -> None:
        async with open_store(settings) as store:
            library = library_of(settings, store, made_up=made_up)
            async with (
                _following(library, settings),
                _answering(library, listening) as serving,
            ):
                first.send_bytes(b"serving")
                ends: set[Future[Any]] = {serving, asyncio.ensure_future(has_message(first))}
                with Pulse():
                    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)

    bear_any_terminal()
    try:
        asyncio.run(serve_until_alone())
    except BrokenPipeError:
        pass  # the first one has ended before this one could say that it serves
    except FleetError as exc:
        raise SystemExit(f"fleet: {exc}") from exc


def _listen(host: str, port: int) -> socket:
    """
    A socket on which connections wait until somebody takes them.

    Raises:
        BadInput: the port cannot be had.
    """
    try:
        listening = uvicorn.Config("", host=host, port=port, log_config=None).bind_socket()
    except SystemExit as exc:  # uvicorn's way to say that the port is taken
        raise BadInput(f"--port {port}: it is taken or not allowed; choose another") from exc
    listening.listen(BACKLOG)
    return listening


class _Server(uvicorn.Server):
    """A server that says when it answers, and leaves signals to the fleet."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: `interrupt_event` has Ctrl-C and SIGTERM, further processes block them."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to take connections."""
        await super().startup(sockets)
        for each in sockets or ():
            each.listen(BACKLOG)  # asyncio has made it `backlog` too
        self.answers.set()


def connection_limits() -> ConnectionLimits:
    """
    As many connections as open files allow, of which each may have one more on the disk.

    The process takes all open files that it may have.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):  # macOS has a lower one than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    usual = ConnectionLimits()
    if soft == resource.RLIM_INFINITY:
        return usual
    most = max(16, (soft - OWN_FILES) // 2)
    return replace(usual, connections=min(usual.connections, most))


@contextlib.asynccontextmanager
async def _answering(library: WebContext, listening: socket) -> AsyncIterator[Future[None]]:
    """Take connections from the socket meanwhile; gives what ends if the server ever does."""
    config = uvicorn.Config(
        create_app(library),
        http=bounded(connection_limits(), library.proxies.is_one),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
        # asyncio takes so many connections in one go: a process that is busy with one leaves the
        # others to those that are not
        backlog=1,
    )
    server = _Server(config)
    gc.collect()
    gc.freeze()  # what is there now stays, and is not looked through again while a page is made
    serving = asyncio.ensure_future(server.serve([listening]))
    await server.answers.wait()
    try:
        yield serving
    finally:
        server.should_exit = True
        await serving
