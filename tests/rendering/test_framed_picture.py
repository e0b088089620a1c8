"""What a judge is shown: every word of the band, and under it the picture pixel by pixel."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from fleet.models import Attempt, Dialog, Evidence, Group, Verdict, now
from fleet.models.attempt import Mark
from fleet.rendering.framed_picture import (
    MIN_WIDTH_PX,
    BandRow,
    Caption,
    caption_of,
    dialogs_until,
    draw,
)
from fleet.rendering.i18n import Words
from fleet.rendering.images import THUMBNAIL_PX, NoPicture, TooLarge, open_png, thumbnail
from fleet.rendering.text import LINE, font, legible, wrap
from fleet.rendering.thumbnails import Thumbnails
from fleet.web import picture_diff

SHA = "0af57b39cb4a27565006b40c333876881bdf1d43852e5894b0bd8fca7db0938f"


def png(width: int = 1000, height: int = 700, colour: str = "#336699", mode: str = "RGB") -> bytes:
    written = io.BytesIO()
    Image.new(mode, (width, height), colour).save(written, "PNG")
    return written.getvalue()


def page_of(step: int, **changes: object) -> Evidence:
    fields = {
        "kind": "picture",
        "step": step,
        "sha256": SHA,
        "size_bytes": 1,
        "taken_at": f"2026-07-14T22:30:0{step}Z",
        "url": "https://www.example.gouv.fr/booking/create/1/2",
        "title": "Prise de rendez-vous",
    }
    return Evidence.model_validate({**fields, **changes})


def attempt_with(
    *pictures: Evidence, dialogs: tuple[Dialog, ...] = (), signs: tuple[str, ...] = ()
) -> Attempt:
    return Attempt(
        id="6a" * 16,
        run_id="run",
        scenario_id="63/titre-de-sejour",
        scenario_version="1",
        department="63",
        flow="titre-de-sejour",
        control=False,
        url="https://www.example.gouv.fr/booking/create/1",
        ruleset="2026-11-23",
        number=2,
        verdict=Verdict.NO_SLOTS,
        group=Group.ANSWERED,
        detail="",
        signs=signs,
        first_dates=(),
        slot_count=None,
        started_at=now(),
        seconds=1.0,
        served=(),
        dialogs=dialogs,
        notes=(),
        evidence=pictures,
        chromium_version="150",
        fleet_version="0",
    )


def caption(picture: Evidence, language: str = "fr", *, made_up: bool = False) -> Caption:
    words = Words("en" if language == "en" else "fr")
    return caption_of(words, attempt_with(picture), picture, "Titre de séjour", made_up=made_up)


def test_the_band_says_address_title_both_times_flow_attempt_and_hash() -> None:
    words = caption(page_of(0))

    assert [row.value for row in words.rows] == [
        "https://www.example.gouv.fr/booking/create/1/2",
        "Prise de rendez-vous",
        "15 juillet 2026, 00:30:00 (heure de Paris), UTC+2\n2026-07-14 22:30:00 UTC",
        "63/titre-de-sejour",
        f"{'6a' * 16}, n° 2 de sa visite, page 1 sur 1",
        SHA,
    ]
    assert words.subject == "Puy-de-Dôme (63)\u00a0: Titre de séjour"
    assert words.heading == "Aucun rendez-vous"
    assert words.foot.startswith(
        "Copie encadrée à la lecture\u202f; l’original est intact sous cette empreinte."
    )


def test_a_page_before_the_last_is_not_said_to_be_the_answer() -> None:
    first, last = page_of(0), page_of(1)
    attempt = attempt_with(first, last)

    sentences = [
        caption_of(Words("fr"), attempt, each, "Titre de séjour", made_up=False).sentence
        for each in (first, last)
    ]

    assert sentences == [
        "Verdict de toute la tentative, donné à sa dernière page (2). Ici, page 1.",
        "La page disait qu’il n’y avait aucun rendez-vous disponible.",
    ]


def test_a_box_is_shown_with_the_picture_that_was_taken_after_it() -> None:
    pages = (page_of(0), page_of(1))
    box = Dialog(kind="alert", message="Aucun rendez-vous", at=pages[0].taken_at.replace(second=1))
    late = box.model_copy(update={"at": box.at.replace(second=59), "message": "trop tard"})
    attempt = attempt_with(*pages, dialogs=(box, late))

    assert [list(dialogs_until(attempt, each)) for each in pages] == [[], [box, late]]


def test_made_up_data_say_so_on_the_picture() -> None:
    assert caption(page_of(0)).warning is None
    assert "rien n’est réel" in str(caption(page_of(0), made_up=True).warning)


def test_a_picture_that_was_cut_says_so() -> None:
    assert "s’arrête avant sa fin" not in caption(page_of(0)).foot
    assert "s’arrête avant sa fin" in caption(page_of(0, truncated=True)).foot


@pytest.mark.parametrize("size", [(1000, 700), (300, 200), (2400, 900)])
def test_the_picture_stands_in_the_copy_pixel_by_pixel(size: tuple[int, int]) -> None:
    bands = (Image.linear_gradient("L"), Image.radial_gradient("L"), Image.new("L", (256, 256)))
    raw = Image.merge("RGB", bands).resize(size)
    written = io.BytesIO()
    raw.save(written, "PNG")

    copy = open_png(draw(written.getvalue(), caption(page_of(0))))

    assert copy.width == max(size[0], MIN_WIDTH_PX)
    below = (0, copy.height - size[1], size[0], copy.height)
    assert copy.crop(below).tobytes() == raw.tobytes()


MARKS = (
    Mark(sign="text 'Aucun créneau'", boxes=((100, 200, 300, 20),)),
    Mark(sign="css 'td.libre' ×9", boxes=((500, 300, 60, 30), (600, 300, 60, 30))),
    Mark(sign="css 'p.bas' ×1", outside=True),
    Mark(sign="css 'li' ×2", boxes=((0, 690, 1000, 10),), outside=True),
    Mark(sign="heading 'Prise de RDV'"),
    Mark(sign="whole page 'Accès refusé'"),
)

SEEN = (*(mark.sign for mark in MARKS), "url '*/2'", "dialog 'Non'", "HTTP 502 http://x/")


def marked(language: str = "fr") -> Caption:
    picture = page_of(0, marks=MARKS, title="Prise de RDV - Préfecture")
    attempt = attempt_with(picture, signs=SEEN)
    words = Words("en" if language == "en" else "fr")
    return caption_of(words, attempt, picture, "Titre de séjour", made_up=False)


def test_the_legend_says_of_each_sign_where_it_stands() -> None:
    (row,) = [row for row in marked().rows if row.label == "Signes du verdict"]

    assert row.value.replace("\u00a0", " ").replace("\u202f", " ").splitlines() == [
        "① Phrase : « Aucun créneau »",
        "② Élément : td.libre ×9 (encadrés : 2)",
        "③ Élément : p.bas ×1 (signe hors de l’image)",
        "④ Élément : li ×2 (en partie hors de l’image)",
        "⑤ Titre : « Prise de RDV » (dans le titre de la page, que l’image ne montre pas)",
        "⑥ Toute la page : « Accès refusé » (place non relevée)",
        "⑦ Adresse : */2 (dans l’adresse de la page)",
        "⑧ Boîte de dialogue : « Non » (dans une boîte, que l’image ne montre pas)",
        "⑨ Réponse du serveur : HTTP 502 http://x/ (que l’image ne montre pas)",
    ]
    assert "(sign outside the picture)" in str(marked("en").rows)
    assert "cadres numérotés" in marked().foot


def test_an_attempt_from_before_marks_and_a_page_before_the_last_have_no_legend() -> None:
    old = caption_of(
        Words("fr"), attempt_with(page_of(0), signs=SEEN), page_of(0), "Titre", made_up=False
    )

    assert "Signes du verdict" not in str(old.rows)
    assert (old.marks, "cadres" in old.foot) == ((), False)


def test_outlines_and_numbers_leave_uncovered_what_they_are_around() -> None:
    page = Image.new("RGB", (1000, 700), "#ffffff")
    for left, top in ((40, 200), (90, 260), (410, 195)):  # words to the left, below, to the right
        page.paste("#222222", (left, top, left + 45, top + 15))
    for mark in MARKS:
        for x, y, width, height in mark.boxes:
            page.paste("#007700", (x, y, x + width, y + height))
    written = io.BytesIO()
    page.save(written, "PNG")

    copy = open_png(draw(written.getvalue(), marked()))

    below = copy.crop((0, copy.height - 700, 1000, copy.height))
    for x, y, width, height in [box for mark in MARKS[:2] for box in mark.boxes]:
        inside = (x, y, x + width, y + height)
        assert below.crop(inside).tobytes() == page.crop(inside).tobytes()
        assert below.getpixel((x - 3, y + 5)) == (0xB0, 0, 0x6D)
    changed = ImageChops.difference(below, page).convert("L").point(lambda v: 255 if v else 0)
    words = page.convert("L").point(lambda v: 255 if v == 0x22 else 0)
    assert ImageChops.multiply(changed, words).getbbox() is None
    numbers = [each for each in below.get_flattened_data() if each == (0xB0, 0, 0x6D)]
    assert len(numbers) > 3 * 300  # three numbers have room


@pytest.mark.parametrize(
    "box", [(0, 0, 300, 200), (0, 0, 1, 1), (299, 199, 5, 5), (90_000, 90_000, 100_000, 3)]
)
def test_a_mark_of_any_place_and_size_can_be_drawn(box: tuple[int, int, int, int]) -> None:
    picture = page_of(0, marks=[{"sign": SEEN[0], "boxes": [box]}])
    words = caption_of(
        Words("fr"), attempt_with(picture, signs=SEEN), picture, "Titre", made_up=False
    )

    assert open_png(draw(png(300, 200), words)).width == MIN_WIDTH_PX


def test_the_same_copy_has_the_same_bytes_and_another_word_another_fingerprint() -> None:
    once, again = caption(page_of(0)), caption(page_of(0))

    assert draw(png(), once) == draw(png(), again)
    assert once.fingerprint(SHA) == again.fingerprint(SHA)
    assert once.fingerprint(SHA) != caption(page_of(0, title="Autre")).fingerprint(SHA)
    assert once.fingerprint(SHA) != once.fingerprint("0" * 64)


def test_a_long_value_makes_the_band_higher_and_loses_nothing() -> None:
    address = "https://www.example.gouv.fr/" + "x/y?z=1&" * 240

    lines = wrap("SansMono", 14, address, 700)

    assert "".join(lines) == address
    assert max(font("SansMono", 14).getlength(line) for line in lines) <= 700
    shorter, longer = (open_png(draw(png(), caption(page_of(0, url=u)))) for u in ("x", address))
    assert longer.height - shorter.height > (len(lines) - 5) * 14 * LINE


def test_one_word_without_a_break_is_broken_anywhere() -> None:
    assert "".join(wrap("Sans", 16, "x" * 500, 200)) == "x" * 500


def test_line_breaks_of_a_box_are_kept() -> None:
    assert wrap("Sans", 16, "une\n\ndeux", 200) == ["une", "", "deux"]


def test_what_cannot_be_seen_is_written_as_its_number() -> None:
    """A direction mark would let an address be read backwards; a missing letter would vanish."""
    assert legible("Sans", "a\u202eb 中\x00 é\tœ") == "a[U+202E]b [U+4E2D][U+0000] é œ"


def test_a_script_in_a_title_is_only_text() -> None:
    words = caption(page_of(0, title="<script>alert(1)</script>"))

    assert BandRow("Titre de la page", "<script>alert(1)</script>") in words.rows
    assert open_png(draw(png(), words)).width == 1000


@pytest.mark.parametrize(("width", "height"), [(20_000, 20_000), (20_000, 10), (6_000, 6_000)])
def test_an_enormous_picture_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    """What is behind its header is broken: whoever decodes it would say that it is none."""
    bomb = png(width, height, colour="black", mode="1")[:60]
    with pytest.raises(NoPicture):
        open_png(png()[:60])

    with pytest.raises(TooLarge):
        draw(bomb, caption(page_of(0)))
    with pytest.raises(TooLarge):
        thumbnail(bomb)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", png()[:-40], b"GIF89a" + bytes(40), b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_whole_png_is_told(content: bytes) -> None:
    with pytest.raises(NoPicture):
        open_png(content)


def test_a_thumbnail_is_the_top_of_the_page() -> None:
    tall = Image.new("RGB", (800, 4000), "#ffffff")
    tall.paste("#ff0000", (0, 0, 800, 600))
    written = io.BytesIO()
    tall.save(written, "PNG")

    with Image.open(io.BytesIO(thumbnail(written.getvalue()))) as small:
        assert (small.format, small.size) == ("WEBP", THUMBNAIL_PX)
        red, green, _ = small.convert("RGB").getpixel((10, THUMBNAIL_PX[1] - 5))  # type: ignore[misc]
    assert red > 200
    assert green < 60


def test_the_folder_of_thumbnails_has_a_bound_and_loses_the_oldest(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "thumbnails", max_copies=3)
    hashes = [f"{n:064x}" for n in range(1, 6)]
    for n, each in enumerate(hashes):
        kept.put(each, b"small")
        # the clock of a file system may be too coarse to tell them apart
        os.utime(kept.folder / f"{each}.webp", (n, n))

    kept.prune()

    assert [kept.get(each) for each in hashes] == [None, None, b"small", b"small", b"small"]


def test_a_folder_that_cannot_be_written_only_means_that_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "thumbnails").write_text("a file where the folder should be")
    kept = Thumbnails(tmp_path / "thumbnails")

    kept.put("00" * 32, b"small")

    assert kept.get("00" * 32) is None


def test_equal_pictures_do_not_differ_and_one_pixel_does() -> None:
    older = Image.new("RGB", (50, 40), "#ffffff")
    newer = older.copy()
    newer.putpixel((20, 10), (255, 255, 254))
    both = []
    for each in (older, newer):
        written = io.BytesIO()
        each.save(written, "PNG")
        both.append(written.getvalue())

    assert picture_diff.measure(both[0], both[0]).box is None
    found = picture_diff.measure(*both)
    assert (found.pixels, found.of, found.box) == (1, 2000, (20, 10, 21, 11))
    marked = open_png(picture_diff.draw(*both))
    assert marked.getpixel((20, 10)) != marked.getpixel((45, 35))


def test_what_only_one_picture_has_differs() -> None:
    found = picture_diff.measure(png(100, 100), png(100, 150))

    assert (found.pixels, found.same_size, found.box) == (5000, False, (0, 100, 100, 150))


def test_two_pictures_that_are_too_large_together_are_refused() -> None:
    with pytest.raises(TooLarge):
        picture_diff.measure(png(10, 15_000), png(15_000, 10))
