"""
A large answer waits on the disk while its reader takes it, and not in memory.

Pictures of many megabytes, each for a reader as slow as can be, would fill the memory. The file has
no name: it is gone with the answer, and with the process.
"""

from __future__ import annotations

import asyncio
import tempfile
from typing import IO, TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGE_BYTES = 256 * 1024
"""A smaller answer stays in memory."""

PART_BYTES = 64 * 1024


class LargeAnswers:
    """Sends an answer that came in one large piece from a file in `folder`."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app, self._folder = app, folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        kept: IO[bytes] | None = None

        async def keep_large(message: Message) -> None:
            nonlocal start, kept
            if message["type"] == "http.response.start":
                announced = Headers(raw=message["headers"]).get("content-length", "0")
                if announced.isdecimal() and int(announced) >= LARGE_BYTES:
                    start = message  # until it is known whether it comes in one piece
                    return
            elif start is not None and kept is None:
                if not message.get("more_body", False) and scope["method"] != "HEAD":
                    kept = await asyncio.to_thread(_keep, self._folder, message["body"])
                    return
                await send(start)
                start = None
            await send(message)

        try:
            await self._app(scope, receive, keep_large)
            # only now has whoever made the answer let go of it
            if start is not None and kept is not None:
                await _send_file(start, kept, send)
        except OSError:
            if start is None or kept is not None:
                raise
            busy = PlainTextResponse("No room for this answer.", 503, {"Retry-After": "60"})
            await busy(scope, receive, send)
        finally:
            if kept is not None:
                kept.close()


def _keep(folder: Path, body: bytes) -> IO[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the answer
    try:
        file.write(body)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


async def _send_file(start: Message, file: IO[bytes], send: Send) -> None:
    await send(start)
    while part := await asyncio.to_thread(file.read, PART_BYTES):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
