"""The evidence pages over attempts that the fleet made, some of them at a hostile site."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from motor.motor_asyncio import AsyncIOMotorClient
from PIL import Image
from playwright.async_api import Page as BrowserPage

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Attempt, Group, Outcome, Scenario, Verdict
from fleet.models.judgement import Judgement
from fleet.rendering.images import open_png
from fleet.storage.store import Store
from fleet.visit.attempt import attempt
from fleet.visit.capture import CapturePlace, file_of
from fleet.web.context import WebContext
from fleet.web.pages.gallery import ON_A_PAGE
from tests.conftest import QUICK
from tests.storage.databases import own_store
from tests.web.conftest import Site, client, plain, serving

EVIL = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
HOSTILE = f"""<!doctype html><html lang="fr"><title>{html.escape(EVIL)}</title>
<p>La démarche est fermée {html.escape(EVIL)}</p><p>deux</p>
<script>
alert(document.title);
</script></html>"""


@dataclass(frozen=True)
class Shelf:
    """A server over a database of its own, what is in it, and the database itself."""

    url: str
    http: httpx.AsyncClient
    store: Store
    hostile: Attempt
    data_dir: Path
    database: tuple[str, str]


async def visit_hostile(chromium: Chromium, store: Store, page: str) -> Attempt:
    """One real visit of a page that wants its words to run in the reader's browser."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return await visit.decide(closed=[visit.text("La démarche est fermée")])

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    scenario = Scenario(
        department="2A",
        flow="hostile",
        title="Titre de séjour",
        url=address,
        family="own",
        version="1",
        script=script,
    )
    try:
        kept = await attempt(scenario, chromium, run_id="hostile", limits=QUICK)
    finally:
        await runner.cleanup()
    await store.attempts.add(kept.attempt, kept.files)
    return kept.attempt


@asynccontextmanager
async def shelf_at(
    chromium: Chromium, mongodb_url: str, data_dir: Path, page: str = HOSTILE
) -> AsyncIterator[Shelf]:
    async with own_store(mongodb_url) as store:
        hostile = await visit_hostile(chromium, store, page)
        library = WebContext(
            store=store, queries=store.queries, scenarios={}, made_up=False, data_dir=data_dir
        )
        async with serving(library) as url, client(url) as http:
            yield Shelf(url, http, store, hostile, data_dir, (mongodb_url, store._db.name))


@pytest.fixture
async def shelf(chromium: Chromium, mongodb_url: str, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with shelf_at(chromium, mongodb_url, tmp_path) as opened_shelf:
        yield opened_shelf


def file(attempt: Attempt, kind: str, at: int = -1) -> str:
    return [each.sha256 for each in attempt.evidence if each.kind == kind][at]


async def add_copies(shelf: Shelf, many: int) -> None:
    """Attempts of the same pictures, each a minute older than the one before."""
    for n in range(1, many + 1):
        at = shelf.hostile.started_at - timedelta(minutes=n)
        copy = shelf.hostile.model_copy(update={"id": f"copy{n:03}", "started_at": at})
        await shelf.store.attempts.add(copy, [])


# The files themselves -------------------------------------------------------------------------


async def test_an_original_is_sent_untouched_and_for_ever(site: Site) -> None:
    sha256 = file(site.of("63/titre-de-sejour"), "picture")

    got = await site.http.get(f"/preuve/{sha256}")

    assert hashlib.sha256(got.content).hexdigest() == sha256
    assert got.headers["content-type"] == "image/png"
    assert got.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert got.headers["content-disposition"] == f'inline; filename="{sha256}.png"'
    again = await site.http.get(f"/preuve/{sha256}", headers={"If-None-Match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "address", ["/galerie", "/api/changes.atom", "/graphique/63/titre-de-sejour/delais.csv", ""]
)
async def test_who_has_an_answer_is_told_so_however_a_proxy_writes_its_tag(
    site: Site, address: str
) -> None:
    address = address or f"/preuve/{file(site.of('63/titre-de-sejour'), 'picture')}"
    tag = (await site.http.get(address)).headers["etag"]
    bare = tag.removeprefix("W/")
    statuses = {}
    for has in (
        tag,
        bare,
        f"W/{bare}",
        f'"other", W/{bare} , "more"',
        "*",
        '"other"',
        bare[:-1],
        "",
    ):
        got = await site.http.get(address, headers={"If-None-Match": has})
        statuses[has] = got.status_code
        assert got.content == b"" or got.status_code == 200

    assert [has for has, status in statuses.items() if status != 304] == ['"other"', bare[:-1], ""]


async def test_a_reader_may_ask_for_a_part(site: Site) -> None:
    sha256 = file(site.of("63/titre-de-sejour"), "picture")
    whole = (await site.http.get(f"/preuve/{sha256}")).content

    async def part(wanted: str, **headers: str) -> httpx.Response:
        return await site.http.get(f"/preuve/{sha256}", headers={"Range": wanted, **headers})

    middle = await part("bytes=10-19")
    assert (middle.status_code, middle.content) == (206, whole[10:20])
    assert middle.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert (await part("bytes=-5")).content == whole[-5:]
    assert (await part("bytes=20-")).content == whole[20:]
    assert (await part(f"bytes={len(whole)}-")).status_code == 416
    for nonsense in ("bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,3-4"):
        assert (await part(nonsense)).status_code == 200
    assert (await part("bytes=0-1", **{"If-Range": '"another"'})).content == whole


async def test_stored_html_is_sent_as_text_to_be_saved(shelf: Shelf) -> None:
    got = await shelf.http.get(f"/preuve/{file(shelf.hostile, 'html')}")

    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["content-disposition"].endswith('.html.txt"')
    assert "sandbox" in got.headers["content-security-policy"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert hashlib.sha256(got.content).hexdigest() == file(shelf.hostile, "html")


@pytest.mark.parametrize(
    "path", ["/preuve/{}", "/vignette/{}.webp", f"/difference/{'1' * 64}/{{}}.png"]
)
async def test_a_hash_that_is_unknown_is_404_and_nonsense_400(site: Site, path: str) -> None:
    async def status(sha256: str) -> int:
        return (await site.http.get(path.format(sha256))).status_code

    assert await status("0" * 64) == 404
    for nonsense in ("0" * 63, "F" * 64, "0" * 65, "%00", "..%5c..%5cetc", "%3Cscript%3E"):
        assert await status(nonsense) == 400
    # dots that lead elsewhere are another address, at which there is nothing
    assert await status("..%2f..%2f..%2fetc%2fpasswd") == 404


async def test_a_damaged_file_is_not_shown_and_the_page_says_why(shelf: Shelf) -> None:
    url, name = shelf.database
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(url)
    harmed = file(shelf.hostile, "picture")
    await client[name]["evidence.chunks"].update_one(
        {"files_id": harmed}, {"$set": {"data": b"another picture"}}
    )
    client.close()
    paths = (
        f"/preuve/{harmed}",
        f"/vignette/{harmed}.webp",
        f"/tentative/{shelf.hostile.id}/cadre/0.png",
    )

    for path in paths:
        got = await shelf.http.get(path)

        assert got.status_code == 503
        assert "Fichier abîmé" in got.text
        assert harmed in got.text
        assert "immutable" not in got.headers.get("cache-control", "")
    assert (await shelf.http.get(f"/tentative/{shelf.hostile.id}")).status_code == 200


async def test_an_enormous_picture_is_not_decoded_but_can_be_had(shelf: Shelf) -> None:
    written = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(written, "PNG")
    huge = file_of(
        "picture", written.getvalue(), CapturePlace(0, "http://x/", "x"), truncated=False
    )
    bomb = shelf.hostile.model_copy(update={"id": "bomb", "evidence": (huge.evidence,)})
    await shelf.store.attempts.add(bomb, [huge])
    sha256 = huge.evidence.sha256

    for path in (
        f"/vignette/{sha256}.webp",
        "/tentative/bomb/cadre/0.png",
        f"/difference/{file(shelf.hostile, 'picture')}/{sha256}.png",
    ):
        got = await shelf.http.get(path)
        assert (got.status_code, "Image trop grande" in got.text) == (413, True)
    compared = await shelf.http.get(f"/comparer?a=bomb&b={shelf.hostile.id}")
    assert "ne peuvent pas être comparées" in compared.text
    assert (await shelf.http.get(f"/preuve/{sha256}")).content == written.getvalue()


async def test_thumbnails_are_made_once_and_only_of_pictures(shelf: Shelf) -> None:
    sha256 = file(shelf.hostile, "picture")

    got = await shelf.http.get(f"/vignette/{sha256}.webp")

    assert got.headers["content-type"] == "image/webp"
    assert "immutable" in got.headers["cache-control"]
    (kept,) = (shelf.data_dir / "thumbnails").iterdir()
    assert (kept.name, kept.read_bytes()) == (f"{sha256}.webp", got.content)
    kept.write_bytes(b"made before")
    assert (await shelf.http.get(f"/vignette/{sha256}.webp")).content == b"made before"
    no_picture = await shelf.http.get(f"/vignette/{file(shelf.hostile, 'html')}.webp")
    assert no_picture.status_code == 404


# Framed copies -------------------------------------------------------------------------------


async def test_every_page_of_a_visit_has_a_framed_copy_of_its_original(site: Site) -> None:
    attempt = site.of("63/permis-de-conduire")
    pictures = [each for each in attempt.evidence if each.kind == "picture"]
    assert len(pictures) == 3

    for each in pictures:
        got = await site.http.get(f"/tentative/{attempt.id}/cadre/{each.step}.png")

        raw = open_png((await site.http.get(f"/preuve/{each.sha256}")).content)
        copy = open_png(got.content)
        below = copy.crop((0, copy.height - raw.height, raw.width, copy.height))
        assert copy.height > raw.height + 100
        assert (each.marks is not None) is (each == pictures[-1])
        parts = [
            (left - 30, top - 30, left + width + 30, top + height + 30)
            for mark in each.marks or ()
            for left, top, width, height in mark.boxes
        ]
        assert all(below.crop(part).tobytes() != raw.crop(part).tobytes() for part in parts)
        for part in parts:
            below.paste("#000000", part)
            raw.paste("#000000", part)
        assert below.tobytes() == raw.tobytes()  # beyond outlines and numbers nothing differs


async def test_a_framed_copy_is_drawn_anew_only_when_its_words_changed(site: Site) -> None:
    attempt = site.of("63/titre-de-sejour")
    address = f"/tentative/{attempt.id}/cadre/0.png"

    french = await site.http.get(address)
    english = await site.http.get(f"{address}?langue=en")

    assert french.content != english.content
    etag = french.headers["etag"]
    again = await site.http.get(address, headers={"If-None-Match": etag})
    assert again.status_code == 304
    other = await site.http.get(f"{address}?langue=en", headers={"If-None-Match": etag})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("end", "status"),
    [("9.png", 404), ("x.png", 400), ("-1.png", 400), ("0.png?langue=zz", 400), ("²-.png", 400)],
)
async def test_a_framed_copy_of_nothing_is_refused(site: Site, end: str, status: int) -> None:
    attempt = site.of("63/titre-de-sejour")

    got = await site.http.get(f"/tentative/{attempt.id}/cadre/{end}")

    assert got.status_code == status


# An attempt ----------------------------------------------------------------------------------


async def test_an_attempt_shows_what_was_seen_when_and_what_proves_it(site: Site) -> None:
    attempt = site.of("63/permis-de-conduire")

    got = (await site.http.get(f"/tentative/{attempt.id}")).text

    utc = attempt.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    for words in ("Rendez-vous proposé", "heure de Paris", utc, "Créneaux affichés", attempt.id):
        assert words in got
    for version in ("ruleset", "scenario_version", "chromium_version", "fleet_version"):
        assert getattr(attempt, version) in got
    for each in attempt.evidence:
        assert f'href="/preuve/{each.sha256}"' in got
    for served in attempt.served:
        assert html.escape(served.url) in got
    assert got.count("/vignette/") == 3


async def test_an_attempts_page_has_the_legend_of_its_framed_copy(site: Site) -> None:
    attempt = site.of("63/permis-de-conduire")
    french = plain((await site.http.get(f"/tentative/{attempt.id}")).text)
    english = plain((await site.http.get(f"/en/tentative/{attempt.id}")).text)

    lines = re.findall(r"<li><bdi>([①-⑳] .*?)</bdi></li>", french, re.DOTALL)
    assert re.match(r"① \d+ cases? marquées? « libre »", lines[0])
    assert re.search(r"① \d+ cells? marked “free”", english)
    assert len(lines) == len(attempt.signs)
    assert "Signs of the verdict, outlined on the copy:" in english


async def test_the_words_of_a_box_stand_on_the_page(shelf: Shelf) -> None:
    """An alert is in no picture; its words are the answer of some platforms."""
    assert shelf.hostile.dialogs

    got = await shelf.http.get(f"/tentative/{shelf.hostile.id}")

    (said,) = re.findall(r'class="said">« <bdi>(.*?)</bdi> »', plain(got.text), re.DOTALL)
    assert html.unescape(said) == shelf.hostile.dialogs[0].message


async def test_nothing_of_a_hostile_page_runs_in_a_readers_browser(
    shelf: Shelf, browser_page: BrowserPage
) -> None:
    attempt = shelf.hostile
    assert "<script>" in attempt.evidence[0].title
    everywhere = {
        "id": "twin",
        "started_at": attempt.started_at + timedelta(seconds=1),
        "signs": (EVIL, f"text {EVIL!r}"),
        "notes": (EVIL,),
        "detail": EVIL,
        "facts": {EVIL: EVIL, "places": EVIL},
        "missing_anchor": EVIL,
        "url": f"http://127.0.0.1/?{EVIL}",
    }
    await shelf.store.attempts.add(attempt.model_copy(update=everywhere), [])
    boxes: list[str] = []
    browser_page.on("dialog", lambda dialog: boxes.append(dialog.message))

    for path in (
        f"/tentative/{attempt.id}",
        "/tentative/twin",
        f"/tentative/{attempt.id}/html",
        "/galerie",
        f"/comparer?a={attempt.id}&b=twin",
        f"/tentative/{attempt.id}/cadre/0.png",
    ):
        await browser_page.goto(f"{shelf.url}{path}")
        assert await browser_page.title() != "owned"
        assert await browser_page.locator("main script, main img[src=x], main b").count() == 0
    assert boxes == []
    await browser_page.goto(f"{shelf.url}/tentative/{attempt.id}/html")
    assert "onerror=" in await browser_page.locator("pre").inner_text()


async def test_an_address_that_is_no_web_address_is_no_link(shelf: Shelf) -> None:
    odd = shelf.hostile.model_copy(update={"id": "odd", "url": "javascript:alert(1)"})
    await shelf.store.attempts.add(odd, [])

    got = (await shelf.http.get("/tentative/odd")).text

    assert "javascript:alert(1)" in got
    assert 'href="javascript' not in got


async def test_arrow_keys_go_from_visit_to_visit(site: Site, browser_page: BrowserPage) -> None:
    older, newer = [a for a in site.attempts if a.scenario_id == "63/titre-de-sejour"]

    await browser_page.goto(f"{site.url}/en/tentative/{newer.id}")
    await browser_page.keyboard.press("ArrowLeft")
    await browser_page.wait_for_url(f"{site.url}/en/tentative/{older.id}")
    await browser_page.keyboard.press("ArrowRight")
    await browser_page.wait_for_url(f"{site.url}/en/tentative/{newer.id}")


async def test_all_tries_of_a_visit_stand_on_the_page_of_each(shelf: Shelf) -> None:
    def later(name: str, number: int, minutes: int, **changes: object) -> Attempt:
        at = shelf.hostile.started_at + timedelta(minutes=minutes)
        return shelf.hostile.model_copy(
            update={"id": name, "number": number, "started_at": at, **changes}
        )

    tries = [later(f"try{n}", n, n) for n in (1, 2, 3)]
    others = [later("later", 1, 4), later("elsewhere", 2, 5, run_id="other")]
    for each in (*tries, *others):
        await shelf.store.attempts.add(each, [])

    for each in tries:
        page = (await shelf.http.get(f"/tentative/{each.id}")).text
        listed = page[page.index("Tentatives de la même visite") :]
        listed = listed[: listed.index("</ol>")]
        assert re.findall(r"/tentative/(\w+)", listed) == [
            other.id for other in tries if other is not each
        ]
    for each in others:
        assert (
            "Tentatives de la même visite"
            not in (await shelf.http.get(f"/tentative/{each.id}")).text
        )


async def test_a_later_judgement_stands_beside_the_attempt(shelf: Shelf) -> None:
    attempt = shelf.hostile
    judgement = Judgement(
        attempt_id=attempt.id,
        scenario_id=attempt.scenario_id,
        scenario_version="2",
        ruleset="2099-01-01",
        judged_at=attempt.started_at,
        verdict=Verdict.UNRECOGNISED,
        group=Verdict.UNRECOGNISED.group,
        detail="later rules know better",
        signs=(),
        first_dates=(),
        slot_count=None,
        facts={},
        missing_anchor=None,
    )
    await shelf.store.judgements.add(judgement)

    got = (await shelf.http.get(f"/tentative/{attempt.id}")).text

    assert "Démarche fermée" in got
    assert "Jugements ultérieurs" in got
    assert "2099-01-01" in got
    assert "différent" in got


async def test_an_attempt_without_pictures_says_so_everywhere(shelf: Shelf) -> None:
    bare = shelf.hostile.model_copy(update={"id": "bare", "evidence": (), "served": ()})
    await shelf.store.attempts.add(bare, [])

    assert "Aucune capture" in (await shelf.http.get("/tentative/bare")).text
    assert "Pas de capture" in (await shelf.http.get("/galerie")).text
    assert "Pas de capture" in (await shelf.http.get(f"/comparer?a=bare&b={bare.id}")).text
    assert (await shelf.http.get("/tentative/bare/html")).status_code == 404


async def test_an_attempt_that_is_not_there_is_404(site: Site) -> None:
    for end in ("", "/html", "/cadre/0.png"):
        assert (await site.http.get(f"/tentative/{'0' * 32}{end}")).status_code == 404
    assert (await site.http.get("/comparer?a=0&b=1")).status_code == 404


async def test_marks_that_turn_text_around_are_written_out(
    chromium: Chromium, mongodb_url: str, tmp_path: Path
) -> None:
    page = "<!doctype html><title>\u202exyz</title><p>La démarche est fermée \u202eabc</p>"
    async with shelf_at(chromium, mongodb_url, tmp_path, page) as shelf:
        attempt = (await shelf.http.get(f"/tentative/{shelf.hostile.id}")).text
        source = (await shelf.http.get(f"/tentative/{shelf.hostile.id}/html")).text

    assert "[U+202E]abc" in source
    assert "[U+202E]xyz" in source
    assert "\u202e" not in attempt + source


# The gallery ---------------------------------------------------------------------------------


def shown(text: str) -> list[str]:
    listed = text.partition('<ul class="tiles">')[2].partition("</ul>")[0]
    return re.findall(r'href="(?:/en)?/tentative/([^"]+)"', listed)


async def test_the_gallery_shows_what_is_asked_for(site: Site) -> None:
    everything = shown((await site.http.get("/galerie")).text)
    assert everything == [each.id for each in reversed(site.attempts)]

    asked: tuple[tuple[str, Callable[[Attempt], bool]], ...] = (
        ("departement=63", lambda a: a.department == "63"),
        ("demarche=63/permis-de-conduire", lambda a: a.flow == "permis-de-conduire"),
        ("verdict=no_slots", lambda a: a.verdict is Verdict.NO_SLOTS),
        ("verdict=refused", lambda a: a.group is Group.REFUSED),
        ("verdict=answered&public=etrangers", lambda a: a.group == "answered" and not a.control),
        ("public=temoins", lambda a: a.control),
        ("public=etrangers", lambda a: not a.control),
    )
    for query, wanted in asked:
        got = shown((await site.http.get(f"/galerie?{query}")).text)
        assert got
        assert got == [each.id for each in reversed(site.attempts) if wanted(each)]


async def test_the_form_works_without_script_and_leaves_a_short_address(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/galerie?demarche=63/titre-de-sejour")
    await browser_page.get_by_label("Département", exact=True).select_option("75")
    await browser_page.get_by_label("Verdict").select_option("Réponses : tous")
    await browser_page.get_by_label("Public").select_option("étrangers")
    await browser_page.get_by_role("button", name="Montrer").click()

    # the flow of the other department is gone with it
    await browser_page.wait_for_url(
        f"{site.url}/galerie?public=etrangers&departement=75&verdict=answered"
    )
    assert await browser_page.locator("ul.tiles li").count() == 1
    alt = await browser_page.locator("ul.tiles img").get_attribute("alt")
    words = r"Capture : Rendez-vous proposé, Remise du titre .*\(75\), .*Paris"
    assert re.match(words, plain(alt or ""))


async def test_an_empty_gallery_says_what_to_do(site: Site) -> None:
    got = (await site.http.get("/galerie?verdict=timeout")).text

    assert "Aucune tentative ne correspond à ces filtres." in got
    assert "Tout montrer" in got


@pytest.mark.parametrize(
    "query",
    [
        *("departement=xx", "verdict=maybe", "heure=24", "du=hier", "page=1", "public=true"),
        *("demarche=%3Cscript%3E", "public=tout"),
    ],
)
async def test_a_gallery_of_nonsense_is_refused(site: Site, query: str) -> None:
    got = await site.http.get(f"/galerie?{query}")

    assert got.status_code == 400
    assert "<script>" not in got.text.partition("<main")[2]


async def test_the_gallery_goes_page_by_page_and_a_view_can_be_fixed(shelf: Shelf) -> None:
    await add_copies(shelf, ON_A_PAGE + 4)
    first = (await shelf.http.get("/galerie?departement=2A")).text

    def link(words: str, text: str) -> str:
        (found,) = re.findall(rf'href="([^"]*)">(?:← )?{words}', text)
        return html.unescape(found)

    second = (await shelf.http.get(link("Plus anciennes", first))).text
    assert len(shown(first)) == ON_A_PAGE
    assert shown(second) == [f"copy{n:03}" for n in range(ON_A_PAGE, ON_A_PAGE + 5)]
    back = (await shelf.http.get(link("Plus récentes", second))).text
    assert shown(back) == shown(first)

    fixed = link("Adresse fixe de cette vue", first)
    at = shelf.hostile.started_at + timedelta(seconds=5)
    newest = shelf.hostile.model_copy(update={"id": "newest", "started_at": at})
    await shelf.store.attempts.add(newest, [])
    assert "newest" in shown((await shelf.http.get("/galerie?departement=2A")).text)
    assert shown((await shelf.http.get(fixed)).text) == shown(first)


# Two attempts --------------------------------------------------------------------------------


async def test_identical_pictures_are_said_to_be_the_same_file(site: Site) -> None:
    older, newer = [a for a in site.attempts if a.scenario_id == "63/titre-de-sejour"]
    assert file(older, "picture") == file(newer, "picture")

    got = (await site.http.get(f"/comparer?a={older.id}&b={newer.id}")).text

    assert "identiques, octet pour octet" in got
    assert "mot pour mot" in got


async def test_different_pictures_can_be_laid_over_each_other_without_script(
    site: Site, browser_page: BrowserPage
) -> None:
    a, b = site.of("63/titre-de-sejour"), site.of("94/titre-de-sejour")
    await browser_page.goto(f"{site.url}/comparer?a={a.id}&b={b.id}")

    async def visible() -> list[str | None]:
        images = await browser_page.locator(".stage img").all()
        return [await each.get_attribute("class") for each in images if await each.is_visible()]

    assert "pixels diffèrent" in await browser_page.locator("main").inner_text()
    for label, classes in (
        ("Différences", ["d"]),
        ("A seule", ["a"]),
        ("B seule", ["b"]),
        ("L’une sur l’autre", ["a", "b"]),
    ):
        await browser_page.get_by_label(label).check()
        for each in classes:  # a picture has no size until it has come
            await browser_page.locator(f".stage .{each}").wait_for()
        assert await visible() == classes


async def test_the_drawing_of_a_difference_has_the_size_of_the_pictures(site: Site) -> None:
    shas = [file(site.of(s), "picture") for s in ("63/titre-de-sejour", "94/titre-de-sejour")]
    sizes = [open_png((await site.http.get(f"/preuve/{each}")).content).size for each in shas]

    got = await site.http.get(f"/difference/{shas[0]}/{shas[1]}.png")

    assert open_png(got.content).size == tuple(map(max, *sizes))


async def test_texts_are_compared_line_by_line(
    shelf: Shelf, chromium: Chromium, browser_page: BrowserPage
) -> None:
    other = await visit_hostile(chromium, shelf.store, HOSTILE.replace("deux", "trois &lt;b&gt;"))

    await browser_page.goto(f"{shelf.url}/comparer?a={shelf.hostile.id}&b={other.id}")

    assert await browser_page.locator(".diff del").all_inner_texts() == ["deux"]
    assert await browser_page.locator(".diff ins").all_inner_texts() == ["trois <b>"]


async def test_two_visits_are_chosen_by_address_or_from_a_list(
    site: Site, browser_page: BrowserPage
) -> None:
    older, newer = [a for a in site.attempts if a.scenario_id == "63/titre-de-sejour"]

    await browser_page.goto(f"{site.url}/comparer")
    await browser_page.get_by_label("Tentative A").fill(f"{site.url}/en/tentative/{older.id}")
    await browser_page.get_by_label("Tentative B").fill(newer.id)
    await browser_page.get_by_role("button", name="Comparer").click()
    assert await browser_page.locator(".sides section").count() == 2

    await browser_page.goto(f"{site.url}/comparer?a={newer.id}")
    listed = browser_page.locator("ul.tries a")
    assert await listed.get_attribute("href") == f"/comparer?a={older.id}&b={newer.id}"


async def test_an_earlier_page_of_both_visits_can_be_compared(site: Site) -> None:
    older, newer = [a for a in site.attempts if a.scenario_id == "63/permis-de-conduire"]

    got = (await site.http.get(f"/comparer?a={older.id}&b={newer.id}&page=1")).text

    assert f"/tentative/{older.id}/cadre/0.png" in got
    for nonsense in ("0", "x", "-1", "²"):
        refused = await site.http.get(f"/comparer?a={older.id}&b={newer.id}&page={nonsense}")
        assert refused.status_code == 400
