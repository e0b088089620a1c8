"""An HTML file printed by Chromium as a tagged PDF with an outline, piece by piece to the disk."""

from __future__ import annotations

import asyncio
import base64
from html import escape
from typing import TYPE_CHECKING, Any

from fleet.errors import FleetError
from fleet.system.waiting import wait_at_most

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.browser.page import OpenPage, PageSource

PRINT_S = 300.0
CHUNK = 1 << 20

_LINE = (
    "<div style=\"font: 7pt 'Liberation Sans', 'DejaVu Sans', sans-serif; color: #56616b;"
    ' width: 100%; margin: 0 16mm; display: flex; justify-content: space-between">{}</div>'
)
_NUMBERS = '<span class="pageNumber"></span> / <span class="totalPages"></span>'


async def print_pdf(pages: PageSource, html: Path, pdf: Path, *, head: str, foot: str) -> None:
    """
    Print `html` to `pdf`: A4, `head` and `foot` on every page, with its number.

    Raises:
        FleetError: Chromium did not print it in `PRINT_S`.
        NoChromium: it does not start.
    """
    # not above: the pages make dossiers too, and their processes need no Playwright until then
    from playwright.async_api import Error as PlaywrightError

    opened = await pages.open_page()
    try:
        done = await wait_at_most(
            PRINT_S, _print(opened, html, pdf, head, foot), unless=opened.died
        )
    except PlaywrightError as exc:
        raise FleetError(f"Chromium did not print the dossier: {exc}") from exc
    finally:
        await pages.close_page(opened)
    if done is None:
        raise FleetError(
            f"Chromium did not print the dossier in {PRINT_S:g} s, or died; choose a shorter"
            " period, or --pictures daily"
        )


async def _print(opened: OpenPage, html: Path, pdf: Path, head: str, foot: str) -> bool:
    await opened.page.goto(html.as_uri(), timeout=PRINT_S * 1000)
    options = {
        "paperWidth": 8.27,
        "paperHeight": 11.69,
        "preferCSSPageSize": True,
        "printBackground": True,
        "generateTaggedPDF": True,
        "generateDocumentOutline": True,
        "displayHeaderFooter": True,
        "headerTemplate": _LINE.format(f"<span>{escape(head)}</span>"),
        "footerTemplate": _LINE.format(f"<span>{escape(foot)}</span><span>{_NUMBERS}</span>"),
        # Playwright's own `pdf` would hold all of it in memory, twice
        "transferMode": "ReturnAsStream",
    }
    answer: dict[str, Any] = await opened.cdp.send("Page.printToPDF", options)
    with pdf.open("wb") as file:
        while True:
            read = {"handle": answer["stream"], "size": CHUNK}
            piece: dict[str, Any] = await opened.cdp.send("IO.read", read)
            data = piece["data"]
            content = base64.b64decode(data) if piece.get("base64Encoded") else data.encode()
            await asyncio.to_thread(file.write, content)
            if piece["eof"]:
                return True
