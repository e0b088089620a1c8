"""
ESII eAppointment, as Val-de-Marne had it for foreigners (`rdv-etrangers-94`) until 2023–24 [B].

Steps, by their titles: the motives, « 3/4 : Lieu, date et heure » with a calendar, « 4/4 :
informations personnelles ». The entry page asks for a post code only to choose one of three
desks; its own script then goes to `appointment.do?sitekey=…&mobile=false` [V: the site's scripts,
kept in a public repository]. The fleet types nothing, so a visit begins at that address. That
the site needs no more than this is inferred [I]; so is that all steps have one address, which
the `Referer` of a checker suggests.

« Continuer » on the motives asks the server first. If it finds nothing, the answer is a box
(`alert`), and the page stays; if it does, the page's form is sent and 3/4 comes [V]. A visit stops
there, with no day chosen; three months without a free day are followed by the calendar's own arrow
(docs/verdicts.md). The guard lets the form of this platform go once in a visit, so
« Continuer » on 3/4 cannot be sent.

Elements come from the code of about ten public checkers [B], 2019–2024; the cells of the calendar
are those of jQuery UI [V]. None was seen by this project on a live site.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from fleet.models import Scenario, Verdict, definition_version
from fleet.rules import classifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Outcome
    from fleet.visit.visit import Visit

VERSION = "1"
"""Changes when a visit of this family would read a page differently."""

ENTRY = re.compile(r"(?P<base>https?://[^/?#]+/eAppointment[^/?#]*)/element/jsp/specific/\w+\.jsp")

POST_CODE = "#CPId"
MOTIVES = "input[type=checkbox][name=selectedMotiveKeyList]"
MOTIVE_WORDS = ".motiveField1, .motiveField2"
CONTINUE = "#nextButtonId"

NO_SLOTS = (
    "Aucun rendez-vous n'est possible pour les motifs selectionnnés ou le créneau horaire"
    " séléctionné",  # sic, three checkers
    "Il n'y a pas de rendez-vous disponible pour ce service",  # one checker
)
PLACE_AND_DATE = "3/4 : Lieu, date et heure"
DAY_FIELD = "#dayValueId"
CALENDAR = ".ui-datepicker-calendar"
FREE_DAYS = "td[data-month][data-year] > a.ui-state-default"
FREE_CELLS = "td[data-month][data-year]:has(> a.ui-state-default)"


def flow(
    *,
    department: str,
    flow: str,
    title: str,
    url: str,
    sitekey: str,
    motives: Sequence[str] = (),
    anchor: str | None = None,
    control: bool = False,
) -> Scenario:
    """
    A scenario of this platform.

    Args:
        department, flow, title, anchor, control: as for `fleet.scenario`.
        url: the entry page, `https://…/eAppointment…/element/jsp/specific/….jsp`.
        sitekey: the desk that the post code would choose: "P941" Créteil, "P942" Nogent-sur-Marne,
            "P943" L'Haÿ-les-Roses [V].
        motives: what to tick, each by the number of its box ("20") or by words beside it; the
            first box with these words is ticked. Leave it out to have the message of the first
            visit list what there is: no motive is ever ticked by guess.

    Raises:
        ValueError: one of these is wrong; the message says what was expected.
    """
    if not re.fullmatch(r"\w+", sitekey, re.ASCII):
        raise ValueError(f"sitekey {sitekey!r} is not a word such as P941")
    appointment_address(url, sitekey)
    if isinstance(motives, str) or not all(words.strip() for words in motives):
        raise ValueError(f"motives {motives!r} is not a list of words or numbers")
    wanted = tuple(motives)

    async def script(visit: Visit) -> Outcome:
        return await _visit(visit, sitekey, wanted)

    return Scenario(
        department=department,
        flow=flow,
        title=title,
        url=url,
        family="eappointment",
        control=control,
        anchor=anchor,
        version=definition_version(
            family="eappointment",
            family_version=VERSION,
            url=url,
            sitekey=sitekey,
            motives=wanted,
            anchor=anchor,
        ),
        script=script,
    )


def appointment_address(url: str, sitekey: str) -> str:
    """
    Where the entry page at `url` leads once it has a post code of that desk.

    Raises:
        ValueError: `url` is not the address of such a page.
    """
    match = ENTRY.fullmatch(url)
    if match is None:
        raise ValueError(f"url {url!r} is not …/eAppointment…/element/jsp/specific/<page>.jsp")
    return f"{match['base']}/appointment.do?sitekey={sitekey}&mobile=false"


async def _visit(visit: Visit, sitekey: str, motives: tuple[str, ...]) -> Outcome:
    entry = [visit.css(POST_CODE)]
    boxes = [visit.css(MOTIVES), visit.css(CONTINUE)]
    calendar = [visit.text(PLACE_AND_DATE)]
    refusal = [visit.dialog(*NO_SLOTS)]

    await visit.open(appointment_address(visit.scenario.url, sitekey))
    # the sentence before anything was asked answers another question: a contradiction
    page = await visit.which(entry=entry, motives=boxes, calendar=calendar, no_slots=refusal)
    if page == "entry":
        visit.unrecognised(f"asks for a post code instead of opening the desk {sitekey}")
    if page == "no_slots":
        visit.unrecognised("says that there is no appointment before any motive was ticked")
    if page == "motives":
        await _tick(visit, motives)
        await visit.press(css=CONTINUE)
        page = await visit.which(entry=entry, calendar=calendar, no_slots=refusal)
    elif motives:
        visit.unrecognised(
            f"asks for no motive any more, so its answer may not be that of {', '.join(motives)};"
            " look at the pictures, then take `motives` out of the scenario"
        )
    if page == "entry":
        return classifier.session_expired(visit.address, f"css {POST_CODE!r}")
    if page == "calendar":
        await _open_calendar(visit)

    outcome = await visit.decide(
        slots=[visit.text(PLACE_AND_DATE), visit.css(FREE_DAYS)],
        # a box beside free days must contradict them, so these are an alternative here
        no_slots=[*refusal, visit.css(MOTIVES, FREE_DAYS)],
    )
    if outcome.verdict is not Verdict.SLOTS:
        return outcome
    # days are shown, not slots: how many there are on a day is asked for with the day
    return outcome.offering(
        days_of(
            await visit.attributes(FREE_CELLS, "data-year"),
            await visit.attributes(FREE_CELLS, "data-month"),
            await visit.texts(FREE_DAYS),
        ),
        slot_count=None,
    )


async def _tick(visit: Visit, motives: tuple[str, ...]) -> None:
    values = await visit.attributes(MOTIVES, "value")
    missing = [m for m in motives if m.isdigit() and m not in values]
    if missing or not motives:
        words = " ".join(" ".join(await visit.texts(MOTIVE_WORDS)).split())
        asked = f"does not offer {', '.join(missing)} but" if missing else "asks which motives:"
        visit.unrecognised(
            f"{asked} {', '.join(values)} ({words[:800]}); write one or more of them as `motives`"
        )
    for motive in motives:
        if motive.isdigit():
            await visit.tick(css=f"{MOTIVES}[value='{motive}']")
        else:
            await visit.tick(motive)


async def _open_calendar(visit: Visit) -> None:
    """Press the field of the day if no calendar is shown: one checker had to, others had not."""
    shown = await visit.attributes(CALENDAR, "class")
    if not shown and await visit.attributes(DAY_FIELD, "id"):
        await visit.press(css=DAY_FIELD)


def days_of(years: Sequence[str], months: Sequence[str], days: Sequence[str]) -> list[date]:
    """
    The days of a calendar's free cells, from what they say in the same order.

    Args:
        months: as jQuery UI counts them, January is 0.

    Returns:
        Nothing at all if the page changed between the questions or one is not a day: a wrong
        first date is worse than none.
    """
    try:
        each = zip(years, months, days, strict=True)
        return [date(int(year), int(month) + 1, int(day)) for year, month, day in each]
    except ValueError:
        return []
