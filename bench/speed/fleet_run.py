"""Contender (b): the fleet as it is, with everything stored in a real mongod."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.speed.contestant import Answers, cpu_seconds, main
from bench.speed.site import forms, scenario
from fleet import log
from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import open_chromium
from fleet.engine.options import RunOptions
from fleet.engine.run import Runner
from fleet.evidence.sealing import seal
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities
from fleet.models import Attempt
from fleet.settings import Settings
from fleet.storage.client import connect
from fleet.storage.embedded import Mongod
from fleet.visit.limits import AttemptLimits


async def contend(port: int, pages: int, answers: Answers) -> None:
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        settings = Settings(data_dir=Path(folder), database="bench")
        async with (
            open_store(settings) as store,
            open_chromium(settings, loopback_only=True) as chromium,
        ):

            async def visits(times: int) -> list[str]:
                seen: list[Attempt] = []
                pace = RunOptions(pages=pages, pause_s=0, tries=1)
                runner = Runner(
                    chromium, store, options=pace, limits=AttemptLimits(), on_attempt=seen.append
                )
                chosen = [scenario(form, port) for form in forms(pages)]
                await runner.run(chosen, times=times // pages)
                return [attempt.verdict.value for attempt in seen]

            async def seal_anew() -> dict[str, float]:
                async with Mongod(settings.data_dir) as url:
                    db = connect(url)[settings.database]
                    for name in ("links", "seals", "ledger"):
                        await db[name].delete_many({})
                before = cpu_seconds()
                done = await seal(store.ledger, SigningKey.of(key), Authorities((), ()))
                return {"attempts": done.links, "cpu_s": cpu_seconds() - before}

            key = settings.data_dir / "key.pem"
            await answers(visits, size=store.size_bytes, seal=seal_anew)


if __name__ == "__main__":
    log.configure(quiet=True)  # as `fleet run` does
    main(contend, sys.argv)
