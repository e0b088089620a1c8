"""`fleet export`: attempts, evidence files, a data package, a recording as a web archive."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import shutil
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import fleet
from fleet.analysis.rates import Counts
from fleet.bootstrap.store import open_store
from fleet.bootstrap.worlds import apart_from_real, for_trials
from fleet.cli.commands.output import instant, write_file
from fleet.errors import BadInput, StoreRefused, StoreUnreachable
from fleet.models import now
from fleet.models.paris import day_start
from fleet.models.query import Period
from fleet.models.text import visible
from fleet.rendering.attempt_csv import AttemptWriter
from fleet.rendering.dataset import (
    TABLES,
    Publication,
    attempt_row,
    citation,
    descriptor,
    missed_row,
    rate_row,
)
from fleet.visit.recording import har
from fleet.visit.recording.wacz import archive

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet.models import Attempt
    from fleet.settings import Settings
    from fleet.storage.store import Store

Row = dict[str, object]


def wacz(recording: Path, output: Path) -> None:
    """
    Write the recording of `fleet record` to `output`, and say what is in it.

    Raises:
        BadInput: it is no such recording, `output` is there already or has another ending.
    """
    if output.suffix != ".wacz":  # by which the tools that open it know it
        raise BadInput(f"{output}: expected a name that ends with .wacz; choose another (-o)")
    tape = har.load(recording)
    content = archive(tape, now())
    write_file(output, content.content)
    print(
        f"{output}: {content.answers} answers, {content.pages} pages, {len(content.content)} bytes;"
        " open it at https://replayweb.page"
    )
    for problem in tape.problems:
        print(f"  without its body: {visible(problem)}")


async def export_attempts(
    settings: Settings, form: str, scenario_id: str | None, since: str | None, until: str | None
) -> bool:
    """
    Write attempts to standard output.

    Of a scenario that was only tried, its author gets the trials; stderr says that they are some.
    """
    first, last = instant(since, "--since"), instant(until, "--until")
    writer, written = AttemptWriter(form), 0
    async with open_store(settings) as store:
        async for attempt in store.attempts.find(scenario_id=scenario_id, since=first, until=last):
            writer.write(attempt)
            written += 1
    if not written and scenario_id is not None and not (since or until):
        for attempt in await _trials(settings, scenario_id):
            writer.write(attempt)
    return True


async def _trials(settings: Settings, scenario_id: str) -> list[Attempt]:
    """What was seen of a scenario that is in no figure; nothing if this account may not read it."""
    apart = {each.database: each for each in (apart_from_real(settings), for_trials(settings))}
    for name, place in apart.items():
        with contextlib.suppress(StoreRefused, StoreUnreachable):
            async with open_store(place) as store:
                if found := [each async for each in store.attempts.find(scenario_id=scenario_id)]:
                    words = "no attempt is stored; what follows was tried, and is in no figure"
                    print(f"{scenario_id}: {words} ({name})", file=sys.stderr)
                    return found
    return []


async def export_evidence(settings: Settings, sha256: str, output: Path) -> bool:
    """Write one stored file to `output`, which must not exist yet."""
    async with open_store(settings) as store:
        content = await store.evidence(sha256)
    write_file(output, content)
    print(f"{output}: {len(content)} bytes, SHA-256 {sha256}")
    return True


async def export_dataset(
    settings: Settings, output: Path, period: tuple[str, str], publisher: str, licence: str
) -> bool:
    """
    Write the data package into a new folder, whole or not at all.

    Args:
        period: first and last Paris day, both included, as typed.
        publisher: who publishes it.
        licence: one of `dataset.LICENCES`.

    Raises:
        BadInput: the folder is there already, cannot be made, or the period is none.
    """
    # its words need the extra `web`, of which the other exports need nothing
    from fleet.rendering.dataset_readme import readme

    chosen = Period.of(*period)
    if not publisher.strip():
        raise BadInput("--by is empty; expected the name of who publishes the data")
    of = Publication(
        publisher=" ".join(publisher.split()),
        licence=licence,
        first=chosen.first,
        last=chosen.last,
        created_at=now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        fleet_version=fleet.__version__,
        made_up=settings.database.endswith(("_practice", "_made_up")),
    )
    part = output.with_name(output.name + ".part")
    try:
        _begin(output, part)
        async with open_store(settings) as store:
            tables = {
                "attempts": await _table(part, "attempts", _attempts(store, chosen)),
                "missed": await _table(part, "missed", _missed(store, chosen)),
                "rates": await _table(part, "rates", _rates(store, chosen)),
            }
        described = json.dumps(descriptor(of, tables), ensure_ascii=False, indent=2)
        (part / "datapackage.json").write_text(described + "\n", encoding="utf-8")
        (part / "README.md").write_text(readme(of, tables), encoding="utf-8")
        (part / "CITATION.cff").write_text(citation(of), encoding="utf-8")
        part.rename(output)
    except OSError as exc:
        raise BadInput(f"{output} cannot be written: {exc.strerror}; choose another place") from exc
    finally:
        shutil.rmtree(part, ignore_errors=True)
    counted = ", ".join(f"{rows} {name}" for name, (_, _, rows) in tables.items())
    print(f"{output}: {counted}; what each column means: {output / 'README.md'}")
    return True


def _begin(output: Path, part: Path) -> None:
    """Make the folder in which everything is written before it gets its name."""
    if output.exists():
        raise BadInput(f"{output} exists; nothing is overwritten, choose another folder")
    shutil.rmtree(part, ignore_errors=True)  # of one that was interrupted
    part.mkdir(parents=True)


async def _table(folder: Path, name: str, rows: AsyncIterator[Row]) -> tuple[int, str, int]:
    """Write a table; the bytes of its file, their SHA-256, and its rows."""
    path, number = folder / f"{name}.csv", 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in TABLES[name][1]])
        writer.writeheader()
        async for row in rows:
            writer.writerow(row)
            number += 1
    with path.open("rb") as written:
        sha256 = hashlib.file_digest(written, "sha256").hexdigest()
    return path.stat().st_size, sha256, number


async def _attempts(store: Store, period: Period) -> AsyncIterator[Row]:
    withdrawn = await store.withdrawals.ids()
    since, until = day_start(period.first), day_start(period.last + timedelta(days=1))
    async for attempt in store.attempts.find(since=since, until=until):
        yield attempt_row(attempt, withdrawn=attempt.id in withdrawn)


async def _missed(store: Store, period: Period) -> AsyncIterator[Row]:
    day = period.first
    while day <= period.last:  # one after the other: years of them are more than memory holds
        following = day + timedelta(days=1)
        for missed in await store.missed_visits.of(None, day_start(day), day_start(following)):
            yield missed_row(missed)
        day = following


async def _rates(store: Store, period: Period) -> AsyncIterator[Row]:
    departments = await store.figures.overview(period)
    for code, halves in departments.items():
        for each in await store.figures.department(code, period):
            yield rate_row(
                "flow",
                each.counts,
                department=code,
                scenario_id=each.scenario_id,
                control=each.control,
            )
        for control, counts in ((False, halves.foreigners), (True, halves.control)):
            if counts.due or counts.attempts:
                yield rate_row("department", counts, department=code, control=control)
    for control in (False, True):
        counts = Counts.total(
            each.control if control else each.foreigners for each in departments.values()
        )
        if counts.due or counts.attempts:
            yield rate_row("all", counts, control=control)
