"""`fleet seal`: seals what no seal covers yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.bootstrap.evidence import authorities_of, key_of
from fleet.bootstrap.store import open_store
from fleet.evidence.sealing import seal_store

if TYPE_CHECKING:
    from fleet.settings import Settings


async def seal(settings: Settings) -> bool:
    """Seal what no seal covers, and say what came of it."""
    key, authorities = key_of(settings), authorities_of(settings)
    async with open_store(settings) as store:
        done = await seal_store(store, key, authorities)
    print(f"{done.links} attempts under {done.seals} new seals, signed with {key.public}")
    if authorities.urls:
        print(f"timestamps: {done.tokens} given, {done.refusals} not (they are asked for again)")
    else:
        print("no timestamp: no authority is configured (FLEET_TIMESTAMP_URLS)")
    return True
