"""What a tape says of us, of a session or of an official is gone before anybody sees the file."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Outcome, Verdict
from fleet.practice import PracticeServer
from fleet.visit.attempt import attempt
from fleet.visit.recording import har
from fleet.visit.recording.recorder import Recorder
from fleet.visit.recording.redaction import scrubbed
from tests.conftest import QUICK, scenario_of
from tests.families.replay import replay
from tests.families.test_bookingserver import OFFERS, form
from tests.visit.recording.test_tape import html_entry, page, record, scripted, serving, tape_of

PLANTED = {
    "cookie": secrets.token_hex(16),
    "script's cookie": f"visitor-{secrets.token_hex(6)}",
    "jsessionid": secrets.token_hex(16).upper(),
    "parameter": secrets.token_hex(16),
    "csrf": f"{secrets.token_urlsafe(9)}+/{secrets.token_hex(4)}=",
    "meta": secrets.token_hex(20),
    "captchaId": f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(6)}",
    "VCID": secrets.token_hex(16),
    "bearer": f"{secrets.token_hex(20)}",
    "jwt": f"eyJ{secrets.token_hex(8)}.eyJ{secrets.token_hex(8)}.{secrets.token_hex(8)}",
    "official": "prenom.nom@prefecture.example",
    "coded": "prenom.autre&#64;prefecture.example",
    "operator": "81.2.69.142",
    "contact": "fleet.example/contact",
}
"""What the site of this test gives away, and the file must not."""


async def gives_away(request: web.Request) -> web.StreamResponse:
    """A site whose form only goes on with the token that it gave."""
    p = PLANTED
    if request.path == "/api":
        return web.json_response({"captchaId": p["captchaId"], "seen": p["bearer"]})
    if request.path.startswith("/next"):
        form_ = await request.post()
        right = form_["csrf_token"] == p["csrf"] and form_["where"] == p["jsessionid"]
        return page(f"<p>{'the right token' if right else 'the wrong token'}</p>")
    text = f"""<meta name="csrf-token" content="{p["meta"]}">
    <script>
      document.cookie = "visitor={p["script's cookie"]}";
      var config = {{"accessToken": "{p["jwt"]}", captchaId: '{p["captchaId"]}'}};
      fetch("/api?token={p["parameter"]}", {{headers: {{Authorization: "Bearer {p["bearer"]}"}}}});
    </script>
    <form method=post action="/next;jsessionid={p["jsessionid"]}">
      <input type=hidden name=csrf_token value="{p["csrf"]}">
      <input type='hidden' value='{p["jsessionid"]}' name='where'>
      <input type=hidden name=BDC_VCID_captcha value={p["VCID"]}>
      <img src="/captcha.png?t={p["VCID"]}">
      <button>Suivant</button>
    </form>
    <p>Écrivez à <a href="mailto:{p["official"]}">{p["coded"]}</a>.</p>
    <p>Votre adresse IP : {p["operator"]}. Votre navigateur : {request.headers["User-Agent"]}</p>
    <p>Session {p["cookie"]}, le 24/11/2026</p>"""
    return page(text, **{"Set-Cookie": f"eZSESSID={p['cookie']}; path=/; httponly"})


async def go_on(visit: fleet.Visit) -> Outcome:
    await visit.open()
    await visit.press("Suivant")
    return await visit.decide(closed=[visit.text("the right token")])


async def test_no_secret_of_a_visit_is_in_its_file_and_the_file_still_plays(
    chromium: Chromium, tmp_path: Path
) -> None:
    async with serving(gives_away) as place:
        live, tape = await record(scripted(go_on, place.url + "/"), chromium)
    path = har.save(tape, tmp_path)
    played, player = await replay(har.load(path), chromium, scenario=scripted(go_on, tape.url))

    assert live.verdict == Verdict.CLOSED
    text = path.read_text()
    assert [what for what, secret in PLANTED.items() if secret in text] == []
    assert (played.verdict, player.missing) == (Verdict.CLOSED, [])
    assert ", le 24/11/2026" in text
    assert "mailto:adresse@example.fr" in text
    assert "PrefectureFleet/0.1.0 (+https://example.fr/contact)" in text


async def test_a_practice_session_and_port_are_in_no_file(
    chromium: Chromium, tmp_path: Path
) -> None:
    offers = form(describes=True, **OFFERS)
    recorder = Recorder()
    async with PracticeServer((offers,)) as server:
        scenario = scenario_of(offers).at(server.url(offers))
        kept = await attempt(scenario, chromium, run_id="test", limits=QUICK, tape=recorder)
        sessions = {request.session for request in server.requests if request.session}
        port = server.port

    text = har.save(recorder.tape(kept.attempt, practice=True), tmp_path).read_text()

    assert len(sessions) == 1
    assert [session for session in sessions if session in text] == []
    assert f":{port}" not in text
    assert '"http://clermont-ferrand.localhost/booking/create/4411/4"' in text


def scrubbed_page(text: str, *cookies: tuple[str, str]) -> str:
    tape = scrubbed(tape_of(html_entry(text)), {value: name for name, value in cookies})
    return tape.entries[0].text or ""


def test_a_secret_becomes_the_same_made_up_value_of_its_kind_everywhere() -> None:
    token = "a1B2-c3D4/e5F6"
    address = "http://somewhere.localhost/?csrf=a1B2-c3D4%2Fe5F6"
    tape = tape_of(
        html_entry(f'<input name=csrf value="{token}"><a href="{address}">'),
        html_entry("", url=address, posted="csrf=a1B2-c3D4%2Fe5F6", sent=(("Cookie", token),)),
    )

    first, second = scrubbed(tape, {}).entries

    made_up = re.search(r'value="([^"]+)"', first.text or "")
    assert made_up is not None
    assert made_up.group(1) != token
    assert re.fullmatch(r"[a-z]\d[A-Z]\d-[a-z]\d[A-Z]\d/[a-z]\d[A-Z]\d", made_up.group(1))
    coded = made_up.group(1).replace("/", "%2F")
    assert second.url == f"http://somewhere.localhost/?csrf={coded}"
    assert second.posted == f"csrf={coded}"
    assert f'<a href="{second.url}">' in (first.text or "")
    assert second.sent == ()


WORDS = (
    "<input name=tokenMode value=disabled disabled>",
    "<input name=session_id value=12><td>12</td>",
    "<img src=/icon@2x.png><script src=/jquery@3.7.1.min.js></script>",
    "<p>Guichet 14510 le 2026-11-24 à 08:30, v1.2.3.4, aa:bb:cc:dd:ee:ff</p>",
    "<p>127.0.0.1 et 192.168.1.10</p>",
    '<script>var tokenUrl = "/booking/create/14510/0"</script>',
    "<style>@media print { a::before { content: 'x' } }</style>",
)


@pytest.mark.parametrize("text", WORDS)
def test_words_numbers_and_addresses_of_the_site_stay_as_they_are(text: str) -> None:
    assert scrubbed_page(text, ("consent", "accepted"), ("lang", "fr")) == text


SECRETS = {
    "<meta content='0123456789abcdef' property='csrf:token'>": "0123456789abcdef",
    '{"vcid":"0123456789abcdef"}': "0123456789abcdef",
    r'{"page":"<input name=\"a\">","access_token":"0123456789abcdef"}': "0123456789abcdef",
    "<a href='/page;jsessionid=0123456789ABCDEF?a=1'>": "0123456789ABCDEF",
    "<a href='/page?a=1&amp;PHPSESSID=0123456789abcdef'>": "0123456789abcdef",
    "<p>prenom.nom+rdv@service.prefecture.gouv.fr</p>": "prenom.nom",
    "<p>2a01:cb00:8d3:1f00::1</p>": "2a01:cb00",
    "<span id=cf-footer-ip>81.2.69.142</span>": "81.2.69.142",
}


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_found_however_it_is_written(text: str) -> None:
    assert SECRETS[text] in text
    assert SECRETS[text] not in scrubbed_page(text)


def test_a_secret_inside_a_picture_or_a_file_goes_too() -> None:
    secret = "0123456789abcdef"
    entry = html_entry("")
    picture = replace(
        entry,
        headers=(("Content-Type", "image/png"),),
        body=b"\x89\xff" + secret.encode() + b"\x00",
    )

    (clean,) = scrubbed(tape_of(picture), {secret: "eZSESSID"}).entries

    assert secret.encode() not in clean.body
    assert len(clean.body) == len(picture.body)
    assert clean.body[:2] == b"\x89\xff"


def test_only_headers_that_a_replay_needs_are_kept() -> None:
    headers = (
        *(("Content-Type", "text/html"), ("Set-Cookie", "a=b"), ("CF-RAY", "8f0")),
        *(("Content-Encoding", "gzip"), ("X-Forwarded-For", "81.2.69.142")),
    )
    tape = tape_of(
        replace(html_entry(""), headers=headers, sent=(("Authorization", "Basic YTpi"),))
    )

    (clean,) = scrubbed(tape, {}).entries

    assert (clean.headers, clean.sent) == ((("Content-Type", "text/html"),), ())


HOSTILE = ("a" * 1_000_000, "a@" * 500_000, "token" * 200_000, "<input " * 150_000, "1." * 500_000)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_page_made_to_be_slow_to_search_is_searched_to_its_end(number: int) -> None:
    assert scrubbed_page(HOSTILE[number]) == HOSTILE[number]
