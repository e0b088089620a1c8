"""
What proves an attempt: its link, its seal, its timestamps; made anew on request, and to take away.

Showing the proof reads four small documents. Making it anew reads the attempt's files and the links
under its seal, so it is done one at a time (`limiter`); a whole database is only verified by `fleet
verify`, never by a reader.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fleet.errors import BadInput
from fleet.evidence.dossier.proof_files import attempt_files, zip_files
from fleet.evidence.dossier.proofs import TrustedRoots, seals_of
from fleet.evidence.verifier import Verifier
from fleet.ledger.canonical import canonical
from fleet.ledger.findings import Case
from fleet.ledger.timestamps import NoTimestamp
from fleet.models import now
from fleet.rendering.i18n import N_
from fleet.web.context import context_of
from fleet.web.errors import EvidenceProblem
from fleet.web.pages.proof_labels import finding_text
from fleet.web.removed import notices
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.ledger.chain import Link, Seal
    from fleet.web.limiter import RenderLimiter

router = APIRouter()

FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class ShownTimestamp:
    """A timestamp: the authority's address and name, its instant; `trusted` if it is believed."""

    url: str
    authority: str
    at: datetime
    trusted: bool

    @property
    def host(self) -> str:
        """Where it was asked for."""
        return urlsplit(self.url).hostname or self.url


@dataclass(frozen=True, slots=True)
class AttemptProof:
    """
    What stands for an attempt in the ledger; None where there is nothing yet.

    `lacking` are authorities (hosts) that were to timestamp the seal and whose token is not there,
    or is none.
    """

    link: Link | None
    seal: Seal | None
    stamps: tuple[ShownTimestamp, ...]
    lacking: tuple[str, ...]


async def proof_of(request: Request, attempt_id: str) -> AttemptProof:
    """The proof of an attempt as it is stored; nothing is made anew but what tokens say."""
    context = context_of(request)
    ledger = context.store.ledger
    link, number = (await ledger.links_of([attempt_id])).get(attempt_id, (None, None))
    above = await ledger.statements(before=number + 1, limit=1) if number is not None else []
    seal = next((each for each in above if each.statement.number == number), None)
    if seal is None:
        return AttemptProof(link, None, (), ())
    return AttemptProof(link, seal, *stamps_of(seal, TrustedRoots(context.roots)))


def stamps_of(
    seal: Seal, trusted: TrustedRoots
) -> tuple[tuple[ShownTimestamp, ...], tuple[str, ...]]:
    """The timestamps of a seal, and the hosts of the authorities that are missing among them."""
    stamps = []
    for token in seal.tokens:
        try:
            read = trusted.read(token.token, seal.statement.content)
        except NoTimestamp:
            continue  # as good as none; verifying names it
        stamps.append(
            ShownTimestamp(token.url, _common_name(read.authority), read.at, read.trusted)
        )
    there = {stamp.url for stamp in stamps}
    asked = dict.fromkeys([*seal.statement.authorities, *(each.url for each in seal.tokens)])
    return tuple(stamps), tuple(urlsplit(u).hostname or u for u in asked if u not in there)


def _common_name(subject: str) -> str:
    """The name in a certificate's subject; all of the subject if it has none."""
    try:
        named = x509.Name.from_rfc4514_string(subject).get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return subject
    return str(named[0].value) if named else subject


def limiter_of(request: Request) -> RenderLimiter:
    """What makes verifications wait for each other."""
    found: RenderLimiter = request.app.state.limiter
    return found


@router.get("/tentative/{attempt_id}/verification")
async def verification(request: Request, attempt_id: str) -> HTMLResponse:
    """The attempt made anew from what is stored, and what came of it."""
    page, context = PageContext(request), context_of(request)
    async with limiter_of(request).turn(request):
        try:
            report = await Verifier(context.store, context.roots).attempt(attempt_id)
        except BadInput as exc:
            raise HTTPException(404, attempt_id[:80]) from exc
    proof = await proof_of(request, attempt_id)
    document = await _document(request, attempt_id)
    removed = [n.values["file"] for n in report.notices if n.case is Case.FILE_REMOVED]
    gone = await notices(request, [str(name) for name in removed])
    scenario_id = document["scenario_id"] if document else proof.link and proof.link.scenario_id
    return page.render(
        "verification.html",
        headers=FRESH,
        attempt_id=attempt_id,
        started_at=document["started_at"] if document else None,
        scenario_id=scenario_id,
        there=document is not None,
        at=now(),
        report=report,
        proof=proof,
        findings=[finding_text(page, each) for each in report.findings],
        told=[finding_text(page, n) for n in report.notices if n.case is not Case.FILE_REMOVED],
        gone=list(gone.values()),
    )


@router.get("/tentative/{attempt_id}/manifeste.json")
async def manifest(request: Request, attempt_id: str) -> Response:
    """The exact bytes whose SHA-256 the link names."""
    document = await _document(request, attempt_id)
    if document is None:
        raise HTTPException(404, attempt_id[:80])
    name = f'attachment; filename="manifest-{document["_id"]}.json"'
    headers = {**FRESH, "Content-Disposition": name}
    return Response(canonical(document), headers=headers, media_type="application/json")


@router.get("/tentative/{attempt_id}/preuve.zip")
async def files(request: Request, attempt_id: str) -> Response:
    """Manifest, link, audit path, seal and timestamps as files, named as in a dossier."""
    context = context_of(request)
    document = await _document(request, attempt_id)
    links = await context.store.ledger.links_of([attempt_id])
    if document is None or attempt_id not in links:
        raise HTTPException(404, attempt_id[:80])
    link, number = links[attempt_id]
    trusted = TrustedRoots(context.roots)
    async with limiter_of(request).turn(request):
        try:
            covered = {attempt_id: number}
            seals = [s async for s in seals_of(context.store.ledger, covered, trusted)]
        except BadInput as exc:
            raise EvidenceProblem(
                503,
                N_("La preuve ne tient pas"),
                N_(
                    "Le sceau de cette tentative n’est pas ce qui a été scellé : il n’est pas"
                    " donné. La page « Vérifier maintenant » dit ce qui manque."
                ),
                str(exc),
            ) from exc
    named = attempt_files(document, link, seals, trusted)
    content = await asyncio.to_thread(zip_files, f"proof-{document['_id']}.zip", named)
    headers = {
        **FRESH,
        "Content-Disposition": f'attachment; filename="proof-{document["_id"]}.zip"',
    }
    return Response(content, headers=headers, media_type="application/zip")


async def _document(request: Request, attempt_id: str) -> dict[str, object] | None:
    """The attempt as it is stored; None if it is not there."""
    return await anext(context_of(request).store.ledger.documents({"_id": attempt_id}), None)
