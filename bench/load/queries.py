"""
`python -m bench.load.queries NAME_made_up …`: how long a reader waits, in made-up databases.

For each question: the median of several askings, whole (driver and Python included) and within
mongod (its profiler, to the millisecond), and how many documents and index keys mongod read.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pymongo
from rich.console import Console
from rich.table import Table

from bench.synthetic.seed import server
from bench.synthetic.world import Document
from fleet.models import Verdict
from fleet.models.paris import paris_day
from fleet.models.query import Cursor, Filter, Period
from fleet.settings import load_settings
from fleet.storage.store import Store

DAYS = 90
TIMES = 9

Question = Callable[[], Awaitable[Any]]


def questions(store: Store, db: pymongo.database.Database[Document]) -> dict[str, Question]:
    attempts, browse, figures = db.attempts, store.queries, store.figures
    count = attempts.estimated_document_count()
    newest = attempts.find({}, {"started_at": 1}).sort("started_at", -1)[0]
    deep = attempts.find({}, {"started_at": 1}).sort("started_at", -1).skip(count * 9 // 10)[0]
    last = paris_day(newest["started_at"])
    period = Period(first=last - timedelta(days=DAYS - 1), last=last)
    flow = attempts.find_one({"verdict": "slots"}, {"scenario_id": 1}) or {}
    busy = attempts.aggregate([{"$sortByCount": "$department"}, {"$limit": 1}]).next()["_id"]
    cursor = Cursor(at=deep["started_at"], attempt_id=deep["_id"])
    slots = Filter(verdict=Verdict.SLOTS)
    night = Filter(first=period.first, last=period.last, hour=3)
    rare = Filter(department=busy, verdict=Verdict.CRASHED)
    return {
        f"overview, {DAYS} days": lambda: figures.overview(period),
        f"department {busy}, {DAYS} days": lambda: figures.department(busy, period),
        f"flow, {DAYS} days": lambda: figures.flow(flow["scenario_id"], period),
        "latest 50 changes": lambda: figures.changes(50),
        "gallery, first page": lambda: browse.pictures(Filter()),
        "gallery, slots only": lambda: browse.pictures(slots),
        "gallery, 90 % down": lambda: browse.pictures(Filter(), cursor),
        "gallery, slots, 90 % down": lambda: browse.pictures(slots, cursor),
        f"gallery, at 3 h, {DAYS} days": lambda: browse.pictures(night),
        f"gallery, crashed in {busy}": lambda: browse.pictures(rare),
        "gallery, blocked control flows": lambda: browse.pictures(
            Filter(verdict=Verdict.BLOCKED, control=True)
        ),
        "50 whole attempts": lambda: browse.attempts(Filter()),
        "one attempt, its neighbours": lambda: browse.attempt(deep["_id"]),
    }


async def measure(db: pymongo.database.Database[Document], ask: Question) -> list[str]:
    await ask()
    walls: list[float] = []
    for _ in range(TIMES):
        began = time.perf_counter()
        await ask()
        walls.append((time.perf_counter() - began) * 1000)
    db.drop_collection("system.profile")
    db.command("profile", 2, filter={"ns": {"$ne": f"{db.name}.system.profile"}})
    for _ in range(TIMES):
        await ask()
    db.command("profile", 0)
    seen = list(db["system.profile"].find())
    db.drop_collection("system.profile")
    spent = sum(each["millis"] for each in seen) / TIMES
    read = sum(each.get("docsExamined", 0) for each in seen) / TIMES
    keys = sum(each.get("keysExamined", 0) for each in seen) / TIMES
    return [f"{statistics.median(walls):.1f}", f"{spent:.1f}", f"{read:.0f}", f"{keys:.0f}"]


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load.queries", description=__doc__)
    parser.add_argument("databases", nargs="+")
    wanted = parser.parse_args()
    out = Console(width=100, highlight=False)
    async with server(load_settings()) as url:
        client: pymongo.MongoClient[Document] = pymongo.MongoClient(url, tz_aware=True)
        for name in wanted.databases:
            db = client[name]
            count, size = db.attempts.estimated_document_count(), db.command("dbStats")
            table = Table(
                box=None,
                title=f"{count:,} attempts, {size['storageSize'] / 1e6:.0f} MB and"
                f" {size['indexSize'] / 1e6:.0f} MB of indexes",
            )
            for column in ("question", "ms", "ms in mongod", "documents", "keys"):
                table.add_column(column, justify="left" if column == "question" else "right")
            async with await Store.open(url, name) as store:
                for question, ask in questions(store, db).items():
                    table.add_row(question, *await measure(db, ask))
            out.print(table)


if __name__ == "__main__":
    asyncio.run(main())
