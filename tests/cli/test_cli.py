"""The command line as a person meets it: real processes, their exit codes, their every line."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import pty
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from fleet.browser.executable import build_of
from fleet.cli.commands.doctor import browser_age
from fleet.models import Attempt, Verdict
from fleet.models.text import visible
from fleet.practice import PracticeServer
from fleet.storage.store import Store
from tests.cli import forked
from tests.families.test_bookingserver import form
from tests.storage.databases import own_database
from tests.storage.test_store import AT, attempt_of, file_of

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a process wrote, and how it ended."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def line(self) -> str:
        """The only line on stderr."""
        (line,) = self.err.splitlines()
        return line


def environment(**settings: object) -> dict[str, str]:
    """This process's environment, with these FLEET_ settings and no other."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("FLEET_")}
    return plain | {k: str(v) for k, v in settings.items()}


async def fleet(*arguments: str | Path, **settings: object) -> Said:
    """Run `fleet` to its end, with `settings` in its environment."""
    ended = await forked.run([*map(str, arguments)], environment(**settings))
    assert b"Traceback" not in ended.err, ended.err.decode()
    return Said(ended.code, ended.out.decode(), ended.err.decode(), ended.seconds)


async def started(*arguments: str, **settings: object) -> Said:
    """The same by Python's own start, which reads some of the environment itself."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet", *arguments),
        env=environment(**settings),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in err, err.decode()
    seconds = time.monotonic() - began
    return Said(process.returncode, out.decode(), err.decode(), seconds)


async def attempts_in(database: dict[str, str], name: str | None = None) -> list[Attempt]:
    name = name or database["FLEET_DATABASE"]
    async with await Store.open(database["FLEET_MONGODB_URL"], name) as store:
        return [attempt async for attempt in store.attempts.find()]


# Scenario files that cannot be used

FLOW = """
from fleet.families import bookingserver
flow = bookingserver.flow(
    department={department!r}, flow="titre-de-sejour", title="Titre", url={url!r}{more},
)
"""
URL = "http://nowhere.localhost/booking/create/1"

BAD_FILES = {
    "d01_syntax.py": ("x = 1\nflow = (\n", "line 2: '(' was never closed"),
    "d02_import.py": (
        "\nimport nothing_of_that_name\n",
        "line 2: imports nothing_of_that_name; a scen",
    ),
    "d03_department.py": (
        FLOW.format(department="99", url=URL, more=""),
        "line 3: department '99' is none of 01…95, 2A, 2B, 971…988; write it as text",
    ),
    "d04_another.py": (
        FLOW.format(department="05", url=URL, more=""),
        "scenario 05/titre-de-sejour says department '05' but the file's name says '04'; correct",
    ),
    "d07_parameter.py": (
        FLOW.format(department="07", url=URL, more=", plannings='1'"),
        "line 3: TypeError: flow() got an unexpected keyword argument 'plannings'; correct it",
    ),
    "d08_url.py": (
        FLOW.format(department="08", url="htp://x/booking/create/1", more=""),
        "line 3: url 'htp://x/booking/create/1' is not an http:// or https:// address",
    ),
    "d09_empty.py": ("x = 1\n", "holds no scenario; see docs/scenarios.md"),
    "d10_exit.py": ("raise SystemExit\n", "line 1: calls sys.exit(); a scenario file only"),
    "d11_raises.py": ("raise RuntimeError('two\\nlines')\n", "line 1: RuntimeError: two lines; "),
    "d12_binary.py": ("x = 1\0\n", "null bytes"),
    "d14_latin.py": ("x = 'préfecture'\n", "utf-8"),
    "d63_twin.py": ("", "scenario 63/titre-de-sejour is already in "),
    "dx_name.py": ("", "expected a name like d63_puy_de_dome.py"),
}


def scenario_folder(folder: Path, url: str) -> Path:
    """Every bad file, and between them a good one, which also prints."""
    folder.mkdir()
    good = FLOW.format(department="63", url=url, more="")
    for name, (text, _) in BAD_FILES.items():
        text = good if name == "d63_twin.py" else text
        encoding = "latin-1" if name == "d14_latin.py" else "utf-8"
        (folder / name).write_text(text, encoding=encoding)
    (folder / "d63_good.py").write_text(f"print('printed by a scenario')\n{good}")
    return folder


async def test_bad_scenario_files_are_told_one_line_each_and_the_others_still_run(
    tmp_path: Path, database: dict[str, str]
) -> None:
    clermont = form()
    async with PracticeServer((clermont,)) as server:
        folder = scenario_folder(tmp_path / "scenarios", server.url(clermont))
        said = await fleet("run", "--json", FLEET_SCENARIOS_DIR=folder, **database)

    assert said.code == 0
    (line,) = said.out.splitlines()
    assert await attempts_in(database) == []  # a site of this machine is never among real ones
    kept = await attempts_in(database, f"{database['FLEET_DATABASE']}_practice")
    assert kept == [Attempt.model_validate_json(line)]
    assert json.loads(line)["verdict"] == "no_slots"
    told = [line for line in said.err.splitlines() if line.startswith("left out: ")]
    assert len(told) == len(BAD_FILES), said.err


@pytest.mark.parametrize("relative", [True, False])
async def test_check_names_every_bad_file_its_line_and_what_to_do(
    tmp_path: Path, relative: bool
) -> None:
    folder = scenario_folder(tmp_path / "scenarios", URL)
    given = Path(*[".."] * (len(ROOT.parts) - 1), *folder.parts[1:]) if relative else folder

    said = await fleet("check", given)

    assert said.code == 2
    assert said.out == f"1 scenarios, {len(BAD_FILES)} problems\n"
    told = [line for line in said.err.splitlines() if "printed by a scenario" not in line]
    assert len(told) == len(BAD_FILES)
    for name, (_, words) in BAD_FILES.items():
        (line,) = [line for line in told if line.startswith(f"{given / name}: ")]
        assert words in line


async def test_check_of_good_files_exits_0_and_counts_a_file_named_twice_once() -> None:
    said = await fleet("check", "scenarios", "scenarios/d91_essonne.py")

    assert (said.code, said.err) == (0, "")
    assert said.out.endswith(" scenarios, 0 problems\n")


async def test_list_as_json_has_one_scenario_on_each_line() -> None:
    said = await fleet("list", "--practice", "--json")

    ids = [json.loads(line)["id"] for line in said.out.splitlines()]
    assert ids == sorted(ids)
    assert "91/titre-de-sejour" in ids


async def test_a_list_takes_ids_and_patterns_in_every_form() -> None:
    asked = ("list", "--practice", "63/titre-de-sejour", "34/*")

    table, lines, markdown = await asyncio.gather(
        fleet(*asked), fleet(*asked, "--json"), fleet(*asked, "--markdown")
    )

    ids = ["34/titre-de-sejour", "63/titre-de-sejour"]
    assert re.findall(r"^  (\d\d/[a-z-]+) ", table.out, re.MULTILINE) == ids
    assert [json.loads(line)["id"] for line in lines.out.splitlines()] == ids
    assert re.findall(r"^\| `(\d\d/[a-z-]+)`", markdown.out, re.MULTILINE) == ids


HEAVY = [
    "aiohttp",
    "asyncio_pool",
    "fleet.practice",
    "fleet.visit",
    "jinja2",
    "motor",
    "playwright",
    "psutil",
]


@pytest.mark.parametrize("command", ["list", "check"])
async def test_listing_and_checking_load_no_browser_no_server_and_no_database(command: str) -> None:
    """A person types them often, and waits."""
    code = f"""
import sys
from fleet.cli.app import main
assert main([{command!r}]) == 0
print("loaded:", *[name for name in {HEAVY!r} if name in sys.modules])
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=environment(), cwd=ROOT, stdout=subprocess.PIPE
    )
    out, _ = await process.communicate()

    assert out.decode().splitlines()[-1] == "loaded:"


# What a person types wrong


BAD_INPUT = [
    (["run", "91/naturalisation-porte"], "the nearest: 91/naturalisation-porte-"),
    (["try", "Evry"], "no scenario 'Evry' among "),
    (["run", "--practice", "91/titre", "63/titre-de-sejour"], "91/titre-de-sejour"),
    (["export", "attempts", "--since", "yesterday"], "--since 'yesterday' is no date; expect"),
    (["export", "attempts", "--until", "0001-01-01"], "--until '0001-01-01' is no date; "),
    (["export", "evidence", "0" * 64, "-o", "README.md.not"], "no evidence '000"),
    (["export", "evidence", "0" * 64, "-o", "pyproject.toml"], "pyproject.toml exists; noth"),
    (["practice", "--now", "tomorrow"], "--now 'tomorrow' is no date"),
    (["list", "91/titre"], "no scenario '91/titre' among "),
    (["list", "--json", "--markdown"], "--json and --markdown exclude each other; leave one out"),
    (["check", "nowhere.py"], "nowhere.py: no such file or folder; expected a folder of"),
    (["run", "91/*"], "FLEET_CONTACT_URL is not set, so no real site is visited (29 asked"),
]


async def test_bad_input_is_one_line_and_exit_2(database: dict[str, str]) -> None:
    told = await asyncio.gather(*(fleet(*arguments, **database) for arguments, _ in BAD_INPUT))

    for (_, words), said in zip(BAD_INPUT, told, strict=True):
        assert (said.code, said.out) == (2, "")
        assert said.line.startswith("fleet: ")
        assert words in said.line


USAGE = [
    (["run", "--speed", "9"], "No such option: --speed"),
    (["fly"], "No such command 'fly'"),
    (["run", "--times", "0"], "'--times': Input should be greater than or equal to 1"),
    (["run", "--pages", "many"], "'--pages': Input should be a valid integer"),
    (["export", "attempts", "--format", "xml"], "'xml' is not one of 'jsonl', 'csv'"),
    (["try"], "Missing argument 'ID'"),
]


async def test_a_usage_error_names_the_option_and_exits_2() -> None:
    told = await asyncio.gather(*(fleet(*arguments) for arguments, _ in USAGE))

    for (_, words), said in zip(USAGE, told, strict=True):
        assert (said.code, said.out) == (2, "")
        assert words in said.err


BAD_SETTINGS = {
    "FLEET_PAGES": ("many", "FLEET_PAGES: Input should be a valid integer"),
    "FLEET_TRIES": ("0", "FLEET_TRIES: Input should be greater than or equal to 1, got '0'"),
    "FLEET_CONTACT_URL": ("me", "FLEET_CONTACT_URL: expected an address that starts with https://"),
    "FLEET_CHROMIUM_SANDBOX": ("maybe", "FLEET_CHROMIUM_SANDBOX: Input should be 'auto', 'on'"),
    "FLEET_DATABASE": ("a b", "FLEET_DATABASE: String should match pattern"),
    "FLEET_MONGODB_URL": ("postgres://u:hunter2@h/", "FLEET_MONGODB_URL: expected an address that"),
}


async def test_every_bad_setting_is_named_in_one_line() -> None:
    said = await fleet("list", **{name: value for name, (value, _) in BAD_SETTINGS.items()})

    assert (said.code, said.out) == (2, "")
    for _, words in BAD_SETTINGS.values():
        assert words in said.line
    assert "hunter2" not in said.err


async def test_a_real_site_is_not_visited_without_a_contact_address(
    tmp_path: Path, mongodb_url: str
) -> None:
    (tmp_path / "d08_ardennes.py").write_text(
        FLOW.format(department="08", url="https://www.example.invalid/booking/create/1", more="")
    )

    async with own_database(mongodb_url) as name:
        database = {"FLEET_MONGODB_URL": mongodb_url, "FLEET_DATABASE": name}
        said = await fleet("run", FLEET_SCENARIOS_DIR=tmp_path, **database)
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb_url)
        made = await client.list_database_names()
        client.close()

    assert said.code == 2
    assert "such as 08/titre-de-sejour" in said.line
    assert made
    assert name not in made


async def test_a_folder_without_scenarios_is_told(tmp_path: Path) -> None:
    said = await fleet("run", FLEET_SCENARIOS_DIR=tmp_path)

    assert said.code == 2
    assert f"no scenario to visit in {tmp_path}" in said.line


async def test_a_scenario_folder_that_is_missing_is_told() -> None:
    said = await fleet("run", FLEET_SCENARIOS_DIR="/nowhere/scenarios")

    assert said.code == 2
    assert "/nowhere/scenarios: no such file or folder" in said.line
    assert "FLEET_SCENARIOS_DIR" in said.line


async def test_practice_never_takes_the_scenarios_of_real_sites(tmp_path: Path) -> None:
    """An operator has set the folder for good; `fleet demo` must still visit no real site."""
    (tmp_path / "d08_ardennes.py").write_text(
        FLOW.format(department="08", url="https://www.example.invalid/booking/create/1", more="")
    )

    said = await fleet("list", "--practice", "--json", FLEET_SCENARIOS_DIR=tmp_path)

    urls = [json.loads(line)["url"] for line in said.out.splitlines()]
    assert len(urls) >= 16
    assert all(".localhost/" in url for url in urls)


# The store


@contextlib.contextmanager
def silent_port(*, listens: bool) -> Iterator[int]:
    """A port that refuses connections, or one that takes them and never says anything."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        if listens:
            held.listen()
        yield held.getsockname()[1]


async def test_a_mongodb_that_does_not_answer_is_exit_3_within_5_s() -> None:
    """5 s from the moment when Python has read the program, which this machine decides."""
    with silent_port(listens=True) as mute, silent_port(listens=False) as closed:
        ports = [mute, closed]
        start, *told = await asyncio.gather(
            fleet("run", "--practice", "no/such"),  # as much to read, and nothing to open
            *(
                fleet(
                    *("run", "--practice", "93/*"),
                    FLEET_MONGODB_URL=f"mongodb://fleet:hunter2@127.0.0.1:{port}/",
                )
                for port in ports
            ),
        )

    for port, said in zip(ports, told, strict=True):
        assert (said.code, said.out) == (3, "")
        assert f"no MongoDB answers (127.0.0.1:{port}" in said.line
        assert "Check FLEET_MONGODB_URL" in said.line
        assert "hunter2" not in said.err
        assert said.seconds < start.seconds + 5


async def test_a_malformed_mongodb_address_is_exit_2_and_its_password_is_not_shown() -> None:
    """`tests/storage/test_store.py` has more of them."""
    said = await fleet(
        "export", "attempts", FLEET_MONGODB_URL="mongodb://fleet:123/hunter2@localhost/"
    )

    assert (said.code, said.out) == (2, "")
    assert said.line.startswith("fleet: FLEET_MONGODB_URL: ")
    assert not re.search("hunter2|123", said.err)


def unwritable(folder: Path, kind: str) -> Path:
    path = folder / "data"
    if kind == "file":
        path.write_text("")
    elif os.geteuid() == 0:
        return Path("/proc/fleet")  # where root may not write either
    else:
        path.mkdir(mode=0o500)
    return path


@pytest.mark.parametrize("kind", ["file", "read-only"])
async def test_a_data_folder_that_cannot_be_written_is_exit_2(tmp_path: Path, kind: str) -> None:
    path = unwritable(tmp_path, kind)

    said = await fleet("run", "--practice", "93/*", FLEET_DATA_DIR=path)

    assert (said.code, said.out) == (2, "")
    assert f"FLEET_DATA_DIR: {path}/mongodb cannot be used" in said.line
    assert "Expected a folder that this user may write" in said.line


# Chromium


NO_CHROMIUM = {
    "/nowhere/chromium": "FLEET_CHROMIUM=/nowhere/chromium is not a program that can be started;",
    "/etc/hostname": "/etc/hostname",
    "/usr/bin": "FLEET_CHROMIUM=/usr/bin is not a program that can be started; give the full",
    "/bin/true": "/bin/true does not start",
}


async def test_a_chromium_that_is_none_is_exit_4_in_one_line(database: dict[str, str]) -> None:
    told = await asyncio.gather(
        *(
            fleet("run", "--practice", "93/*", FLEET_CHROMIUM=program, **database)
            for program in NO_CHROMIUM
        )
    )

    for words, said in zip(NO_CHROMIUM.values(), told, strict=True):
        assert (said.code, said.out) == (4, ""), said.err
        assert words in said.line


async def test_a_machine_without_chromium_is_exit_4_and_told_what_to_install(
    tmp_path: Path, database: dict[str, str]
) -> None:
    nothing = {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": tmp_path, "HOME": tmp_path}

    said = await fleet("run", "--practice", "93/*", **nothing, **database)

    assert (said.code, said.out) == (4, "")
    assert "no Chromium: FLEET_CHROMIUM is not set" in said.line
    assert "make setup" in said.line


# Runs


async def test_a_table_by_verdict_ends_a_run_and_a_pipe_gets_no_progress_bar(
    database: dict[str, str],
) -> None:
    said = await fleet("run", "--practice", "69/*", **database)

    assert (said.code, said.err) == (0, "")
    assert re.search(r"refused +blocked +1\n", said.out)
    assert "offer rate: unknown" in said.out


def everything(terminal: int) -> bytes:
    """What was written on a terminal until its last writer closed it."""
    pieces = []
    with contextlib.suppress(OSError):  # Linux: EIO is the end of a terminal
        while piece := os.read(terminal, 65536):
            pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces)


async def test_with_json_stdout_holds_attempts_only_even_beside_a_progress_bar(
    database: dict[str, str],
) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "fleet",
            "run",
            "--practice",
            "69/*",
            "94/titre-de-sejour",
            "--json",
        ),
        env=environment(**database, TERM="xterm", COLUMNS="100"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    assert process.stdout
    reading = asyncio.to_thread(everything, ours)
    read, written = await asyncio.gather(process.stdout.read(), reading)
    await process.wait()
    out, shown = read.decode(), written.decode()

    attempts = [Attempt.model_validate_json(line) for line in out.split("\n")[:-1]]
    got = {attempt.department: attempt for attempt in attempts}
    assert {d: a.verdict for d, a in got.items()} == {"69": Verdict.BLOCKED, "94": Verdict.CLOSED}
    assert set(REQUIRED) <= set(json.loads(out.split("\n")[0]))
    assert "visiting" in shown
    assert "0/2" in shown
    assert "offer rate" in shown
    stored = await attempts_in(database, f"{database['FLEET_DATABASE']}_practice")
    assert {a.id for a in stored} == {a.id for a in got.values()}


REQUIRED = [
    "id",
    "run_id",
    "scenario_id",
    "scenario_version",
    "ruleset",
    "number",
    "verdict",
    "group",
    "detail",
    "signs",
    "first_dates",
    "slot_count",
    "started_at",
    "seconds",
    "served",
    "evidence",
    "chromium_version",
    "fleet_version",
]


async def test_ctrl_c_ends_a_run_with_130_and_keeps_what_was_seen(
    database: dict[str, str],
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "fleet",
            "run",
            "--practice",
            "94/titre-de-sejour",
            "--times",
            "50",
            "--json",
        ),
        env=environment(**database),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    first = await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, err = await process.communicate()

    assert (process.returncode, err) == (130, b"")
    seen = [Attempt.model_validate_json(line) for line in (first + rest).splitlines()]
    stored = await attempts_in(database, f"{database['FLEET_DATABASE']}_practice")
    assert 1 <= len(seen) < 50
    assert {a.id for a in seen} <= {a.id for a in stored}


async def test_try_tells_everything_and_saves_the_pictures(
    tmp_path: Path, database: dict[str, str]
) -> None:
    said = await fleet(
        "try", "--practice", "94/titre-de-sejour", FLEET_DATA_DIR=tmp_path, **database
    )

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("94/titre-de-sejour → closed\n")
    assert "  200  http://creteil.localhost:" in said.out
    picture = tmp_path / "tried" / "94_titre-de-sejour_0_closed.png"
    assert f"  picture {picture}\n" in said.out
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    name = database["FLEET_DATABASE"]
    counts = [len(await attempts_in(database, f"{name}{e}")) for e in ("", "_practice", "_trials")]
    assert counts == [0, 0, 1]
    # its author sees it when asking for that scenario, and nobody else in any export
    export = ("export", "attempts", "--practice")
    own = await fleet(*export, "--scenario", "94/titre-de-sejour", **database)
    every = await fleet(*export, **database)
    period = await fleet(
        *export, "--scenario", "94/titre-de-sejour", "--since", "2026-01-01", **database
    )
    assert json.loads(own.out)["verdict"] == "closed"
    assert "was tried, and is in no figure" in own.line
    assert [(each.out, each.err) for each in (every, period)] == [("", "")] * 2


async def test_pictures_that_cannot_be_saved_are_told_in_one_line(
    tmp_path: Path, database: dict[str, str]
) -> None:
    place = tmp_path / "file"
    place.write_text("")

    said = await fleet("try", "--practice", "94/titre-de-sejour", FLEET_DATA_DIR=place, **database)

    assert said.code == 2
    assert (
        f"{place}/tried/94_titre-de-sejour_0_closed.png cannot be written: Not a dir" in said.line
    )


# Exports


@dataclass(frozen=True)
class Kept:
    """Three attempts in a database, and the settings that lead to it."""

    attempts: list[Attempt]
    settings: dict[str, str]


PICTURE = file_of(b"\x89PNG a picture")
AWKWARD = 'a, "b"; œuf ; =1+1 ; two\nlines\rand « ١٢٣ » 😀'


@pytest.fixture
async def kept(database: dict[str, str]) -> Kept:
    attempts = [
        attempt_of(PICTURE, detail=AWKWARD),
        attempt_of(started_at=AT + timedelta(days=1), number=2, first_dates=(), slot_count=None),
        attempt_of(started_at=AT + timedelta(days=2), scenario_id="63/permis", served=()),
    ]
    url, name = database["FLEET_MONGODB_URL"], database["FLEET_DATABASE"]
    async with await Store.open(url, name) as store:
        for attempt in attempts:
            await store.attempts.add(attempt, [PICTURE] if attempt.evidence else [])
    return Kept(attempts, database)


@pytest.mark.parametrize("locale", ["C.UTF-8", "POSIX"])
async def test_exported_json_lines_are_read_back_as_the_same_attempts(
    kept: Kept, locale: str
) -> None:
    encoding = "ascii" if locale == "POSIX" else "utf-8"
    said = await started(
        *("export", "attempts"), LC_ALL=locale, PYTHONIOENCODING=encoding, **kept.settings
    )

    assert (said.code, said.err) == (0, "")
    lines = said.out.split("\n")[:-1]
    assert [Attempt.model_validate_json(line) for line in lines] == kept.attempts


async def test_exported_csv_has_one_row_for_each_attempt(kept: Kept) -> None:
    said = await fleet("export", "attempts", "--format", "csv", **kept.settings)

    rows = list(csv.DictReader(io.StringIO(said.out, newline="")))
    assert [row["id"] for row in rows] == [attempt.id for attempt in kept.attempts]
    assert [row["detail"] for row in rows] == [visible(a.detail) for a in kept.attempts]
    assert rows[0]["first_dates"] == "2026-11-26;2026-11-27"
    assert rows[0]["last_picture"] == PICTURE.evidence.sha256
    assert rows[0]["started_at"] == "2026-11-20T08:30:15.123000Z"
    assert [row["slot_count"] for row in rows] == ["2", "", "2"]


BOUNDS: list[tuple[list[str], list[int]]] = [
    (["--scenario", "63/permis"], [2]),
    (["--since", "2026-11-21"], [1, 2]),
    (["--until", "2026-11-20T09:30:16"], [0]),  # Paris is an hour ahead of UTC in November
    (["--since", "2026-11-20T08:30:16Z", "--until", "2026-11-22"], [1]),
    (["--scenario", "75/never"], []),
]


async def test_an_export_takes_a_scenario_and_bounds_in_paris_time(kept: Kept) -> None:
    told = await asyncio.gather(
        *(fleet("export", "attempts", *options, **kept.settings) for options, _ in BOUNDS)
    )

    for (_, expected), said in zip(BOUNDS, told, strict=True):
        got = [json.loads(line)["id"] for line in said.out.splitlines()]
        assert got == [kept.attempts[n].id for n in expected]


async def test_exported_evidence_is_the_stored_bytes_and_overwrites_nothing(
    kept: Kept, tmp_path: Path
) -> None:
    sha256, path = PICTURE.evidence.sha256, tmp_path / "new" / "picture.png"

    first = await fleet("export", "evidence", sha256, "-o", path, **kept.settings)
    assert (first.code, path.read_bytes()) == (0, PICTURE.content)
    path.write_bytes(b"mine")
    again = await fleet("export", "evidence", sha256, "-o", path, **kept.settings)

    assert (again.code, path.read_bytes()) == (2, b"mine")
    assert f"{path} exists" in again.line


async def test_an_export_into_a_pipe_that_closes_says_nothing(kept: Kept) -> None:
    """`fleet export attempts | head -1`"""
    process = await asyncio.create_subprocess_shell(
        f"{shlex.quote(sys.executable)} -m fleet export attempts | true",
        env=environment(**kept.settings),
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    _, err = await process.communicate()

    assert err == b""


async def test_the_version_is_told() -> None:
    said = await started("--version")

    assert (said.code, said.out) == (0, "fleet 0.1.0\n")


async def test_the_practice_prefectures_are_served_until_they_are_stopped() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet", "practice", "--port", "0"),
        env=environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    process.send_signal(signal.SIGINT)

    assert line.startswith("Préfectures d'entraînement : http://localhost:")
    assert await process.wait() == 0


async def test_a_taken_port_is_told() -> None:
    with silent_port(listens=True) as port:
        said = await fleet("practice", "--port", str(port))

    assert said.code == 2
    assert (
        said.line == f"fleet: --port {port}: Address already in use; choose another, or 0 for any"
    )


async def test_doctor_names_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    nothing = {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": tmp_path, "HOME": tmp_path}
    (tmp_path / "d63_x.py").write_text("no Python\n")
    places = {"FLEET_DATA_DIR": "/proc/fleet", "FLEET_SCENARIOS_DIR": tmp_path}
    with silent_port(listens=False) as port:
        url = f"mongodb://fleet:hunter2@127.0.0.1:{port}/"
        said = await fleet("doctor", FLEET_MONGODB_URL=url, **nothing, **places)

    assert (said.code, said.err) == (1, "")
    assert "bad  Chromium         no Chromium: FLEET_CHROMIUM is not set" in said.out
    assert "bad  MongoDB          could not open the database: no MongoDB answers" in said.out
    assert "warn fonts            fontconfig is not installed\n" in said.out
    assert "warn openssl          not installed\n" in said.out
    assert (
        f"bad  scenarios        0 flows in {tmp_path}; 1 files or folders cannot be used"
        in said.out
    )
    assert f"{tmp_path}/d63_x.py: line 1: invalid syntax" in said.out
    assert "bad  data             0.0 GiB free at /proc\n" in said.out
    assert "→ make room, or set FLEET_DATA_DIR elsewhere" in said.out
    assert "→ make setup" in said.out
    assert "warn contact" in said.out
    assert "hunter2" not in said.out


def test_doctor_says_how_old_the_browser_is(tmp_path: Path) -> None:
    program = tmp_path / "chromium-headless-shell"
    program.write_bytes(b"\x7fELF")
    os.utime(program, (0, (AT - timedelta(days=60)).timestamp()))
    script = tmp_path / "start"
    script.write_text(f'#!/bin/sh\nexec {program} "$@"\n', encoding="utf-8")

    for executable in (program, script):
        build = build_of(executable)
        old, young = browser_age(build, AT), browser_age(build, AT - timedelta(days=20))
        assert (old.state, young.state) == ("warn", "ok")
        assert "60 days ago" in old.seen
        assert "upgrade" in old.advice


async def test_doctor_finds_everything_that_a_visit_needs(database: dict[str, str]) -> None:
    said = await fleet("doctor", FLEET_CONTACT_URL="mailto:me@example.org", **database)

    assert said.code == 0
    needed = ("Chromium", "Chromium starts", "openssl", "MongoDB", "scenarios", "machine", "data")
    for what in (*needed, "temporary files", "contact"):
        assert f"ok   {what:<16}" in said.out
    assert "schema version 3\n" in said.out
    assert "sandbox" in said.out
    assert "clock" in said.out


# The practice prefectures as an operator meets them


def demo_verdicts(began: datetime, ended: datetime) -> set[tuple[tuple[str, str], ...]]:
    """What the demo's table may say: Montpellier goes by the clock when it was visited."""

    def table(montpellier: str) -> tuple[tuple[str, str], ...]:
        return (
            ("13/titre-de-sejour", "slots"),
            ("14/aes", "login_required"),
            ("29/recepisses-echus", "no_slots"),
            *(("31/titre-de-sejour", verdict) for verdict in ("overload", "overload", "no_slots")),
            ("33/titre-de-sejour", "unrecognised"),
            ("34/titre-de-sejour", montpellier),
            ("35/remise-de-titre", "rate_limited"),
            ("35/titre-de-sejour", "rate_limited"),
            ("38/remise-de-titre", "captcha"),
            ("44/titre-de-sejour", "login_required"),
            ("57/titre-de-sejour", "closed"),
            *[("59/titre-de-sejour", "maintenance")] * 3,
            ("62/changement-de-statut", "login_required"),
            ("63/permis-de-conduire", "slots"),
            ("63/titre-de-sejour", "no_slots"),
            ("67/titre-de-sejour", "captcha"),
            ("69/titre-de-sejour", "blocked"),
            ("75/remise-de-titre", "slots"),
            ("77/anef", "login_required"),
            ("78/titre-de-sejour", "captcha"),
            ("80/renouvellement", "slots"),
            ("87/remise-de-titre", "slots"),
            ("91/titre-de-sejour", "no_slots"),
            *[("92/titre-de-sejour", "overload")] * 3,
            ("93/titre-de-sejour", "no_slots"),
            ("94/etrangers-creteil", "no_slots"),
            ("94/titre-de-sejour", "closed"),
            ("95/titre-de-sejour", "blocked"),
        )

    hours = (instant.astimezone(ZoneInfo("Europe/Paris")) for instant in (began, ended))
    return {table("slots" if t.weekday() == 0 and t.hour < 5 else "no_slots") for t in hours}


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_the_demo_without_a_terminal_ends_and_every_prefecture_answers_as_it_should(
    tmp_path: Path, database: dict[str, str]
) -> None:
    began = datetime.now(UTC)
    said = await fleet("demo", "--once", FLEET_DATA_DIR=tmp_path, **database)
    ended = datetime.now(UTC)

    assert (said.code, said.err) == (0, "")
    assert max(map(len, said.out.splitlines())) <= 120
    row = re.compile(r"(\d\d/[a-z-]+) +\d +([a-z_]+) .*")
    table = tuple(m.group(1, 2) for m in map(row.fullmatch, said.out.splitlines()) if m)
    assert table in demo_verdicts(began, ended)
    assert "all                   34" in said.out
    assert re.search(
        r"^\d+ attempts sealed, 1 timestamps of the practice authority", said.out, re.M
    )
    verified = await fleet("verify", "--practice", FLEET_DATA_DIR=tmp_path, **database)
    assert (verified.code, "1 timestamps checked" in verified.out) == (0, True), verified.out
    folder = tmp_path / "demo"
    assert f"the pictures of these answers   {folder}/\n" in said.out
    pictures = list(folder.iterdir())
    assert len(pictures) == 34
    for picture in pictures:
        assert_is_png(picture.read_bytes())


def assert_is_png(content: bytes) -> None:
    """Signature, every chunk's checksum, and pixels as many as its header says."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    at, kinds, packed = 8, [], b""
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        body = content[at + 4 : at + 8 + length]
        assert struct.unpack_from(">I", content, at + 8 + length)[0] == zlib.crc32(body)
        kinds.append(body[:4])
        packed += body[4:] if body.startswith(b"IDAT") else b""
        at += 12 + length
    width, height, depth, colour = struct.unpack_from(">IIBB", content, 16)
    assert (kinds[0], kinds[-1], depth) == (b"IHDR", b"IEND", 8)
    assert len(zlib.decompress(packed)) == height * (1 + width * {2: 3, 6: 4}[colour])


async def test_of_10_visits_clermont_offers_none(database: dict[str, str]) -> None:
    """« Au cours des trois derniers mois, aucun rendez-vous n'a jamais été proposé. »"""
    said = await fleet(
        "run", "--practice", "63/titre-de-sejour", "--times", "10", "--json", **database
    )

    attempts = [Attempt.model_validate_json(line) for line in said.out.split("\n")[:-1]]
    assert Counter(a.verdict for a in attempts) == {Verdict.NO_SLOTS: 10}


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_of_100_visits_evry_offers_exactly_7_and_each_has_its_pictures(
    database: dict[str, str],
) -> None:
    """
    The article of 19 December 2017: 7 attempts of 100 at Évry.

    A request that would take a slot would end the run with an error (`practice.practising`).
    """
    said = await fleet(
        *("run", "--practice", "91/titre-de-sejour", "--times", "100", "--json"),
        **database,
    )

    assert (said.code, said.err) == (0, "")
    attempts = [Attempt.model_validate_json(line) for line in said.out.split("\n")[:-1]]
    assert Counter((a.department, a.verdict) for a in attempts) == {
        ("91", Verdict.SLOTS): 7,
        ("91", Verdict.NO_SLOTS): 93,
    }
    name = f"{database['FLEET_DATABASE']}_practice"
    async with await Store.open(database["FLEET_MONGODB_URL"], name) as store:
        assert {a.id async for a in store.attempts.find()} == {a.id for a in attempts}
        pictures = {a.id: [e.sha256 for e in a.evidence if e.kind == "picture"] for a in attempts}
        for attempt in attempts:
            pages = {"slots": 4, "no_slots": 3}
            assert len(pictures[attempt.id]) == pages[attempt.verdict.value], attempt
        for sha256 in {sha256 for several in pictures.values() for sha256 in several}:
            assert_is_png(await store.evidence(sha256))
