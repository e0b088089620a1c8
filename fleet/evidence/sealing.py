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
    FORMAT_WITH_MENTIONS,
    FORMAT_WITH_PLANS,
    Seal,
    SealingResult,
    Statement,
    Token,
    root_of,
)
from fleet.ledger.mentions import mentions_root
from fleet.ledger.timestamps import NoTimestamp
from fleet.models import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.analysis.coverage import PlanSince
    from fleet.ledger.chain import Link
    from fleet.ledger.signing import SigningKey
    from fleet.ledger.timestamps import Authorities
    from fleet.storage.collections.ledger import Ledger
    from fleet.storage.collections.sealed_mentions import SealedMentions
    from fleet.storage.lease import Lease
    from fleet.storage.store import Store


async def seal(
    ledger: Ledger,
    key: SigningKey,
    authorities: Authorities,
    plans: Sequence[PlanSince] | None = None,
    mentions: SealedMentions | None = None,
    lease: Lease | None = None,
) -> SealingResult:
    """
    Seal every link that no seal covers, then ask the authorities for what is lacking.

    With the sampling plans so far, the seals commit to them; with `mentions`, too, to what was
    missed, removed, withdrawn, observed since, and a seal is made even if no link is new.

    One fleet at a time may do this (the lease `seal`, renewed before each seal); a crash in the
    middle is made good by the next call.

    Raises:
        StoreUnreachable, StoreRefused, LeaseLost: not everything was sealed.
    """
    # what a crash left undone: of the last seal, then of attempts that were stored after it
    await ledger.finish_covering()
    await ledger.link_missing()
    last = await ledger.last_seal()
    if mentions is not None:
        await mentions.discard_after(last.statement.number if last else 0)
    seals = links = noted = 0
    while True:
        unsealed = await ledger.unsealed()
        leaves = [] if mentions is None else await mentions.unsealed()
        if not unsealed and not leaves:
            break
        if lease is not None:
            await lease.renew()  # the first sealing of an old database may read for long
        last = await _add_seal(ledger, key, authorities, last, unsealed, plans, leaves, mentions)
        seals, links, noted = seals + 1, links + len(unsealed), noted + len(leaves)
    if mentions is not None:
        await mentions.finish()
    tokens, refusals = await stamp(ledger, authorities)
    return SealingResult(seals, links, tokens, refusals, noted)


async def _add_seal(
    ledger: Ledger,
    key: SigningKey,
    authorities: Authorities,
    last: Seal | None,
    unsealed: Sequence[Link],
    plans: Sequence[PlanSince] | None,
    leaves: Sequence[bytes],
    mentions: SealedMentions | None,
) -> Seal:
    number = last.statement.number + 1 if last else 1
    if mentions is not None:
        # before the seal: what a crash leaves here without one, the next sealing drops
        await mentions.add(number, leaves)
    statement = Statement(
        number=number,
        sealed_at=now(),
        count=len(unsealed),
        root=root_of(unsealed),
        previous=sha256(last.statement.content) if last else NO_PREVIOUS,
        key=key.public,
        authorities=tuple(authorities.urls),
        format=_format(plans, mentions),
        plans=None if plans is None else tuple(map(plan_commitment, plans)),
        mentions=None if mentions is None else len(leaves),
        mentions_root=None if mentions is None else mentions_root(leaves),
    )
    ids = tuple(link.attempt_id for link in unsealed)
    made = Seal(statement, key.sign(statement.content), ids)
    await ledger.add_seal(made)
    return made


def _format(plans: object, mentions: object) -> str:
    if mentions is not None:
        return FORMAT_WITH_MENTIONS
    return FORMAT if plans is None else FORMAT_WITH_PLANS


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
        return await seal(store.ledger, key, authorities, plans, store.mentions, lease)
    finally:
        await lease.release()
