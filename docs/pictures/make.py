"""
The pictures of "Settled" and "Seen" in docs/verdicts.md, made by the fleet from pages of our own.

    make pictures

serves the pages below on this machine, visits each as any other, checks the verdict that the docs
tell, and writes the pictures beside this file. Where signs decided they are outlined as on a
framed copy. The other pictures here are of practice prefectures (`fleet practice`).
"""

from __future__ import annotations

import asyncio
import io
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from PIL import Image

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.models import Outcome, Verdict
from fleet.rendering.marks import draw_marks, numbered
from fleet.visit.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.models import EvidenceFile
    from fleet.models.attempt import Capture

SIZE = (560, 240)

HEAD = """<!doctype html><html lang="fr"><meta charset="utf-8"><title>Prendre rendez-vous</title>
<style>
  body { margin: 0; width: 560px; font: 16px/1.5 Arial, sans-serif; color: #1d2328 }
  header { background: #1f3f77; color: #fff; padding: 12px 34px; font-weight: bold }
  main { padding: 8px 34px }
  h1 { font-size: 22px; margin: 8px 0 12px }
  .vide { background: #f3f4f6; padding: 10px 14px; margin: 0 0 14px }
  label { display: inline-block; border: 1px solid #1f3f77; padding: 6px 32px; margin: 0 16px 0 0 }
  .unseen { position: absolute; opacity: .02; left: 34px; top: 185px }
</style>
<header>Préfecture d’essai</header><main><h1>Rendez-vous en ligne</h1>"""

NONE = '<p class="vide">Aucun créneau disponible</p>'

SLOTS = "<p>Choisissez votre créneau :</p>" + "".join(
    f'<label><input type="radio" name="creneau"> {hour}</label>' for hour in ("9 h 20", "10 h 40")
)

PAGES = {
    "asks": f"""{HEAD}<div id="creneaux">{NONE}</div><script>
        fetch("/creneaux").then((answer) => answer.text()).then((slots) => {{
          document.getElementById("creneaux").innerHTML = slots;
        }});
        </script>""",
    "unseen": f'{HEAD}{SLOTS}<div class="unseen">{NONE}</div>',
}
"""The first says that there is nothing while it asks; the second says so where nobody sees it."""


@asynccontextmanager
async def site(pages: dict[str, str], may_answer: asyncio.Event) -> AsyncIterator[str]:
    """A server of these pages on this machine; what they fetch comes once it may."""

    async def page(request: web.Request) -> web.Response:
        if request.path == "/creneaux":
            await may_answer.wait()
            return web.Response(text=SLOTS, content_type="text/html")
        return web.Response(text=pages[request.path[1:]], content_type="text/html")

    app = web.Application()
    app.router.add_get("/{page}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    try:
        yield listening.name
    finally:
        await runner.cleanup()


async def make(chromium: Chromium, folder: Path) -> None:
    """Visit the pages, and write their pictures into `folder`."""
    may_answer = asyncio.Event()

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        if visit.scenario.url.endswith("/asks"):
            await visit.keep_picture()  # as it stands while its request is open
            may_answer.set()
        return await visit.decide(
            no_slots=[visit.text("Aucun créneau disponible"), visit.css("p.vide")],
            slots=[visit.text("Choisissez votre créneau"), visit.css("input[name=creneau]")],
        )

    async with site(PAGES, may_answer) as address:
        made: dict[str, Capture] = {}
        for name in PAGES:
            scenario = fleet.scenario(
                department="92", flow="essai", title="Essai", url=f"{address}/{name}"
            )(script)
            made[name] = await attempt(scenario, chromium, run_id="pictures")
            if made[name].attempt.verdict is not Verdict.SLOTS:
                raise RuntimeError(made[name].attempt.detail)
    still, settled = pictures_of(made["asks"])
    (unseen,) = pictures_of(made["unseen"])
    for name, capture, file in (
        ("still-asking", made["asks"], still),
        ("settled", made["asks"], settled),
        ("there-but-unseen", made["unseen"], unseen),
    ):
        drawn(capture, file).save(folder / f"{name}.png", optimize=True)


def pictures_of(capture: Capture) -> list[EvidenceFile]:
    """Its pictures, the last page's at the end."""
    return [file for file in capture.files if file.evidence.kind == "picture"]


def drawn(capture: Capture, file: EvidenceFile) -> Image.Image:
    """The upper left of a picture, with its signs outlined."""
    picture = Image.open(io.BytesIO(file.content)).convert("RGB").crop((0, 0, *SIZE))
    draw_marks(picture, 0, SIZE, numbered(capture.attempt, file.evidence))
    return picture


async def main() -> None:
    """Write the pictures beside this file."""
    program, version = find_chromium(None), fleet.__version__
    async with Chromium(program, fleet_version=version, loopback_only=True) as chromium:
        await make(chromium, Path(__file__).parent)


if __name__ == "__main__":
    asyncio.run(main())
