"""
How long evidence is kept: for ever, unless somebody limits it (docs/keeping.md).

A limit is an age, or a number of files for each flow; a file goes as soon as one limit says so of
every attempt that names it. Only bytes go: attempts, hashes, verdicts, links and counts stay. And
some attempts keep their files however old (`KeepReason`): those that a court would ask for
first.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from fleet.storage.collections.references import FileReference, KeepReason
    from fleet.storage.collections.removals import RemovedFiles
    from fleet.storage.store import Store

BATCH = 200
"""Files removed at a time; what a stop waits for."""

MAX_REMEMBERED = 50_000
"""Files whose answer is remembered, as many attempts may name the same."""


@dataclass(frozen=True, slots=True)
class Policy:
    """
    How long files are kept: so many days, and so many files of each flow; None is for ever.

    Raises:
        BadInput: there is no limit at all.
    """

    days: int | None
    per_flow: int | None

    def __post_init__(self) -> None:
        if self.days is None and self.per_flow is None:
            raise BadInput(
                "evidence is kept for ever here: neither FLEET_KEEP_DAYS nor FLEET_KEEP_PER_FLOW is"
                " set. Set one, or add --keep-days or --keep-per-flow (docs/keeping.md)"
            )

    @property
    def reason(self) -> str:
        """What is written down with what it removes."""
        limits = []
        if self.days is not None:
            limits.append(f"files are kept {self.days} days")
        if self.per_flow is not None:
            limits.append(f"the newest {self.per_flow} files of each flow are kept")
        return "; ".join(limits)


@dataclass(slots=True)
class RemovalShare:
    """What goes: attempts that lose a file, files, and what these take in the database."""

    attempts: int = 0
    files: int = 0
    stored_bytes: int = 0


@dataclass(slots=True)
class RemovalPlan:
    """
    What a policy would remove now.

    `flows` by scenario id; `oldest` and `newest` are when the first and the last attempt began
    that lose a file. `kept_attempts` counts older attempts that keep theirs, by their reason.
    """

    all: RemovalShare = field(default_factory=RemovalShare)
    flows: dict[str, RemovalShare] = field(default_factory=dict)
    oldest: datetime | None = None
    newest: datetime | None = None
    kept_attempts: Counter[KeepReason] = field(default_factory=Counter)

    def count_attempt(self, reference: FileReference) -> None:
        """Count an attempt that loses a file."""
        for share in (self.all, self.flows.setdefault(reference.scenario_id, RemovalShare())):
            share.attempts += 1
        self.oldest = min(self.oldest or reference.started_at, reference.started_at)
        self.newest = max(self.newest or reference.started_at, reference.started_at)

    def count_file(self, reference: FileReference, stored_bytes: int) -> None:
        """Count a file that goes, with the newest attempt that names it."""
        for share in (self.all, self.flows.setdefault(reference.scenario_id, RemovalShare())):
            share.files += 1
            share.stored_bytes += stored_bytes


@dataclass(frozen=True, slots=True)
class FileDecision:
    """Whether a file goes, and the newest attempt that names it."""

    removable: bool
    newest: str | None


class Retention:
    """A policy applied to a store at the instant `at`."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        at: datetime,
        *,
        batch: int = BATCH,
    ) -> None:
        self._store, self._policy, self._at = store, policy, at
        self._batch = batch
        self._since: dict[str, datetime] = {}
        self._marked: dict[str, KeepReason] = {}
        self._known: dict[str, FileDecision] = {}

    async def plan(self) -> RemovalPlan:
        """What would go; nothing is changed."""
        plan = RemovalPlan()
        async for batch in self._attempts_beyond_limits():
            reasons = await self._store.references.keep_reasons(batch, self._marked)
            plan.kept_attempts.update(reasons.values())
            for reference, stored, decisions in await self._decisions(batch):
                if any(decision.removable for decision in decisions.values()):
                    plan.count_attempt(reference)
                # a file that several attempts name is counted once, with the newest of them
                for sha256, decision in decisions.items():
                    if decision.removable and decision.newest == reference.attempt_id:
                        plan.count_file(reference, stored[sha256])
        return plan

    async def carry_out(self, by: str) -> AsyncIterator[RemovedFiles]:
        """
        Remove what goes, some files at a time; to stop, ask for no more.

        Killed at any time, it leaves every file readable or marked as removed.

        Args:
            by: who removes.

        Raises:
            StoreUnreachable, StoreRefused: what is not removed yet stays; do it again.
        """
        await self._store.removals.finish()  # what a killed process has begun
        removable: dict[str, None] = {}
        async for batch in self._attempts_beyond_limits():
            for _, _, decisions in await self._decisions(batch):
                removable.update(
                    dict.fromkeys(s for s, decision in decisions.items() if decision.removable)
                )
                while len(removable) >= self._batch:
                    part = [removable.popitem()[0] for _ in range(self._batch)]
                    yield await self._remove(part, by)
        if removable:
            yield await self._remove(list(removable), by)

    async def _remove(self, sha256s: list[str], by: str) -> RemovedFiles:
        return await self._store.removals.expire(
            sha256s, self._is_removable, reason=self._policy.reason, by=by
        )

    async def _attempts_beyond_limits(self) -> AsyncIterator[list[FileReference]]:
        """The attempts beyond a limit, flow by flow, newest first."""
        references = self._store.references
        self._known.clear()
        self._marked = await references.marked_attempts()
        self._since = {}
        # all limits before the first batch: a file of one flow may be named in another
        for scenario_id in await references.flows():
            if (since := await self._limit(scenario_id)) is not None:
                self._since[scenario_id] = since
        for scenario_id, since in self._since.items():
            async for batch in references.attempts_before(scenario_id, since):
                yield batch

    async def _limit(self, scenario_id: str) -> datetime | None:
        """Attempts of a flow from then on keep their files; None: all do."""
        policy, limits = self._policy, []
        if policy.days is not None:
            limits.append(self._at - timedelta(days=policy.days))
        if policy.per_flow is not None:
            reached = await self._store.references.start_of_newest(scenario_id, policy.per_flow)
            limits += [reached] if reached is not None else []
        return max(limits, default=None)

    async def _decisions(
        self, batch: list[FileReference]
    ) -> list[tuple[FileReference, dict[str, int], dict[str, FileDecision]]]:
        """For each attempt: its files that are in the bucket, their bytes, and whether they go."""
        names = {sha256 for reference in batch for sha256 in reference.sha256s}
        stored = await self._store.references.stored_sizes(names)
        if len(self._known) > MAX_REMEMBERED:
            self._known.clear()
        new = [sha256 for sha256 in stored if sha256 not in self._known]
        decisions = await asyncio.gather(*map(self._decide, new))
        self._known.update(zip(new, decisions, strict=True))
        return [
            (reference, stored, {s: self._known[s] for s in reference.sha256s if s in stored})
            for reference in batch
        ]

    async def _is_removable(self, sha256: str) -> bool:
        return (await self._decide(sha256)).removable

    async def _decide(self, sha256: str) -> FileDecision:
        """Asked of every attempt that names the file, as they are stored now."""
        newest: str | None = None
        async for batch in self._store.references.attempts_naming(sha256):
            newest = newest or batch[0].attempt_id
            if any(not self._is_beyond_limits(reference) for reference in batch):
                return FileDecision(False, newest)
            if await self._store.references.keep_reasons(batch, self._marked):
                return FileDecision(False, newest)
        # nobody names it any more, or nobody yet: then nothing says that it may go
        return FileDecision(newest is not None, newest)

    def _is_beyond_limits(self, reference: FileReference) -> bool:
        since = self._since.get(reference.scenario_id)
        return since is not None and reference.started_at < since
