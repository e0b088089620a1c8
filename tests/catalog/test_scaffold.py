"""`fleet new`: from an address to a scenario file, without losing anything that was there."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.catalog import loader
from fleet.catalog.scaffold import Address, Draft, recognise, slug, write
from fleet.errors import BadInput
from fleet.models.text import legible
from fleet.practice import Planning, PracticeServer, never
from tests.cli.test_cli import ROOT, environment, everything, fleet
from tests.families.test_bookingserver import DESK, OFFERS, form

EZ = "https://www.rdv.puy-de-dome.gouv.fr/booking/create/801"


@pytest.mark.parametrize(
    ("url", "family", "start", "department"),
    [
        (EZ, "bookingserver", EZ, "63"),
        (f"{EZ}/2?x=1", "bookingserver", EZ, "63"),
        (
            "https://www.essonne.gouv.fr/index.php/booking/create/23014/0",
            "bookingserver",
            "https://www.essonne.gouv.fr/index.php/booking/create/23014",
            "91",
        ),
        (
            "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040/cgu/",
            "rdv_prefecture",
            "https://www.rdv-prefecture.interieur.gouv.fr/rdvpref/reservation/demarche/9040/",
            None,
        ),
        (
            "https://www.demarches-simplifiees.fr/commencer/prefecture49-bse3?locale=fr",
            "demarches_simplifiees",
            "https://www.demarches-simplifiees.fr/commencer/prefecture49-bse3",
            None,
        ),
        ("https://www.val-doise.gouv.fr/rendez-vous", None, None, "95"),
        ("https://www.example.org/", None, None, None),
    ],
)
def test_an_address_names_its_family_its_start_and_its_department(
    url: str, family: str | None, start: str | None, department: str | None
) -> None:
    found = recognise(url)

    assert (found.family, found.url, found.department) == (family, start or url, department)


@pytest.mark.parametrize("url", ["", "evry", "ftp://evry.fr/", "https://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="is no address"):
        recognise(url)


def test_a_slug_is_cut_between_two_words() -> None:
    assert slug("Cœur de l'Été : dépôt d'un dossier", 30) == "coeur-de-l-ete-depot-d-un"


def draft(flow: str = "titre-de-sejour", **changes: object) -> Draft:
    fields: dict[str, object] = {
        "address": recognise(EZ),
        "department": "63",
        "flow": flow,
        "title": "Titre de séjour",
        **changes,
    }
    return Draft(**fields)  # type: ignore[arg-type]


def is_tidy(path: Path) -> bool:
    """As a person's file would be: ruff has nothing to say of it."""
    ruff = Path(sys.executable).with_name("ruff")
    commands = (["check", "--ignore", "E501"], ["format", "--check"])
    ran = [
        subprocess.run([ruff, *command, path], cwd=ROOT, capture_output=True, check=False)
        for command in commands
    ]
    return all(each.returncode == 0 for each in ran)


@pytest.mark.process
def test_a_new_file_is_tidy_and_gives_its_scenario(tmp_path: Path) -> None:
    path = write(draft(anchor="Titre de séjour", control=True), tmp_path)

    (scenario,) = loader.load(tmp_path).scenarios
    assert path.name == "d63_puy_de_dome.py"
    assert path.read_text().startswith('"""Puy-de-Dôme (63). Not yet seen working from here."""')
    assert (scenario.id, scenario.anchor, scenario.control) == (
        "63/titre-de-sejour",
        "Titre de séjour",
        True,
    )
    assert is_tidy(path)


def test_a_file_that_exists_is_extended_and_what_was_there_stays(tmp_path: Path) -> None:
    ours = tmp_path / "d63_clermont.py"
    ours.write_text(
        '"""Clermont-Ferrand (63), by hand."""\n\n'
        "from fleet.families import bookingserver\n\n"
        "# a remark of mine\n"
        "titre_de_sejour = bookingserver.flow(\n"
        '    department="63", flow="mine", title="Mine", url="http://x.localhost/booking/create/1"\n'
        ")\n"
    )
    before = ours.read_text()

    assert write(draft(plannings={"1": "Guichet « 1 »", "2": 'Guichet "2"'}), tmp_path) == ours
    assert write(draft("accueil", address=Address("https://x.fr/", None)), tmp_path) == ours

    assert "\n".join(before.splitlines()[4:]) in ours.read_text()
    assert [s.id for s in loader.load(tmp_path).scenarios] == [
        "63/accueil",
        "63/mine",
        "63/titre-de-sejour-planning-1",
        "63/titre-de-sejour-planning-2",
    ]
    assert [s.title for s in loader.load(tmp_path).scenarios][2] == (
        "Titre de séjour : Guichet « 1 »"
    )


HOSTILE = '" + __import__("os").system("touch stolen") + f"{1/0}\\\n\r\u2028\'\'\'"""'


@pytest.mark.parametrize("own", [True, False])
def test_a_hostile_page_title_stays_a_title(tmp_path: Path, own: bool) -> None:
    address = Address("https://x.fr/", None) if own else recognise(EZ)
    plannings = {} if own else {"1": HOSTILE}
    hostile = draft(
        address=address, title=HOSTILE, anchor=HOSTILE, plannings=plannings, seen=[HOSTILE]
    )

    write(hostile, tmp_path)

    (scenario,) = loader.load(tmp_path).scenarios
    assert scenario.title.startswith(legible(HOSTILE))
    assert not Path("stolen").exists()


def test_an_id_that_is_taken_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = write(draft(), tmp_path)
    before = path.read_text()

    with pytest.raises(BadInput, match=r"63/titre-de-sejour is in .* choose another --flow"):
        write(draft(), tmp_path)
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("before", "words"),
    [("x = (\n", "cannot be read as Python"), ("raise RuntimeError('no')\n", "RuntimeError: no")],
)
def test_a_file_that_is_broken_already_is_left_as_it_is(
    tmp_path: Path, before: str, words: str
) -> None:
    path = tmp_path / "d63_puy_de_dome.py"
    path.write_text(before)

    with pytest.raises(BadInput, match=words):
        write(draft(), tmp_path)
    assert path.read_text() == before


DESKS = (Planning("14510", "Guichet 1", never), Planning("14520", "Guichet 2", never))


async def test_from_an_address_to_a_file_and_a_first_picture(
    tmp_path: Path, database: dict[str, str]
) -> None:
    settings = {
        **database,
        "FLEET_SCENARIOS_DIR": tmp_path / "scenarios",
        "FLEET_DATA_DIR": tmp_path / "data",
    }
    flow = form(plannings=DESKS)
    async with PracticeServer((flow,)) as server:
        said = await fleet("new", server.url(flow), "--department", "63", **settings)
        tripwires = server.tripwires

    assert said.code == 0, said.err
    assert "planning    14520  Guichet 2" in said.out
    assert "63/titre-de-sejour-planning-14510 → no_slots" in said.out
    assert tripwires == []
    assert len(list((tmp_path / "data" / "new").glob("*.png"))) == 2
    found = loader.load(tmp_path / "scenarios").scenarios
    assert [s.id for s in found] == [f"63/titre-de-sejour-planning-{p.id}" for p in DESKS]
    assert {s.anchor for s in found} == {"Titre de séjour"}


@pytest.mark.process
async def test_a_page_of_no_known_platform_gets_a_skeleton_with_what_it_shows(
    tmp_path: Path,
) -> None:
    """Nothing is tried and nothing stored: the skeleton's own words are no sign yet."""
    settings = {
        "FLEET_MONGODB_URL": "mongodb://127.0.0.1:9/",
        "FLEET_SCENARIOS_DIR": tmp_path / "scenarios",
        "FLEET_DATA_DIR": tmp_path / "data",
    }
    flow = form(**OFFERS)
    async with PracticeServer((flow,)) as server:
        url = f"http://clermont-ferrand.localhost:{server.port}/Prendre-un-rendez-vous"
        said = await fleet("new", url, "--department", "63", "--flow", "accueil", **settings)

    assert said.code == 0, said.err
    assert "platform    none known" in said.out
    assert (
        "next        write what says « none » and « slots »; then: fleet try 63/accueil" in said.out
    )
    (path,) = (tmp_path / "scenarios").glob("*.py")
    assert "#   heading: Prendre un rendez-vous" in path.read_text()
    assert "#   button or link: Titre de séjour" in path.read_text()
    assert is_tidy(path)


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["evry"], "is no address"),
        ([EZ], "FLEET_CONTACT_URL is not set"),
        (["http://x.localhost/"], "--department is missing"),
        (["http://x.localhost/", "--department", "99"], "--department '99': expected 01…95"),
    ],
)
async def test_a_mistake_is_one_line_and_nothing_is_visited(
    tmp_path: Path, arguments: list[str], words: str
) -> None:
    said = await fleet("new", *arguments, FLEET_SCENARIOS_DIR=tmp_path / "scenarios")

    assert said.code == 2
    assert words in said.line
    assert not (tmp_path / "scenarios").exists()


async def test_on_a_terminal_it_asks_what_it_does_not_know(
    tmp_path: Path, database: dict[str, str]
) -> None:
    flow = form(plannings=(DESK,))
    settings = {
        **database,
        "FLEET_SCENARIOS_DIR": tmp_path / "scenarios",
        "FLEET_DATA_DIR": tmp_path / "data",
    }
    ours, theirs = pty.openpty()
    async with PracticeServer((flow,)) as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fleet", "new", server.url(flow)),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(**settings),
            cwd=ROOT,
        )
        os.close(theirs)
        os.write(ours, b"63\n\npolitesse\n")  # department; the title as it is; a slug
        said = (await asyncio.to_thread(everything, ours)).decode()
        assert await process.wait() == 0, said

    assert re.search(r"department, such as 63 or 2A", said)
    assert re.search(r"title, in French.*\[Titre de séjour\]", said)
    assert [s.id for s in loader.load(tmp_path / "scenarios").scenarios] == ["63/politesse"]
