"""
`/sceaux.json` and `/sceaux.atom`: the seals for others to copy.

Whoever keeps a copy can show later that the end was not taken away and nothing was sealed anew: a
seal names the one before it, and its statement, exact to the byte, is signed. What does not hold is
not given out.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response
from starlette.status import HTTP_304_NOT_MODIFIED

import fleet
from fleet.ledger.canonical import sha256
from fleet.ledger.signing import is_signed
from fleet.rendering.i18n import N_
from fleet.web.api.feeds import EPOCH, MEDIA_TYPE, TAG
from fleet.web.api.json_response import VisibleJson
from fleet.web.client_address import site_of
from fleet.web.context import context_of
from fleet.web.errors import EvidenceProblem
from fleet.web.not_modified import is_unchanged
from fleet.web.pages.seals import number_of
from fleet.web.templating import PageContext, environment

if TYPE_CHECKING:
    from fleet.ledger.chain import Seal

router = APIRouter()

MOST = 100
"""Seals of an answer: four days, if one is made every hour."""

ENTRIES = 50


@router.get("/sceaux.json")
async def seals_json(request: Request) -> Response:
    """The seals, latest first; `next` leads to the ones before them."""
    before = number_of(request.query_params.get("avant", ""))
    found = await _found(request, before, MOST + 1)
    shown = found[:MOST]
    older = f"/sceaux.json?avant={shown[-1].statement.number}" if len(found) > MOST else None
    content = {
        "made_up": context_of(request).made_up,
        "seals": [seal_told(each) for each in shown],
        "next": older,
    }
    return VisibleJson(content, headers={"Cache-Control": "public, max-age=60"})


def seal_told(seal: Seal) -> dict[str, Any]:
    """
    What is told of a seal.

    `statement` are the exact bytes as text: `signature` (Ed25519) and timestamps are of these, and
    the seal after it names their SHA-256. The fields before it are taken from there.
    """
    statement = seal.statement
    return {
        "number": statement.number,
        "sealed_at": f"{statement.sealed_at:%Y-%m-%dT%H:%M:%S}Z",
        "attempts": statement.count,
        "root": statement.root,
        "mentions": statement.mentions,
        "mentions_root": statement.mentions_root,
        "key": statement.key,
        "sha256": sha256(statement.content),
        "timestamps": [token.url for token in seal.tokens],
        "statement": statement.content.decode(),
        "signature": seal.signature,
        "files": f"/sceaux/{statement.number}.zip",
    }


async def _found(request: Request, before: int | None, limit: int) -> list[Seal]:
    found = await context_of(request).store.ledger.statements(before=before, limit=limit)
    for seal in found:
        if not is_signed(seal.statement.key, seal.signature, seal.statement.content):
            raise EvidenceProblem(
                503,
                N_("La preuve ne tient pas"),
                N_("Ce sceau n’est pas ce qui a été signé : il n’est pas donné."),
                f"seal {seal.statement.number}: its signature does not hold; see: fleet verify",
            )
    return found


@router.get("/sceaux.atom")
async def seals_atom(request: Request) -> Response:
    """The latest seals as an Atom feed."""
    page, library = PageContext(request), context_of(request)
    found, site = await _found(request, None, ENTRIES), site_of(request)
    title = page.t("Sceaux")
    text = (
        environment()
        .get_template("seals.atom")
        .render(
            page=page,
            id=f"{TAG}seals{'' if page.language == 'fr' else ':en'}",
            title=f"{page.t('Données d’exercice')} – {title}" if library.made_up else title,
            updated=max((each.statement.sealed_at for each in found), default=EPOCH),
            author=page.t("Préfectures : des rendez-vous en ligne ?"),
            media_type=MEDIA_TYPE,
            site=site,
            version=fleet.__version__,
            entries=[_entry(page, each) for each in found],
        )
    )
    content = text.encode()
    headers = {
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "Cache-Control": "max-age=300",
    }
    if is_unchanged(request, headers["ETag"]):
        return Response(status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(content, media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def _entry(page: PageContext, seal: Seal) -> dict[str, Any]:
    told = seal_told(seal)
    words = [
        page.t(
            "%(attempts)s tentatives sous la racine %(root)s ; clé publique %(key)s ; SHA-256 du"
            " sceau %(sha256)s.",
            attempts=page.number(seal.statement.count),
            root=told["root"],
            key=told["key"],
            sha256=told["sha256"],
        )
    ]
    if seal.statement.mentions is not None:
        words.append(
            page.t(
                "%(mentions)s mentions sous la racine %(root)s.",
                mentions=page.number(seal.statement.mentions),
                root=told["mentions_root"],
            )
        )
    return {
        **told,
        "id": f"{TAG}seal:{told['sha256']}",
        "title": page.t("Sceau n° %(number)s", number=page.number(seal.statement.number)),
        "summary": " ".join(words),
    }
