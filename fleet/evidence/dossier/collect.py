"""
What goes into a dossier: the attempts of one flow in a period, with their places in the ledger.

Little is held of each attempt: its files and its document are read when they are written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from fleet.analysis.samples import Try
from fleet.errors import BadInput
from fleet.evidence.dossier.circumstances_summary import Summary
from fleet.evidence.verifier import SEAL_WITHIN
from fleet.ledger.times import odd_site_clock, own_clock
from fleet.models import Frozen, now
from fleet.models.paris import day_start
from fleet.models.query import Filter, Period

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime
    from typing import Any

    from fleet.ledger.chain import Link
    from fleet.models import Attempt, Evidence
    from fleet.models.removal import Removal
    from fleet.storage.store import Store

MAX_ATTEMPTS = 10_000
"""Attempts in one dossier: a year of a flow that is visited every hour."""

BATCH = 200


class DossierOrder(Frozen):
    """
    What dossier is asked for.

    `titles` are what flows are for, by scenario id, in French. `contact` is the fleet's address.
    `pictures`: those of the PDF, of all attempts or the first of each day and verdict; the ZIP has
    all. `made_up`: the attempts are of practice prefectures, which every page then says.
    """

    scenario_id: str
    period: Period
    language: Literal["fr", "en"] = "fr"
    pictures: Literal["all", "daily"] = "daily"
    made_up: bool = False
    contact: str | None = None
    titles: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, scenario_id: str, first: object, last: object, **more: Any) -> Self:
        """
        What a person typed.

        Raises:
            BadInput: it names no flow, or no period; says what was expected.
        """
        Filter.of({"scenario_id": scenario_id})
        if not first or not last:
            raise BadInput("a dossier needs --from and --to, days such as 2026-11-01")
        return cls(scenario_id=scenario_id, period=Period.of(first, last), **more)

    @property
    def since(self) -> datetime:
        """When the period begins."""
        return day_start(self.period.first)

    @property
    def until(self) -> datetime:
        """When it is over."""
        return day_start(self.period.last + timedelta(days=1))

    @property
    def department(self) -> str:
        """The code of the flow's department."""
        return self.scenario_id.partition("/")[0]

    @property
    def title(self) -> str:
        """What the flow is for; its slug if nobody knows."""
        slug = self.scenario_id.partition("/")[2]
        return self.titles.get(self.scenario_id, slug.replace("-", " "))

    @property
    def name(self) -> str:
        """What the file is called unless its reader says otherwise."""
        flow = self.scenario_id.replace("/", "-")
        return f"dossier-{flow}-{self.period.first}-{self.period.last}.zip"


@dataclass(frozen=True, slots=True)
class DossierEntry:
    """An attempt of the dossier: what its lists and figures need. `seal` covers it, if one does."""

    attempt: Try
    url: str
    signs: tuple[str, ...]
    detail: str
    picture: Evidence | None
    versions: tuple[str, str, str]
    """Of Chromium, the fleet, the ruleset."""

    link: Link
    seal: int | None
    ended_at: datetime
    own_clock: timedelta
    """The bound within which our own clock may have been set meanwhile (`fleet.ledger.times`)."""

    site_clock_s: float | None
    """By how much our clock stood after that of every site, if that cannot be."""

    @property
    def id(self) -> str:
        """The attempt's."""
        return self.attempt.id

    @property
    def folder(self) -> str:
        """Its folder in the ZIP: place in the chain, day (UTC), beginning of its id."""
        return f"{self.link.number:06d}-{self.attempt.started_at:%Y-%m-%d}-{self.id[:8]}"


@dataclass(frozen=True, slots=True)
class Collected:
    """
    The attempts in the order of their links, and the files of theirs that were removed.

    `circumstances` are those of all of them together.
    """

    entries: tuple[DossierEntry, ...]
    removals: Mapping[str, Removal]
    circumstances: Summary

    @property
    def first(self) -> int:
        """The number of the first link in the chain of the flow."""
        return self.entries[0].link.number

    @property
    def last(self) -> int:
        """And that of the last."""
        return self.entries[-1].link.number


async def collect(store: Store, order: DossierOrder) -> Collected:
    """
    What the dossier is about.

    Raises:
        BadInput: there is no attempt, or there are too many, or one is in no chain.
    """
    entries: list[DossierEntry] = []
    removals: dict[str, Removal] = {}
    batch: list[Attempt] = []
    circumstances = Summary()

    async def take() -> None:
        links = await _links_of(store, batch)
        names = list({file.sha256 for attempt in batch for file in attempt.evidence})
        removals.update(await store.removals.get_many(names))
        entries.extend(_entry(attempt, *links[attempt.id]) for attempt in batch)
        for attempt in batch:
            circumstances.add(attempt)
        batch.clear()

    async for attempt in store.attempts.find(
        scenario_id=order.scenario_id, since=order.since, until=order.until
    ):
        batch.append(attempt)
        if len(batch) == BATCH:
            await take()
        if len(entries) > MAX_ATTEMPTS:
            raise BadInput(
                f"more than {MAX_ATTEMPTS} attempts in this period; choose a shorter one"
            )
    await take()
    if not entries:
        raise await _no_attempt(store, order)
    entries.sort(key=lambda entry: entry.link.number)
    return Collected(tuple(entries), removals, circumstances)


async def neighbour_links(
    store: Store, order: DossierOrder, collected: Collected
) -> AsyncIterator[tuple[Link, Any]]:
    """
    The links between those of the dossier, and one to each side, with their documents.

    Their documents show that they are not of the period: nothing of it was left out. So do those
    of earlier links that were made in the period or after it; the others cannot be of it.

    Raises:
        BadInput: one of them is of the period, or its attempt was deleted.
    """
    own = {entry.link.number for entry in collected.entries}
    before = max(1, collected.first - 1)
    begin = min(
        before, await store.ledger.first_number_since(order.scenario_id, order.since) or before
    )
    for number in range(begin, collected.last + 2):
        if number in own:
            continue
        link = await store.ledger.link_at(order.scenario_id, number)
        if link is None:
            if number < collected.last:
                raise _alteration(f"link {number} of {order.scenario_id} is missing")
            return
        named = store.ledger.documents({"_id": link.attempt_id})
        document = await anext(named, None)
        if document is None:
            raise _alteration(f"attempt {link.attempt_id} was deleted: its link {number} is there")
        if not order.since <= document["started_at"] < order.until:
            yield link, document
        elif number < collected.last:
            raise _alteration(f"attempt {link.attempt_id} (link {number}) appeared only now")
        else:  # it was made while the dossier was
            return


def _alteration(words: str) -> BadInput:
    return BadInput(
        f"{words}. Only what holds goes into a dossier; see: fleet verify, and restore a backup"
    )


async def _links_of(store: Store, attempts: list[Attempt]) -> dict[str, tuple[Link, int | None]]:
    ids = [attempt.id for attempt in attempts]
    links = await store.ledger.links_of(ids)
    for attempt in attempts:
        if attempt.id not in links:
            if now() - attempt.started_at > SEAL_WITHIN:
                raise _alteration(
                    f"attempt {attempt.id} is in no chain: it was inserted, or its link deleted"
                )
            # just stored, or a crash came in between: what sealing would do (`link_missing`)
            async for document in store.ledger.documents({"_id": attempt.id}):
                await store.ledger.link(document)
    return links if len(links) == len(ids) else await store.ledger.links_of(ids)


async def _no_attempt(store: Store, order: DossierOrder) -> BadInput:
    latest = await store.attempts.latest(order.scenario_id, 1)
    if not latest:
        if order.scenario_id in order.titles:
            return BadInput(f"{order.scenario_id} was never visited; see: fleet run")
        return BadInput(f"no flow {order.scenario_id!r}; see: fleet list")
    return BadInput(
        f"no attempt of {order.scenario_id} from {order.period.first} to {order.period.last}; the"
        f" latest began on {latest[0].started_at:%Y-%m-%d}. Choose another period"
    )


def _entry(attempt: Attempt, link: Link, seal: int | None) -> DossierEntry:
    pictures = [file for file in attempt.evidence if file.kind == "picture"]
    ended = attempt.started_at + timedelta(seconds=attempt.seconds)
    bound = own_clock(dict(attempt.facts))
    odd = odd_site_clock([each.model_dump() for each in attempt.served])
    return DossierEntry(
        attempt=Try(
            attempt.id,
            attempt.run_id,
            attempt.scenario_id,
            attempt.scenario_version,
            attempt.control,
            attempt.number,
            attempt.verdict,
            attempt.first_dates,
            attempt.started_at,
            attempt.due_at,
        ),
        url=attempt.url,
        signs=attempt.signs,
        detail=attempt.detail,
        picture=pictures[-1] if pictures else None,
        versions=(attempt.chromium_version, attempt.fleet_version, attempt.ruleset),
        link=link,
        seal=seal,
        ended_at=ended,
        own_clock=bound,
        site_clock_s=odd if odd is not None and abs(odd) > bound.total_seconds() else None,
    )
