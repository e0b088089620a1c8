"""The stored files for pages and API: read in turn, and what is wrong with one said to a reader."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from fleet.errors import BadInput, EvidenceRemoved, StoreRefused
from fleet.rendering.i18n import N_
from fleet.web.context import context_of
from fleet.web.errors import EvidenceProblem
from fleet.web.removed import FileRemoved, refuse_removed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request

    from fleet.web.limiter import RenderLimiter


async def kind_of(request: Request, sha256: str) -> str:
    """What the stored file is; HTTPException 404 if no file has this hash, or `FileRemoved`."""
    await refuse_removed(request, sha256)
    kind = await context_of(request).store.evidence_kind(sha256)
    if kind is None:
        raise HTTPException(404, sha256)
    return kind


async def read_evidence(request: Request, sha256: str) -> bytes:
    """
    The bytes of a stored file.

    Raises:
        FileRemoved: they were removed.
        HTTPException: 404, there is none; 503, its bytes do not give their hash any more.
    """
    store = context_of(request).store
    async with problems_said(request, sha256):
        return await store.evidence(sha256)


def pictures_turn(request: Request) -> AbstractAsyncContextManager[None]:
    """The turn of who reads whole files or draws: one at a time in this process; 503 if many do."""
    limiter: RenderLimiter = request.app.state.pictures
    return limiter.turn(request)


async def proved_size(request: Request, sha256: str, *, anew: bool = False) -> int:
    """
    The size of a stored file whose bytes give its hash: in the last minutes, or `anew` now.

    Raises:
        FileRemoved, HTTPException: as `read_evidence`; 503 too if too many are read.
    """
    store = context_of(request).store
    if not anew and (known := await store.evidence_size_bytes(sha256)) is not None:
        return known
    async with pictures_turn(request), problems_said(request, sha256):
        if not anew and (known := await store.evidence_size_bytes(sha256)) is not None:
            return known  # proved for somebody else meanwhile
        return await store.prove_evidence(sha256)


@asynccontextmanager
async def problems_said(request: Request, sha256: str) -> AsyncIterator[None]:
    """What the store says of a file, as an answer to a reader."""
    store = context_of(request).store
    try:
        yield
    except EvidenceRemoved as exc:
        if (removal := await store.removals.get(sha256)) is None:
            raise HTTPException(404, sha256) from exc
        raise FileRemoved(removal) from exc
    except BadInput as exc:
        raise HTTPException(404, sha256) from exc
    except StoreRefused as exc:
        raise EvidenceProblem(
            503,
            N_("Fichier abîmé"),
            N_(
                "Ce fichier ne correspond plus à son empreinte : il n’est pas montré. Il faut le"
                " reprendre dans une sauvegarde."
            ),
            str(exc),
        ) from exc


async def picture(request: Request, sha256: str) -> bytes:
    """The bytes of a stored picture; as `proved`, and 404 if it is another kind of file."""
    await picture_kind(request, sha256)
    return await read_evidence(request, sha256)


async def picture_kind(request: Request, sha256: str) -> str:
    """As `kind_of`, and HTTPException 404 if it is no picture."""
    kind = await kind_of(request, sha256)
    if kind != "picture":
        raise HTTPException(404, sha256)
    return kind
