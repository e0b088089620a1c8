"""A database and its signing key as files and back: real mongod, the real commands."""

from __future__ import annotations

from pathlib import Path

from fleet.storage.store import Store
from tests.cli.test_cli import fleet
from tests.storage.test_store import attempt_of, file_of

OTHER = "test_backup_other"


async def filled(database: dict[str, str]) -> set[str]:
    """Attempts, of which two name the same picture; their ids."""
    ids = set()
    async with await Store.open(database["FLEET_MONGODB_URL"], database["FLEET_DATABASE"]) as store:
        for number in range(3):
            picture = file_of(b"picture %d" % (number % 2))
            attempt = attempt_of(picture)
            await store.attempts.add(attempt, [picture])
            ids.add(attempt.id)
    return ids


async def held(database: dict[str, str]) -> dict[str, bytes]:
    """By attempt, the bytes of its picture."""
    async with await Store.open(database["FLEET_MONGODB_URL"], database["FLEET_DATABASE"]) as store:
        return {
            attempt.id: await store.evidence(attempt.evidence[0].sha256)
            async for attempt in store.attempts.find()
        }


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_backup_put_back_elsewhere_gives_the_same_attempts_seals_and_key(
    database: dict[str, str], tmp_path: Path
) -> None:
    here = {**database, "FLEET_DATA_DIR": str(tmp_path / "here")}
    there = {**here, "FLEET_DATABASE": OTHER, "FLEET_DATA_DIR": str(tmp_path / "there")}
    ids = await filled(here)
    await fleet("seal", **here)
    before = await held(here)

    made = await fleet("backup", tmp_path / "backup", **here)
    back = await fleet("restore", tmp_path / "backup", **there)
    again = await fleet("restore", tmp_path / "backup", **there)
    replaced = await fleet("restore", tmp_path / "backup", "--replace", **there)
    verified, counted = await fleet("verify", **there), await fleet("rollup", "--check", **there)

    assert (made.code, back.code, again.code, replaced.code) == (0, 0, 2, 0), (made, back, again)
    assert "3 attempts" in made.out
    assert "add --replace" in again.err
    assert set(before) == ids
    assert await held(there) == before
    assert (verified.code, counted.code) == (0, 0), (verified, counted)
    assert "Nothing was altered in what was read" in verified.out
    name = f"ledger/{database['FLEET_DATABASE']}.pem"
    assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    assert (tmp_path / "there" / name).stat().st_mode & 0o77 == 0


async def test_a_damaged_backup_is_refused_before_anything_is_removed(
    database: dict[str, str], tmp_path: Path
) -> None:
    await filled(database)
    before = await held(database)
    folder = tmp_path / "backup"
    await fleet("backup", folder, **database)
    path = folder / "attempts.bson"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)

    damaged = await fleet("restore", folder, "--replace", **database)
    nothing = await fleet("restore", tmp_path, **database)

    assert damaged.code == nothing.code == 2
    assert "attempts.bson: it was altered or is damaged" in damaged.err
    assert "no backup of a fleet" in nothing.err
    assert await held(database) == before


async def test_so_many_backups_stay_and_nothing_else_in_the_folder_goes(
    database: dict[str, str], tmp_path: Path
) -> None:
    await filled(database)
    (tmp_path / "notes").mkdir()

    for name in ("1", "2", "3"):
        await fleet("backup", tmp_path / name, "--keep", "2", **database)
    there = await fleet("backup", tmp_path / "3", **database)

    assert names(tmp_path) == {"2", "3", "notes"}
    assert there.code == 2
    assert "is there already" in there.err
