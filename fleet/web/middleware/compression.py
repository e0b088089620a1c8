"""Texts compressed for readers without a session: a first page is a third of its size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LEAST_BYTES = 1000
LEVEL = 5

AS_THEY_ARE = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES,
    *("application/octet-stream", "application/vnd.apache.parquet", "application/pdf"),
)
"""What is compressed already, or would not become smaller."""

STORED_FILES = ("/preuve/", "/vignette/")
"""Sent byte for byte: readers compare them with their hashes and ask for parts."""


class Compression:
    """
    Compresses answers with gzip where a reader takes it.

    Never for a reader with a cookie: a page that holds a form's secret and repeats what its address
    says would give the secret away by its size (the attack known as BREACH).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._gzip = GZipMiddleware(
            app, minimum_size=LEAST_BYTES, compresslevel=LEVEL, exclude_content_types=AS_THEY_ARE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        alone = scope["type"] == "http" and "cookie" not in Headers(scope=scope)
        if alone and not scope["path"].startswith(STORED_FILES):
            await self._gzip(scope, receive, send)
        else:
            await self._plain(scope, receive, send)
