"""`fleet try ID --watch`: again at each change of a file, whatever is wrong with it meanwhile."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fleet.practice import PREFECTURES, PracticeServer
from tests.cli.test_cli import ROOT, environment

PATIENCE_S = 90

FILE = '''
"""Puy-de-Dôme (63): a try."""

from fleet.families import bookingserver

again = bookingserver.flow(department="63", flow="essai", title="Essai", url="{url}")
'''


@pytest.mark.process
@pytest.mark.timeout(240)
async def test_a_flow_is_visited_again_when_its_file_is_saved_and_a_broken_file_is_waited_over(
    database: dict[str, str], tmp_path: Path
) -> None:
    form = next(f for f in PREFECTURES if f"{f.department}/{f.flow}" == "63/titre-de-sejour")
    path = tmp_path / "scenarios" / "d63_essai.py"
    path.parent.mkdir()
    async with PracticeServer(PREFECTURES) as practice:
        text = FILE.format(url=practice.url(form))
        path.write_text(text)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "fleet", "try", "63/essai", "--watch"),
            env=environment(
                **database, FLEET_SCENARIOS_DIR=path.parent, FLEET_DATA_DIR=tmp_path / "data"
            ),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout
        said: list[str] = []

        async def until(words: str) -> None:
            assert process.stdout
            async with asyncio.timeout(PATIENCE_S):
                while line := (await process.stdout.readline()).decode():
                    said.append(line)
                    if words in line:
                        return
            raise AssertionError(f"no {words!r} in\n{''.join(said)}")

        try:
            await until("63/essai → no_slots")
            await until("waiting for a scenario file to change")
            path.write_text("this is no Python\n" + text)
            await until("d63_essai.py")
            await until("waiting for a scenario file to change")
            path.write_text(text.replace("Essai", "Encore"))
            await until("63/essai → no_slots")
            await until("waiting for a scenario file to change")
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(PATIENCE_S):
                assert await process.wait() == 0, "".join(said)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert "Traceback" not in "".join(said)
