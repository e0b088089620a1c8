"""Whether the pages' server lives and is ready, for whoever watches over it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from fleet.storage.embedded import Mongod
from fleet.storage.store import Store
from fleet.web.app import create_app
from fleet.web.context import WebContext
from tests.storage.test_embedded import servers_of


@pytest.mark.process
@pytest.mark.parametrize("members_only", [False, True])
async def test_it_is_ready_while_mongodb_answers_and_lives_in_any_case(
    tmp_path: Path, *, members_only: bool
) -> None:
    async with Mongod(tmp_path) as url, await Store.open(url, "kept") as store:
        library = WebContext(
            store=store,
            queries=store.queries,
            scenarios={},
            made_up=False,
            data_dir=tmp_path,
            members_only=members_only,
        )
        transport = httpx.ASGITransport(app=create_app(library))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            good = await http.get("/healthz")
            library.away.append("/srv/scenarios: no such folder")
            without = await http.get("/healthz")
            (process,) = servers_of(tmp_path)
            process.kill()
            bad = await http.get("/healthz/ready")
            lives = await http.get("/healthz/live")

    assert (good.status_code, good.json()["ready"]) == (200, True)
    assert (bad.status_code, bad.json()["problem"]) == (503, "MongoDB does not answer")
    assert (without.status_code, without.json()) == (
        200,
        {
            "live": True,
            "ready": True,
            "problem": "the scenario folder is away; what was read stays",
        },
    )
    assert lives.json() == {"live": True}
    assert good.headers["cache-control"] == "no-store"
