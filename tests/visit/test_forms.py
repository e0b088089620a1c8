"""Lists and fields: what a form asks of anybody, chosen and typed in real Chromium."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

import fleet
from fleet.errors import GuardRefused, NotOnPage
from fleet.models import Outcome, Verdict
from fleet.rules.stored_page import StoredPage
from fleet.rules.stored_visit import judge
from tests.visit.test_reached import NONE, SHORT, Site, decide, framed, shadow, site

__all__ = ["site"]

FORM = """<form action=/none><table><tr><td>Votre guichet<td><select name=g {onchange}>
    <option value=''>Choisir<option value=1>Clermont<option value=2 disabled>Riom
    <option value=3>9 h 45</select></table>
  <input type=hidden name=previousSibling><input type=hidden name=querySelectorAll>
  <input type=hidden name=getRootNode><label for=cp>Code postal</label>
  <input id=cp name=cp value=75 required pattern="[0-9]{{5}}">
  <label>Commune <input name=ville role=combobox></label>
  <p>Date souhaitée <input type=date name=d></p><button>Continuer</button></form>"""

ENTERS = {"Code postal": "post_code", "Commune": "town", "Date souhaitée": "date"}


async def fill(visit: fleet.Visit) -> None:
    await visit.select("votre guichet", "Clermont")
    await visit.enter("Code postal", "63000")
    await visit.enter("Date souhaitée", visit.today)
    await visit.enter("Commune", "Riom")
    await visit.press("Continuer")


@pytest.mark.parametrize(
    "place",
    ["PAGE", framed("/form"), framed("OTHER/form"), shadow("PAGE")],
    ids=lambda each: each[:9],
)
async def test_lists_and_fields_are_filled_wherever_a_person_sees_them(
    site: Site, place: str
) -> None:
    form = FORM.format(onchange="")
    site.pages |= {"/form": form, "/none": NONE}
    days = []

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await fill(visit)
        days.append(visit.today.isoformat())
        return await decide(visit)

    got = await site.visit(place.replace("PAGE", form), script, enters=ENTERS)

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    (sent,) = [each for each in site.asked if "/none" in each]
    assert sent.endswith(f"&cp=63000&ville=Riom&d={days[0]}")
    assert "?g=1&" in sent
    assert "typed '63000' into 'Code postal'" in got.notes


async def test_a_list_that_leads_on_by_itself_is_followed(site: Site) -> None:
    """And the pages that were kept are understood as the living ones were."""
    site.pages["/none"] = NONE
    led: list[bool] = []

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        led.append(await visit.select("Votre guichet", "choisir"))
        led.append(await visit.select(None, "Clermont", css="select[name=g]"))
        return await decide(visit)

    got = await site.visit(FORM.format(onchange="onchange='this.form.submit()'"), script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert led == [False, True]
    led.clear()
    pages = [StoredPage.of(each.content) for each in site.files if each.evidence.kind == "outline"]
    again = await judge(site.scenario, got, pages)
    assert (again.verdict, led) == (Verdict.NO_SLOTS, [False, True])


PERSONAL = """<form><p>Code postal <input name=nom></p></form>
  <form><p>Commune <input name=ville></p><p>Courriel <input type=email name=e></p></form>
  <form><fieldset><legend>Date de naissance</legend>Jour <input class=g name=jour>
  </fieldset></form>
  <form>Commune <input class=n name=ville> Nom</form>
  <select aria-label=Retour class=back onchange="this.selectedIndex=0"><option>Choisir
  <option>Riom</select>
  <form><x-cp><template shadowrootmode=open><p>Commune <input class=s name=ville></p></template>
  </x-cp><p>Prénom <input name=p></p></form>
  <p>Date souhaitée <input name=jour readonly></p>
  <div>Code postal 2 <input class=mask name=cp maxlength=3></div>
  <div>Code postal 3 <input class=moves name=cp onfocus="z.focus()"></div>
  <input id=z name=cp>"""


async def test_what_cannot_or_must_not_be_filled_is_told_and_nothing_is_typed(site: Site) -> None:
    tries: dict[str, tuple[type[Exception], str, Callable[[fleet.Visit], Awaitable[object]]]] = {
        "another name": (
            GuardRefused, "'nom' says 'nom'", lambda v: v.enter("Code postal", "63000"),
        ),
        "beside an e-mail": (
            GuardRefused, "also asks for 'Courriel'", lambda v: v.enter("Commune", "Riom"),
        ),
        "beside a first name, in a shadow root": (
            GuardRefused, "also asks for 'Prénom'", lambda v: v.enter("Commune", "Riom", css=".s"),
        ),
        "in a group of another name": (
            GuardRefused, "'Date de naissance' says",
            lambda v: v.enter("Date souhaitée", v.today, css=".g"),
        ),
        "before another name": (
            GuardRefused, "'Nom' says 'nom'", lambda v: v.enter("Commune", "Riom", css=".n"),
        ),
        "an option that does not stay": (
            NotOnPage, "does not keep the option 'Riom'",
            lambda v: v.select(None, "Riom", css=".back"),
        ),
        "not declared": (
            GuardRefused, "declares 'Code postal', 'Commune'",
            lambda v: v.enter("Courriel", "Riom"),
        ),
        "readonly": (
            NotOnPage, "nothing can be typed there", lambda v: v.enter("Date souhaitée", v.today),
        ),
        "cut": (
            NotOnPage, "shows '630' after '63000'",
            lambda v: v.enter("Code postal", "63000", css=".mask"),
        ),
        "focus taken": (
            NotOnPage, "something else is typed into",
            lambda v: v.enter("Code postal", "63000", css=".moves"),
        ),
        "no field": (NotOnPage, "but <form>", lambda v: v.enter("Commune", "Riom", css="form")),
        "no option": (
            NotOnPage, "has no option 'Issoire' (it has: 'Choisir', 'Clermont', 'Riom', '9 h 45')",
            lambda v: v.select("Votre guichet", "Issoire"),
        ),
        "option shut": (NotOnPage, "cannot be taken", lambda v: v.select("Votre guichet", "Riom")),
        "an hour": (
            GuardRefused, "hold a slot", lambda v: v.select("Votre guichet", "9 h 45"),
        ),
        "no list": (
            NotOnPage, "shows no list Guichet 3 (there is: 'Retour', 'Votre guichet')",
            lambda v: v.select("Guichet 3", "Riom"),
        ),
    }  # fmt: skip
    said: dict[str, Exception] = {}

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        for case, (_, _, do) in tries.items():
            try:
                await do(visit)
            except (GuardRefused, NotOnPage) as exc:
                said[case] = exc
        return await decide(visit)

    list_only = FORM.format(onchange="").split("</table>")[0] + "</table></form>"
    got = await site.visit(f"{NONE}{PERSONAL}{list_only}", script, limits=SHORT, enters=ENTERS)

    for case, (kind, words, _) in tries.items():
        assert isinstance(said.get(case), kind), case
        assert words in str(said[case])
    assert not [each for each in got.notes if each.startswith("typed")]
