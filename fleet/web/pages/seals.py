"""`/sceaux`: the seals over all attempts, when they were last verified, how to verify them."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fleet.errors import BadInput
from fleet.evidence.dossier.proof_files import seal_files, zip_files
from fleet.evidence.dossier.proofs import TrustedRoots, public_pem, seal_alone
from fleet.rendering.i18n import N_
from fleet.web.context import context_of
from fleet.web.errors import EvidenceProblem
from fleet.web.pages.proof import FRESH, stamps_of
from fleet.web.pages.proof_labels import finding_text
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from fleet.storage.collections.verification_log import LoggedFinding, Verification

router = APIRouter()

ON_A_PAGE = 24
"""A day's, if one is made every hour."""


@router.get("/sceaux")
async def seals(request: Request) -> HTMLResponse:
    """The seals, latest first."""
    page, context = PageContext(request), context_of(request)
    ledger = context.store.ledger
    before = number_of(request.query_params.get("avant", ""))
    latest, found, unsealed, verifications = await asyncio.gather(
        ledger.statements(limit=1),
        ledger.statements(before=before, limit=ON_A_PAGE + 1),
        ledger.count_unsealed(),
        context.store.verifications.latest(),
    )
    shown, trusted = found[:ON_A_PAGE], TrustedRoots(context.roots)
    return page.render(
        "seals.html",
        latest=latest[0] if latest else None,
        seals=[(seal, *stamps_of(seal, trusted)) for seal in shown],
        keys=list(dict.fromkeys(seal.statement.key for seal in (*latest, *shown))),
        older=shown[-1].statement.number if len(found) > ON_A_PAGE else None,
        newest=before is None,
        unsealed=unsealed,
        verifications=[_show(page, each) for each in verifications],
    )


def number_of(text: str) -> int | None:
    """The number of a seal in an address; None if there is none there."""
    if not text:
        return None
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise HTTPException(400, f"avant={text[:20]!r}: 1, 2, 3, …")
    return int(text)


def _show(page: PageContext, verification: Verification) -> dict[str, Any]:
    """A verification with its findings in the page's language."""

    def words(logged: tuple[LoggedFinding, ...]) -> list[str]:
        return [
            finding_text(page, finding) for each in logged if (finding := each.finding) is not None
        ]

    return {
        "it": verification,
        "findings": words(verification.findings),
        "notices": words(verification.notices),
    }


@router.get("/sceaux/cle-publique.pem")
async def public_key(request: Request) -> Response:
    """The public key of the latest seal, PEM."""
    latest = await context_of(request).store.ledger.statements(limit=1)
    if not latest:
        raise HTTPException(404)
    headers = {**FRESH, "Content-Disposition": 'attachment; filename="ledger-public-key.pem"'}
    key = public_pem(latest[0].statement.key)
    return Response(key, headers=headers, media_type="application/x-pem-file")


@router.get("/sceaux/{number}.zip")
async def seal_zip(request: Request, number: str) -> Response:
    """The exact bytes of a seal, its signature, its timestamps, and how to check them."""
    context, wanted = context_of(request), number_of(number)
    seal = await context.store.ledger.seal(wanted) if wanted is not None else None
    if seal is None:
        raise HTTPException(404, number[:20])
    trusted = TrustedRoots(context.roots)
    try:
        own = seal_alone(seal, trusted)
    except BadInput as exc:
        raise EvidenceProblem(
            503,
            N_("La preuve ne tient pas"),
            N_("Ce sceau n’est pas ce qui a été signé : il n’est pas donné."),
            str(exc),
        ) from exc
    name = f"seal-{seal.statement.number:06d}.zip"
    content = await asyncio.to_thread(zip_files, name, seal_files([own], trusted))
    headers = {**FRESH, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type="application/zip")
