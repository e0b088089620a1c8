"""Attempts become links, links come under seals; whatever is altered afterwards is named."""

from __future__ import annotations

import asyncio
import random
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from fleet.cli.commands import verify
from fleet.errors import BadInput
from fleet.evidence.sealing import seal
from fleet.evidence.verifier import Verifier
from fleet.ledger.chain import SealingResult
from fleet.ledger.findings import Report
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities, roots_of
from fleet.models import Attempt, now
from fleet.practice.authority import PracticeAuthority
from fleet.settings import Settings
from fleet.storage.store import Store
from tests.evidence.tampered_database import alter_a_picture, delete_an_attempt
from tests.evidence.tampered_database import flip_file as flip_file
from tests.storage.test_store import AT, CHUNK, attempt_of, file_of

Documents = dict[str, Any]
OTHER = "63/titre-de-sejour"
HOUR = timedelta(hours=1)


@pytest.fixture(scope="session")
async def authority(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PracticeAuthority]:
    async with PracticeAuthority(tmp_path_factory.mktemp("authority")) as own:
        yield own


@dataclass
class Sealer:
    """A store whose attempts are sealed, and its database as somebody else may write into it."""

    store: Store
    db: Any
    key: SigningKey
    authorities: Authorities

    async def seal(self) -> SealingResult:
        return await seal(self.store.ledger, self.key, self.authorities)

    async def verify(self) -> Report:
        return await Verifier(self.store, self.authorities.roots).everything()


@pytest.fixture
async def sealer(
    mongodb_url: str, store: Store, authority: PracticeAuthority, tmp_path: Path
) -> AsyncIterator[Sealer]:
    client: AsyncIOMotorClient[Documents] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    authorities = Authorities((authority.url,), tuple(roots_of(authority.roots)))
    db = client[store._db.name]
    yield Sealer(store, db, SigningKey.of(tmp_path / "key.pem"), authorities)
    client.close()


async def add(store: Store, count: int, **changes: Any) -> list[Attempt]:
    """Attempts an hour apart, each with a picture and HTML of its own."""
    made = []
    for number in range(count):
        name = f"{changes.get('scenario_id', '')}{number}".encode()
        files = [file_of(b"png" + name), file_of(b"<html>" + name, "html")]
        at = AT + timedelta(hours=number)
        attempt = attempt_of(*files, started_at=at, **changes)
        await store.attempts.add(attempt, files)
        made.append(attempt)
    return made


async def sealed(sealer: Sealer) -> list[Attempt]:
    """Five attempts of one flow and three of another, under two seals."""
    own = await add(sealer.store, 5)
    await sealer.seal()
    others = await add(sealer.store, 3, scenario_id=OTHER, department="63")
    await sealer.seal()
    return own + others


async def test_untouched_attempts_pass_and_the_report_says_what_was_checked(
    sealer: Sealer,
) -> None:
    await sealed(sealer)

    report = await sealer.verify()

    assert report.findings == report.notices == []
    assert (report.attempts, report.files, report.links) == (8, 16, 8)
    assert (report.seals, report.tokens, report.unsealed) == (2, 2, 0)
    assert report.keys == {sealer.key.public}
    assert report.stamped


async def test_openssl_accepts_the_timestamps(
    sealer: Sealer, authority: PracticeAuthority, tmp_path: Path
) -> None:
    await sealed(sealer)
    async for each in sealer.store.ledger.seals():
        (tmp_path / "seal.json").write_bytes(each.statement.content)
        (tmp_path / "seal.tsr").write_bytes(each.tokens[0].token)
        command = ("openssl", "ts", "-verify", "-in", "seal.tsr", "-data", "seal.json", "-CAfile")
        run = await asyncio.create_subprocess_exec(
            *command, authority.roots, cwd=tmp_path, stdout=PIPE, stderr=PIPE
        )
        said, problem = await run.communicate()
        assert b"Verification: OK" in said, problem


# When files are altered --------------------------------------------------------------------------


async def without_a_chunk(db: Any, name: str) -> None:
    await db["evidence.chunks"].delete_one({"files_id": name, "n": 1})


async def with_a_chunk_more(db: Any, name: str) -> None:
    await db["evidence.chunks"].insert_one({"files_id": name, "n": 4, "data": b"x"})


async def with_chunks_swapped(db: Any, name: str) -> None:
    for before, after in ((0, 9), (1, 0), (9, 1)):
        query = {"files_id": name, "n": before}
        await db["evidence.chunks"].update_one(query, {"$set": {"n": after}})


async def with_other_numbers(db: Any, name: str) -> None:
    await db["evidence.chunks"].update_many({"files_id": name}, {"$inc": {"n": 5}})


async def with_another_length(db: Any, name: str) -> None:
    await db["evidence.files"].update_one({"_id": name}, {"$inc": {"length": -1}})


async def without_a_length(db: Any, name: str) -> None:
    await db["evidence.files"].update_one({"_id": name}, {"$unset": {"length": ""}})


async def said_to_be_text(db: Any, name: str) -> None:
    changed = {"$set": {"metadata.encoding": "gzip"}}
    await db["evidence.files"].update_one({"_id": name}, changed)


async def with_no_bytes_in_a_chunk(db: Any, name: str) -> None:
    query = {"files_id": name, "n": 2}
    await db["evidence.chunks"].update_one(query, {"$set": {"data": "text"}})


@pytest.mark.parametrize(
    "tamper",
    [
        flip_file,
        without_a_chunk,
        with_a_chunk_more,
        with_chunks_swapped,
        with_other_numbers,
        with_another_length,
        without_a_length,
        said_to_be_text,
        with_no_bytes_in_a_chunk,
    ],
)
async def test_a_file_of_several_chunks_is_good_until_anything_of_it_is_altered(
    sealer: Sealer, tamper: Callable[[Any, str], Awaitable[None]]
) -> None:
    """Read in large answers with others, as a verification does."""
    content = random.Random(1).randbytes(3 * CHUNK + 7)
    files = [file_of(content), file_of(content[1:]), file_of(b"<p>", "html"), file_of(b"")]
    await sealer.store.attempts.add(attempt_of(*files), files)
    big, other, html, empty = [file.evidence.sha256 for file in files]
    names = [big, other, html, empty, "0" * 64]
    assert await sealer.store.find_damage(names) == {"0" * 64: "missing"}

    await tamper(sealer.db, big)

    assert await sealer.store.find_damage(names) == {"0" * 64: "missing", big: "altered"}


async def test_one_attempt_and_a_period_are_verified_with_the_seals_above(sealer: Sealer) -> None:
    made = await sealed(sealer)
    roots = sealer.authorities.roots

    one = await Verifier(sealer.store, roots).attempt(made[0].id)
    some = await Verifier(sealer.store, roots).period(AT, AT + timedelta(hours=2), None)

    assert (one.attempts, one.files, one.seals, one.findings) == (1, 2, 1, [])
    assert (some.attempts, some.seals, some.findings) == (4, 2, [])
    await alter_a_picture(sealer.db, made)
    assert not (await Verifier(sealer.store, roots).attempt(made[0].id)).sound
    assert (await Verifier(sealer.store, roots).attempt(made[1].id)).sound
    await delete_an_attempt(sealer.db, made)
    assert not (await Verifier(sealer.store, roots).attempt(made[1].id)).sound
    with pytest.raises(BadInput, match="no attempt"):
        await Verifier(sealer.store, roots).attempt("none")


@pytest.mark.parametrize("scenario_id", [None, OTHER], ids=["all flows", "its flow"])
async def test_a_deleted_attempt_is_named_in_its_period_however_long_it_lay_in_a_spool(
    sealer: Sealer, scenario_id: str | None
) -> None:
    began, roots = now() - timedelta(weeks=60), sealer.authorities.roots
    late = attempt_of(started_at=began, scenario_id=OTHER, department="63")
    await sealer.store.attempts.add(late, [])
    await sealer.seal()
    linked = now()
    await sealer.db.attempts.delete_one({"_id": late.id})

    found = await Verifier(sealer.store, roots).period(began, began + HOUR, scenario_id)
    after = await Verifier(sealer.store, roots).period(linked + HOUR, linked + 2 * HOUR, None)

    assert found.findings == [
        f"attempt {late.id} of {OTHER} was deleted: its link is there, number 1 of its chain"
    ]
    assert after.findings == []


# When something fails ----------------------------------------------------------------------------


async def test_a_silent_authority_delays_no_seal_and_is_asked_again(
    sealer: Sealer, authority: PracticeAuthority
) -> None:
    await add(sealer.store, 1)
    real = sealer.authorities
    sealer.authorities = Authorities(("http://127.0.0.1:9/", authority.url), real.roots)
    first = await sealer.seal()

    assert (first.seals, first.tokens, first.refusals) == (1, 1, 1)
    (told,) = (await sealer.verify()).notices
    assert "no timestamp of http://127.0.0.1:9/" in told

    again = await sealer.seal()
    assert (again.seals, again.tokens, again.refusals) == (0, 0, 1)


async def test_without_an_authority_the_report_says_so(sealer: Sealer) -> None:
    sealer.authorities = Authorities((), ())
    await add(sealer.store, 1)
    await sealer.seal()

    report = await sealer.verify()

    assert report.sound
    assert report.notices == ["seal 1 has no timestamp: no authority was configured"]


async def test_an_authority_nobody_vouches_for_gives_no_timestamp(
    sealer: Sealer, authority: PracticeAuthority
) -> None:
    await add(sealer.store, 1)
    sealer.authorities = Authorities((authority.url,), tuple(roots_of(None)))
    assert (await sealer.seal()).refusals == 1
    assert "FLEET_TIMESTAMP_ROOTS" in (await sealer.verify()).notices[0]


async def test_attempts_without_a_link_are_linked_before_the_next_seal(sealer: Sealer) -> None:
    made = await add(sealer.store, 3)
    await sealer.db.links.delete_many({})  # as an older version left them

    done = await sealer.seal()

    assert done.links == 3
    links = await sealer.store.ledger.links_of([attempt.id for attempt in made])
    assert [links[attempt.id][0].number for attempt in made] == [1, 2, 3]
    assert (await sealer.verify()).findings == []


async def test_a_crash_while_links_are_covered_is_made_good(sealer: Sealer) -> None:
    await add(sealer.store, 3)
    await sealer.seal()
    await sealer.db.links.update_many({}, {"$set": {"seal": None}})

    done = await sealer.seal()

    assert done.seals == 0
    assert (await sealer.verify()).unsealed == 0


async def test_many_writers_of_one_flow_make_one_chain(sealer: Sealer) -> None:
    attempts = [attempt_of(started_at=AT + timedelta(minutes=n)) for n in range(12)]

    await asyncio.gather(*(sealer.store.attempts.add(attempt, []) for attempt in attempts))
    await asyncio.gather(*(sealer.store.attempts.add(attempt, []) for attempt in attempts))

    numbers = [link.number async for link, _ in sealer.store.ledger.chains()]
    assert numbers == [*range(1, 13)]
    await sealer.seal()
    assert (await sealer.verify()).findings == []


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "key.pem"
    first, again = SigningKey.of(path), SigningKey.of(path)

    assert first.public == again.public
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("no key")
    with pytest.raises(BadInput, match=r"key\.pem: no Ed25519 key"):
        SigningKey.of(path)


@pytest.mark.parametrize(
    ("what", "since", "until", "new", "problem"),
    [
        (None, "2026-11-20", "2026-11-10", False, "--from 2026-11-20 is not before --to 2026-11"),
        (None, "yesterday", None, False, "--from"),
        (None, "2020-01-01", "2020-01-02", False, "no attempt in this period; see: fleet export"),
        (f"{OTHER}s", None, None, False, f"no attempt of {OTHER}s; is it one of: fleet list"),
        ("63/No Flow", None, None, False, "'63/No Flow' is no flow; expected such as 63/"),
        ("0" * 32, None, None, False, "no attempt '00000000"),
        ("0" * 32, "2026-11-20", None, False, "an attempt has no period; leave --from and --to"),
        (OTHER, None, None, True, "--new stands alone; leave the others out"),
        (None, None, None, True, "verified.json: what was verified before cannot be read; to"),
        (None, None, None, False, "as if for the first time: fleet verify --forget"),
    ],
)
async def test_a_mistake_in_what_to_verify_is_one_clear_line(
    sealer: Sealer,
    mongodb_url: str,
    tmp_path: Path,
    what: str | None,
    since: str | None,
    until: str | None,
    new: bool,
    problem: str,
) -> None:
    await add(sealer.store, 1)
    settings = Settings(mongodb_url=mongodb_url, database=sealer.db.name, data_dir=tmp_path)
    if "verified" in problem or "--forget" in problem:
        (tmp_path / "ledger").mkdir()
        (tmp_path / "ledger" / f"{sealer.db.name}.verified.json").write_text("{}")

    with pytest.raises(BadInput) as caught:
        await verify.verify(settings, what, since, until, new=new)

    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
