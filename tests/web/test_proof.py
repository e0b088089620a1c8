"""What proves an attempt: shown on its page, made anew on request, taken away, listed by seal."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect

from fleet.evidence.verifier import Verifier
from fleet.ledger.canonical import canonical, sha256
from fleet.ledger.findings import Case, Finding, Report
from fleet.ledger.signing import is_signed
from fleet.models import now
from fleet.practice.authority import PracticeAuthority
from fleet.rendering.i18n import Words
from fleet.storage.collections.verification_log import LoggedFinding, Verification
from fleet.web.errors import EvidenceProblem
from fleet.web.limiter import MAX_WAITING, RenderLimiter
from fleet.web.pages.proof_labels import FRENCH, finding_text
from tests.cli.test_cli import fleet
from tests.evidence.tampered_database import flip_file
from tests.web.conftest import plain
from tests.web.proved import Proved
from tests.web.proved import authority as authority
from tests.web.proved import own as own
from tests.web.proved import shared as shared
from tests.web.test_reading import PHONE, WCAG, problems, sideways

SOUND = "Conforme : rien n’a été modifié depuis le scellement."
ALTERED = "Altérée : ce qui est conservé n’est plus ce qui a été scellé."


async def words_at(own: Proved, path: str) -> str:
    """A page's HTML with plain spaces."""
    return plain((await own.http.get(path)).text)


# On the attempt's page --------------------------------------------------------------------------


async def test_an_attempts_page_says_by_what_it_is_proved(
    shared: Proved, browser_page: BrowserPage
) -> None:
    attempt = shared.past.attempts[5]
    ((link, number),) = (await shared.past.store.ledger.links_of([attempt.id])).values()

    await browser_page.goto(f"{shared.url}/tentative/{attempt.id}")

    block = browser_page.locator(".proof")
    for words in (
        "scellée et horodatée",
        link.manifest,
        "n° 6 de la chaîne",
        link.hash,
        f"n° {number}, fait le",
        "sur 3 tentatives",
        shared.past.key.public,
        "Horodatage d’entraînement",
    ):
        await expect(block).to_contain_text(words)


async def test_what_is_not_sealed_or_not_timestamped_is_said_to_be(own: Proved) -> None:
    fresh = await own.past.add(9, now())
    shown = await words_at(own, f"/tentative/{fresh.id}")
    verified = await words_at(own, f"/tentative/{fresh.id}/verification")
    assert "pas encore scellée" in shown
    assert "Conforme à son maillon, mais pas encore scellée." in verified

    await own.db.seals.update_one(
        {"_id": 2}, {"$set": {"tokens": [], "refusals": [{"url": "x", "words": "y"}]}}
    )
    old = own.past.attempts[6]
    shown = await words_at(own, f"/tentative/{old.id}")
    verified = await words_at(own, f"/en/tentative/{old.id}/verification")
    assert "Aucun horodatage : seule l’association atteste la date." in shown
    assert "aucun de 127.0.0.1 jusqu’ici" in shown
    assert "No trusted timestamp: only the association vouches for the date." in verified


# Made anew --------------------------------------------------------------------------------------


async def test_an_untouched_attempt_is_sound_and_it_is_said_what_was_computed(
    shared: Proved, browser_page: BrowserPage
) -> None:
    attempt = shared.past.attempts[6]
    await browser_page.goto(f"{shared.url}/tentative/{attempt.id}")

    await browser_page.get_by_role("link", name="Vérifier maintenant").press("Enter")

    main = browser_page.locator("main")
    for words in (SOUND, "2 fichiers", "le sceau n° 2", "ses 3 maillons", "1 horodatage"):
        await expect(main).to_contain_text(words)
    await browser_page.goto(f"{shared.url}/en/tentative/{attempt.id}/verification")
    await expect(main).to_contain_text("Sound: nothing was altered since it was sealed.")


async def test_a_flipped_bit_is_named_on_the_page(own: Proved, browser_page: BrowserPage) -> None:
    touched, other = own.past.attempts[4], own.past.attempts[5]
    name = touched.evidence[0].sha256
    await flip_file(own.db, name)

    await browser_page.goto(f"{own.url}/tentative/{touched.id}/verification")
    error = browser_page.locator(".error")
    await expect(error).to_contain_text(ALTERED)
    await expect(error).to_contain_text(f"Le fichier {name} de la tentative {touched.id} a été")
    await browser_page.goto(f"{own.url}/en/tentative/{touched.id}/verification")
    await expect(error).to_contain_text(f"File {name} of attempt {touched.id} was altered")
    assert SOUND in await words_at(own, f"/tentative/{other.id}/verification")


async def test_what_else_was_done_to_an_attempt_is_named(own: Proved) -> None:
    altered, relinked, deleted = own.past.attempts[:3]
    await own.db.attempts.update_one({"_id": altered.id}, {"$set": {"verdict": "slots"}})
    await own.db.links.update_one({"_id": relinked.id}, {"$set": {"previous": "1" * 64}})
    await own.db.attempts.delete_one({"_id": deleted.id})

    async def found(attempt_id: str) -> str:
        page = await words_at(own, f"/tentative/{attempt_id}/verification")
        assert ALTERED in page
        return page

    assert "sa fiche n’est pas celle de son maillon" in await found(altered.id)
    assert "est rompue au maillon 2" in await found(relinked.id)
    assert "Sceau 1 : sa racine n’est pas celle de ses 5 maillons" in await found(relinked.id)
    assert "a été supprimée : son maillon, le 3 de la chaîne" in await found(deleted.id)
    assert (await own.http.get("/tentative/none/verification")).status_code == 404


async def test_a_removed_file_is_no_alteration(own: Proved) -> None:
    attempt = own.past.attempts[5]
    name = attempt.evidence[0].sha256
    await own.past.store.removals.take_down([name], reason="un visage", by="test")

    page = await words_at(own, f"/tentative/{attempt.id}/verification")

    assert SOUND in page
    assert "un visage" in page
    assert name in page


async def test_the_verification_can_be_read_by_everybody(
    own: Proved, browser_page: BrowserPage
) -> None:
    await flip_file(own.db, own.past.attempts[4].evidence[0].sha256)
    for number in (4, 5):
        for language in ("", "/en"):
            await browser_page.set_viewport_size(PHONE)
            address = f"{language}/tentative/{own.past.attempts[number].id}/verification"
            await browser_page.goto(f"{own.url}{address}")
            assert await problems(browser_page, WCAG) == []
            assert await sideways(browser_page) <= 0


async def test_few_wait_for_a_verification_and_the_others_are_told_to_come_back() -> None:
    turns, go_on = RenderLimiter(), asyncio.Event()
    begun: list[int] = []

    async def one(number: int) -> None:
        async with turns.turn():
            begun.append(number)
            await go_on.wait()

    working = [asyncio.create_task(one(number)) for number in range(1 + MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(EvidenceProblem) as refused:
        await one(99)
    assert (refused.value.status_code, begun) == (503, [0])
    assert refused.value.headers == {"Retry-After": "10"}
    go_on.set()
    await asyncio.gather(*working, one(100))


def test_every_finding_has_french_words_about_the_same_things() -> None:
    names = (
        "seal",
        "wanted",
        "attempt",
        "links",
        "url",
        "why",
        "flow",
        "link",
        "before",
        "file",
        "key",
        *("ended", "linked", "sealed", "stamped", "seconds", "plan", "due"),
        *("said", "about", "kind"),
    )
    values = {name: f"<{name}>" for name in (*names, "day", "reason", "count")}

    for case in Case:
        finding = Finding(case, **values)
        french, english = finding_text(Words("fr"), finding), finding_text(Words("en"), finding)
        assert {v for v in values.values() if v in french} == {
            v for v in values.values() if v in english
        }, case
    assert set(FRENCH) == set(Case)


# Taken away -------------------------------------------------------------------------------------


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(folder)
    return folder


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(folder / "check.sh")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_the_proof_is_checked_with_openssl_and_without_us(
    shared: Proved, tmp_path: Path
) -> None:
    attempt = shared.past.attempts[3]
    got = await shared.http.get(f"/tentative/{attempt.id}/preuve.zip")
    folder = unpacked(got.content, tmp_path / "proof")

    done = check(folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Verified Successfully") == 1
    assert "Verification: OK" in done.stdout + done.stderr
    assert "link is under the root" in done.stdout

    manifest = (await shared.http.get(f"/tentative/{attempt.id}/manifeste.json")).content
    assert manifest == (folder / "manifest.json").read_bytes()
    forged = manifest.replace(b"no_slots", b"slots")
    (folder / "manifest.json").write_bytes(forged)
    assert check(folder).returncode != 0
    sums = (folder / "SHA256SUMS").read_text().replace(sha256(manifest), sha256(forged))
    (folder / "SHA256SUMS").write_text(sums)
    assert "the manifest is not the one of the link" in check(folder).stderr


async def test_a_seal_that_does_not_hold_is_not_given_out(own: Proved) -> None:
    attempt = own.past.attempts[3]
    await own.db.seals.update_one({"_id": 1}, {"$set": {"statement.root": "0" * 64}})

    for path in (f"/tentative/{attempt.id}/preuve.zip", "/sceaux/1.zip"):
        got = await own.http.get(path)
        assert got.status_code == 503
        assert "La preuve ne tient pas" in got.text
        assert "signature does not hold" in got.text
    assert (await own.http.get("/tentative/none/preuve.zip")).status_code == 404
    assert (await own.http.get("/sceaux/99.zip")).status_code == 404
    assert (await own.http.get("/sceaux/x.zip")).status_code == 400


# The seals --------------------------------------------------------------------------------------


async def test_the_page_of_seals_lists_them_with_the_key_to_compare(
    shared: Proved, tmp_path: Path
) -> None:
    page = await words_at(shared, "/sceaux")
    assert shared.past.key.public in page
    assert "Comparez-la avec celle que l’association publie" in page
    assert page.index("n° 2</a>") < page.index("n° 1</a>")
    async for seal in shared.past.store.ledger.seals():
        assert seal.statement.root in page
    assert "n° 1</a>" in await words_at(shared, "/sceaux?avant=2")
    assert "n° 2</a>" not in await words_at(shared, "/sceaux?avant=2")

    folder = unpacked((await shared.http.get("/sceaux/2.zip")).content, tmp_path / "seal")
    done = check(folder)
    assert done.returncode == 0, done.stderr
    pem = (await shared.http.get("/sceaux/cle-publique.pem")).content
    assert pem == (folder / "ledger-public-key.pem").read_bytes()


async def test_the_page_of_seals_says_when_everything_was_last_verified_and_what_was_found(
    own: Proved, mongodb_url: str, authority: PracticeAuthority, tmp_path: Path
) -> None:
    settings = {
        "FLEET_MONGODB_URL": mongodb_url,
        "FLEET_DATABASE": own.database,
        "FLEET_DATA_DIR": tmp_path / "data",
        "FLEET_TIMESTAMP_ROOTS": authority.roots,
    }
    assert "Personne n’a encore vérifié toute la base" in await words_at(own, "/sceaux")

    assert (await fleet("verify", **settings)).code == 0
    page = await words_at(own, "/sceaux")
    assert "Rien n’avait été modifié de ce qui est vérifié" in page
    assert "8 tentatives, 16 fichiers, 2 sceaux, 2 horodatages" in page

    name = own.past.attempts[2].evidence[1].sha256
    await flip_file(own.db, name)
    assert (await fleet("verify", **settings)).code == 6
    page = await words_at(own, "/en/sceaux")
    assert "1 alteration found." in page
    assert f"File {name} of attempt {own.past.attempts[2].id} was altered" in page


async def test_a_verification_of_what_is_new_stands_beside_the_last_of_everything(
    own: Proved,
) -> None:
    verifications = own.past.store.verifications
    report = await Verifier(own.past.store, ()).everything()  # no root is believed: two findings
    old = {"began_at": now(), "ended_at": now(), "fleet_version": "0.0.8", "last_seal": 1}
    await verifications.keep(Verification.of(report, kind="everything", **old))
    new = {**old, "ended_at": now() + timedelta(hours=1), "fleet_version": "0.0.9", "last_seal": 2}
    later = Verification.of(Report(), kind="newer", **new)
    of_a_later_version = LoggedFinding(case="NOT_YET_KNOWN", values={})
    await verifications.keep(later.model_copy(update={"notices": (of_a_later_version,)}))

    page = await words_at(own, "/sceaux")

    assert page.index("par la version 0.0.9") < page.index("par la version 0.0.8")
    assert "Ce qui avait été scellé depuis la vérification d’avant" in page
    assert "2 altérations trouvées." in page
    assert "ne mène à aucune racine reconnue ici" in page


async def test_before_the_first_seal_the_pages_say_so(
    own: Proved, browser_page: BrowserPage
) -> None:
    for name in ("links", "seals"):
        await own.db[name].delete_many({})
    attempt = own.past.attempts[0]

    assert "Aucun sceau n’a encore été fait." in await words_at(own, "/sceaux")
    assert "pas encore dans la chaîne" in await words_at(own, f"/tentative/{attempt.id}")
    assert (await own.http.get("/sceaux/cle-publique.pem")).status_code == 404
    document = await own.db.attempts.find_one({"_id": attempt.id})
    got = await own.http.get(f"/tentative/{attempt.id}/manifeste.json")
    assert sha256(got.content) == sha256(canonical(document))


async def test_the_seals_can_be_copied_with_what_proves_them(shared: Proved) -> None:
    got = (await shared.http.get("/sceaux.json")).json()
    assert [each["number"] for each in got["seals"]] == [2, 1]
    assert got["next"] is None
    for each in got["seals"]:
        statement = each["statement"].encode()
        assert is_signed(shared.past.key.public, each["signature"], statement)
        assert each["sha256"] == sha256(statement)
        assert json.loads(statement)["root"] == each["root"]
        assert len(each["timestamps"]) == 1
    assert json.loads(got["seals"][0]["statement"])["previous"] == got["seals"][1]["sha256"]
    older = (await shared.http.get("/sceaux.json?avant=2")).json()["seals"]
    assert older == got["seals"][1:]
    assert (await shared.http.get("/sceaux.json?avant=x")).status_code == 400

    feed = await shared.http.get("/sceaux.atom")
    root = ElementTree.fromstring(feed.content)
    summaries = [each.text or "" for each in root.iter("{http://www.w3.org/2005/Atom}summary")]
    assert [each["root"] in words for each, words in zip(got["seals"], summaries, strict=True)] == [
        True,
        True,
    ]
    tag = {"If-None-Match": feed.headers["etag"]}
    assert (await shared.http.get("/sceaux.atom", headers=tag)).status_code == 304
    assert "Seal no. 2" in (await shared.http.get("/en/sceaux.atom")).text


async def test_a_seal_that_was_altered_is_in_no_copy(own: Proved) -> None:
    await own.db.seals.update_one({"_id": 1}, {"$set": {"statement.root": "0" * 64}})

    for path in ("/sceaux.json", "/sceaux.atom"):
        got = await own.http.get(path)
        assert got.status_code == 503
        assert "seal 1: its signature does not hold" in got.text
