"""`fleet export`: attempts, evidence files, a recording as a web archive."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.cli.commands.output import instant, write_file
from fleet.errors import BadInput, StoreRefused, StoreUnreachable
from fleet.models import now
from fleet.models.text import visible
from fleet.rendering.attempt_csv import AttemptWriter
from fleet.settings import apart_from_real, for_trials
from fleet.visit.recording import har
from fleet.visit.recording.wacz import archive

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.models import Attempt
    from fleet.settings import Settings


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
