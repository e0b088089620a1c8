"""A file that is taken down is gone, is told to be gone, and never comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from fleet.cli.commands import takedown
from fleet.cli.commands.export import export_evidence
from fleet.errors import BadInput, EvidenceRemoved, NotStored
from fleet.evidence.rejudge import judge_stored
from fleet.evidence.verifier import Verifier
from fleet.models import Attempt, EvidenceFile
from fleet.models.removal import RemovalKind
from fleet.settings import Settings
from fleet.storage.collections.passwords import Passwords
from fleet.storage.store import Store
from tests.cli.test_cli import fleet
from tests.conftest import scenario_of
from tests.evidence.test_retention import process
from tests.families.test_bookingserver import form
from tests.storage.figures.test_rollups import AT, attempt_at
from tests.storage.test_store import BIG, file_of

Documents = dict[str, Any]

PICTURE, PAGE = file_of(BIG), file_of(b"<p>Mme Martin</p>", "html")
OUTLINE = file_of(b"{}", "outline")
REASON = "le nom d’une personne s’y lisait"


@pytest.fixture
async def beside(mongodb_url: str, store: Store) -> AsyncIterator[Any]:
    """The store's database as another program sees it."""
    client: AsyncIOMotorClient[Documents] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    yield client[store._db.name]
    client.close()


async def add(store: Store, *files: EvidenceFile) -> Attempt:
    evidence = tuple(file.evidence for file in files)
    attempt = attempt_at(AT, due_at=None, evidence=evidence)
    assert await store.attempts.add(attempt, files)
    return attempt


async def take_down(store: Store, *files: EvidenceFile, reason: str = REASON) -> None:
    names = [file.evidence.sha256 for file in files]
    await store.removals.take_down(names, reason=reason, by="Anne")


async def bytes_left(beside: Any) -> int:
    files = await beside["evidence.files"].count_documents({})
    return int(files) + int(await beside["evidence.chunks"].count_documents({}))


async def test_the_bytes_go_and_attempt_and_hash_stay(store: Store, beside: Any) -> None:
    attempt = await add(store, PICTURE, PAGE)

    await take_down(store, PICTURE)

    with pytest.raises(EvidenceRemoved, match=REASON):
        await store.evidence(PICTURE.evidence.sha256)
    assert await store.evidence(PAGE.evidence.sha256) == PAGE.content
    assert await bytes_left(beside) == 2
    assert [a async for a in store.attempts.find()] == [attempt]
    removal = await store.removals.get(PICTURE.evidence.sha256)
    assert removal
    assert (removal.kind, removal.reason, removal.by) == (RemovalKind.TAKEDOWN, REASON, "Anne")
    assert (removal.file, removal.attempts, removal.attempt_ids) == ("picture", 1, (attempt.id,))


async def test_the_same_picture_seen_later_is_a_hash_and_no_file(store: Store, beside: Any) -> None:
    await add(store, PICTURE)
    await take_down(store, PICTURE)

    later = await add(store, PICTURE)

    assert later in [a async for a in store.attempts.find()]
    assert later.evidence[0].sha256 == PICTURE.evidence.sha256
    assert await bytes_left(beside) == 0


async def test_the_first_takedown_of_a_file_is_the_one_that_is_told(store: Store) -> None:
    await add(store, PICTURE)
    await take_down(store, PICTURE)
    await take_down(store, PICTURE, reason="autre raison")

    with pytest.raises(EvidenceRemoved, match=REASON):
        await store.evidence(PICTURE.evidence.sha256)


async def test_what_retention_removed_can_still_be_taken_down(store: Store, beside: Any) -> None:
    await add(store, PICTURE)

    async def goes(_: str) -> bool:
        return True

    await store.removals.expire([PICTURE.evidence.sha256], goes, reason="old", by="test")
    await take_down(store, PICTURE)
    await add(store, PICTURE)

    assert await bytes_left(beside) == 0


WRITER = """
import asyncio, sys
from fleet.storage.store import Store
from tests.evidence.test_takedown import PICTURE, add

async def main():
    async with await Store.open(sys.argv[1], sys.argv[2]) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        for n in range(20):
            await add(store, PICTURE)
            print(n, flush=True)

asyncio.run(main())
"""


async def test_a_fleet_at_work_does_not_bring_it_back(
    mongodb_url: str, store: Store, beside: Any
) -> None:
    """Another process stores the same picture again and again while it is taken down."""
    writer = await process(WRITER, mongodb_url, store._db.name)
    assert writer.stdin
    assert writer.stdout
    writer.stdin.write(b"go\n")
    for _ in range(3):
        await writer.stdout.readline()

    await take_down(store, PICTURE)
    await writer.communicate()

    assert writer.returncode == 0
    assert await beside.attempts.count_documents({}) == 20
    assert await bytes_left(beside) == 0


async def test_a_takedown_in_the_middle_of_an_upload_wins(store: Store, beside: Any) -> None:
    """Whichever comes first; twenty uploads, so that some are half done."""
    pictures = [file_of(BIG + b"%d" % n) for n in range(20)]

    await asyncio.gather(*(add(store, each) for each in pictures), take_down(store, *pictures))

    assert await bytes_left(beside) == 0


async def test_verification_tells_it_and_does_not_call_it_altered(store: Store) -> None:
    await add(store, PICTURE, PAGE)
    await take_down(store, PICTURE)

    report = await Verifier(store, []).everything()

    assert report.findings == []
    assert any(REASON in notice for notice in report.notices)


async def test_an_attempt_without_its_outline_is_not_judged_again(store: Store) -> None:
    attempt = await add(store, OUTLINE)
    await take_down(store, OUTLINE)

    with pytest.raises(NotStored, match=f"removed .takedown.: {REASON}"):
        await judge_stored(store, scenario_of(form()), attempt)

    assert await store.judgements.of(attempt.id) == []


def settings_for(store: Store, mongodb_url: str, folder: Path) -> Settings:
    return Settings(mongodb_url=mongodb_url, database=store._db.name, data_dir=folder)


async def test_fleet_takedown_of_an_attempt_takes_all_its_files(
    store: Store, mongodb_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = settings_for(store, mongodb_url, tmp_path)
    attempt = await add(store, PICTURE, PAGE)
    small = tmp_path / "thumbnails" / f"{PICTURE.evidence.sha256}.webp"
    small.parent.mkdir()
    small.write_bytes(b"small")
    where = f"https://site.example/tentative/{attempt.id}"
    await store.accounts.add("Anne", Passwords().hash("long enough a password"))

    assert await takedown.takedown(own, where, REASON, None, yes=False)
    told = capsys.readouterr().out
    assert await store.evidence(PICTURE.evidence.sha256) == BIG
    assert await takedown.takedown(own, where, f"  {REASON}\n", "anne", yes=True)

    assert "Nothing was removed" in told
    assert f"{PICTURE.evidence.sha256}  picture, named by 1 attempts" in told
    names = [PICTURE.evidence.sha256, PAGE.evidence.sha256]
    removed = await store.removals.get_many(names)
    assert {(each.reason, each.by) for each in removed.values()} == {(REASON, "Anne")}
    assert set(removed) == set(names)
    assert not small.exists()


@pytest.mark.parametrize(
    ("what", "reason", "by", "words"),
    [
        ("0" * 64, REASON, None, "no evidence"),
        ("no-such-attempt", REASON, None, "no attempt"),
        (PICTURE.evidence.sha256, " \n ", None, "--reason: 0 characters"),
        (PICTURE.evidence.sha256, "a" * 501, None, "--reason: 501 characters"),
        (PICTURE.evidence.sha256, REASON, "nobody", "no such account"),
    ],
)
async def test_what_cannot_be_taken_down_is_told(
    store: Store,
    mongodb_url: str,
    tmp_path: Path,
    what: str,
    reason: str,
    by: str | None,
    words: str,
) -> None:
    await add(store, PICTURE)

    with pytest.raises(BadInput, match=words):
        await takedown.takedown(
            settings_for(store, mongodb_url, tmp_path), what, reason, by, yes=True
        )

    assert await store.evidence(PICTURE.evidence.sha256) == BIG


async def test_the_command_line_takes_down_and_then_exports_nothing(
    store: Store, database: dict[str, str], mongodb_url: str, tmp_path: Path
) -> None:
    own = {**database, "FLEET_DATABASE": store._db.name, "FLEET_DATA_DIR": str(tmp_path)}
    await add(store, PICTURE)
    sha256 = PICTURE.evidence.sha256

    done = await fleet("takedown", sha256, "--reason", REASON, "--yes", **own)

    assert done.code == 0, done.err
    assert "1 files" in done.out
    with pytest.raises(BadInput, match=REASON):
        await export_evidence(settings_for(store, mongodb_url, tmp_path), sha256, tmp_path / "x")
    assert not (tmp_path / "x").exists()
