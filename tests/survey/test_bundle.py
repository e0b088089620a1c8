"""From a site that has changed to a scenario that is mended, by the bundle alone."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import date
from pathlib import Path

import pytest
from aiohttp import web

from fleet.catalog import seen_working
from fleet.models import Verdict
from fleet.models.seen_working import SeenWorking, SeenWorkingFile
from tests.answering import answering
from tests.cli import forked

pytestmark = pytest.mark.process

SECRET = "9f86d081884c7d659a2feaa0c55ad015"
VISITOR = "8.8.8.77"  # a public address, as a page says whose it thinks one is
OLD, NEW = "Plus aucune date libre", "Nous ne proposons aucune date cette saison"

SCENARIO = '''"""Puy-de-Dôme (63). Not yet seen working from here."""
from fleet import Outcome, Visit, scenario


@scenario(department="63", flow="own", title="Titre", url="{url}")
async def own(visit: Visit) -> Outcome:
    await visit.open()
    return await visit.decide(
        no_slots=[visit.text("{words}"), visit.css("p.answer")],
        slots=[visit.text("Dates libres"), visit.css("td.free")],
    )


@scenario(department="63", flow="shut", title="Titre", url="{url}robot")
async def shut(visit: Visit) -> Outcome:
    await visit.open()
    return await visit.decide(closed=[visit.text("Fermé")])
'''


async def site(request: web.Request) -> web.Response:
    if request.path == "/robots.txt":
        return web.Response(text="User-agent: *\nDisallow: /robot\n")
    page = (
        f"<!DOCTYPE html><html lang=fr><title>Rendez-vous</title><h1>Rendez-vous</h1>"
        f"<p class=answer>{NEW}.</p><p>Votre adresse : {VISITOR}, session {SECRET},"
        f" écrire à jeanne.martin@example.org</p>"
    )
    answer = web.Response(text=page, content_type="text/html")
    answer.set_cookie("PHPSESSID", SECRET)
    return answer


async def fleet(folder: Path, mongodb_url: str, *arguments: str) -> tuple[str, str]:
    settings = {
        "PATH": os.environ["PATH"],
        "FLEET_MONGODB_URL": mongodb_url,
        "FLEET_DATABASE": "survey_of_a_test",
        "FLEET_DATA_DIR": str(folder / "data"),
        "FLEET_SCENARIOS_DIR": str(folder / "scenarios"),
        "FLEET_ANSWER_TIMEOUT_S": "2",
        "FLEET_PAUSE_S": "0",
        "NO_COLOR": "1",
    }
    ended = await forked.run(list(arguments), settings)
    out, err = ended.out.decode(), ended.err.decode()
    assert ended.code == 0, (out, err)
    return out, err


async def test_a_file_is_mended_from_the_bundle_alone(tmp_path: Path, mongodb_url: str) -> None:
    (tmp_path / "scenarios").mkdir()
    file = tmp_path / "scenarios" / "d63_own.py"
    async with answering(site) as port:
        url = f"http://127.0.0.1:{port}/"
        file.write_text(SCENARIO.format(url=url, words=OLD))
        _, told = await fleet(tmp_path, mongodb_url, "survey")
    # the site is gone by now: a flow whose record is there is not visited again
    await fleet(tmp_path, mongodb_url, "survey", "63/own")
    folder = tmp_path / "data" / "survey_practice"
    path = folder / "survey.zip"
    assert "to send" in told

    with zipfile.ZipFile(path) as packed:
        everything = b"".join(packed.read(name) for name in packed.namelist())
        report = json.loads(packed.read("report.json"))
        names = packed.namelist()
    for secret in (SECRET, VISITOR, "jeanne.martin"):
        assert secret.encode() not in everything, secret
    assert not [name for name in names if name.endswith(".png")]  # it would show them
    assert "address" in report["unknown"][0]["withheld"]
    assert NEW in "".join(report["unknown"][0]["missing"])
    assert report["working"] == 0
    assert [each["flow"] for each in report["not_visited"]] == ["63/shut"]
    assert "robots.txt" in report["refusing"][0]["how"][0]

    before, _ = await fleet(tmp_path, mongodb_url, "survey", "--play", str(path))
    file.write_text(SCENARIO.format(url=url, words=NEW))
    after, _ = await fleet(tmp_path, mongodb_url, "survey", "--play", str(path), "63/own")

    assert "63/own  still unrecognised" in before
    assert "63/own  unrecognised → no_slots" in after


async def test_what_a_bundle_saw_working_is_shown_by_the_list_of_its_version(
    tmp_path: Path, mongodb_url: str
) -> None:
    (tmp_path / "scenarios").mkdir()
    file = tmp_path / "scenarios" / "d63_own.py"
    file.write_text(SCENARIO.format(url="https://site.example/", words=OLD))
    bare, _ = await fleet(tmp_path, mongodb_url, "list", "--json", "63/own")
    version = json.loads(bare)["version"]
    seen = [
        SeenWorking(flow=flow, day=date(2026, 12, 1), version=version, verdict=Verdict.NO_SLOTS)
        for flow in ("63/own", "63/shut")  # of the other it is not the version
    ]
    path = tmp_path / "survey.zip"
    with zipfile.ZipFile(path, "w") as packed:
        facts = SeenWorkingFile(flows=tuple(seen))
        packed.writestr(seen_working.NAME, seen_working.to_bytes(facts))

    out, _ = await fleet(tmp_path, mongodb_url, "survey", "--accept", str(path))
    listed, _ = await fleet(tmp_path, mongodb_url, "list", "--json", "63/own")
    table, _ = await fleet(tmp_path, mongodb_url, "list")

    assert "1 flows were seen working; 1 others have changed since" in out
    told = ',"seen_working":{"day":"2026-12-01","verdict":"no_slots"}}'
    assert listed.strip() == bare.strip()[:-1] + told
    assert table.count("seen working 2026-12-01 (no_slots)") == 1
