"""A flow's page says when its scenario was seen working on the real site."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path

from fleet.catalog.loader import Catalog
from fleet.models import Outcome, Scenario, Verdict
from fleet.models.seen_working import SeenWorking, SeenWorkingFile
from fleet.storage.store import Store
from fleet.web.context import WebContext
from tests.web.conftest import client, plain, serving


def real(flow: str) -> Scenario:
    async def script(visit: object) -> Outcome:
        raise AssertionError

    return Scenario(
        department="63",
        flow=flow,
        title="Titre de séjour",
        url=f"https://site.example/{flow}",
        family="own",
        version="v2",
        script=script,
    )


async def test_a_flow_says_whether_its_scenario_was_seen_working(
    mongodb_url: str, tmp_path: Path
) -> None:
    seen, changed = (
        SeenWorking(flow=flow, day=date(2026, 12, 1), version=version, verdict=Verdict.NO_SLOTS)
        for flow, version in (("63/seen", "v2"), ("63/changed", "v1"))
    )
    async with await Store.open(mongodb_url, f"test_{uuid.uuid4().hex[:12]}") as store:
        library = WebContext(
            store=store, queries=store.queries, scenarios={}, made_up=False, data_dir=tmp_path
        )
        flows = (real("seen"), real("changed"))
        library.use(Catalog(flows, (), {}), SeenWorkingFile(flows=(seen, changed)))
        async with serving(library) as url, client(url) as http:
            yes = plain((await http.get("/demarche/63/seen")).text)
            no = plain((await http.get("/demarche/63/changed")).text)

    assert "vu en fonctionnement sur le site réel, le 1er décembre 2026" in yes
    assert "pas encore vu en fonctionnement sur le site réel" in no
