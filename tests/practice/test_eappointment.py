"""The practice desks of eAppointment, by a plain HTTP client: steps, answers, tripwires."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime

import aiohttp
import pytest

from fleet.practice import Appointment, AppointmentTrap, Fault, Motive, PracticeServer, always
from fleet.practice.eappointment.months import months
from fleet.practice.offers import PARIS

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)  # a Wednesday
BANNER = "RÉPLIQUE DE TEST — données fictives, aucun rendez-vous réel"
NOTHING = (
    "Aucun rendez-vous n'est possible pour les motifs selectionnnés ou le créneau horaire"
    " séléctionné."
)
BASE = "/eAppointmentpref94"
STEPS = f"{BASE}/element/jsp/appointment.jsp"
DESK = Appointment(
    host="essai",
    id="P941",
    department="94",
    prefecture="Préfecture d'essai",
    title="Titre de séjour",
    motives=(Motive("101", "Première demande"), Motive("120", "Retrait de titre", always)),
    measured=("101",),
)


class Visitor:
    """A browser without scripts: keeps cookies, follows redirects, names the virtual host."""

    def __init__(self, server: PracticeServer) -> None:
        self._root = f"http://127.0.0.1:{server.port}"
        self._headers = {"Host": f"essai.localhost:{server.port}"}
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.status = 0
        self.path = ""

    async def ask(self, method: str, path: str, data: object = None) -> str:
        address = self._root + path
        async with self._http.request(method, address, headers=self._headers, data=data) as got:
            self.status, self.path = got.status, got.url.path
            return await got.text()

    async def open(self, sitekey: str = "P941") -> str:
        return await self.ask("GET", f"{BASE}/appointment.do?sitekey={sitekey}&mobile=false")

    async def call(self, name: str, *motives: str) -> str:
        ticked = ",".join(f"{value}:reference:c0-e{n}" for n, value in enumerate(motives, 1))
        body = f"callCount=1\nc0-param1=Object_Object:{{{ticked}}}\nbatchId=1\n"
        return await self.ask("POST", f"{BASE}/dwr/call/plaincall/{name}.dwr", body.encode())

    async def send(self, *motives: str) -> str:
        fields = [("selectedMotiveKeyList", value) for value in motives]
        return await self.ask("POST", f"{BASE}/appointment.do", aiohttp.FormData(fields))

    async def close(self) -> None:
        await self._http.close()


@asynccontextmanager
async def practising(*desks: Appointment) -> AsyncIterator[tuple[PracticeServer, Visitor]]:
    async with PracticeServer(desks, clock=lambda: NOW) as server:
        visitor = Visitor(server)
        try:
            yield server, visitor
        finally:
            await visitor.close()


async def test_the_entry_page_asks_for_a_post_code_and_holds_no_answer() -> None:
    async with practising(DESK) as (server, visitor):
        text = await visitor.ask("GET", DESK.path)

        assert server.url(DESK).endswith("/eAppointmentpref94/element/jsp/specific/pref94.jsp")
        assert 'id="CPId" name="CP"' in text
        assert 'action="javascript:coin()"' in text
        assert BANNER in text
        assert server.visits(DESK) == 0


async def test_a_desk_opens_with_its_motives_at_the_address_of_all_steps() -> None:
    async with practising(DESK) as (server, visitor):
        text = await visitor.open()

        assert visitor.path == STEPS
        assert re.findall(r'name="selectedMotiveKeyList" value="(\d+)"', text) == ["101", "120"]
        assert 'id="nextButtonId" value="Continuer"' in text
        assert BANNER in text
        assert "3/4 : Lieu" not in text
        assert server.visits(DESK) == 1


async def test_the_server_says_what_the_box_says_or_that_there_are_days() -> None:
    async with practising(DESK) as (_, visitor):
        await visitor.open()
        nothing = await visitor.call("AjaxMotive.motiveMultiSiteSubmit", "101")
        days = await visitor.call("AjaxMotive.motiveMultiSiteSubmit", "120")

        assert NOTHING in nothing
        assert '"foundAvailabilities": false' in nothing
        assert '"foundAvailabilities": true' in days


async def test_sending_the_motives_brings_the_calendar_only_if_there_are_days() -> None:
    async with practising(DESK) as (server, visitor):
        await visitor.open()
        assert "2/4" in await visitor.send("101")
        text = await visitor.send("120")

        assert visitor.path == STEPS
        assert "3/4 : Lieu, date et heure" in text
        free = re.findall(r'data-month="(\d+)" data-year="(\d+)"><a [^>]*>(\d+)</a>', text)
        assert free[:2] == [("10", "2026", "30"), ("11", "2026", "1")]
        assert len(re.findall('ui-datepicker-group">', text)) == 3, "the others are hidden"
        assert server.tripwires == []


async def test_everything_after_the_calendar_is_a_tripwire() -> None:
    async with practising(DESK) as (server, visitor):
        await visitor.open()
        await visitor.send("120")
        await visitor.call("AjaxSelectionFormFeeder.checkSelectionValidity")
        text = await visitor.send("120")
        assert "4/4 : informations personnelles" in text
        await visitor.ask("GET", f"{BASE}/captcha?0")
        await visitor.send()

        assert [each.why for each in server.tripwires] == [
            "choice of a slot (3/4)",
            "POST made from 3/4",
            "personal form (4/4)",
            "captcha picture of 4/4",
            "POST made from 4/4",
        ]


async def test_two_desks_of_one_host_are_told_apart_by_their_sitekey() -> None:
    other = replace(DESK, id="P942", motives=(Motive("7", "Naturalisation"),), measured=())
    async with practising(DESK, other) as (server, visitor):
        assert "Naturalisation" in await visitor.open("P942")
        assert "Retrait de titre" in await visitor.open("P941")
        assert 'id="CPId"' in await visitor.open("P999")

        assert (server.visits(DESK), server.visits(other)) == (1, 1)


async def test_a_step_without_a_session_goes_back_to_the_entry_page() -> None:
    async with practising(DESK) as (_, visitor):
        assert 'id="CPId"' in await visitor.ask("GET", STEPS)


async def test_unchanged_pages_are_byte_identical_from_visit_to_visit() -> None:
    async with practising(DESK) as (server, first):
        second = Visitor(server)
        pages = [(await each.open(), await each.send("120")) for each in (first, second)]
        await second.close()

        assert pages[0] == pages[1]


@pytest.mark.parametrize("step", ["motives", "calendar"])
async def test_a_fault_answers_in_the_site_s_place(step: str) -> None:
    async with practising(replace(DESK, faults=(Fault(step, "http_502"),))) as (_, visitor):
        text = await visitor.open()
        if step == "calendar":
            assert visitor.status == 200
            text = await visitor.send("120")

        assert (visitor.status, BANNER in text) == (502, False)


async def test_the_decoys_hide_the_sentence_where_no_person_reads_an_answer() -> None:
    for trap in ("quoted_sentence", "hidden_sentence", "comment_sentence"):
        flow = replace(DESK, traps=frozenset({AppointmentTrap(trap)}))
        async with practising(flow) as (_, visitor):
            assert NOTHING[:5] in await visitor.open(), trap
            assert "motifs" not in await visitor.call("AjaxMotive.motiveMultiSiteSubmit", "101")


def test_the_months_begin_with_the_present_one_and_pass_the_new_year() -> None:
    six = months(date(2026, 11, 25), {date(2027, 1, 4)})

    assert [(m.name, m.number, m.year) for m in six][:3] == [
        ("Novembre", 10, 2026),
        ("Décembre", 11, 2026),
        ("Janvier", 0, 2027),
    ]
    assert len(six) == 6
    assert [c.day for m in six for w in m.weeks for c in w if c.free] == [4]


@pytest.mark.parametrize(
    "wrong",
    [{"motives": (Motive("a", "A"),)}, {"measured": ("9",)}, {"motives": (Motive("1", "A"),) * 2}],
)
def test_a_desk_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="practice desk essai/P941"):
        replace(DESK, **wrong)  # type: ignore[arg-type]
