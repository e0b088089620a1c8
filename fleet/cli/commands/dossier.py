"""`fleet dossier`: the pieces of a flow and a period for a judge, in one ZIP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fleet.bootstrap.catalogue import catalogue_of
from fleet.bootstrap.evidence import authorities_of, key_if_there
from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import open_chromium
from fleet.errors import BadInput
from fleet.evidence.dossier.builder import build
from fleet.evidence.dossier.collect import DossierOrder

if TYPE_CHECKING:
    from fleet.settings import Settings


async def dossier(
    settings: Settings,
    flow: str,
    since: str | None,
    until: str | None,
    output: Path | None,
    **more: object,
) -> bool:
    """Make a dossier and say where it is."""
    scenarios = catalogue_of(settings).scenarios
    titles = {scenario.id: scenario.title for scenario in scenarios}
    order = DossierOrder.of(flow, since, until, titles=titles, contact=settings.contact_url, **more)
    path = output or Path(order.name)
    if path.exists():
        raise BadInput(f"{path} exists; nothing is overwritten, choose another file (-o)")
    roots, key = authorities_of(settings).roots, key_if_there(settings)
    async with (
        open_store(settings) as store,
        open_chromium(settings, loopback_only=True) as chromium,
    ):
        built = await build(store, chromium, order, path, roots, key=key)
    print(f"{path}: {built.attempts} attempts, {built.size_bytes / 1e6:.1f} MB")
    if built.unsealed:
        print(f"{built.unsealed} of them are under no seal yet; seal them first: fleet seal")
    if key is None:
        print("its list of files is signed by nobody: the ledger's key is not in FLEET_DATA_DIR")
    if built.unstamped > built.unsealed:
        print(f"{built.unstamped} of them are under no timestamp (FLEET_TIMESTAMP_URLS)")
    if built.removed:
        print(f"{built.removed} of their files were removed on purpose, and are listed")
    return True
