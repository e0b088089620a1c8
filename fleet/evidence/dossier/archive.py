"""The ZIP as it is written: one file after the other, each with its hash, never overwriting."""

from __future__ import annotations

import contextlib
import hashlib
import os
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from fleet.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from types import TracebackType

    from fleet.ledger.signing import SigningKey

COMPRESSED = (".png", ".pdf", ".jpg")
"""What is compressed already is stored as it is."""

CHUNK = 1 << 20


class DossierArchive:
    """
    `with DossierArchive(path, at) as archive:` writes a ZIP that is there, whole, only at the end.

    Args:
        at: the date that all files of it carry.
        key: signs the list of all files, `SHA256SUMS`; without one nobody does.

    Raises (on entry and on exit):
        BadInput: the file is there already, or cannot be written.
    """

    def __init__(self, path: Path, at: datetime, key: SigningKey | None = None) -> None:
        self.path, self._key = path, key
        self._half = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.half")
        self._date = at.timetuple()[:6]
        self._sums: list[str] = []
        self._zip: zipfile.ZipFile | None = None

    def __enter__(self) -> Self:
        if self.path.exists():
            raise self._exists()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._zip = zipfile.ZipFile(self._half, "x")
        except OSError as exc:
            raise self._unwritable(exc) from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._zip is not None
        try:
            if error is None:
                sums = "".join(self._sums).encode()
                self.add("SHA256SUMS", sums)
                if self._key is not None:
                    self.add("SHA256SUMS.sig", self._key.sign(sums).encode())
                self._zip.close()
                os.link(self._half, self.path)
        except FileExistsError as exc:
            raise self._exists() from exc
        except OSError as exc:
            raise self._unwritable(exc) from exc
        finally:
            with contextlib.suppress(OSError, ValueError):
                self._zip.close()
            self._half.unlink(missing_ok=True)
        if isinstance(error, OSError):  # the disk is full
            raise self._unwritable(error) from error

    def add(self, name: str, content: bytes | Path | Iterable[bytes]) -> None:
        """One more file: its bytes, a file that holds them, or its bytes piece by piece."""
        assert self._zip is not None
        entry = zipfile.ZipInfo(name, self._date)
        entry.compress_type = (
            zipfile.ZIP_STORED if name.endswith(COMPRESSED) else zipfile.ZIP_DEFLATED
        )
        entry.external_attr = 0o644 << 16
        digest = hashlib.sha256()
        with self._zip.open(entry, "w", force_zip64=True) as file:
            for chunk in _chunks(content):
                digest.update(chunk)
                file.write(chunk)
        self._sums.append(f"{digest.hexdigest()}  {name}\n")

    def _exists(self) -> BadInput:
        return BadInput(f"{self.path} exists; nothing is overwritten, choose another file (-o)")

    def _unwritable(self, exc: OSError) -> BadInput:
        return BadInput(
            f"{self.path} cannot be written: {exc.strerror or exc}. Choose another place, or make"
            " room"
        )


def _chunks(content: bytes | Path | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, Path):
        with content.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    else:
        yield from content
