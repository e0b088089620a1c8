"""The dossier for a judge: what is in it, what its PDF says, what a mistake is answered with."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from fleet.browser.chromium import Chromium
from fleet.errors import BadInput, StoreRefused
from fleet.evidence.dossier.builder import build
from fleet.evidence.dossier.collect import DossierOrder
from fleet.evidence.dossier.exhibits import MAX_PARTS, write_parts
from fleet.evidence.dossier.report import seen_span
from fleet.evidence.sealing import seal
from fleet.ledger.canonical import canonical
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities
from fleet.models import PARIS, Attempt, EvidenceFile, Verdict, now
from fleet.models.attempt import Mark
from fleet.models.missed import MissedVisit, MissReason
from fleet.practice import PREFECTURES
from fleet.practice.authority import PracticeAuthority
from fleet.storage.store import Store
from tests.cli.test_cli import Said, fleet
from tests.conftest import Visit
from tests.evidence.dossier.dossiers import (
    FIRST,
    FLOW,
    LAST,
    SIGNS,
    TITLE,
    WORDS,
    Past,
    past,
    png,
    unpack,
    verify,
)
from tests.evidence.test_sealing import authority as authority
from tests.storage.test_store import AT, Beside, attempt_of, file_of
from tests.storage.test_store import beside as beside

PRACTICE = "DONNÉES D’EXERCICE"


@pytest.fixture
async def own(store: Store, authority: PracticeAuthority, tmp_path: Path) -> Past:
    return await past(store, authority, tmp_path)


def text_of(pdf: PdfReader) -> str:
    """All words of a PDF, with plain spaces."""
    text = " ".join(page.extract_text() for page in pdf.pages)
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ").replace("\u202f", " "))


def pdf_of(path: Path) -> PdfReader:
    with zipfile.ZipFile(path) as packed:
        return PdfReader(io.BytesIO(packed.read("dossier.pdf")))


def zips_in(folder: Path) -> list[str]:
    """Whole and half ones."""
    return [path.name for path in folder.iterdir() if "zip" in path.name]


def headings(outline: Any) -> Iterator[str]:
    for each in outline:
        if isinstance(each, list):
            yield from headings(each)
        else:
            yield each.title


def fonts_of(pdf: PdfReader) -> Iterator[Any]:
    for page in pdf.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            yield from (each.get_object() for each in font.get_object()["/DescendantFonts"])


async def test_the_zip_holds_the_exact_bytes_that_were_hashed(
    own: Past, chromium: Chromium, tmp_path: Path
) -> None:
    made = await own.make(chromium, tmp_path / "d.zip")

    assert (made.attempts, made.unsealed, made.unstamped, made.removed) == (5, 0, 0, 0)
    folder = unpack(tmp_path / "d.zip", tmp_path / "unpacked")
    for attempt in own.inside:
        (piece,) = folder.glob(f"attempts/*-{attempt.started_at:%Y-%m-%d}-{attempt.id[:8]}")
        document = await own.store.ledger.documents({"_id": attempt.id}).__anext__()
        link, _ = (await own.store.ledger.links_of([attempt.id]))[attempt.id]
        assert (piece / "manifest.json").read_bytes() == canonical(document)
        assert (piece / "link.json").read_bytes() == link.leaf
        for file in attempt.evidence:
            ending = {"picture": "png", "html": "html"}[file.kind]
            content = (piece / f"{file.sha256}.{ending}").read_bytes()
            assert hashlib.sha256(content).hexdigest() == file.sha256
        with Image.open(piece / "framed.png") as framed:
            assert framed.height > 200
    assert len(list(folder.glob("attempts/*"))) == 5
    # one before, one that came late in the middle, one after: what shows that none is left out
    assert sorted(p.name for p in folder.glob("chain/outside/*")) == [
        "000001.json",
        "000004.json",
        "000008.json",
    ]
    assert len((folder / "chain/links.jsonl").read_bytes().splitlines()) == 8
    assert zips_in(tmp_path) == ["d.zip"]


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_pdf_is_a4_tagged_and_selectable_with_its_fonts_in_it(
    own: Past, chromium: Chromium, tmp_path: Path, language: str
) -> None:
    await own.make(chromium, tmp_path / "d.zip", language=language)

    pdf = pdf_of(tmp_path / "d.zip")
    for page in pdf.pages:
        assert [round(float(side) / 72 * 25.4) for side in page.mediabox[2:]] == [210, 297]
    root: Any = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]
    assert str(root["/Lang"]).startswith(language)
    assert len(list(headings(pdf.outline))) > 4
    fonts = list(fonts_of(pdf))
    assert fonts
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)
    text = text_of(pdf)
    assert all(attempt.id in text.replace(" ", "") for attempt in own.inside)


async def test_the_pdf_says_days_and_weeks_rate_and_hashes(
    own: Past, chromium: Chromium, tmp_path: Path
) -> None:
    """Conseil d'État, 10 June 2020, no. 435594: attempts not all of the same week."""
    await own.make(chromium, tmp_path / "d.zip", contact="https://fleet.example/robot")

    text = text_of(pdf_of(tmp_path / "d.zip"))
    for words in (
        TITLE,
        "Essonne (91)",
        "du 12 novembre 2026 au 18 novembre 2026",
        "5 tentatives, 5 jours, 2 semaines",
        "https://fleet.example/robot",
        own.key.public,
        "5 visites : Aucun rendez-vous",
        "Taux d’offre : 0 % (0 fois sur n = 5 visites concluantes ; intervalle à 95 % : 0 %"
        " à 43 %)",
        "Échantillon : 5 visites prévues à des instants tirés au sort.",
        "0 sur 5 réponses ; au plus 3 jours sur 7 jours.",
        "« aucun rendez-vous » a été constaté sur 5 jours, dans 2 semaines du calendrier",
        "6,0 jours les séparent. Compté par périodes de sept jours à partir de la première, dans 1",
        "Instants : 5 tentatives sur 5",
        f"« {WORDS} »",
        "12/11/2026 09:30:15",
        "2026-11-12 08:30:15",
        "5 tentatives sur 5, sous 2 sceaux",
        "Horodatage d’entraînement",
        "n’est pas un constat de commissaire de justice",
        "ne les remplacent pas",
    ):
        assert words in text, words
    together = text.replace(" ", "")
    assert all(attempt.evidence[0].sha256 in together for attempt in own.inside)
    assert PRACTICE not in text.upper()


async def test_refusals_and_gaps_are_told_and_enter_no_rate(
    own: Past, chromium: Chromium, tmp_path: Path
) -> None:
    at = AT - timedelta(days=5)
    captcha = {"verdict": Verdict.CAPTCHA, "group": Verdict.CAPTCHA.group, "signs": ("css img",)}
    await own.add(9, at, **captcha)
    missed = MissedVisit(
        scenario_id=FLOW,
        department="91",
        control=False,
        due_at=at + timedelta(hours=1),
        why=MissReason.COOLING,
        detail="",
        noted_at=at,
    )
    await own.store.missed_visits.add([missed])
    control = attempt_of(
        id="c" * 32, scenario_id="91/permis", flow="permis", control=True, started_at=at
    )
    await own.store.attempts.add(control, [])

    made = await own.make(chromium, tmp_path / "d.zip")

    assert made.unsealed == 1
    text = text_of(pdf_of(tmp_path / "d.zip"))
    assert "1 visite : Captcha" in text
    assert "0 fois sur n = 5 visites concluantes" in text
    assert "Part sans réponse : 29 % (2 sur 7 visites prévues)" in text
    assert "le robot le laissait tranquille 1" in text
    assert "91/permis 1 1 100 %" in text
    assert "Sans horodatage : 1 tentatives" in text
    said = verify(unpack(tmp_path / "d.zip", tmp_path / "unpacked"))
    assert said.returncode == 2, said.stdout
    assert said.stdout.count("n'est sous aucun sceau") == 1
    assert "TOUT N'EST PAS PROUVÉ" in said.stdout


async def test_all_pictures_or_the_first_of_each_day_and_verdict(
    own: Past, chromium: Chromium, tmp_path: Path
) -> None:
    again = await own.add(9, AT - timedelta(days=3, hours=-1))
    await own.make(chromium, tmp_path / "daily.zip")
    await own.make(chromium, tmp_path / "all.zip", pictures="all")

    daily, every = (text_of(pdf_of(tmp_path / f"{name}.zip")) for name in ("daily", "all"))
    assert again.id not in daily
    assert again.id in every
    assert len(list(zipfile.ZipFile(tmp_path / "daily.zip").namelist())) == len(
        zipfile.ZipFile(tmp_path / "all.zip").namelist()
    )


async def test_what_was_removed_is_listed_and_no_alteration(
    own: Past, chromium: Chromium, tmp_path: Path
) -> None:
    gone = own.inside[1].evidence[0].sha256
    await own.store.removals.take_down([gone], reason="un nom se lisait sur l’image", by="anne")

    made = await own.make(chromium, tmp_path / "d.zip")

    assert made.removed == 1
    folder = unpack(tmp_path / "d.zip", tmp_path / "unpacked")
    removals = json.loads((folder / "removals.json").read_bytes())
    assert removals[gone]["reason"] == "un nom se lisait sur l’image"
    assert "anne" not in (folder / "removals.json").read_text()
    assert "un nom se lisait sur l’image" in text_of(pdf_of(tmp_path / "d.zip"))
    said = verify(folder)
    assert said.returncode == 0, said.stdout
    assert f"le fichier {gone} de la tentative {own.inside[1].id} a été retiré" in said.stdout


async def test_without_an_authority_or_a_seal_the_dossier_says_so(
    store: Store, authority: PracticeAuthority, chromium: Chromium, tmp_path: Path
) -> None:
    own = await past(store, authority, tmp_path)
    # a root that nobody believes any more: the token proves nothing to a reader
    made = await build(store, chromium, own.order(), tmp_path / "d.zip", [], key=own.key)

    assert made.unstamped == 5
    text = text_of(pdf_of(tmp_path / "d.zip"))
    assert "aucune : personne d’autre que l’association n’atteste ces dates" in text
    said = verify(unpack(tmp_path / "d.zip", tmp_path / "unpacked"), "--en")
    assert said.returncode == 0, said.stdout
    assert "it leads to no root that is believed" in said.stdout
    assert "nobody but the association vouches for the dates" in said.stdout


async def test_a_real_visit_becomes_a_dossier_that_verifies(
    visit: Visit, store: Store, chromium: Chromium, authority: PracticeAuthority, tmp_path: Path
) -> None:
    await visit(PREFECTURES[0])
    day = now().astimezone(PARIS).date()
    period = day - timedelta(days=1), day
    attempt: Attempt
    (attempt,) = [each async for each in store.attempts.find()]
    order = DossierOrder.of(attempt.scenario_id, *period, made_up=True, titles={})

    made = await build(store, chromium, order, tmp_path / "d.zip", [])

    assert (made.attempts, made.unsealed) == (1, 1)
    text = text_of(pdf_of(tmp_path / "d.zip"))
    assert PRACTICE in text.upper()
    assert "plage horaire libre" in text
    said = verify(unpack(tmp_path / "d.zip", tmp_path / "unpacked"))
    assert said.returncode == 2, said.stdout
    assert "RIEN N'EST SCELLÉ" in said.stdout
    assert "MODIFIÉ" not in said.stdout

    key = SigningKey.of(tmp_path / "key.pem")
    await seal(store.ledger, key, Authorities((), ()))
    await build(store, chromium, order, tmp_path / "sealed.zip", [], key=key)
    said = verify(unpack(tmp_path / "sealed.zip", tmp_path / "sealed"))
    assert said.returncode == 0, said.stdout
    assert "seule l'association atteste les dates" in said.stdout


def test_a_tall_picture_is_shown_in_parts_that_fit_a_page(tmp_path: Path) -> None:
    parts, cut = write_parts(png("#ffffff", (400, 1500)), tmp_path, "a")
    assert (len(parts), cut) == (3, False)
    parts, cut = write_parts(png("#ffffff", (400, 7900)), tmp_path, "b")
    assert (len(parts), cut) == (MAX_PARTS, True)
    parts, _ = write_parts(png("#ffffff", (2500, 600)), tmp_path, "c")
    with Image.open(tmp_path / parts[0]) as part:
        assert part.size == (1280, 307)


async def test_the_pdf_outlines_the_signs_and_says_what_they_are(
    store: Store, authority: PracticeAuthority, chromium: Chromium, tmp_path: Path
) -> None:
    own = await past(store, authority, tmp_path)
    file = file_of(png("#ffffff", (900, 700)))
    mark = Mark(sign=SIGNS[0], boxes=((100, 100, 300, 20),))
    marked = file.evidence.model_copy(update={"marks": (mark,)})
    files = [EvidenceFile(evidence=marked, content=file.content)]
    odd = attempt_of(*files, started_at=AT - timedelta(days=5), signs=SIGNS)
    await store.attempts.add(odd, files)
    await own.seal()

    await own.make(chromium, tmp_path / "d.zip")

    text = text_of(pdf_of(tmp_path / "d.zip"))
    assert "Signes du verdict" in text
    assert f"① Phrase : « {WORDS} »" in text.replace("\u00a0", " ").replace("\u202f", " ")
    assert "dans l’adresse de la page" in text
    assert verify(unpack(tmp_path / "d.zip", tmp_path / "unpacked")).returncode == 0


def test_a_part_of_a_picture_has_its_outlines_and_another_name(tmp_path: Path) -> None:
    mark = Mark(sign="text 'x'", boxes=((100, 100, 300, 20),))
    (bare,), _ = write_parts(png("#ffffff", (900, 700)), tmp_path, "a")
    (outlined,), _ = write_parts(png("#ffffff", (900, 700)), tmp_path, "a", ((1, mark),))

    assert bare != outlined
    with Image.open(tmp_path / bare) as before, Image.open(tmp_path / outlined) as after:
        assert before.getpixel((97, 110)) == (255, 255, 255)
        assert after.getpixel((97, 110)) != (255, 255, 255)


async def test_long_addresses_and_words_stay_on_the_page(
    store: Store, authority: PracticeAuthority, chromium: Chromium, tmp_path: Path
) -> None:
    own = await past(store, authority, tmp_path)
    files = [file_of(b"no picture at all")]
    long = "http://evry.localhost/" + "x" * 1900
    odd = attempt_of(
        *files, started_at=AT - timedelta(days=5), url=long, signs=("text '" + "m" * 600 + "'",)
    )
    await store.attempts.add(odd, files)

    await own.make(chromium, tmp_path / "d.zip")

    lines = [line for page in pdf_of(tmp_path / "d.zip").pages for line in lines_of(page)]
    assert any("xxxx" in words for _, words in lines)
    assert [line for line in lines if line[0] > 560 or len(line[1]) > 160] == []
    assert "ne peut pas être montrée" in text_of(pdf_of(tmp_path / "d.zip"))


def lines_of(page: Any) -> list[tuple[float, str]]:
    """Each line of a page: where it begins, in points from the left edge, and its words."""
    found: list[tuple[float, str]] = []

    def note(text: str, matrix: list[float], own: list[float], _font: Any, _size: Any) -> None:
        left = own[4] * matrix[0] + own[5] * matrix[2] + matrix[4]
        found.extend((left, line) for line in text.splitlines() if line.strip())

    page.extract_text(visitor_text=note)
    return found


# Only what holds goes into a dossier -------------------------------------------------------------


@pytest.mark.parametrize(
    ("collection", "query", "change", "problem"),
    [
        ("attempts", "attempt", {"verdict": "slots"}, "is not the one that was linked"),
        ("attempts", "attempt", None, "was deleted: its link 3 is there"),
        ("links", "attempt", None, "is in no chain"),
        ("seals", "seal", {"statement.count": 4}, "seal 1 does not hold: its signature"),
        ("seals", "seal", None, "seal 1 does not hold: it is missing"),
        ("evidence.chunks", "file", {"data": b"other"}, "does not give|damaged|hash"),
    ],
)
async def test_what_was_altered_makes_no_dossier(
    beside: Beside,
    authority: PracticeAuthority,
    chromium: Chromium,
    tmp_path: Path,
    collection: str,
    query: str,
    change: dict[str, Any] | None,
    problem: str,
) -> None:
    async with await beside.open() as store:
        own = await past(store, authority, tmp_path)
        one = own.inside[1]
        named: dict[str, dict[str, Any]] = {
            "attempt": {"_id": one.id},
            "seal": {"_id": 1},
            "file": {"files_id": one.evidence[0].sha256},
        }
        which = named[query]
        if change is None:
            await beside.db[collection].delete_one(which)
        else:
            await beside.db[collection].update_one(which, {"$set": change})

        with pytest.raises((BadInput, StoreRefused), match=problem):
            await own.make(chromium, tmp_path / "d.zip")

    assert zips_in(tmp_path) == []
    assert chromium.open_contexts == 0


async def test_nothing_is_overwritten(own: Past, chromium: Chromium, tmp_path: Path) -> None:
    (tmp_path / "d.zip").write_text("there")

    with pytest.raises(BadInput, match="exists; nothing is overwritten"):
        await own.make(chromium, tmp_path / "d.zip")

    assert (tmp_path / "d.zip").read_text() == "there"


@pytest.mark.parametrize(
    ("flow", "first", "last", "problem"),
    [
        ("nothing", "2026-11-01", "2026-11-02", "expected the id of a scenario"),
        (FLOW, "2026-11-01", None, "needs --from and --to"),
        (FLOW, "yesterday", "2026-11-02", "first: Input should be a valid date"),
        (FLOW, "2026-11-02", "2026-11-01", "is after 2026-11-01"),
        (FLOW, "2026-11-01", "2999-11-02", "to today"),
    ],
)
def test_no_dossier_of_a_period_that_is_none(
    flow: str, first: str, last: str | None, problem: str
) -> None:
    with pytest.raises(BadInput, match=problem):
        DossierOrder.of(flow, first, last)


async def test_the_command_writes_a_dossier_and_a_mistake_is_one_clear_line(
    beside: Beside, authority: PracticeAuthority, tmp_path: Path
) -> None:
    async with await beside.open() as store:
        await past(store, authority, tmp_path)
    path = tmp_path / "out" / "d.zip"
    settings = {"FLEET_MONGODB_URL": beside.url, "FLEET_DATABASE": beside.name}

    async def dossier(flow: str, first: str, *more: str, last: str = LAST) -> Said:
        period = ("--from", first, "--to", last)
        return await fleet("dossier", flow, *period, "-o", path, *more, **settings)

    for flow, first, problem in (
        ("63/nothing", FIRST, "no flow '63/nothing'; see: fleet list"),
        (FLOW, "2026-11-01", "the latest began on 2026-11-19. Choose another period"),
    ):
        said = await dossier(flow, first, last="2026-11-02" if flow == FLOW else LAST)
        assert said.code == 2
        assert problem in said.line
        assert zips_in(tmp_path) == []

    said = await dossier(FLOW, FIRST, "--lang", "en", "--pictures", "all")
    assert said.code == 0, said.err
    assert said.out.startswith(f"{path}: 5 attempts, ")
    assert "5 of them are under no timestamp" in said.out  # the authority is nobody's but its own
    assert "Offer rate: 0 %" in text_of(pdf_of(path))

    said = await dossier(FLOW, FIRST)
    assert said.code == 2
    assert said.line.endswith("nothing is overwritten, choose another file (-o)")


def test_spans_of_seven_days_are_counted_from_the_first_instant() -> None:
    """Four from a Friday to the Wednesday after it, as in n° 435594: two calendar weeks."""
    friday = datetime(2026, 11, 13, 9, tzinfo=UTC)
    four = [friday + timedelta(days=day) for day in (5, 0, 3, 4)]

    span = seen_span(four)
    assert span is not None
    assert (span.first, span.last, span.days) == (friday, friday + timedelta(days=5), 5.0)
    assert (span.seen, span.spans) == (1, 1)
    longer = seen_span([*four, friday + timedelta(days=7), friday + timedelta(days=29)])
    assert longer is not None
    assert (longer.seen, longer.spans) == (3, 5)
    assert seen_span([]) is None
