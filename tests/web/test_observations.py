"""Field observations: adding and withdrawing them, and what hostile files and texts may not do."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect

from fleet.browser.chromium import Chromium
from fleet.errors import StoreRefused
from fleet.models import PARIS, now
from fleet.models.query import Filter
from fleet.storage.collections.observations import Observation, Sighting
from fleet.web import picture_copy
from fleet.web.middleware.sessions import UPLOAD_BYTES
from fleet.web.pages.members.observations import LISTED
from fleet.web.picture_copy import MEMORY_BYTES, PROCESSOR_S, CopyLimits, NoCopy, copy_of
from fleet.web.uploads import UnusablePicture, UploadedPicture, uploaded_picture
from tests.web.members import (
    CLAIRE,
    OMAR,
    PASSWORD,
    Club,
    choose_with_keys,
    club,
    form_token,
    go_with_keys,
    tab_to,
    without_scripts,
)

NEW = "/observations/nouvelle"
EVIL = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"

Files = dict[str, tuple[str, bytes, str]]


@pytest.fixture
async def members(mongodb_url: str, tmp_path: Path) -> AsyncIterator[Club]:
    """Pages with two accounts and no observation yet."""
    async with club(mongodb_url, tmp_path) as made:
        yield made


def screenshot(form: str = "PNG", **more: object) -> bytes:
    """A small picture as a file."""
    written = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").crop((0, 0, 200, 120)).save(written, form, **more)
    return written.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that says how large it is and has nearly nothing behind it."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checked

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b""))
    )


def file(content: bytes, name: str = "capture.png", media_type: str = "image/png") -> Files:
    return {"image": (name, content, media_type)}


async def send(
    http: httpx.AsyncClient, files: Files | None = None, /, **changed: str
) -> httpx.Response:
    """Fill in the form and send it."""
    token = await form_token(http, NEW)
    fields = {
        "jeton": token,
        "jour": "2026-11-24",
        "heure": "09:30",
        "departement": "63",
        "demarche": "63/titre-de-sejour",
        "autre_demarche": "",
        "vu": "no_slots",
        "note": "J’ai rafraîchi la page trois fois.",
        **changed,
    }
    return await http.post(NEW, data=fields, files=files or file(screenshot()))


async def added(members: Club, http: httpx.AsyncClient, **changed: str) -> Observation:
    """The observation that was made by sending the form."""
    got = await send(http, None, **changed)
    assert got.status_code == 303, got.text
    found = await members.store.observations.get(got.headers["location"].rpartition("/")[2])
    assert found
    return found


# With the keyboard ---------------------------------------------------------------------------


async def test_an_observation_is_added_with_the_keyboard_alone_and_without_scripts(
    members: Club, chromium: Chromium
) -> None:
    async with without_scripts(chromium) as page:
        await page.goto(f"{members.url}/observations")
        await go_with_keys(page, page.get_by_role("link", name="Ajouter une observation"))
        await tab_to(page, page.locator("#nom"))
        await page.keyboard.type(CLAIRE)
        await page.keyboard.press("Tab")
        await page.keyboard.type(PASSWORD)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await tab_to(page, page.locator("#departement"))
        await page.keyboard.type("63")
        await tab_to(page, page.locator("#autre_demarche"))
        await page.keyboard.type("Échange de permis")
        await tab_to(page, page.locator("#vu-slots"))
        await page.keyboard.press("ArrowDown")
        await choose_with_keys(
            page,
            page.locator("#image"),
            {"name": "capture.png", "mimeType": "image/png", "buffer": screenshot()},
        )
        await tab_to(page, page.locator("#note"))
        await page.keyboard.type("Trois essais, toujours rien.")
        await go_with_keys(page, page.get_by_role("button", name="Ajouter l’observation"))

        await expect(page.locator("h1")).to_have_text("Échange de permis")
        await expect(page.locator(".banner")).to_contain_text(
            "Observation de terrain, faite à la main par Claire D."
        )
        await expect(page.locator("main")).to_contain_text("Aucun rendez-vous disponible")
        await expect(page.locator("main")).to_contain_text("Trois essais, toujours rien.")
        shown = page.locator("img.shown")
        assert await shown.evaluate("it => it.naturalWidth") == 200
        await go_with_keys(page, page.get_by_role("button", name="Se déconnecter"))
        await page.goto(f"{members.url}/observations")
        await expect(page.locator(".observed li")).to_have_count(1)


async def test_a_member_withdraws_an_observation_with_the_keyboard(
    members: Club, chromium: Chromium
) -> None:
    async with members.member(OMAR) as http:
        made = await added(members, http)
    async with without_scripts(chromium) as page:
        await page.goto(f"{members.url}/connexion?suite=/observations/{made.id}")
        await page.fill("#nom", CLAIRE)
        await page.fill("#mot_de_passe", PASSWORD)
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        await tab_to(page, page.locator("summary"))
        await page.keyboard.press("Enter")
        await tab_to(page, page.locator("#raison"))
        await page.keyboard.type("Un nom se lit sur l’image.")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")

        await expect(page.locator("main img")).to_have_count(0)
        await expect(page.locator(".note")).to_contain_text("Un nom se lit sur l’image.")


# What is kept --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
async def test_place_camera_and_names_are_not_in_what_is_kept(members: Club, form: str) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x013B] = "Camera of Lea", 6, "Lea"
    exif.get_ifd(0x8825).update({1: "N", 2: (45.0, 46.0, 37.0), 3: "E", 4: (3.0, 5.0, 13.0)})
    text = PngInfo()
    text.add_text("Comment", "taken at home")
    xmp = b"<x:xmpmeta>taken at home</x:xmpmeta>"
    further: dict[str, dict[str, object]] = {
        "JPEG": {"comment": b"taken at home", "xmp": xmp},
        "PNG": {"pnginfo": text},
        "WEBP": {"xmp": xmp},
    }
    original = screenshot(form, exif=exif, icc_profile=b"profile of Lea", **further[form])
    assert b"Camera of" in original
    assert b"taken at home" in original
    async with members.member() as http:
        got = await send(http, file(original, "photo.jpg", "image/jpeg"))
        made = await members.store.observations.get(got.headers["location"].rpartition("/")[2])
        assert made
        kept = (await http.get(f"/observations/{made.id}/image.jpg")).content
        small = (await http.get(f"/observations/{made.id}/vignette.jpg")).content

    for content in (kept, small):
        picture = Image.open(io.BytesIO(content))
        assert (picture.format, dict(picture.getexif())) == ("JPEG", {})
        assert not re.search(b"Exif|Camera|home|http|Lea", content)
    assert (made.width, made.height) == (120, 200)  # upright, as the camera was held
    assert made.original_sha256 == hashlib.sha256(original).hexdigest()
    assert made.sha256 == hashlib.sha256(kept).hexdigest()


async def test_a_files_name_is_not_kept(members: Club) -> None:
    name = "../../../../etc/cron.d/léa-titre.png"
    async with members.member() as http:
        got = await send(http, file(screenshot(), name))

    assert got.status_code == 303
    stored = [await members.raw(each) for each in ("observations", "observation_pictures")]
    assert "titre.png" not in str(stored)


@pytest.mark.parametrize(
    ("form", "mode", "more"),
    [
        ("PNG", "RGBA", {}),
        ("PNG", "LA", {}),
        ("WEBP", "RGBA", {}),
        ("PNG", "P", {"transparency": 0}),
    ],
)
def test_what_is_transparent_is_kept_on_white(form: str, mode: str, more: dict[str, int]) -> None:
    written = io.BytesIO()
    nothing = Image.new("P", (40, 30)) if mode == "P" else Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    nothing.convert(mode).save(written, form, **more)

    kept = copy_of(written.getvalue(), CopyLimits())

    assert Image.open(io.BytesIO(kept.picture)).getpixel((20, 15)) == (255, 255, 255)


@pytest.mark.parametrize("ground", ["#ffffff", "#ffffff00"], ids=["opaque", "transparent"])
@pytest.mark.parametrize(
    ("held", "as_taken"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
        (9, None),
    ],
)
def test_a_picture_is_kept_upright_however_the_camera_was_held(
    held: int, as_taken: Image.Transpose | None, ground: str
) -> None:
    upright = Image.new("RGBA", (60, 40), ground)
    upright.paste("#0000ff", (0, 0, 20, 10))  # a mark in the upper left corner
    exif, written = Image.Exif(), io.BytesIO()
    exif[0x0112] = held
    (upright if as_taken is None else upright.transpose(as_taken)).save(written, "PNG", exif=exif)

    kept = Image.open(io.BytesIO(copy_of(written.getvalue(), CopyLimits()).picture))

    assert kept.size == (60, 40)
    corners = [kept.getpixel(at) for at in ((3, 3), (56, 3), (3, 36), (56, 36))]
    blue = [each[2] - each[0] > 100 for each in corners if isinstance(each, tuple)]
    assert blue == [True, False, False, False]


def test_a_large_picture_is_kept_smaller() -> None:
    written = io.BytesIO()
    Image.effect_noise((800, 400), 90).save(written, "PNG")

    kept = copy_of(written.getvalue(), CopyLimits(pixels=40_000, size_bytes=9_000))

    assert kept.width * kept.height <= 40_000
    assert kept.width == pytest.approx(2 * kept.height, abs=3)
    assert len(kept.picture) <= 9_000
    assert Image.open(io.BytesIO(kept.picture)).size == (kept.width, kept.height)


async def test_a_picture_that_was_altered_in_the_database_is_not_shown(members: Club) -> None:
    kept: UploadedPicture = await uploaded_picture(screenshot())
    made = observation_of(sha256="0" * 64)
    await members.store.observations.add(made, kept.picture, kept.small)
    async with members.reader() as http:
        got = await http.get(f"/observations/{made.id}/image.jpg")

    assert got.status_code == 503
    with pytest.raises(StoreRefused, match="another hash"):
        await members.store.observations.picture(made)


# Hostile files and texts ---------------------------------------------------------------------


async def test_nothing_that_is_typed_runs_in_a_readers_browser(
    members: Club, browser_page: BrowserPage
) -> None:
    async with members.member() as http:
        made = await added(
            members, http, note=EVIL + "\u202e\x00x", demarche="", autre_demarche=EVIL[:120]
        )
        token = await form_token(http, f"/observations/{made.id}")
        for path in ("/observations", f"/observations/{made.id}"):
            await browser_page.goto(members.url + path)
            assert await browser_page.title() != "taken"
            await expect(browser_page.locator("main")).to_contain_text(EVIL[:40])
            assert await browser_page.locator("main script, main img[onerror]").count() == 0
        await http.post(f"/observations/{made.id}/retirer", data={"jeton": token, "raison": EVIL})
        await browser_page.goto(f"{members.url}/observations/{made.id}")

    assert await browser_page.locator("main script, main img").count() == 0
    await expect(browser_page.locator(".note")).to_contain_text(EVIL[:40])
    assert made.note == EVIL + "x"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Just some text, whatever its name says.\n" * 50, "no_picture"),
        (screenshot()[:-40], "no_picture"),
        (b"\x89PNG\r\n\x1a\n", "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no_picture"),
        (screenshot("GIF"), "no_picture"),
        (screenshot("TIFF"), "no_picture"),
        (png_of(8_000, 7_500), "too_many_pixels"),
        (png_of(50_000, 50_000), "too_many_pixels"),
        (png_of(6_000, 6_000), "no_picture"),
    ],
    ids=["text", "cut", "nothing", "svg", "gif", "tiff", "bomb", "larger bomb", "short"],
)
def test_a_file_that_is_no_picture_is_not_taken(content: bytes, said: str) -> None:
    with pytest.raises(NoCopy, match=said):
        copy_of(content, CopyLimits())


def scans(times: int) -> bytes:
    """A JPEG of 40 million points in a few hundred kilobytes, all of which are drawn many times."""
    written = io.BytesIO()
    Image.new("RGB", (6_300, 6_300)).save(written, "JPEG", progressive=True)
    content = written.getvalue()
    last = content[content.rfind(b"\xff\xda") : -2]
    return content[:-2] + last * times + b"\xff\xd9"


@pytest.mark.process
async def test_a_file_that_takes_too_much_is_given_up_and_nothing_of_it_stays() -> None:
    with pytest.raises(UnusablePicture, match="trop de mémoire ou de temps"):
        await uploaded_picture(scans(1_000), deadline_s=1)
    webp = io.BytesIO()
    Image.new("RGB", (6_300, 6_300)).save(webp, "WEBP", method=0)
    with pytest.raises(UnusablePicture, match="trop de mémoire ou de temps"):
        await uploaded_picture(webp.getvalue())

    assert [p for p in psutil.Process().children() if "picture_copy" in " ".join(p.cmdline())] == []


@pytest.mark.process
def test_what_opens_a_strangers_file_has_little_memory_and_time() -> None:
    command = [sys.executable, "-I", picture_copy.__file__, "{}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        child = psutil.Process(process.pid)
        while child.rlimit(psutil.RLIMIT_CORE) != (0, 0):
            assert process.poll() is None
        limits = [child.rlimit(each)[1] for each in (psutil.RLIMIT_AS, psutil.RLIMIT_CPU)]
        process.stdin.close()

    assert limits == [MEMORY_BYTES, PROCESSOR_S]


async def test_the_form_says_what_is_wrong_with_a_file_and_keeps_what_was_typed(
    members: Club,
) -> None:
    async with members.member() as http:
        text = await send(http, file(b"not a picture", "capture.png"), note="Gardez ceci.")
        large = await send(http, file(bytes(UPLOAD_BYTES + 1)))
        none = await send(http, file(b""))

    assert [got.status_code for got in (text, large, none)] == [422, 413, 422]
    assert "n’est pas une image PNG" in text.text
    assert "Gardez ceci." in text.text
    assert "10 Mo au plus" in large.text
    assert "Joignez une image" in none.text
    assert await members.raw("observations") == []
    assert await members.raw("observation_pictures") == []


async def test_50_mb_are_refused_before_any_of_them_is_read(members: Club) -> None:
    """Nothing of the body is ever sent here: the answer comes all the same."""
    async with members.member() as http:
        cookie = http.cookies["fleet"]
    port = int(members.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    lines = (
        f"POST {NEW} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Cookie: fleet={cookie}",
        "Content-Type: multipart/form-data; boundary=x",
        f"Content-Length: {50 * 2**20}",
    )
    writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    try:
        async with asyncio.timeout(20):  # or a server that waits for the body would wait for ever
            answer = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()

    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_that_does_not_say_its_size_is_read_no_further_than_it_may_be(
    members: Club,
) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        head = '--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
        yield head.encode()
        for _ in range(50 * 16):
            sent += 2**16
            yield bytes(2**16)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with members.member() as http:
        got = await http.post(NEW, content=endless(), headers=headers)

    assert got.status_code == 413
    assert await members.raw("observation_pictures") == []


async def test_a_reader_who_sends_50_mb_sees_a_page_that_says_so(
    members: Club, browser_page: BrowserPage, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(bytes(50 * 2**20))
    async with members.member() as http:
        cookie = {"name": "fleet", "value": http.cookies["fleet"], "url": members.url}
    await browser_page.context.add_cookies([cookie])  # type: ignore[list-item]
    await browser_page.goto(members.url + NEW)
    await browser_page.select_option("#departement", "63")
    await browser_page.fill("#autre_demarche", "x")
    await browser_page.check("#vu-slots")
    await browser_page.fill("#note", "x")
    await browser_page.set_input_files("#image", path)
    async with browser_page.expect_navigation():
        await browser_page.click("form.sheet button")

    await expect(browser_page.locator("h1")).to_have_text("Fichier trop grand")
    await expect(browser_page.locator("main")).to_contain_text("10 Mo au plus")


WRONG = [
    ({"jour": "2199-01-01"}, "dans l’avenir"),
    ({"jour": "1999-01-01"}, "trop ancienne"),
    ({"jour": "2026-02-30"}, "Donnez le jour"),
    ({"jour": ""}, "Donnez le jour"),
    ({"heure": "25:00"}, "Donnez le jour"),
    ({"jour": "2026-03-29", "heure": "02:30"}, "n’existe pas"),
    ({"departement": "99"}, "Choisissez un département"),
    ({"departement": "94"}, "d’un autre département"),
    ({"demarche": ""}, "Choisissez une démarche"),
    ({"demarche": "63/nothing"}, "pas dans la liste"),
    ({"autre_demarche": "aussi"}, "pas les deux"),
    ({"demarche": "", "autre_demarche": "x" * 121}, "120 caractères"),
    ({"vu": "everything"}, "ce que vous avez vu"),
    ({"note": " \r\n "}, "en quelques mots"),
    ({"note": "x" * 2_001}, "2 000 caractères"),
]


async def test_an_answer_that_cannot_be_is_explained(members: Club) -> None:
    async with members.member() as http:
        for changed, said in WRONG:
            got = await send(http, None, **changed)

            assert got.status_code == 422, changed
            assert said in got.text, changed
    assert await members.raw("observations") == []


async def test_an_answer_that_is_just_allowed_is_kept(members: Club) -> None:
    async with members.member() as http:
        lines = "a\r\n" * 1_000  # as browsers send ends of lines; 2,000 characters as typed
        made = await added(members, http, note=lines[:-2] + "é", jour="2026-07-14")

    assert len(made.note) == 2_000
    assert made.seen_at == datetime(2026, 7, 14, 7, 30, tzinfo=UTC)
    assert made.author == CLAIRE


# Who may -------------------------------------------------------------------------------------


async def test_only_members_add_and_withdraw(members: Club) -> None:
    async with members.member() as http:
        made = await added(members, http)
    async with members.reader() as http:
        asked = await http.get(NEW)
        sent = await http.post(NEW, files=file(screenshot()))
        back = await http.post(f"/observations/{made.id}/retirer", data={"raison": "x"})

    assert {got.status_code for got in (asked, sent, back)} == {303}
    assert asked.headers["location"] == "/connexion?suite=%2Fobservations%2Fnouvelle"
    assert back.headers["location"] == f"/connexion?suite=%2Fobservations%2F{made.id}"
    assert len(await members.raw("observations")) == 1
    assert await members.store.observations.get(made.id) == made


async def test_of_a_withdrawn_observation_hash_reason_and_when_stay_and_its_givers_name_goes(
    members: Club,
) -> None:
    async with members.member(CLAIRE) as http:
        made = await added(members, http)
    address = f"/observations/{made.id}"
    async with members.member(OMAR) as http:
        token = await form_token(http, address)
        for reason in ("", " ", "x" * 501):
            refused = await http.post(f"{address}/retirer", data={"jeton": token, "raison": reason})
            assert refused.status_code == 422
        first = await http.post(f"{address}/retirer", data={"jeton": token, "raison": "Un nom."})
        again = await http.post(f"{address}/retirer", data={"jeton": token, "raison": "Autre."})
        page = (await http.get(address)).text
        pictures = [
            (await http.get(f"{address}/{name}.jpg")).status_code for name in ("image", "vignette")
        ]
        listed = (await http.get("/observations")).text

    assert (first.status_code, again.status_code) == (303, 303)
    assert pictures == [404, 404]
    assert await members.raw("observation_pictures") == []
    left = await members.store.observations.get(made.id)
    assert left
    assert left.withdrawn
    assert (left.withdrawn.by, left.withdrawn.reason) == (OMAR, "Un nom.")
    assert abs(now() - left.withdrawn.at) < timedelta(minutes=5)
    gone = {"withdrawn": left.withdrawn, "note": "", "author": ""}
    assert left == made.model_copy(update=gone)
    shown = [line for line in (page + listed).splitlines() if "by-hand" in line]
    assert len(shown) == 2
    assert CLAIRE not in "".join(shown) + str(await members.raw("observations"))
    for words in (made.sha256, made.original_sha256, "Un nom.", OMAR, "retirée"):
        assert words in page
    assert made.note not in page + listed
    assert "Retirée le" in listed


async def test_who_takes_an_own_observation_back_is_named_nowhere(members: Club) -> None:
    async with members.member(CLAIRE) as http:
        made = await added(members, http)
        address = f"/observations/{made.id}"
        data = {"jeton": await form_token(http, address), "raison": "$author"}
        await http.post(f"{address}/retirer", data=data)
    async with members.reader() as http:
        page = (await http.get(address)).text

    left = await members.store.observations.get(made.id)
    assert left
    assert left.withdrawn
    assert (left.author, left.withdrawn.by, left.withdrawn.reason) == ("", "", "$author")
    assert CLAIRE not in str(await members.raw("observations"))
    assert CLAIRE not in page
    assert "son auteur" in page


async def test_who_gives_an_observation_is_told_what_becomes_of_it(members: Club) -> None:
    async with members.member() as http:
        page = (await http.get(NEW)).text

    for words in ("Pourquoi", "votre accord", "Combien de temps", "La retirer"):
        assert words in page


async def test_an_observation_is_never_among_what_the_robot_saw(members: Club) -> None:
    async with members.member() as http:
        made = await added(members, http)
        robots = [
            await http.get(path)
            for path in ("/", "/galerie", "/departement/63", "/demarche/63/titre-de-sejour")
        ]
        files = [
            await http.get(path)
            for path in (f"/preuve/{made.sha256}", f"/vignette/{made.sha256}.webp")
        ]

    for got in robots:
        assert made.id not in got.text
        assert "rafraîchi" not in got.text
    assert {got.status_code for got in files} == {404}
    assert (await members.store.queries.attempts(Filter(), None, 10)).items == ()


# The list ------------------------------------------------------------------------------------


def observation_of(number: int = 0, **changed: object) -> Observation:
    """An observation as it is stored."""
    seen = datetime(2026, 11, 1, 8, tzinfo=PARIS) + timedelta(hours=number)
    fields = {
        "id": f"{number:032x}",
        "author": CLAIRE,
        "added_at": now(),
        "seen_at": seen,
        "department": "63",
        "flow_words": f"flow {number}",
        "seen": Sighting.OTHER,
        "note": "x",
        "original_sha256": "0" * 64,
        "original_size_bytes": 1,
        "sha256": hashlib.sha256(b"x").hexdigest(),
        "size_bytes": 1,
        "width": 1,
        "height": 1,
    }
    return Observation.model_validate({**fields, **changed})


async def test_the_list_is_newest_first_by_pages_and_by_department(members: Club) -> None:
    for number in range(LISTED + 3):
        made = observation_of(number, department="94" if number == 1 else "63")
        await members.store.observations.add(made, b"x", b"x")
    names = re.compile(r"<bdi>(flow \d+)</bdi>")
    async with members.reader() as http:
        first = (await http.get("/observations")).text
        second = (await http.get("/observations?page=2")).text
        only = (await http.get("/observations?departement=94")).text
        empty = (await http.get("/observations?departement=2A")).text

    in_order = [f"flow {number}" for number in reversed(range(LISTED + 3))]
    assert names.findall(first) + names.findall(second) == in_order
    assert "page=2" in first
    assert "page=3" not in second
    assert names.findall(only) == ["flow 1"]
    assert "Aucune observation de ce département" in empty


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/observations?page=0", 400),
        ("/observations?page=x", 400),
        ("/observations?page=99999999999999999999", 400),
        ("/observations?page=²", 400),
        ("/observations?departement=99", 400),
        ("/observations/nothing", 404),
        ("/observations/nothing/image.jpg", 404),
        ("/observations/%00", 404),
    ],
)
async def test_an_address_of_nothing_is_an_error_page(
    members: Club, path: str, status: int
) -> None:
    async with members.reader() as http:
        got = await http.get(path)

    assert got.status_code == status
    assert "<h1>" in got.text
