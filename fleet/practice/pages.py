"""
Pages of practice sites: templates and static files of one platform, beside the common ones.

Bodies hold no clock and no token, so an unchanged page gives byte-identical pictures.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from aiohttp import web

COMMON = "fleet.practice"


@cache
def _environment(package: str) -> jinja2.Environment:
    places = dict.fromkeys((package, COMMON))
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(p, "templates") for p in places]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _static_files(package: str) -> dict[str, bytes]:
    folder = files(package).joinpath("static")
    if not folder.is_dir():
        return {}
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name[0] not in "._"}


class PracticePages:
    """
    Renders templates and serves static files. Holds nothing that changes.

    Args:
        package: the platform's package, with its `templates/` and `static/`.
    """

    def __init__(self, package: str = COMMON) -> None:
        self._env = _environment(package)
        self._static = {**_static_files(COMMON), **_static_files(package)}

    def render(self, template: str, **values: Any) -> str:
        """The text of a page."""
        return self._env.get_template(template).render(**values)

    def file(self, name: str) -> bytes:
        """The bytes of a static file that is known to exist."""
        return self._static[name]

    def static(self, request: web.Request) -> web.Response | None:
        """The static file that the last part of the path names, or None."""
        name = request.path.rsplit("/", 1)[-1]
        body = self._static.get(name)
        if body is None:
            return None
        etag = hashlib.sha256(body).hexdigest()[:16]
        headers = {"Cache-Control": "max-age=86400", "ETag": f'"{etag}"'}
        if etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        return web.Response(body=body, headers={**headers, "Content-Type": kind})


def html(text: str, status: int = 200) -> web.Response:
    """A page that no cache may keep."""
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-cache, must-revalidate"},
    )


def found(address: str) -> web.Response:
    """302; Chromium and the checkers follow it by GET."""
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-cache"})
