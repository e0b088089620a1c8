"""`fleet audit`: draws attempts that people read blindly; says how many verdicts are wrong."""

from __future__ import annotations

import json
import secrets
import sys
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.table import Table

from fleet.analysis import verdict_audit
from fleet.bootstrap.store import open_store
from fleet.cli.commands.takedown import account_of
from fleet.cli.console import Console
from fleet.errors import BadInput
from fleet.models import now
from fleet.models.audit import AuditDraw, DrawnClass, VerdictClass
from fleet.models.paris import day_start, paris_day
from fleet.models.query import Period
from fleet.models.text import visible_json
from fleet.system.terminal import for_programs

if TYPE_CHECKING:
    from fleet.analysis.verdict_audit import AuditTally
    from fleet.settings import Settings
    from fleet.storage.store import Store

DAYS = 90


async def draw(settings: Settings, each: int, first: str | None, last: str | None) -> bool:
    """
    Draw at most `each` attempts of each class from a period of Paris days, and keep what was drawn.

    Raises:
        BadInput: a day is none, or no attempt with a picture lies in the period.
    """
    latest = Period.latest(DAYS)
    period = Period.of(first or str(latest.first), last or str(latest.last))
    async with open_store(settings) as store:
        made = await drawn_from(store, each, period)
        if not made.attempt_ids:
            raise BadInput(
                f"no attempt from {period.first} to {period.last} has a picture: nothing to read;"
                " name another period with --since and --until"
            )
        await store.audits.add_draw(made)
    print(
        f"drawn {len(made.attempt_ids)} attempts of {period.first} to {period.last}, by"
        f" {made.seed_of}"
    )
    for name, own in made.classes.items():
        print(f"  {name:11} {len(own.attempt_ids):4} of {own.of}")
    print("members read them at /controle; then: fleet audit report")
    return True


async def drawn_from(store: Store, each: int, period: Period) -> AuditDraw:
    """At most `each` attempts of each class of a period, drawn now; not kept yet."""
    at, since = now(), day_start(period.first)
    until = min(at, day_start(period.last + timedelta(days=1)))
    seed, seed_of = await _seed(store)
    classes = {}
    for verdicts in VerdictClass:
        found = await store.audits.candidates(verdicts, since, until)
        drawn = verdict_audit.draw(seed, found, each)
        classes[verdicts] = DrawnClass(of=len(found), attempt_ids=drawn)
    return AuditDraw(
        id=uuid.uuid4().hex,
        at=at,
        by=await account_of(store, None),
        since=since,
        until=until,
        seed=seed,
        seed_of=seed_of,
        classes=classes,
    )


async def _seed(store: Store) -> tuple[str, str]:
    """A seed that nobody could choose, and where it is from."""
    latest = await store.ledger.statements(limit=1)
    if latest:
        statement = latest[0].statement
        return statement.root, f"the root of seal {statement.number}"
    return secrets.token_hex(16), "a number drawn for it, as there is no seal yet"


async def report(settings: Settings, *, as_json: bool) -> bool:
    """Print the counts of the latest draws."""
    async with open_store(settings) as store:
        draws = [
            (each, verdict_audit.tally(each, await store.audits.readings(each)))
            for each in await store.audits.draws()
        ]
    if as_json:
        for drawn, tallies in draws:
            line = visible_json(_as_json(drawn, tallies))
            print(line, file=for_programs(sys.stdout))
        return True
    if not draws:
        print("nothing was drawn yet; begin with: fleet audit draw", file=sys.stderr)
    for drawn, tallies in draws:
        _show(drawn, tallies)
    return True


def _as_json(drawn: AuditDraw, tallies: list[AuditTally]) -> str:
    fields: dict[str, Any] = drawn.model_dump(mode="json", exclude={"classes", "by"})
    fields["classes"] = [verdict_audit.as_fields(each) for each in tallies]
    return json.dumps(fields, ensure_ascii=False)


def _show(drawn: AuditDraw, tallies: list[AuditTally]) -> None:
    console = Console(highlight=False)
    days = f"{paris_day(drawn.since)} to {paris_day(drawn.until)}"
    console.print(f"Drawn {drawn.at:%Y-%m-%d %H:%M} UTC from {days}", style="bold", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("class", "of", "drawn", "read", "right", "wrong", "unsure", "disputed"):
        table.add_column(name, justify="left" if name == "class" else "right", no_wrap=True)
    table.add_column("% wrong (95 %)", no_wrap=True)
    for each in tallies:
        counts = (each.of, each.drawn, each.read, each.right, each.wrong, each.unsure)
        table.add_row(str(each.verdicts), *map(str, (*counts, each.disputed)), _share(each))
    console.print(table)
    for each in tallies:
        for attempt_id in each.wrong_ids:
            console.say(f"{each.verdicts}, and people saw something else: {attempt_id}")


def _share(tally: AuditTally) -> str:
    if tally.rate is None or tally.interval is None:
        return "–"
    low, high = tally.interval
    return f"{100 * tally.rate:.1f} ({100 * low:.1f}–{100 * high:.1f})"
