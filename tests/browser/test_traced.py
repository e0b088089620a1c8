"""Playwright's trace of a visit."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.traced import TracedPages
from fleet.models import Outcome, Verdict
from fleet.visit.attempt import attempt
from tests.conftest import QUICK
from tests.visit.test_reached import NONE, Site, decide, site

__all__ = ["site"]


async def test_a_traced_visit_says_the_same_and_leaves_a_trace_of_its_steps(
    chromium: Chromium, site: Site, tmp_path: Path
) -> None:
    site.pages |= {"/": "<button onclick=\"location='/none'\">Suite</button>", "/none": NONE}

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Suite")
        return await decide(visit)

    url = f"http://nanterre.localhost:{site.port}/"
    made = fleet.scenario(department="92", flow="essai", title="Essai", url=url)(script)
    pages = TracedPages(chromium, tmp_path / "tried" / "trace.zip")

    got = (await attempt(made, pages, run_id="test", limits=QUICK)).attempt

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert chromium.open_contexts == 0
    with zipfile.ZipFile(pages.path) as trace:
        steps = [json.loads(line) for line in trace.read("trace.trace").splitlines()]
    done = {(each.get("class"), each.get("method")) for each in steps}
    assert {("Frame", "goto"), ("Page", "mouseClick")} <= done, done
