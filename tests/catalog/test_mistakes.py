"""What `fleet check` says of a scenario file's mistakes, and what is none: nothing is visited."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fleet.catalog import loader, plain, trial
from fleet.rules import selectors

ROOT = Path(__file__).parents[2]

HEAD = "from fleet import Outcome, Visit, scenario\n"

GOOD = {
    "before": "",
    "options": "",
    "define": "async def flow(visit: Visit) -> Outcome:",
    "steps": "await visit.open()",
    "more": "",
    "no_slots": 'visit.text("Aucun créneau n\'est libre"), visit.css("p.none")',
    "slots": 'visit.text("Choisissez votre créneau"), visit.css("td.free a")',
}

FILE = """
@scenario(
    department="63", flow="own", title="Titre", url="https://rdv.example/start",{options}
)
{define}
    {steps}
    return await visit.decide(no_slots=[{no_slots}], slots=[{slots}]{more})
"""


def said(tmp_path: Path, name: str = "d63_puy_de_dome.py", **changed: str) -> list[str]:
    """What is said of a good file of which this was changed, without the file's name."""
    parts = {**GOOD, **changed}
    before = textwrap.dedent(parts.pop("before"))
    path = tmp_path / name
    path.write_text(HEAD + before + FILE.format(**parts), encoding="utf-8")
    return [each.problem for each in loader.load(path).problems]


def slots(first: str, second: str = 'visit.css("td.free a")') -> dict[str, str]:
    return {"slots": f"{first}, {second}"}


def either(**signs: str) -> dict[str, str]:
    """The first sign of each answer; the second one is an element."""
    return {name: f'{sign}, visit.css("p.{name}")' for name, sign in signs.items()}


MISTAKES: dict[str, tuple[dict[str, str], str]] = {
    # selectors
    "css that is not closed": (slots('visit.css("td[")'), "css('td[') is no CSS selector that"),
    "css of Playwright": (
        slots("visit.css(\"td:has-text('x')\")"),
        "no CSS selector that Chromium",
    ),
    "css of jQuery": (slots("visit.css(\"a:contains('x')\")"), "`:contains()` is no CSS"),
    "an XPath": (slots('visit.css("//td[@class]")'), "css('//td[@class]') is no CSS selector"),
    "text as css": (slots('visit.css("text=Libre")'), "css('text=Libre') is no CSS selector"),
    "one of several selectors": (slots('visit.css("td.a", "td..b")'), "css('td..b') is no CSS"),
    "a selector of the file": (
        {"before": 'FREE = "td["', **slots("visit.css(FREE)")},
        "css('td[') is no CSS selector",
    ),
    "a selector made of parts": (
        {"before": 'CELL = "td"', **slots('visit.css(f"{CELL}.free[")')},
        "css('td.free[') is no CSS selector",
    ),
    "a banner's selector": (
        {"steps": 'visit.dismiss("#a", "button[")'},
        "line 7: css('button[') is no CSS selector",
    ),
    "a button's selector": ({"steps": 'await visit.press(css="a[")'}, "css('a[') is no CSS"),
    "the selector of texts": ({"steps": 'await visit.texts("a:eq(0)")'}, "css('a:eq(0)') is no"),
    "a part of an element": (slots('visit.css("p::before")'), "`::` names a part of an element"),
    # signs that any page shows
    "any address": (slots('visit.url("*")'), "slots=…: url('*') fits any address"),
    "any address with https": (
        slots('visit.url("https://*")'),
        "url('https://*') fits any address",
    ),
    "any address of the site": (slots('visit.url("https://rdv.example/*")'), "fits any address"),
    "any address with a letter": (slots('visit.url("*a*")'), "url('*a*') fits any address"),
    "one alternative that any page has": (
        slots('visit.css("td.free", "body")', 'visit.url("*/5")'),
        "css('body') is on any page",
    ),
    "a link": (slots('visit.css("a")', 'visit.url("*/5")'), "css('a') is on any page"),
    "the root": (slots('visit.css(":root")', 'visit.url("*/5")'), "css(':root') is on any page"),
    "anything": (slots('visit.css("*")', 'visit.url("*/5")'), "css('*') is on any page"),
    "a letter": (slots('visit.text("e")'), "text('e') is too short to be the words of one answer"),
    "signs of nothing": (slots('visit.text("\\u200b …")'), "is too short to be the words"),
    "no words": (slots('visit.text("")'), "text('') is empty"),
    "no patterns": (slots("visit.text()"), "text() needs words to look for"),
    "everybody's word": (slots('visit.text("Rendez-vous")'), "stands on pages with any answer"),
    "closed by any page": (
        {"more": ', closed=[visit.css("div")]'},
        "closed=…: css('div') is on any",
    ),
    "an address with its query": (slots('visit.url("*?page=5")'), "is never seen: addresses are"),
    # opposites
    "contained in its opposite": (
        either(
            slots='visit.text("rendez-vous disponible")',
            no_slots='visit.text("Aucun rendez-vous disponible")',
        ),
        "slots=…: text('rendez-vous disponible') is also shown by a page that says 'Aucun",
    ),
    "contained once case, spaces and apostrophes are gone": (
        either(
            slots='visit.text("PLUS D\u2019UN  CRÉNEAU")',
            no_slots='visit.text("Complet", "Il n\'y a plus d\'un créneau")',
        ),
        "is also shown by a page that says \"Il n'y a plus d'un créneau\"",
    ),
    "none contained in some": (
        either(
            slots='visit.text("Aucun créneau libre avant le 3")',
            no_slots='visit.text("Aucun créneau libre")',
        ),
        "no_slots=…: text('Aucun créneau libre') is also shown by a page that says",
    ),
    "one sentence for both": (
        either(slots='visit.text("Vos créneaux")', no_slots='visit.text("vos créneaux")'),
        "is also shown by a page that says",
    ),
    "contained in a box's words": (
        either(slots='visit.dialog("disponible")', no_slots='visit.dialog("Indisponible")'),
        "slots=…: dialog('disponible') is also shown by a page that says 'Indisponible'",
    ),
    "contained by way of a name and a function": (
        {
            "before": """
                NONE = ("Complet", "pas de place libre")

                def none(visit: Visit, words: str) -> list[object]:
                    return [visit.text(words, *NONE), visit.css("p.none")]
            """,
            "steps": 'free = [visit.text("place libre"), visit.css("td.free")]',
            "no_slots": '*none(visit, "Rien")',
            "slots": "*free",
        },
        "slots=…: text('place libre') is also shown by a page that says 'pas de place libre'",
    ),
    "contained on the way": (
        {"steps": 'await visit.which(a=[visit.text("ouvert")], b=[visit.text("pas ouvert")])'},
        "line 7: a=…: text('ouvert') is also shown by a page that says 'pas ouvert'",
    ),
    # too few, or none
    "one sign": ({"slots": 'visit.css("td.free")'}, "decide(slots=…) needs two independent signs"),
    "two sentences": (slots('visit.text("Libre lundi")', 'visit.text("Libre mardi")'), "needs two"),
    "words for a sign": (slots('"Choisissez"'), "slots=… takes a list of signs, such as [visit"),
    "a list for words": (slots('visit.text(["Libre lundi"])'), "text() takes one or more texts"),
    "an unknown answer": (
        {"more": ', open=[visit.text("Ouvert")]'},
        "decide() has no answer 'open'",
    ),
    # the function
    "no async": ({"define": "def flow(visit: Visit) -> Outcome:", "steps": "pass"}, "async"),
    "no visit": ({"define": "async def flow() -> Outcome:"}, "must take one thing only: the visit"),
    "a verb without await": (
        {"steps": "visit.open()"},
        "line 7: open(…) does nothing without `await`",
    ),
    "an unknown verb": (
        {"steps": 'await visit.clic("x")'},
        "a visit has no verb 'clic'; tick? (docs",
    ),
    "a verb changed": ({"steps": "visit.today = None"}, "line 7: changes visit.today"),
    "an endless loop": (
        {"steps": "while True: pass"},
        "line 7: this loop never ends; a visit waits by itself",
    ),
    "everything caught": (
        {"steps": "try: await visit.open()\n    except Exception: pass"},
        "line 8: catches every error, those that end a visit too",
    ),
    # below the verbs
    "something private": (
        {"steps": 'await visit._page.fill("#a", "b")'},
        "reaches for _page, which",
    ),
    "private in a pattern": (
        {"steps": "match visit:\n        case Visit(_page=page): pass"},
        "reaches for _page, which is private",
    ),
    "private by name": (
        {"steps": "getattr(visit, '_page')"},
        "line 7: uses getattr; a scenario uses",
    ),
    "what is below a visit": ({"steps": "visit.traffic.page"}, "a visit has no verb 'traffic'"),
    "an import of the fleet": ({"before": "from fleet.settings import Settings"}, "imports fleet."),
    "an import beyond": ({"before": "import requests"}, "line 2: imports requests; a scenario may"),
    "an import in the script": ({"steps": "import time; time.sleep(9)"}, "line 7: imports time;"),
    "more of os than its environment": (
        {"before": "import os; os.listdir('/')"},
        "line 2: uses listdir of os, of which a scenario needs environ and getenv only",
    ),
    "os handed on": ({"before": "import os; system = os"}, "line 2: uses more of os"),
    "os by another name": ({"before": "import os as o"}, "line 2: imports os;"),
    "a program of os": ({"before": "from os import system"}, "line 2: uses system of os"),
    "more of asyncio than sleep": (
        {"before": "import asyncio; asyncio.run(None)"},
        "line 2: uses run of asyncio",
    ),
    "a part of the fleet": ({"before": "from fleet import catalog"}, "imports catalog from fleet"),
    "an import by name": ({"before": "__import__('os')"}, "line 2: uses __import__; a scenario"),
    # what is silently ignored
    "another file's name": ({"name": "63_puy.py"}, "expected a name like d63_puy_de_dome.py"),
    "a name given twice": (
        {"before": "def flow() -> None: pass"},
        "flow is given a second time, so that of line 2 is lost",
    ),
    "scenarios in a dict": (
        {
            "before": """
                from fleet.families import bookingserver
                more = {"a": bookingserver.flow(
                    department="63", flow="a", title="T", url="https://x/booking/create/1")}
            """
        },
        "more holds scenarios in a dict, where nothing finds them; make it a list",
    ),
    # wrong types
    "a list for an anchor": ({"options": 'anchor=["a", "b"]'}, "line 3: anchor: input should be a"),
    "a word for a yes": ({"options": 'control="non"'}, "control: input should be a valid boolean"),
    "a short anchor": (
        {"options": 'anchor="x"'},
        "anchor: string should have at least 3 characters",
    ),
    "an unknown parameter": (
        {"options": 'departement="63"'},
        "unexpected keyword argument 'depart",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_what_to_do_before_any_visit(tmp_path: Path, mistake: str) -> None:
    changed, words = MISTAKES[mistake]

    (problem,) = said(tmp_path, **changed)

    assert words in problem


FINE: dict[str, dict[str, str]] = {
    "as it is": {},
    "the environment of the machine": {
        "before": "import os; PORT = os.environ.get('PORT'), os.getenv('PORT')"
    },
    "a pause": {"before": "import asyncio", "steps": "await asyncio.sleep(1)"},
    "modern selectors": slots('visit.css("td:is(.a, .b):not(.c, .d):has(> a[href*=x i])")'),
    "a sentence of its own": slots('visit.text("Choisissez un rendez-vous disponible")'),
    "what any page has, beside enough": slots(
        'visit.text("Choisissez"), visit.css("a")', 'visit.url("*/5")'
    ),
    "an address's end": slots('visit.url("*/2")'),
    "what only the visit knows": {
        "steps": 'words = await visit.texts("td.word")',
        **slots("visit.text(*words)"),
    },
    "libraries that compute": {"before": "import re\nfrom datetime import date, timedelta"},
    "an error of its own": {"steps": "try: int('x')\n    except ValueError: pass"},
    "words that two pages on the way share": {
        "steps": "await visit.which("
        'a=[visit.text("La semaine")], b=[visit.text("La semaine"), visit.text("La suite")])'
    },
}


@pytest.mark.parametrize("fine", FINE)
def test_what_is_right_is_left_alone(tmp_path: Path, fine: str) -> None:
    assert said(tmp_path, **FINE[fine]) == []


KNOWN = (
    *("td.free", "a:has(> b, + c)", ":where(.x) a", "li:nth-child(2 of .x)", "a:valid", ":modal"),
    *("[data-x='a\"b|c!=d<']", "[lang|=fr]", "*|a", ":popover-open", ":state(x) b", "a:any-link"),
    *("input:user-invalid", "#a\\:b", "my-el.\u00e9", "a /* c */ b", "a:not(:has(b))"),
)
UNKNOWN = (
    *("td[", "", ">a", "a,,b", "a{", "#1a", "@a", "a b[c=1]", "a:visible", "a:nth-match(b, 2)"),
    *("td >> a", "css=a", "a[b!=c]", "svg|a", "a||b", "a:not(", "a:text('x')", "role=button"),
)


def test_selectors_are_known_by_what_chromium_knows() -> None:
    assert [each for each in KNOWN if selectors.mistake(each)] == []
    assert [each for each in UNKNOWN if not selectors.mistake(each)] == []


def test_files_that_would_be_passed_over_in_silence_are_told(tmp_path: Path) -> None:
    ignored = ("63_puy.py", "D63_Puy.py", "d63-puy.py", "d63_puy", "d63_puy.py.txt", "puy.PY")
    for name in (*ignored, "__init__.py", ".d63_puy.py.swp", "README.md", "d63_puy.pyc"):
        (tmp_path / name).write_text("")

    told = [each.path.name for each in loader.load(tmp_path).problems]

    assert sorted(told) == sorted(ignored)


def test_the_catalogue_only_declares_so_no_file_of_it_is_tried_apart() -> None:
    files = [
        *(ROOT / "scenarios").glob("d*.py"),
        *(ROOT / "fleet/practice/scenarios").glob("d*.py"),
    ]

    assert [f.name for f in files if not plain.is_plain(ast.parse(f.read_bytes()))] == []


def example() -> str:
    """The file that docs/scenarios.md shows for a site of its own."""
    text = (ROOT / "docs/scenarios.md").read_text(encoding="utf-8")
    shown = text.split('    """Seine-Saint-Denis (93)', 1)[1].split("\n\n`no_slots` needs", 1)[0]
    return textwrap.dedent(f'    """Seine-Saint-Denis (93){shown}') + "\n"


@pytest.mark.process
def test_the_example_of_the_documentation_can_be_used_and_passes_the_style_check(
    tmp_path: Path,
) -> None:
    path = tmp_path / "d93_seine_saint_denis.py"
    path.write_text(example(), encoding="utf-8")

    found = loader.load(path)

    assert (found.problems, [each.id for each in found.scenarios]) == ((), ["93/vie-privee"])
    ruff = Path(sys.executable).with_name("ruff")
    for check in (("check", "-q"), ("format", "--check", "-q")):
        call = [ruff, *check, "--config", ROOT / "pyproject.toml", path]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        assert (done.stdout + done.stderr, done.returncode) == ("", 0)


@pytest.mark.process
def test_an_import_that_never_comes_back_is_given_up_and_the_other_files_count(
    tmp_path: Path,
) -> None:
    """By the processor's time if it burns, by the wall's if it waits; or it takes the process."""
    flow = (
        "from fleet.families import bookingserver\n"
        'flow = bookingserver.flow(department="63", flow="a", title="T",'
        ' url="http://x.localhost/booking/create/1")\n'
    )
    burns = tmp_path / "d63_burns.py"
    burns.write_text(f"{flow}n = 0\nwhile n < 1:\n    if n: break\n")
    waits = tmp_path / "d64_waits.py"
    waits.write_text("import zoneinfo, itertools\nfor n in itertools.count(): pass\n")
    (tmp_path / "d63_good.py").write_text(flow)

    found = loader.load(tmp_path)

    assert [each.id for each in found.scenarios] == ["63/a"]
    assert [str(each).split(" (", 1)[0] for each in found.problems] == [
        f"{burns}: its import does not end",
        f"{waits}: its import does not end",
    ]
    assert trial.problem_of(burns, wall_s=0.1) == (
        "its import does not end (given up after 0.1 s); a scenario file only declares"
    )


async def test_what_a_scenario_prints_in_a_visit_goes_to_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it asks for: stdout is for the lines of `--json`."""
    steps = "print('in a visit'); print('aside', file=None); return None"
    assert said(tmp_path, steps=steps) == []
    (scenario,) = loader.load(tmp_path).scenarios

    await scenario.script(None)

    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "in a visit\naside\n")
