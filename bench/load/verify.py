"""
`python -m bench.load.verify [--attempts N]`: what `fleet verify` takes, in a database of its own.

Nothing in it was measured: the attempts are those of `bench.synthetic.world`, an hour for each
flow, linked in their chains and sealed hour by hour under timestamps of the practice authority, as
a fleet that watches would have done. They are written in bulk, in the form that the store, the
bucket and the ledger give them; that the verifier finds nothing proves that they are. Pictures are
few and shared (a page that does not change gives the same picture); each attempt with a page has
HTML that no other has, as real pages hold a session's number. `fleet verify` runs as a command, in
a process of its own: its time is from its start to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pymongo
from bson import ObjectId
from rich.console import Console

import fleet
from bench.synthetic.seed import files_of_pages
from bench.synthetic.world import PAGES, Document, Flow, Visit, World, Writer
from fleet.bootstrap.catalogue import catalogue_of
from fleet.evidence import timestamp_client
from fleet.ledger import timestamps
from fleet.ledger.canonical import NO_PREVIOUS, canonical, sha256
from fleet.ledger.chain import Link, Seal, Statement, Token, root_of
from fleet.ledger.signing import SigningKey
from fleet.models import now
from fleet.models.paris import paris_day
from fleet.practice.authority import PracticeAuthority
from fleet.settings import Settings, load_settings
from fleet.storage.client import connect
from fleet.storage.embedded import Mongod
from fleet.storage.evidence_files import EvidenceFiles
from fleet.storage.store import Store

DATABASE = "bench_verify_made_up"
HTML_BYTES = 6_000
CHUNK_BYTES = 255 * 1024


def visits(flows: list[Flow], wanted: int, seed: int = 63) -> list[Visit]:
    """The last `wanted` visits before today, oldest first."""
    world, found, day = World(seed), list[Visit](), paris_day(now())
    while len(found) < wanted:
        day -= timedelta(days=1)
        found = world.day(flows, day) + found
    return sorted(found, key=lambda visit: visit.at)[-wanted:]


@dataclass
class Filler:
    """Writes attempts with files, links and seals, as a fleet would have over the days."""

    db: Any
    store: Store
    key: SigningKey
    authority: PracticeAuthority
    writer: Writer

    def __post_init__(self) -> None:
        self._ends: dict[str, Link] = {}
        self._last: Seal | None = None

    async def fill(self, made: Sequence[Visit]) -> None:
        """Write these visits, sealed hour by hour."""
        for _, own in itertools.groupby(made, key=lambda visit: visit.at.strftime("%Y%m%d%H")):
            documents = [self.writer.document(visit) for visit in own]
            await asyncio.to_thread(self._keep, documents)
            links = [self._link(document) for document in documents]
            await self._seal(sorted(links, key=lambda link: (link.scenario_id, link.number)))

    def _keep(self, documents: list[Document]) -> None:
        html = [
            self._html(f"{document['_id']}/{each['step']}", each)
            for document in documents
            for each in document["evidence"]
            if each["kind"] == "html"
        ]
        if html:
            self.db["evidence.chunks"].insert_many([chunk for chunk, _ in html])
            self.db["evidence.files"].insert_many([file for _, file in html])
        self.db.attempts.insert_many(documents)

    def _html(self, session: str, evidence: Document) -> tuple[Document, Document]:
        """A chunk and an entry of the bucket; the evidence names them."""
        text = f"<input name=csrf_token value={session}>".encode()
        content = text + b"<p>Aucun rendez-vous n'est disponible.</p>\n" * (HTML_BYTES // 43)
        name, stored = hashlib.sha256(content).hexdigest(), gzip.compress(content, 6, mtime=0)
        evidence |= {"sha256": name, "size_bytes": len(content)}
        chunk = {"_id": ObjectId(), "files_id": name, "n": 0, "data": stored}
        metadata = {
            "kind": "html",
            "media_type": "text/html; charset=utf-8",
            "encoding": "gzip",
            "size_bytes": len(content),
        }
        file = {
            "_id": name,
            "filename": name,
            "metadata": metadata,
            "chunkSize": CHUNK_BYTES,
            "length": len(stored),
            "uploadDate": now(),
        }
        return chunk, file

    def _link(self, document: Document) -> Link:
        before = self._ends.get(document["scenario_id"])
        link = Link(
            attempt_id=document["_id"],
            scenario_id=document["scenario_id"],
            number=before.number + 1 if before else 1,
            previous=before.hash if before else NO_PREVIOUS,
            manifest=sha256(canonical(document)),
            linked_at=_whole_ms(document["started_at"]),
        )
        self._ends[link.scenario_id] = link
        return link

    async def _seal(self, links: Sequence[Link]) -> None:
        before = self._last
        statement = Statement(
            number=before.statement.number + 1 if before else 1,
            sealed_at=_whole_ms(now()),
            count=len(links),
            root=root_of(links),
            previous=sha256(before.statement.content) if before else NO_PREVIOUS,
            key=self.key.public,
            authorities=(self.authority.url,),
        )
        roots = timestamps.roots_of(self.authority.roots)[-1:]
        answer = await timestamp_client.ask(self.authority.url, statement.content, roots)
        token = Token(self.authority.url, _whole_ms(now()), answer)
        signature = self.key.sign(statement.content)
        ids = tuple(link.attempt_id for link in links)
        self._last = Seal(statement, signature, ids, (token,))
        number = statement.number
        self.db.links.insert_many([{**link.to_document(), "seal": number} for link in links])
        await self.store.ledger.add_seal(self._last)


def _whole_ms(at: datetime) -> datetime:
    """What MongoDB would give back."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def verify(environment: dict[str, str], mongod: psutil.Process, *more: str) -> Iterator[str]:
    """Run `fleet verify` with these settings; what it took and what it said."""
    before, start = mongod.cpu_times(), time.perf_counter()
    with tempfile.TemporaryFile("w+") as told:
        command = [sys.executable, "-m", "fleet", "verify", *more]
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=told, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        said = told.read()
    wall, after = time.perf_counter() - start, mongod.cpu_times()
    if process.returncode:
        raise SystemExit(f"the figures are worth nothing: {said}")
    server = after.user + after.system - before.user - before.system
    yield (
        f"{' '.join(['fleet verify', *more])}: {wall:.1f} s; {used.ru_utime + used.ru_stime:.1f} s"
        f" of processor and {used.ru_maxrss / 1024:.0f} MB at most, mongod {server:.1f} s"
    )
    yield said.splitlines()[0]


async def look_for_unlinked(store: Store, mongod: psutil.Process) -> str:
    """What each hour's seal spends on attempts of the last week that are linked already."""
    await store.ledger.link_missing()  # the first time it looks at all of them
    before, spent, start = mongod.cpu_times(), time.process_time(), time.perf_counter()
    assert await store.ledger.link_missing() == 0
    wall, own, after = time.perf_counter() - start, time.process_time() - spent, mongod.cpu_times()
    server = after.user + after.system - before.user - before.system
    return (
        f"an hour's seal looks for attempts of the last week without a link: {wall:.2f} s;"
        f" {own:.2f} s of processor, mongod {server:.2f} s"
    )


async def bench(wanted: int, later: int, settings: Settings) -> None:
    """Fill a database, then time `fleet verify` over all of it, and over what came later."""
    console = Console(width=100, highlight=False)
    flows = [
        Flow(each.id, each.family, each.version, each.control, each.url)
        for each in catalogue_of(settings).scenarios
    ]
    files = await files_of_pages(settings)
    named = {
        page: [
            {n: getattr(file.evidence, n) for n in ("kind", "sha256", "size_bytes")}
            for file in of_page
        ]
        for page, of_page in files.items()
    }
    made, begin = visits(flows, wanted + later), time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="fleet-bench-verify-") as name:
        folder = Path(name)
        async with (
            Mongod(folder) as url,
            await Store.open(url, DATABASE) as store,
            PracticeAuthority(folder / "authority") as authority,
        ):
            db = pymongo.MongoClient[Document](url, tz_aware=True)[DATABASE]
            bucket = EvidenceFiles(connect(url)[DATABASE])
            for each in itertools.chain.from_iterable(files[page] for page in PAGES):
                await bucket.add(each)
            key = SigningKey.of(folder / "key.pem")
            filler = Filler(db, store, key, authority, Writer(63, named, fleet.__version__))
            await filler.fill(made[:wanted])
            console.print(
                f"{wanted:,} attempts of {len(flows)} flows, {await _count(db)}, made in"
                f" {time.perf_counter() - begin:.0f} s; {os.cpu_count()} cores, load"
                f" {os.getloadavg()[0]:.1f}"
            )
            environment = {
                "FLEET_MONGODB_URL": url,
                "FLEET_DATABASE": DATABASE,
                "FLEET_DATA_DIR": name,
                "FLEET_TIMESTAMP_ROOTS": str(authority.roots),
            }
            pid = int(db.client.admin.command("serverStatus")["pid"])
            mongod = psutil.Process(pid)
            for line in verify(environment, mongod):
                console.print(line)
            await filler.fill(made[wanted:])
            for line in verify(environment, mongod, "--new"):
                console.print(line)
            console.print(await look_for_unlinked(store, mongod))


async def _count(db: Any) -> str:
    files = db["evidence.files"].estimated_document_count()
    size = db.command("dbStats")["dataSize"] / 1e6
    return f"{files:,} files, {db.seals.estimated_document_count()} seals, {size:.0f} MB"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.load.verify", description=__doc__)
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--later", type=int, default=100, help="attempts after those, for --new")
    given = parser.parse_args()
    asyncio.run(bench(given.attempts, given.later, load_settings()))
