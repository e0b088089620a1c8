"""
Sealing: what was linked since the last seal gets a root, a signature and timestamps.

A seal does not wait for an authority: one that does not answer is asked again at the next seal,
and a seal without any timestamp says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from fleet.evidence import timestamp_client
from fleet.evidence.completeness import plan_commitment
from fleet.ledger.canonical import NO_PREVIOUS, sha256
from fleet.ledger.chain import (
    FORMAT,
    FORMAT_WITH_PLANS,
    Seal,
    SealingResult,
    Statement,
    Token,
    root_of,
)
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities, NoTimestamp
from fleet.models import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.analysis.coverage import PlanSince
    from fleet.ledger.signing import SigningKey
    from fleet.ledger.timestamps import Authorities
    from fleet.storage.collections.ledger import Ledger
    from fleet.storage.store import Store


async def seal(
    ledger: Ledger,
    key: SigningKey,
    authorities: Authorities,
    plans: Sequence[PlanSince] | None = None,
) -> SealingResult:
    """
    Seal every link that no seal covers, then ask the authorities for what is lacking.

    With the sampling plans so far, the seals commit to them.

    One fleet at a time may do this (the lease `seal`); a crash in the middle is made good by the
    next call.

    Raises:
        StoreUnreachable, StoreRefused: not everything was sealed.
    """
    # what a crash left undone: of the last seal, then of attempts that were stored after it
    await ledger.finish_covering()
    await ledger.link_missing()
    seals = links = 0
    while unsealed := await ledger.unsealed():
        last = await ledger.last_seal()
        statement = Statement(
            number=last.statement.number + 1 if last else 1,
            sealed_at=now(),
            count=len(unsealed),
            root=root_of(unsealed),
            previous=sha256(last.statement.content) if last else NO_PREVIOUS,
            key=key.public,
            authorities=tuple(authorities.urls),
            format=FORMAT if plans is None else FORMAT_WITH_PLANS,
            plans=None if plans is None else tuple(map(plan_commitment, plans)),
        )
        ids = tuple(link.attempt_id for link in unsealed)
        await ledger.add_seal(Seal(statement, key.sign(statement.content), ids))
        seals, links = seals + 1, links + len(ids)
    tokens, refusals = await stamp(ledger, authorities)
    return SealingResult(seals, links, tokens, refusals)


async def stamp(ledger: Ledger, authorities: Authorities) -> tuple[int, int]:
    """Ask each authority for the tokens that seals lack; how many it gave and did not give."""
    tokens = refusals = 0
    silent: set[str] = set()
    for waiting in await ledger.lacking_tokens(authorities.urls):
        statement, have = waiting.statement, {token.url for token in waiting.tokens}
        for url in authorities.urls:
            if url in have or url in silent:
                continue
            try:
                answer = await timestamp_client.ask(url, statement.content, authorities.roots)
            except NoTimestamp as exc:
                silent.add(url)  # it would keep every older seal waiting as long
                refusals += 1
                await ledger.add_refusal(statement.number, url, str(exc))
                structlog.get_logger().warning(
                    "no timestamp", seal=statement.number, problem=str(exc)
                )
            else:
                tokens += 1
                await ledger.add_token(statement.number, Token(url, now(), answer))
    return tokens, refusals


async def seal_store(store: Store, key: SigningKey, authorities: Authorities) -> SealingResult:
    """
    Seal what no seal covers; one fleet at a time.

    Raises:
        LeaseTaken: another is sealing.
    """
    lease = store.lease("seal")
    await lease.take()
    try:
        plans = await store.watch_state.plans()
        return await seal(store.ledger, key, authorities, plans)
    finally:
        await lease.release()
