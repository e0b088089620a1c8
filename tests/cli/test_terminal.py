"""Terminals, pipes and cron whose locale is not UTF-8."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from fleet.cli.app import app
from tests.cli.test_cli import BAD_FILES, ROOT, environment

pytestmark = pytest.mark.process

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A locale of the system's that knows ASCII only, without Python's usual way out of it."""

LATIN = {"PYTHONIOENCODING": "iso-8859-15"}

PRACTICE = Path("fleet/practice/scenarios")


async def fleet(
    *arguments: str | bytes | Path, locale: dict[str, str], **settings: object
) -> tuple[int, bytes, bytes]:
    """Exit code, standard output and standard error of `fleet` in this locale."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet", *arguments),
        env=environment(**settings) | locale,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert b"Traceback" not in err, err.decode(errors="replace")
    assert process.returncode is not None
    return process.returncode, out, err


async def test_a_list_in_ascii_says_what_it_can() -> None:
    code, out, err = await fleet("list", "--practice", locale=ASCII)

    assert (code, err) == (0, b"")
    assert "63/titre-de-sejour" in out.decode("ascii")
    assert "Pr?fecture" in out.decode("ascii") or "Titre de s?jour" in out.decode("ascii")


async def test_a_list_in_latin_letters_keeps_those_it_has() -> None:
    code, out, _ = await fleet("list", "--practice", locale=LATIN)

    assert code == 0
    assert "Titre de séjour" in out.decode("iso-8859-15")


@pytest.mark.parametrize("form", ["--json", "--markdown"])
async def test_what_programs_read_is_utf_8_in_every_locale(form: str) -> None:
    code, out, _ = await fleet("list", "--practice", form, locale=ASCII)

    assert code == 0
    assert "séjour" in out.decode("utf-8")


async def test_on_a_terminal_json_too_says_what_it_can() -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet", "list", "63/titre-de-sejour", "--practice", "--json"),
        env=environment() | {"PYTHONIOENCODING": "ascii"},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    while part := await asyncio.to_thread(_read, ours):
        said += part
    os.close(ours)

    assert await process.wait() == 0
    assert json.loads(said.decode("ascii"))["title"].startswith("Titre de s?jour")


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65_536)
    except OSError:  # the other end is closed
        return b""


async def test_problems_with_accents_are_told_in_ascii(tmp_path: Path) -> None:
    (tmp_path / "d03_department.py").write_text(BAD_FILES["d03_department.py"][0])

    code, out, err = await fleet("check", tmp_path, locale=ASCII)

    assert code == 2
    assert out == b"0 scenarios, 1 problems\n"
    assert b"department '99' is none of 01?95" in err


async def test_usage_and_errors_quote_accents_in_ascii() -> None:
    for arguments in (("list", "63/pr\u00e9fecture"), ("pr\u00e9fecture",), ("list", "--\u00e9")):
        code, out, err = await fleet(*arguments, locale={"PYTHONIOENCODING": "ascii"})

        assert (code, out) == (2, b"")
        assert b"fecture" in err or b"No such option" in err


async def test_an_argument_that_is_no_text_is_told_in_one_line() -> None:
    code, out, err = await fleet("takedown", "x", "--reason", b"retir\xe9", locale=ASCII)

    assert (code, out) == (2, b"")
    assert err.count(b"\n") == 1
    assert rb"fleet: argument 'retir\udce9' holds bytes that are no text" in err


async def test_a_folder_whose_name_is_no_text_is_found(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"pr\xe9fectures")
    await asyncio.to_thread(folder.mkdir)

    code, out, _ = await fleet("check", folder, locale=ASCII)

    assert (code, out) == (0, b"0 scenarios, 0 problems\n")


@pytest.mark.slow
async def test_a_visit_is_told_and_exported_in_every_locale(
    database: dict[str, str], tmp_path: Path
) -> None:
    settings = {**database, "FLEET_DATA_DIR": tmp_path}
    flow = "63/titre-de-sejour"

    code, out, _ = await fleet("try", "--practice", flow, locale=ASCII, **settings)
    assert code == 0
    assert f"{flow} ? no_slots" in out.decode("ascii")

    command = ("-v", "run", "--practice", flow, "--json")
    code, out, err = await fleet(*command, locale=ASCII, **settings)
    assert code == 0
    assert json.loads(out.decode("utf-8"))["verdict"] == "no_slots"
    (line,) = [json.loads(line) for line in err.decode("ascii").splitlines()]
    assert line["verdict"] == "no_slots"

    command = ("export", "attempts", "--practice", "--format", "csv")
    code, out, _ = await fleet(*command, locale=LATIN, **settings)
    assert code == 0
    assert out.decode("utf-8").count(flow) == 1  # the trial is none


async def test_a_log_is_whole_json_in_every_locale() -> None:
    script = (
        "import fleet.log, structlog; fleet.log.configure(); structlog.get_logger().info('été')"
    )
    for encoding in ("ascii", "iso-8859-15", "utf-8"):
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", script],
            env=environment() | {"PYTHONIOENCODING": encoding},
            cwd=ROOT,
            stderr=subprocess.PIPE,
            check=True,
        )

        assert json.loads(done.stderr.decode(encoding))["event"] == "été"


OTHERS = """
import logging, sys, warnings
import fleet.log
from fleet.models.text import visible

fleet.log.configure(shown=visible)
password = "secret"
logging.getLogger("pymongo").warning("two\\nlines, %s", 1)
logging.getLogger("pymongo").info("not shown")
warnings.warn("old")
try:
    raise ValueError("\\x1b[31mred")
except ValueError:
    logging.getLogger("asyncio").exception("never retrieved")
"""


def test_records_of_other_libraries_are_a_line_each_like_ours() -> None:
    run = functools.partial(subprocess.run, [sys.executable, "-c", OTHERS], cwd=ROOT, check=True)
    done = run(stderr=subprocess.PIPE, env=environment())

    records = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["logger"] for each in records] == ["pymongo", "py.warnings", "asyncio"]
    assert records[0]["event"] == "two\nlines, 1"
    assert "ValueError" in records[2]["exception"]


@pytest.mark.parametrize("no_color", ["", "1"])
def test_a_log_on_a_terminal_obeys_no_color_and_shows_no_values(no_color: str) -> None:
    ours, theirs = pty.openpty()
    more = environment() | {"NO_COLOR": no_color}
    done = subprocess.Popen([sys.executable, "-c", OTHERS], cwd=ROOT, stderr=theirs, env=more)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # the terminal is gone with its process
        while part := os.read(ours, 65536):
            said += part
    os.close(ours)

    assert done.wait(60) == 0
    assert (b"\x1b[" in said) is not bool(no_color)
    assert b"never retrieved" in said
    assert b"secret'" not in said


async def test_doctor_reads_the_names_of_fonts_in_ascii(tmp_path: Path) -> None:
    (tmp_path / "fc-list").write_text("#!/bin/sh\necho 'Noto Préfecture'\n", encoding="utf-8")
    (tmp_path / "fc-list").chmod(0o755)
    places = {"FLEET_DATA_DIR": "/proc/fleet", "FLEET_SCENARIOS_DIR": tmp_path, "HOME": tmp_path}
    nothing = {"FLEET_CHROMIUM": "/nowhere", "FLEET_MONGODB_URL": "mongodb://127.0.0.1:9/"}
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    code, out, _ = await fleet("doctor", locale=ASCII, **places, **nothing, **path)

    assert code == 1
    assert "Noto Pr?fecture" in out.decode("ascii")


def test_every_help_can_be_shown_in_ascii() -> None:
    def helps(command: Any, above: typer.Context | None) -> list[str]:
        context = typer.Context(command, parent=above, info_name=command.name)
        below = getattr(command, "commands", {}).values()
        return [command.get_help(context), *(h for each in below for h in helps(each, context))]

    found = helps(typer.main.get_command(app), None)

    assert len(found) > 30
    assert [text for text in found if not text.isascii()] == []


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", ["list --practice", "list --practice --json"])
async def test_a_stream_that_is_closed_ends_no_command(closed: str, command: str) -> None:
    code, err = await shell(f'"{sys.executable}" -m fleet {command} {closed}')

    assert (code, err) == (0, b"")


@pytest.mark.parametrize("command", ["list --practice", "list --practice --json", "--help"])
async def test_output_that_cannot_be_written_is_told_in_one_line(command: str) -> None:
    code, err = await shell(f'"{sys.executable}" -m fleet {command} > /dev/full')

    assert code == 1
    assert err.startswith(b"fleet: No space left on device")
    assert err.count(b"\n") == 1


async def shell(line: str) -> tuple[int | None, bytes]:
    """Exit code and standard error of a command line."""
    process = await asyncio.create_subprocess_shell(
        line, env=environment(), cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, err = await process.communicate()
    return process.returncode, err
