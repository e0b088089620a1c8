"""
RDV-Préfecture, the ministry's national site: `/rdvpref/reservation/demarche/<id>/`.

Steps: 1 « Que souhaitez-vous faire ? », 2 the conditions with a captcha (`/cgu/`), then the
answer at `/creneau/`. A visit by itself ends at the captcha, with its picture: it is never
answered here. `read_answer` reads `/creneau/` once a person has passed the captcha.

The calendar is a component that a script mounts into a page that has long been loaded. What it
can show, from its own public source [V]:

- the days of a week, each with the radio buttons of its slots (`trhId`);
- a week without slots, and a button that names the next availability: no "no slot" at all;
- in the last week, « Aucun créneau disponible à partir de cette date. », whether that week still
  has slots or not: beside radio buttons it only says that nothing comes after them;
- « Veuillez réessayer ultérieurement. » alone in the calendar's place;
- with the last two, when appointments were published last and will be next.

Addresses, captcha and the shorter sentence of 2024–25 come from the code of public checkers [B].
Where that sentence stands, and the cookie banners, are our inference [I]. The words of a closed
démarche are not known [U]: such a page is `unrecognised`. None of this was seen by this project
on a live site.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING

from fleet.models import PARIS, Scenario, definition_version
from fleet.rules import classifier
from fleet.rules.french_dates import days_in
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Outcome
    from fleet.rules.signs import Sign
    from fleet.visit.visit import Visit

VERSION = "1"
"""Changes when a visit of this family would read a page differently."""

COOKIE_BANNERS = (  # DSFR and tarteaucitron, which State sites use [I]
    ".fr-consent-banner button[title='Refuser tous les cookies']",
    "#tarteaucitronAllDenied2",
)
QUESTION = "Que souhaitez-vous faire"
TAKE = "Prendre un rendez-vous"
CAPTCHA = ("#captchaFormulaireExtInput", "rdv-captchetat")
CAPTCHA_PICTURE = "#captchaFR_CaptchaImage"

ANSWER = ("*/demarche/*/creneau", "*/demarche/*/creneau/*")
TITLE = "Choisissez votre créneau"
RADIOS = "input[type=radio][name=trhId]:enabled"
DAYS = ".blocCreneauSelection"
"""A day of the calendar: its heading « lundi 30/11 », then its hours [V]."""
HEADINGS = "h3.celulleHeader"
BOX = "div.text-center.q-pa-md"
"""Where the component says everything that is no slot [V]."""

RETRY = "Veuillez réessayer ultérieurement."
FROM_DATE = "Aucun créneau disponible à partir de cette date."
WEEK = "Aucun créneau disponible sur cette semaine"
NEXT = "Prochaine disponibilité le"

_LAST_WEEK = normalise(f"{FROM_DATE} {RETRY}")
_HIDDEN = normalise(RETRY)
_SHORT = {normalise(f"Aucun créneau disponible{dot} {RETRY}") for dot in ("", ".")}
_NOTHING = {_LAST_WEEK, _HIDDEN, *_SHORT}
"""All that a box says when there is no slot; a longer text (an error, advice) is no answer."""

_NEXT_DAY = re.compile(rf"{normalise(NEXT)} (\d{{2}}/\d{{2}}/\d{{4}})(?!\d)")
_HOUR = re.compile(r"\b\d{1,2} ?[h:] ?\d{2}\b")
_HEADING = re.compile(r"(?P<weekday>[a-z]+)\.? (?P<day>\d{1,2})/(?P<month>\d{1,2})(?![/\d])")
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")

_PUBLICATIONS = {
    "next_publication": "prochaine mise en ligne de nouveaux rendez-vous",
    "last_publication": "dernière mise en ligne de rendez-vous",
}
_INSTANT = r" ?: le (?P<day>\d{2}/\d{2}/\d{4})(?: à (?P<hour>\d{1,2})[:h](?P<minute>\d{2}))?"
_ITS_WEEK = r"(?: pour des créneaux de la semaine du (?P<week>\d{2}/\d{2}/\d{4}))?"


def flow(
    *,
    department: str,
    flow: str,
    title: str,
    url: str,
    anchor: str | None = None,
    control: bool = False,
) -> Scenario:
    """
    A scenario of this platform.

    Args:
        department, flow, title, anchor, control: as for `fleet.scenario`. All prefectures share
            the site, so the guichet's name on its first page makes a good `anchor`.
        url: `https://…/rdvpref/reservation/demarche/<id>/`; each guichet has its own number.

    Raises:
        ValueError: one of these is wrong; the message says what was expected.
    """
    if not re.fullmatch(r"https?://[^/\s]+/rdvpref/reservation/demarche/\d+/", url):
        raise ValueError(f"url {url!r} is not https://…/rdvpref/reservation/demarche/<number>/")
    return Scenario(
        department=department,
        flow=flow,
        title=title,
        url=url,
        family="rdv_prefecture",
        control=control,
        anchor=anchor,
        version=definition_version(
            family="rdv_prefecture", family_version=VERSION, url=url, anchor=anchor
        ),
        script=_visit,
    )


async def _visit(visit: Visit) -> Outcome:
    captcha, answer = [visit.css(*CAPTCHA)], [visit.url(*ANSWER)]

    visit.dismiss(*COOKIE_BANNERS)
    await visit.open()
    page = await visit.which(start=[visit.text(QUESTION)], captcha=captcha, answer=answer)
    if page == "start":
        await visit.press(TAKE)
        page = await visit.which(captcha=captcha, answer=answer)
    return await (read_answer(visit) if page == "answer" else _at_the_captcha(visit))


async def _at_the_captcha(visit: Visit) -> Outcome:
    if classifier.SESSION_ADDRESS in visit.address:  # thrown back here; the captcha is not the news
        return classifier.session_expired(visit.address, f"url '*{classifier.SESSION_ADDRESS}*'")
    # the second element is waited for, for a second, only so that it is on the picture
    return await visit.decide(captcha=[visit.css(*CAPTCHA), visit.css(CAPTCHA_PICTURE)])


async def read_answer(visit: Visit) -> Outcome:
    """
    The outcome of the page `/creneau/` on which the visit stands, freshly opened.

    Nothing is pressed. The page must be the one that the site shows first: of a week that
    somebody went on to, « à partir de cette date » would be said of that week only.

    Returns:
        `slots` with the first two days and the number of slots of the week that is shown, or
        with the next availability of an empty week and no number; `no_slots`; `captcha` or
        `session_expired` when the site threw the visit back. The facts `next_publication` and
        `last_publication` are instants (or days, when no hour is given), their `…_week` the
        first day of the week that is published.

    Raises:
        NotOnPage: the page says nothing that is known, or two things at once.
        Judged: see `Visit.which`.
    """
    content = [visit.url(*ANSWER), visit.css(RADIOS, BOX)]
    if await visit.which(answer=content, captcha=[visit.css(*CAPTCHA)]) == "captcha":
        return await _at_the_captcha(visit)
    shown, boxes = await visit.attributes(RADIOS, "id"), await _boxes(visit)
    if not (shown or _NOTHING & boxes or normalise(WEEK) in boxes):
        # the classes of BOX mean only "centred, with room": it may be there before the calendar
        sentence = [visit.url(*ANSWER), visit.css(BOX), visit.text(RETRY, WEEK)]
        await visit.which(slots=[visit.css(RADIOS)], sentence=sentence)
        shown, boxes = await visit.attributes(RADIOS, "id"), await _boxes(visit)

    if shown:
        outcome = await _slots(visit, boxes)
    elif normalise(WEEK) in boxes:
        outcome = await _empty_week(visit, boxes)
    elif _NOTHING & boxes:
        outcome = await _nothing(visit, boxes)
    else:
        visit.unrecognised(
            f"says {RETRY!r} as a part of something else, which is no answer. Look at the picture"
        )
    return outcome.stating(**publications(sorted(boxes)))


async def _boxes(visit: Visit) -> set[str]:
    return {normalise(text) for text in await visit.texts(BOX)}


async def _slots(visit: Visit, boxes: set[str]) -> Outcome:
    against = (_NOTHING - {_LAST_WEEK} | {normalise(WEEK)}) & boxes
    if against:
        visit.unrecognised(f"shows slots and says {min(against)!r}. Look at the picture")
    outcome = await visit.decide(slots=_offer_signs(visit))
    days = days_with_slots(await visit.texts(DAYS), visit.today)
    return outcome.offering(days, slot_count=len(await visit.attributes(RADIOS, "id")))


async def _empty_week(visit: Visit, boxes: set[str]) -> Outcome:
    """An empty week is an answer only with the day of the next availability."""
    if _NOTHING & boxes:
        visit.unrecognised(f"says {WEEK!r} and {RETRY!r}. Look at the picture")
    later = [visit.text(WEEK), visit.text(NEXT), visit.css(BOX), visit.url(*ANSWER)]
    outcome = await visit.decide(slots=later)
    named = [match[1] for text in await _boxes(visit) if (match := _NEXT_DAY.search(text))]
    days = [day for text in named for day in days_in(text) if day >= visit.today]
    if not days:
        visit.unrecognised(f"says {NEXT!r} without a day to come. Look at the picture")
    return outcome.model_copy(update={"first_dates": (min(days),)})


async def _nothing(visit: Visit, boxes: set[str]) -> Outcome:
    if any(normalise(NEXT) in text for text in boxes):
        visit.unrecognised(f"says {RETRY!r} and {NEXT!r}. Look at the picture")
    if _LAST_WEEK not in boxes and await visit.texts(HEADINGS):
        # only the last week shows its calendar beside the sentence [V]
        visit.unrecognised(f"says {RETRY!r} beside a calendar. Look at the picture")
    # the page is read again here: slots that have come meanwhile must count
    return await visit.decide(
        no_slots=[visit.text(RETRY), visit.css(BOX), visit.url(*ANSWER)], slots=_offer_signs(visit)
    )


def _offer_signs(visit: Visit) -> list[Sign]:
    return [visit.text(TITLE), visit.css(RADIOS)]


def days_with_slots(columns: Sequence[str], today: date) -> list[date]:
    """
    The days, of a calendar's columns, that have slots; empty if one of them cannot be read.

    Args:
        columns: the text of each day, « lundi 30/11 08h30 09h00 ». The year is the one in which
            that day comes next, if it is then that weekday.
        today: the Paris day on which the calendar was seen.
    """
    offering = [text for text in map(normalise, columns) if _HOUR.search(text)]
    days = [_day_of(text, today) for text in offering]
    return [day for day in days if day is not None] if None not in days else []


def _day_of(column: str, today: date) -> date | None:
    heading = _HOUR.split(column, maxsplit=1)[0]
    dated = days_in(heading)
    if dated:
        return dated[0]
    match = _HEADING.match(heading)
    if match is None or match["weekday"] not in _WEEKDAYS:
        return None
    for year in (today.year, today.year + 1):
        try:
            day = date(year, int(match["month"]), int(match["day"]))
        except ValueError:
            continue
        if day >= today:
            return day if _WEEKDAYS[day.weekday()] == match["weekday"] else None
    return None


def publications(boxes: Sequence[str]) -> dict[str, str]:
    """
    What the calendar's notices say of publications, as facts (see `read_answer`).

    Args:
        boxes: texts after `normalise`. A day that cannot exist is left out.
    """
    facts: dict[str, str] = {}
    for text in boxes:
        for name, words in _PUBLICATIONS.items():
            match = re.search(words + _INSTANT + _ITS_WEEK, text)
            days = days_in(match["day"]) if match else []
            if match is None or not days:
                continue
            facts[name] = _instant(days[0], match["hour"], match["minute"])
            for week in days_in(match["week"] or "")[:1]:
                facts[f"{name}_week"] = week.isoformat()
    return facts


def _instant(day: date, hour: str | None, minute: str | None) -> str:
    if hour is None or minute is None or int(hour) > 23 or int(minute) > 59:
        return day.isoformat()
    there = datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=PARIS)
    return there.isoformat()
