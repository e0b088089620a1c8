"""The blind check of verdicts: drawn by command, read by members who are told nothing, counted."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from fleet.errors import BadInput
from fleet.models.audit import PersonSaw, VerdictClass
from fleet.rendering.labels import VERDICTS
from fleet.web.pages.members.audit import QUESTIONS
from tests.web.conftest import Site, client, plain
from tests.web.members import HASH, PASSWORD, form_token, sign_in

NAME = "Lectrice"
READ = "/controle/lire"


@pytest.fixture
async def reader(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A member who has signed in to pages with attempts."""
    with contextlib.suppress(BadInput):  # a test before this one has made the account
        await site.library.store.accounts.add(NAME, HASH)
    async with client(site.url) as http:
        assert (await sign_in(http, NAME, PASSWORD)).status_code == 303
        yield http


async def drawn(site: Site) -> list[str]:
    """What `fleet audit draw` keeps, over what the pages show; the drawn attempts."""
    from fleet.cli.commands.audit import drawn_from
    from fleet.models.query import Period

    made = await drawn_from(site.library.store, 3, Period.latest(2))
    await site.library.store.audits.add_draw(made)
    return list(made.attempt_ids)


def asked(page: str) -> dict[str, str]:
    """The hidden fields of the question."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


async def test_a_reader_sees_the_pictures_and_nothing_that_tells_the_verdict(
    site: Site, reader: httpx.AsyncClient
) -> None:
    ids = await drawn(site)
    seen = []
    for _ in ids:
        text = (await reader.get(READ)).text
        fields = asked(text)
        attempt = next(a for a in site.attempts if a.id == fields["image"])
        seen.append(attempt.id)
        assert [e.sha256 for e in attempt.evidence if e.kind == "picture"] == re.findall(
            r'src="/preuve/([0-9a-f]{64})"', text
        )
        hidden = (attempt.detail, attempt.url, *attempt.signs, f"v-{attempt.verdict}")
        assert [each for each in hidden if each and each in text] == []
        names = {name for name, _ in VERDICTS.values()} - set(QUESTIONS.values())
        told = re.search(r"<main.*</main>", text, re.DOTALL)
        assert told
        assert [each for each in names if each in plain(told[0])] == []
        got = await reader.post(READ, data={**fields, "vu": "unsure"})
        assert got.status_code == 303, got.text
    assert sorted(seen) == sorted(ids)
    assert "Vous avez tout relu" in (await reader.get(READ)).text


async def test_what_people_saw_is_counted_beside_what_the_robot_said(
    site: Site, reader: httpx.AsyncClient
) -> None:
    ids = await drawn(site)
    by_id = {a.id: a for a in site.attempts}
    for _ in ids:
        fields = asked((await reader.get(READ)).text)
        verdict = by_id[fields["image"]].verdict
        right = next(each for each in VerdictClass if verdict in each.verdicts)
        seen = "no_slots" if right is VerdictClass.SLOTS else right.value
        answer = seen.replace("unanswered", "other")
        assert (await reader.post(READ, data={**fields, "vu": answer})).status_code == 303

    page = plain((await site.http.get("/controle")).text)
    slots = [each for each in ids if by_id[each].verdict == "slots"]
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", page, re.DOTALL)[: len(VerdictClass)]
    counts = [re.findall(r'<td class="n"[^>]*>([^<]*)<', row) for row in rows]
    assert counts[0][1:4] == [str(len(slots)), "0", str(len(slots))]
    assert all(row[3] == "0" for row in counts[1:])
    assert "100,0 % (" in rows[0]
    assert all(f"/tentative/{each}" in page for each in slots)
    assert NAME not in page  # who read is not told
    assert "Blind check" not in page
    assert "Contrôle des verdicts" in page


async def test_an_answer_stays_and_what_was_not_drawn_cannot_be_answered(
    site: Site, reader: httpx.AsyncClient
) -> None:
    ids = await drawn(site)
    store = site.library.store
    fields = asked((await reader.get(READ)).text)

    none = await reader.post(READ, data=fields)
    assert none.status_code == 422
    assert "Choisissez ce que vous avez vu" in none.text
    assert asked(none.text)["image"] == fields["image"]

    for answer in ("closed", "slots"):
        await reader.post(READ, data={**fields, "vu": answer})
    latest = (await store.audits.draws())[0]
    own = [e for e in await store.audits.readings(latest) if e.attempt_id == fields["image"]]
    assert [each.seen for each in own] == [PersonSaw.CLOSED]

    other = next(a.id for a in site.attempts if a.id not in ids) if len(ids) < 10 else "f" * 32
    for wrong in ({"image": other}, {"tirage": "0" * 32}, {"image": "<b>"}):
        got = await reader.post(READ, data={**fields, "vu": "slots", **wrong})
        assert got.status_code == 400, wrong
    assert "<b>" not in got.text


async def test_reading_asks_for_an_account_and_the_counts_do_not(site: Site) -> None:
    await drawn(site)

    assert (await site.http.get("/controle")).status_code == 200
    got = await site.http.get(READ)
    assert got.status_code == 303
    assert got.headers["location"].startswith("/connexion?suite=")
    assert await form_token(site.http, READ) == ""
    assert (await site.http.post(READ, data={"vu": "slots"})).status_code in (303, 403)
