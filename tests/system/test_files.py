"""Files written whole: what a reader, a second writer, a full disk and a kill see of them."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fleet.system.files import write_whole

LARGE = 3_000_000


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_reader_sees_all_of_what_one_writer_wrote(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([n]) * LARGE for n in range(3)]
    write_whole(path, contents[0])

    def write() -> None:
        for content in contents * 5:
            write_whole(path, content, sync=False)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    seen = []
    while any(writer.is_alive() for writer in writers):
        seen.append(path.read_bytes())

    assert all(content in contents for content in seen)
    assert names(tmp_path) == ["file"]


def test_a_file_that_is_there_may_be_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"first", overwrite=False)

    with pytest.raises(FileExistsError):
        write_whole(path, b"second", overwrite=False)

    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


def test_a_secret_is_for_its_owner_only_from_its_first_byte_on(tmp_path: Path) -> None:
    write_whole(tmp_path / "key", b"secret", overwrite=False, mode=0o600)

    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


IN_NARROW_ROOM = """
import pathlib, resource, signal, sys
from fleet.system.files import write_whole
signal.signal(signal.SIGXFSZ, getattr(signal, sys.argv[2]))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    write_whole(pathlib.Path(sys.argv[1]), b"x" * 5000)
except OSError as exc:
    print(exc.strerror)
"""


def in_narrow_room(path: Path, signal: str) -> subprocess.CompletedProcess[str]:
    """A process that may write 2000 bytes and writes 5000; `signal` says whether it dies of it."""
    command = [sys.executable, "-c", IN_NARROW_ROOM, str(path), signal]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.process
def test_what_the_disk_does_not_take_leaves_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"before")

    done = in_narrow_room(path, "SIG_IGN")

    assert (done.stdout, done.returncode) == ("File too large\n", 0), done.stderr
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["file"]


@pytest.mark.process
def test_a_writer_that_is_killed_leaves_a_half_that_no_name_stands_for(tmp_path: Path) -> None:
    path = tmp_path / "file"

    done = in_narrow_room(path, "SIG_DFL")

    assert done.returncode < 0
    (half,) = names(tmp_path)
    assert half.startswith(".file.")
    assert half.endswith(".half")
