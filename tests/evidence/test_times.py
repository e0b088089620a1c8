"""Instants that cannot be true together are found: in a database, in a dossier, in its PDF."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from fleet.browser.chromium import Chromium
from fleet.evidence.dossier import verifier
from fleet.evidence.dossier.builder import build
from fleet.evidence.dossier.collect import DossierOrder
from fleet.evidence.sealing import stamp
from fleet.ledger.canonical import NO_PREVIOUS, sha256
from fleet.ledger.chain import Seal, Statement, root_of
from fleet.ledger.times import ended_at, odd_site_clock, own_clock
from fleet.models import now
from fleet.models.attempt import Served
from fleet.models.paris import paris_day
from fleet.models.query import Period
from tests.evidence.dossier.dossiers import FLOW, unpack
from tests.evidence.dossier.test_dossier import pdf_of, text_of
from tests.evidence.test_sealing import Sealer, add
from tests.evidence.test_sealing import authority as authority
from tests.evidence.test_sealing import sealer as sealer
from tests.storage.test_store import AT

HALF_A_DAY = timedelta(hours=12)


async def seal_dated(sealer: Sealer, sealed_at: datetime) -> None:
    """What only who has the key can do: a seal with an instant of their choice."""
    ledger = sealer.store.ledger
    links, last = await ledger.unsealed(), await ledger.last_seal()
    statement = Statement(
        number=last.statement.number + 1 if last else 1,
        sealed_at=sealed_at,
        count=len(links),
        root=root_of(links),
        previous=sha256(last.statement.content) if last else NO_PREVIOUS,
        key=sealer.key.public,
        authorities=sealer.authorities.urls,
    )
    ids = tuple(link.attempt_id for link in links)
    await ledger.add_seal(Seal(statement, sealer.key.sign(statement.content), ids))
    await stamp(ledger, sealer.authorities)


async def test_instants_that_cannot_be_true_are_found_in_database_dossier_and_pdf(
    sealer: Sealer, chromium: Chromium, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def one(started_at: datetime, apart: timedelta) -> str:
        date = (started_at - apart).replace(microsecond=0)
        site = {"url": "http://evry.localhost/", "status": 200}
        served = (Served.model_validate({**site, "at": started_at, "server_date": date}),)
        (made,) = await add(sealer.store, 1, served=served)
        await sealer.db.attempts.delete_one({"_id": made.id})
        await sealer.db.links.delete_one({"_id": made.id})
        moved = made.model_copy(update={"started_at": started_at})
        await sealer.store.attempts.add(moved, [])
        return moved.id

    begin = now()
    ahead = await one(begin + HALF_A_DAY, timedelta(0))
    site = await one(begin - HALF_A_DAY, HALF_A_DAY)
    await sealer.seal()
    late = await one(begin, timedelta(0))
    await seal_dated(sealer, now() + HALF_A_DAY)
    early = await one(begin, timedelta(minutes=1))
    await seal_dated(sealer, now() - HALF_A_DAY)

    findings = (await sealer.verify()).findings
    named = [(f.case.name, f.values.get("attempt"), f.values.get("seal")) for f in findings]
    assert sorted(named, key=str) == sorted(
        [
            ("LINK_EARLY", ahead, None),
            ("SITE_CLOCK", site, None),
            ("TOKEN_EARLY", None, 2),
            ("SEAL_EARLY", early, 3),
        ],
        key=str,
    )

    # to the day after: one of the attempts says that it was made tomorrow
    last = paris_day(begin + 2 * HALF_A_DAY)
    period = Period.model_construct(first=paris_day(AT), last=last)
    order = DossierOrder(scenario_id=FLOW, period=period)
    path, roots = tmp_path / "d.zip", sealer.authorities.roots
    await build(sealer.store, chromium, order, path, roots, key=sealer.key)
    folder = unpack(path, tmp_path / "unpacked")
    assert verifier.main([str(folder), "--en"]) == 1
    said = capsys.readouterr().out
    assert f"attempt {ahead} ended at " in said
    assert f"attempt {ahead} is dated " in said  # its timestamp is older than it
    assert f"attempt {site}: the robot's clock stood 4320" in said
    assert "seal 000002 was made at " in said
    assert "seal 3 was made at " in said
    assert f"before attempt {early} under it was linked" in said
    text = text_of(pdf_of(path)).replace("\n", " ")
    assert "Des heures de ce dossier se contredisent" in text
    for words in (
        f"{ahead} : finie le",
        f"{ahead} : datée du",
        f"{site} : l’horloge du robot était 43",
        f"{late} : scellée le",
        f"{early} : enchaînée le",
    ):
        assert words in text, (words, text)
    assert "Chaque tentative horodatée l’a été au plus" not in text


def test_a_clock_that_was_set_and_a_site_with_a_wrong_clock_are_no_contradiction() -> None:
    agreeing = {"at": AT, "server_date": AT - timedelta(seconds=3)}
    wrong = {"at": AT, "server_date": AT - HALF_A_DAY}
    cached = {"at": AT, "server_date": AT - HALF_A_DAY, "age_s": 12 * 3600}

    assert odd_site_clock([wrong]) == HALF_A_DAY.total_seconds()
    assert odd_site_clock([wrong, agreeing]) is odd_site_clock([wrong, cached]) is None
    assert odd_site_clock([]) is odd_site_clock([{"at": "x", "server_date": 3}]) is None
    assert own_clock({"clock_jump_s": "-3600 +60"}) == timedelta(minutes=2, seconds=3660)
    assert own_clock({"clock_jump_s": "x"}) == own_clock(None) == timedelta(minutes=2)
    assert ended_at(AT, 1e300) is ended_at("x", 1) is None
