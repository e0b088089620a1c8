"""What browsers, search engines and whoever finds a weakness look for at fixed addresses."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fleet.models import now
from fleet.web.client_address import site_of
from fleet.web.context import context_of
from fleet.web.templating import PREFIX

router = APIRouter()

PAGES = ("/", "/galerie", "/sans-rendez-vous", "/methode", "/donnees", "/sceaux", "/controle")
"""What the map of the site lists before departments and flows."""

FOR_PEOPLE = ("/api/export/", "/controle/lire", "/installation", "/connexion", "/comparer")
"""What search engines have no use for, or what is much work for nothing."""

KEPT = {"Cache-Control": "public, max-age=86400"}

EXPIRES = timedelta(days=180)
"""For how long what `security.txt` says may be relied on (RFC 9116 wants less than a year)."""


@router.get("/robots.txt")
async def robots(request: Request) -> PlainTextResponse:
    """Nothing is to be indexed that is for members or made up."""
    context = context_of(request)
    if context.members_only or context.made_up:
        return PlainTextResponse("User-agent: *\nDisallow: /\n")
    refused = [f"Disallow: {prefix}{path}" for path in FOR_PEOPLE for prefix in ("", PREFIX)]
    site_map = f"Sitemap: {site_of(request)}/sitemap.xml"
    return PlainTextResponse("\n".join(("User-agent: *", *refused, "", site_map, "")))


@router.get("/sitemap.xml")
async def site_map(request: Request) -> Response:
    """The pages of figures in both languages; none where only members may read."""
    context = context_of(request)
    if context.members_only:
        raise HTTPException(404)
    departments = {each.department for each in context.scenarios.values()}
    paths = [
        *PAGES,
        *(f"/departement/{code}" for code in sorted(departments)),
        *(f"/demarche/{each}" for each in sorted(context.scenarios)),
    ]
    body = "\n".join(_url(site_of(request), path) for path in paths)
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
        f"{body}\n</urlset>\n",
        media_type="application/xml",
    )


def _url(site: str, path: str) -> str:
    french, english = f"{site}{path}", f"{site}{PREFIX}{path}"
    other = f'<xhtml:link rel="alternate" hreflang="en" href={quoteattr(english)}/>'
    escaped = quoteattr(french)[1:-1]
    return f"<url><loc>{escaped}</loc>{other}</url>"


@router.get("/favicon.ico")
async def favicon() -> Response:
    """The icon, for browsers that ask for it by this name whatever a page says."""
    content = files("fleet.web").joinpath("static", "favicon.ico").read_bytes()
    return Response(content, media_type="image/x-icon", headers=KEPT)


@router.get("/.well-known/security.txt")
@router.get("/security.txt")
async def security(request: Request) -> PlainTextResponse:
    """Whom to tell of a weakness (RFC 9116); 404 while the fleet has no contact address."""
    context = context_of(request)
    if not context.contact:
        raise HTTPException(404)
    until = (now() + EXPIRES).strftime("%Y-%m-%dT00:00:00Z")
    return PlainTextResponse(
        f"Contact: {context.contact}\nExpires: {until}\nPreferred-Languages: fr, en\n"
    )
