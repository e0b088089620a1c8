"""Which instants of a dossier cannot be true together: said in the PDF, as the verifier says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet.ledger.times import AUTHORITY_CLOCK, OWN_CLOCK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.evidence.dossier.collect import DossierEntry
    from fleet.evidence.dossier.proofs import DossierSeal


@dataclass(frozen=True, slots=True)
class OddTime:
    """
    What came too early of an attempt: `before` should be later than `after`.

    `kind`: its link, seal or timestamp; `token`: that of its seal; `site`: our clock stood
    `seconds` after that of every site.
    """

    kind: Literal["link", "seal", "timestamp", "token", "site"]
    attempt: str
    after: datetime | None = None
    before: datetime | None = None
    seconds: float = 0.0


def odd_times(entries: Sequence[DossierEntry], seals: Sequence[DossierSeal]) -> list[OddTime]:
    """What does not fit, attempt by attempt."""
    by_number = {seal.statement.number: seal for seal in seals}
    found: list[OddTime] = []
    for entry in entries:
        name, linked, began = entry.id, entry.link.linked_at, entry.attempt.started_at
        if linked < entry.ended_at - entry.own_clock:
            found.append(OddTime("link", name, entry.ended_at, linked))
        if entry.site_clock_s is not None:
            found.append(OddTime("site", name, seconds=entry.site_clock_s))
        seal = by_number.get(entry.seal or 0)
        if seal is None:
            continue
        sealed = seal.statement.sealed_at
        if sealed < linked - OWN_CLOCK:
            found.append(OddTime("seal", name, linked, sealed))
        for at in [stamp.info.at for stamp in seal.timestamps]:
            if at < began - AUTHORITY_CLOCK:
                found.append(OddTime("timestamp", name, began, at))
            elif at < sealed - AUTHORITY_CLOCK:
                found.append(OddTime("token", name, sealed, at))
    return found
