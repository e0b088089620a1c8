"""
`python -m bench.synthetic.seed --attempts N --database NAME_made_up`: made-up attempts.

For measuring and for looking at pages with much in them. Nothing in it was measured: the
database's name must end in `_made_up`, every attempt's notes say it, and so does every picture.
The roll-ups are made at the end by the fleet's own code. The MongoDB is that of the settings.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import html
import re
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import date, datetime, timedelta
from multiprocessing import get_context
from typing import Any

import pymongo
from playwright.async_api import async_playwright

import fleet
from bench.synthetic.world import PAGES, Document, Flow, World, Writer
from fleet.bootstrap.catalogue import catalogue_of
from fleet.browser.executable import find_chromium
from fleet.errors import FleetError
from fleet.models import Evidence, EvidenceFile, Run, now
from fleet.models.paris import day_start, paris_day
from fleet.settings import Settings, load_settings
from fleet.storage.client import connect
from fleet.storage.embedded import Mongod
from fleet.storage.evidence_files import EvidenceFiles
from fleet.storage.indexes import ATTEMPT_INDEXES
from fleet.storage.store import Store

NAME = re.compile(r"[A-Za-z0-9_-]{1,30}_made_up")
BATCH = 2000

PAGE = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>{title}</title>
<style>body {{ font: 20px/1.5 sans-serif; margin: 0; color: #1e1e2e }}
 p.made-up {{ background: #ffd400; margin: 0; padding: 8px 24px; font-weight: bold }}
 main {{ padding: 16px 24px }} h1 {{ font-size: 30px; border-left: 8px solid {colour};
 padding-left: 16px }}</style>
<p class="made-up">DONNÉES FICTIVES : aucun site n'a été visité</p>
<main><h1>{title}</h1><p>{text}</p></main></html>"""


async def files_of_pages(settings: Settings) -> dict[str, list[EvidenceFile]]:
    """A picture and the HTML of each page of the made-up world."""
    found: dict[str, list[EvidenceFile]] = {}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(settings.chromium))
        page = await browser.new_page(viewport={"width": 640, "height": 300})
        for name, (title, text) in PAGES.items():
            colour = f"#{hashlib.sha256(name.encode()).hexdigest()[:6]}"
            source = PAGE.format(title=html.escape(title), text=html.escape(text), colour=colour)
            await page.set_content(source)
            picture = await page.screenshot()
            found[name] = [_file("picture", picture), _file("html", source.encode())]
        await browser.close()
    return found


def _file(kind: Any, content: bytes) -> EvidenceFile:
    evidence = Evidence(
        kind=kind,
        step=0,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        taken_at=now(),
        url="",
        title="",
    )
    return EvidenceFile(evidence=evidence, content=content)


class Worker:
    """One process that makes days and stores them."""

    own: Worker

    def __init__(self, url: str, database: str, seed: int, flows: list[Flow], files: Any) -> None:
        self.attempts = pymongo.MongoClient[Document](url, w=1, journal=False)[database].attempts
        self.world, self.writer = World(seed), Writer(seed, files, fleet.__version__)
        self.flows = flows

    @classmethod
    def begin(cls, *arguments: Any) -> None:
        cls.own = cls(*arguments)

    @classmethod
    def make(cls, day: date, at_most: int) -> int:
        """Store the attempts of a day, of more than `at_most` the last; how many there are."""
        visits = cls.own.world.day(cls.own.flows, day)[-at_most:]
        for begin in range(0, len(visits), BATCH):
            batch = [cls.own.writer.document(visit) for visit in visits[begin : begin + BATCH]]
            cls.own.attempts.insert_many(batch, ordered=False)
        return len(visits)


def make_attempts(
    wanted: int,
    last: date,
    processes: int,
    url: str,
    name: str,
    seed: int,
    flows: list[Flow],
    files: Any,
) -> date:
    """Store `wanted` attempts, day by day backwards from `last`; the first day."""
    most = len(flows) * 25 * 3  # of a day: hours, tries
    made, day = 0, last
    pending: list[Future[int]] = []
    with ProcessPoolExecutor(
        processes,
        get_context("spawn"),
        initializer=Worker.begin,
        initargs=(url, name, seed, flows, files),
    ) as pool:
        while made < wanted or pending:
            left = wanted - made - len(pending) * most
            if len(pending) <= processes and (left > most or (left > 0 and not pending)):
                pending.append(pool.submit(Worker.make, day, left))
                day -= timedelta(days=1)
            else:
                made += pending.pop(0).result()
                print(f"\r{made:,} attempts", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return day + timedelta(days=1)


@contextlib.asynccontextmanager
async def server(settings: Settings) -> AsyncIterator[str]:
    if settings.mongodb_url is not None:
        yield settings.mongodb_url
    else:
        async with Mongod(settings.data_dir) as url:
            yield url


async def seed(wanted: argparse.Namespace, settings: Settings) -> None:
    flows = [
        Flow(each.id, each.family, each.version, each.control, each.url)
        for each in catalogue_of(settings).scenarios
    ]
    began = time.monotonic()
    async with server(settings) as url:
        name: str = wanted.database
        files = await files_of_pages(settings)
        client: pymongo.MongoClient[Document] = pymongo.MongoClient(url)
        async with await Store.open(url, name) as store:
            if client[name].attempts.find_one({}, {"_id": 1}):
                raise SystemExit(f"{name} holds attempts already; choose another name")
            bucket = EvidenceFiles(connect(url)[name])
            for each in (file for of_page in files.values() for file in of_page):
                await bucket.add(each)
            client[name].attempts.drop_indexes()  # made at the end in one go, which is faster
            named = {
                page: [
                    {n: getattr(file.evidence, n) for n in ("kind", "sha256", "size_bytes")}
                    for file in of_page
                ]
                for page, of_page in files.items()
            }
            first = make_attempts(
                wanted.attempts, wanted.last, wanted.processes, url, name, wanted.seed, flows, named
            )
            stored = time.monotonic()
            client[name].attempts.create_indexes([pymongo.IndexModel(k) for k in ATTEMPT_INDEXES])
            add_runs(client[name], World(wanted.seed), flows, first, wanted.last)
            indexed = time.monotonic()
            made = await store.rollups.rebuild()
        print(
            f"{wanted.attempts:,} made-up attempts of {len(flows)} flows, {first} to {wanted.last},"
            f" in {name}\nstored in {stored - began:.0f} s, indexes {indexed - stored:.0f} s,"
            f" roll-ups {time.monotonic() - indexed:.0f} s: {made}"
        )


def add_runs(
    db: pymongo.database.Database[Document],
    world: World,
    flows: list[Flow],
    first: date,
    last: date,
) -> None:
    """A run for each hour that has attempts."""
    counted = {
        each["_id"]: each["n"]
        for each in db.attempts.aggregate([{"$group": {"_id": "$run_id", "n": {"$sum": 1}}}])
    }
    hour, end = day_start(first), day_start(last + timedelta(days=1))
    documents = []
    while hour < end:
        if attempts := counted.get(world.run_id(hour)):
            documents.append(_run(world.run_id(hour), hour, flows, attempts))
        hour += timedelta(hours=1)
    db.runs.insert_many(documents)


def _run(run_id: str, hour: datetime, flows: list[Flow], attempts: int) -> Document:
    run = Run(
        id=run_id,
        started_at=hour,
        ended_at=hour + timedelta(minutes=55),
        scenario_ids=tuple(flow.id for flow in flows),
        times=1,
        attempts=attempts,
        fleet_version=fleet.__version__,
        chromium_version="0.0.0.0",
    )
    document = run.model_dump(mode="python")
    return {"_id": document.pop("id"), **document}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.synthetic.seed", description=__doc__)
    parser.add_argument("--attempts", type=int, required=True)
    parser.add_argument("--database", required=True, help="its name ends in _made_up")
    parser.add_argument("--seed", type=int, default=63)
    parser.add_argument(
        "--last",
        type=date.fromisoformat,
        default=paris_day(now()) - timedelta(days=1),
        help="the last day; yesterday",
    )
    parser.add_argument("--processes", type=int, default=2)
    wanted = parser.parse_args()
    if not NAME.fullmatch(wanted.database):
        parser.error(
            f"{wanted.database!r} does not end in _made_up: only such a database may be made"
        )
    try:
        asyncio.run(seed(wanted, load_settings()))
    except FleetError as exc:
        raise SystemExit(f"bench.seed: {exc}") from exc


if __name__ == "__main__":
    main()
