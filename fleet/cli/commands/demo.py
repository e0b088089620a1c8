"""`fleet demo`: every practice prefecture visited once, and where to look."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.bootstrap.catalogue import catalogue_of
from fleet.bootstrap.evidence import authorities_of, key_of, practice_authority
from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import hosts_of, run_options
from fleet.cli.commands.output import attempts_table, save_pictures
from fleet.cli.commands.practice import on_port, practice_server
from fleet.cli.commands.run import print_result, progress, visit
from fleet.cli.console import Console
from fleet.errors import FleetError, LeaseTaken
from fleet.evidence.sealing import seal_store
from fleet.ledger.timestamps import Authorities
from fleet.practice.authority import PracticeAuthority

if TYPE_CHECKING:
    from fleet.models import Attempt
    from fleet.settings import Settings
    from fleet.storage.store import Store

AUTHORITY_PORT = 8318


async def demo(settings: Settings, *, stay: bool) -> bool:
    """Visit every practice prefecture; with `stay`, serve them on until Ctrl-C."""
    console = Console()
    scenarios = catalogue_of(settings).scenarios
    folder = settings.data_dir / "demo"
    seen: list[Attempt] = []
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        server = await stack.enter_async_context(practice_server())
        chosen = [on_port(scenario, server.port) for scenario in scenarios]
        console.print(
            f"{len(chosen)} flows of practice prefectures (made-up data, on this machine only)"
        )
        with progress(len(chosen)) as step:

            def on_attempt(attempt: Attempt) -> None:
                step(attempt)
                seen.append(attempt)

            hosts = hosts_of(settings, practice=True)
            result = await visit(chosen, settings, store, run_options(settings), hosts, on_attempt)
        seen.sort(key=lambda a: (a.department, a.flow, a.number))
        console.print(attempts_table(seen, console.width))
        console.print()
        print_result(console, result)
        if not result.finished:
            return False
        for attempt in seen:
            await save_pictures(store, attempt, folder, last=True)
        console.print(await _seal(settings, store), soft_wrap=True)
        console.print()
        console.print("Where to look", style="bold")
        fleet = _program()
        for words, where in (
            ("all of it in a browser", f"{fleet} serve --practice"),
            ("the pictures of these answers", f"{folder}/"),
            ("every attempt, as CSV", f"{fleet} export attempts --practice --format csv"),
            ("whether anything was altered", f"{fleet} verify --practice"),
            ("a picture by its hash", f"{fleet} export evidence --practice SHA256 -o picture.png"),
            ("100 visits of Évry", f"{fleet} run --practice 91/titre-de-sejour --times 100"),
            ("the practice prefectures", f"{fleet} practice, then http://localhost:8063/"),
        ):
            console.print(f"  {words:<32}{where}", markup=False, highlight=False, soft_wrap=True)
        if stay:
            console.print(
                f"\nUntil Ctrl-C the practice prefectures stay at http://localhost:{server.port}/,"
                " and the web pages that show these attempts are at"
            )
            from fleet.cli.commands.serve import library_of, serve_app

            await serve_app(library_of(settings, store, made_up=True), "127.0.0.1", 0)
    return True


async def _seal(settings: Settings, store: Store) -> str:
    """Seal these attempts under a timestamp of the practice authority; what came of it."""
    key, folder = key_of(settings), practice_authority(settings)
    problem = ""
    # always the same address, if it is free: a seal names its authorities by address
    for port in (AUTHORITY_PORT, 0):
        try:
            async with PracticeAuthority(folder, port=port) as authority:
                authorities = Authorities((authority.url,), authorities_of(settings).roots)
                done = await seal_store(store, key, authorities)
        except FleetError as exc:
            problem = str(exc)
        else:
            return (
                f"{done.links} attempts sealed, {done.tokens} timestamps of the practice authority"
                " (which proves nothing to anybody)"
            )
    try:
        done = await seal_store(store, key, Authorities((), ()))
    except LeaseTaken as exc:
        return f"not sealed: {exc}"
    return f"{done.links} attempts sealed, without a timestamp: {problem}"


def _program() -> str:
    """How this program was called, so that a hint can be copied as it is."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "fleet" and called.parent.name else "fleet"
