"""`fleet backup` and `fleet restore`: a database and its signing key, as files and back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import fleet
from fleet.bootstrap.store import open_store
from fleet.errors import BadInput
from fleet.storage.backup import DUMP_FILE, read_dump

if TYPE_CHECKING:
    from fleet.settings import Settings
    from fleet.storage.backup import Dump

KEYS = "ledger"
"""The folder of the signing keys, in the data folder and in a backup."""


async def backup(settings: Settings, folder: Path, keep: int | None) -> bool:
    """
    Write a backup into `folder`, whole or not at all; of those beside it `keep` stay.

    Raises:
        BadInput: the folder is there, or cannot be written.
    """
    part = _new_folder(folder)
    try:
        async with open_store(settings) as store:
            dump = await store.dumps.write(part, fleet.__version__)
            await asyncio.to_thread(_copy_keys, settings.data_dir / KEYS, part / KEYS)
            part.rename(folder)
            await store.dumps.note(dump)
    except OSError as exc:
        shutil.rmtree(part, ignore_errors=True)
        raise BadInput(f"{folder}: the backup cannot be written: {exc}") from exc
    size = sum(each.size_bytes for each in dump.files.values())
    print(
        f"{folder}: {_count(dump)}, {size / 1e6:.1f} MB. It holds the signing key: keep it secret"
    )
    if keep is not None:
        for old in _backups_beside(folder, dump.database)[keep:]:
            shutil.rmtree(old)
            print(f"{old}: removed, {keep} newer ones are here")
    return True


def _new_folder(folder: Path) -> Path:
    """An empty folder to write into, before it gets the name of `folder`."""
    if folder.exists():
        raise BadInput(f"{folder} is there already; name another folder")
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True, mode=0o700)
    except OSError as exc:
        raise BadInput(f"{folder}: no backup can be written there: {exc}") from exc
    return part


async def restore(settings: Settings, folder: Path, *, replace: bool) -> bool:
    """
    Put a backup back; the counts behind the figures are made anew from it.

    Raises:
        BadInput: it is damaged or no backup, or the database holds attempts.
    """
    async with open_store(settings) as store:
        dump = await store.dumps.read(folder, replace=replace)
        await store.ledger.link_missing()
        await store.rollups.rebuild()
    try:
        keys = await asyncio.to_thread(_copy_keys, folder / KEYS, settings.data_dir / KEYS)
    except OSError as exc:
        raise BadInput(
            f"the database is restored; the signing key is not: {exc}. Copy {folder / KEYS} to"
            f" {settings.data_dir / KEYS} by hand"
        ) from exc
    print(f"{_count(dump)} of {dump.at:%Y-%m-%d %H:%M:%S} UTC are in {settings.database} again")
    for name in keys:
        print(f"{name}: a signing key was put back")
    print(
        "Files that were taken down after that are here again: docs/keeping.md. Now: fleet verify"
    )
    return True


def _count(dump: Dump) -> str:
    attempts = dump.files["attempts"].documents if "attempts" in dump.files else 0
    return f"{attempts} attempts, {dump.documents} documents in all"


def _copy_keys(source: Path, target: Path) -> list[str]:
    """Copy keys that are not there yet; their names."""
    copied = []
    for key in sorted(source.glob("*.pem")) if source.is_dir() else ():
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileExistsError):
            file = os.open(target / key.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as out:
                out.write(key.read_bytes())
            copied.append(key.name)
    return copied


def _backups_beside(folder: Path, database: str) -> list[Path]:
    """The backups of this database in the same place, newest first."""
    found = []
    for each in folder.parent.glob(f"*/{DUMP_FILE}"):
        with contextlib.suppress(BadInput):
            dump = read_dump(each.parent)
            if dump.database == database:
                found.append((dump.at, each.parent))
    return [path for _, path in sorted(found, reverse=True)]
