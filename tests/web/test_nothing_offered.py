"""The flows that offered nothing: only those of which no attempt at all saw a slot."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fleet.analysis.rates import Counts
from fleet.analysis.samples import Totals
from fleet.models import Verdict, now
from fleet.web.context import WebContext
from fleet.web.pages.nothing_offered import nothing_of
from tests.storage.databases import own_store
from tests.storage.figures.test_rollups import add, attempt_at, missed_at
from tests.web.conftest import client, plain, serving


def totals(scenario_id: str, **verdicts: int) -> Totals:
    counts = Counts({Verdict(name): n for name, n in verdicts.items()})
    return Totals(scenario_id, False, counts, {}, 0, 0, None)


def test_a_department_offered_nothing_only_if_none_of_its_flows_did() -> None:
    every = [
        totals("63/a", no_slots=9),
        totals("63/b", no_slots=90),
        totals("91/a", no_slots=5),
        totals("91/b", slots=1, no_slots=5),
        totals("92/a", captcha=7),
        totals("93/a", no_slots=3),  # a retry saw a slot
    ]

    found = nothing_of(every, {"91/b", "93/a"})

    assert [each.scenario_id for each in found.flows] == ["63/b", "63/a", "91/a"]
    assert [each.scenario_id for each in found.silent] == ["92/a"]
    assert (found.departments, found.answering, found.offering) == (["63"], 3, 2)


async def test_the_page_names_what_offered_nothing_and_says_how_much_is_not_known(
    mongodb_url: str, tmp_path: Path
) -> None:
    at = now() - timedelta(hours=3)
    minute = timedelta(minutes=1)
    async with own_store(mongodb_url) as store:
        await add(
            store,
            *(attempt_at(at + n * minute, scenario_id="63/rien") for n in range(4)),
            attempt_at(at, Verdict.SLOTS, scenario_id="91/ouvert"),
            attempt_at(at, scenario_id="92/nouvelle-tentative"),
            attempt_at(
                at + minute,
                Verdict.SLOTS,
                scenario_id="92/nouvelle-tentative",
                number=2,
                due_at=at,
            ),
            attempt_at(at, Verdict.CAPTCHA, scenario_id="93/muette"),
            attempt_at(at, scenario_id="63/permis-de-conduire"),
        )
        await store.missed_visits.add([missed_at(at - minute, "63/rien")])
        library = WebContext(store, store.queries, {}, made_up=True, data_dir=tmp_path)
        async with serving(library) as url, client(url) as http:
            text = plain((await http.get("/sans-rendez-vous?jours=7")).text)
            english = (await http.get("/en/sans-rendez-vous?jours=7")).text
            empty = await http.get("/sans-rendez-vous?du=2020-01-01&au=2020-01-02")
            wrong = await http.get("/sans-rendez-vous?du=2020-01-02&au=2020-01-01")

    foreigners, control = text.split("<h2")[1:]
    assert "/demarche/63/rien" in foreigners
    assert "0 sur 4" in foreigners
    assert "dans 1 de 3 démarches qui ont répondu" in foreigners
    assert "dans 1 de 3 départements qui ont répondu" in foreigners
    for offered in ("91/ouvert", "92/nouvelle-tentative"):
        assert f"/demarche/{offered}" not in text
    assert "on ne sait pas" in foreigners
    assert foreigners.index("on ne sait pas") < foreigners.index("/demarche/93/muette")
    assert "/demarche/63/permis-de-conduire" in control
    assert "/demarche/63/permis-de-conduire" not in foreigners
    assert "The flows in which nothing was offered" in english
    assert "Aucune visite" in empty.text
    assert wrong.status_code == 400
