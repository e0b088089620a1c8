"""`fleet serve`: the web pages, until Ctrl-C."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import uvicorn

from fleet import catalog
from fleet.commands.signals import interrupted
from fleet.equipment import open_store
from fleet.errors import BadInput
from fleet.stats import Rate
from fleet.web.app import create_app
from fleet.web.library import Library

if TYPE_CHECKING:
    from fleet.settings import Settings
    from fleet.store import Store


async def serve(settings: Settings, host: str, port: int, in_practice: bool) -> bool:
    """Serve the pages over the store; says the address once it answers."""
    made_up = in_practice or settings.database.endswith("_made_up")
    async with open_store(settings) as store:
        await serve_app(library_of(settings, store, made_up=made_up), host, port)
    return True


def library_of(settings: Settings, store: Store, *, made_up: bool) -> Library:
    """What the pages read from: this store, and the scenarios of the settings' folder."""
    return Library(
        store=store,
        browse=store.browse,
        scenarios={s.id: s for s in catalog.load(settings.scenarios_dir).scenarios},
        made_up=made_up,
        data_dir=settings.data_dir,
        members_only=settings.reading == "members",
    )


async def serve_app(library: Library, host: str, port: int) -> None:
    """
    Serve until Ctrl-C or SIGTERM.

    Raises:
        BadInput: the port cannot be had.
    """
    config = uvicorn.Config(
        create_app(library),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    try:
        socket = config.bind_socket()
    except SystemExit as exc:  # uvicorn's way to say that the port is taken
        raise BadInput(f"--port {port}: it is taken or not allowed; choose another") from exc
    stop = interrupted()
    # the first interval costs a second of imports: not at the expense of the first reader
    await asyncio.to_thread(lambda: Rate(1, 1).interval)
    print(f"http://{host}:{socket.getsockname()[1]}/", flush=True)

    serving = asyncio.ensure_future(server._serve([socket]))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    stopping.cancel()
