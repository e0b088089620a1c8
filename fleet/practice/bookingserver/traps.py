"""
The traps that replace a whole answer. Those inside a page are in the templates (`has(…)`).

Sentences of `DISABLED` and `NOT_AVAILABLE` are real [B]. The words of maintenance [B] are known,
their page is not. Everything else is our guess or invented on purpose: login wall, expired
session, captcha before the answer (the real engine asks for it after the choice of a slot).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from fleet.practice.bookingserver.forms import Trap
from fleet.practice.pages import found, html

if TYPE_CHECKING:
    from fleet.practice.bookingserver.call import Call
    from fleet.practice.bookingserver.forms import Form
    from fleet.practice.bookingserver.pages import FormPages
    from fleet.practice.faults import Faults

LATE_GRID_S = 1.5
LOGIN_PATH = "/connexion"
NEVER_FREE = frozenset(
    {
        Trap.LEGEND_ONLY,
        Trap.LAST_WEEK_SHUT,
        Trap.WEEKS_WITHOUT_END,
        Trap.WEEKS_IN_A_CIRCLE,
        Trap.SAME_WEEK_AGAIN,
    }
)
"""Traps whose grid never shows a free cell."""
FRAME_PATH = "/cadre"
"""The same-origin frame of `IFRAME_SENTENCE`: `/cadre/<form id>`."""


def instead_of_form(call: Call, pages: FormPages) -> web.Response | None:
    """The answer of a form that cannot be used at all; None for the others."""
    has = call.form.traps
    values = pages.form_values(call.form, call.prefix, call.printing, english=False)
    if Trap.REDIRECT_LOOP in has:
        bare = call.request.path.rstrip("/").endswith(call.form.id)
        return found(call.at(0 if bare else None))
    if Trap.LOGIN_WALL in has:
        return found(f"{LOGIN_PATH}?retour={call.form.id}")
    if Trap.MAINTENANCE in has:
        return html(pages.render("maintenance.html", **values))
    if Trap.DISABLED in has:
        sentence = "Ce lien a été désactivé définitivement"
    elif Trap.NOT_AVAILABLE in has:
        sentence = "Attention : Cette page n'est pas disponible pour le moment !"
    else:
        return None
    return html(pages.render("message.html", **{**values, "sentence": sentence}))


async def step_2(call: Call, pages: FormPages, faults: Faults, example: str) -> web.StreamResponse:
    """The answer page of a planning without slots, with the form's trap in it."""
    has = call.form.traps
    values = pages.form_values(call.form, call.prefix, call.printing, call.english)
    template = "captcha.html" if Trap.CAPTCHA_BEFORE in has else "step2.html"
    text = pages.render(template, **{**values, "step": 2, "example": example})
    if Trap.DOWNLOAD_ANSWER in has:
        response = html(text)
        response.headers["Content-Disposition"] = 'attachment; filename="reponse.html"'
        return response
    if Trap.TRUNCATED_HTML in has:
        response = html(text[: text.index("Il n")])
        response.force_close()
        return response
    if Trap.ENDLESS_BODY in has:
        return await _endless(call.request, text.split("</form>", 1)[0] + "</form>\n", faults)
    return html(text)


async def next_week(form: Form, faults: Faults) -> web.Response | None:
    """What happens instead of, or before, the grid of another week than the first."""
    if Trap.NEXT_WEEK_LATE in form.traps:
        await faults.wait(LATE_GRID_S)
    if Trap.NEXT_WEEK_FAILS in form.traps:
        return web.Response(status=500, text="Erreur interne\n")
    return None


def week_shown(form: Form, offset: int) -> int:
    """The offset of the week that is given to one who asks for this one."""
    if Trap.SAME_WEEK_AGAIN in form.traps:
        return min(offset, 7)
    return offset % 21 if Trap.WEEKS_IN_A_CIRCLE in form.traps else offset


async def _endless(request: web.Request, text: str, faults: Faults) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/html; charset=utf-8"})
    await response.prepare(request)
    await response.write(text.encode())
    for _ in range(600):
        await faults.wait(1.0)
        if faults.closing:
            break
        await response.write(b"<!-- encore -->\n")
    return response
