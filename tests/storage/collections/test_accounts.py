"""Accounts: names, passwords, tries, and `fleet user` as a person meets it."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from fleet.errors import BadInput
from fleet.models import now
from fleet.storage.collections.accounts import (
    FREE_TRIES_ACCOUNT,
    FREE_TRIES_ADDRESS,
    FREE_TRIES_EVERYWHERE,
    MAX_WAIT_PLACE_S,
    MAX_WAIT_S,
    SESSION,
    TRIES_EXPIRE_AFTER,
    SignInTry,
    check_name,
)
from fleet.storage.collections.passwords import Passwords
from fleet.storage.store import Store
from tests.cli import forked
from tests.cli.test_cli import ROOT, environment, everything

PASSWORD = "quatre mots sans lien"


class Counting(PasswordHasher):
    """Argon2 that counts how often it compared."""

    compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        type(self).compared += 1
        return super().verify(hash, password)


# Names and passwords -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Claire D.", "omar", "Zoë-Anne O’Neil", "6", "  Léa ", "a" * 40])
def test_a_name_as_people_have_them_can_be_an_account(name: str) -> None:
    assert check_name(name) == name.strip()


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".x",
        "a" * 41,
        "<script>",
        "a\nb",
        "a\u202eb",
        "a/b",
        "$ne",
        "a\x00",
        "-",
        "_a",
    ],
)
def test_a_name_that_could_mislead_a_reader_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match=r"expected 1 to 40 letters"):
        check_name(name)


def test_a_wrong_password_and_no_account_cost_the_same_work() -> None:
    passwords = Passwords(Counting.from_parameters(CHEAPEST))
    kept = passwords.hash(PASSWORD)

    for who in (kept, None):
        before = Counting.compared
        assert not passwords.matches(who, "wrong")
        assert Counting.compared == before + 1
    assert not passwords.matches(None, "nobody has this password")


def test_a_password_is_the_same_on_every_keyboard() -> None:
    passwords = Passwords(PasswordHasher.from_parameters(CHEAPEST))

    assert passwords.matches(passwords.hash("cafe\u0301 cre\u0300me"), "café crème")


async def test_a_name_in_other_letters_is_the_same_account(store: Store) -> None:
    await store.accounts.add("Léa", "hash")

    assert (await store.accounts.find(" LE\u0301A"))[0] is not None
    with pytest.raises(BadInput, match="there is one of this name"):
        await store.accounts.add("LÉA", "hash")


# Sessions and tries --------------------------------------------------------------------------


async def test_a_session_ends_by_itself(store: Store) -> None:
    user = await store.accounts.add("Léa", "hash")
    token = await store.accounts.begin_session(user)

    assert await store.accounts.user_of(token) == user
    assert await store.accounts.user_of(token, at=now() + SESSION + timedelta(seconds=1)) is None


async def test_a_session_begun_while_its_account_went_is_nobodys(store: Store) -> None:
    user = await store.accounts.add("Léa", "hash")
    await store.accounts.remove("Léa")

    assert await store.accounts.user_of(await store.accounts.begin_session(user)) is None


HERE = "203.0.113.9"


async def waits_of(store: Store, who: SignInTry, tries: int, at: datetime) -> list[float]:
    """How long one had to wait before each of the next tries, made as soon as may be."""
    waits = list[float]()
    for _ in range(tries):
        wait_s = await store.accounts.count_try(who, at=at)
        if wait_s:
            at += timedelta(seconds=wait_s)
            assert await store.accounts.count_try(who, at=at) == 0
        waits.append(wait_s)
    return waits


async def test_every_further_try_waits_twice_as_long_up_to_a_bound(store: Store) -> None:
    at = now()
    for who, longest_s in (
        (SignInTry("Léa", HERE, HERE), MAX_WAIT_PLACE_S),
        (SignInTry("léa", HERE, HERE, browser="b"), MAX_WAIT_S),
    ):
        waits = await waits_of(store, who, FREE_TRIES_ACCOUNT + 14, at)
        assert waits[: FREE_TRIES_ACCOUNT + 4] == [0] * FREE_TRIES_ACCOUNT + [2, 4, 8, 16]
        assert waits[-1] == longest_s

    long_after = at + TRIES_EXPIRE_AFTER * 2
    assert await store.accounts.count_try(SignInTry("Léa", HERE, HERE), at=long_after) == 0


async def test_somebody_who_signs_in_is_forgiven_and_a_robber_is_not(store: Store) -> None:
    """One own account must not wash an address that tries those of others."""
    at = now()
    own = SignInTry("own", HERE, HERE)
    for number in range(FREE_TRIES_ADDRESS):
        assert await store.accounts.count_try(own, at=at) == 0
        await store.accounts.forget_tries(own, at=at)
        other = SignInTry(f"name {number}", HERE, HERE)
        assert await store.accounts.count_try(other, at=at) == 0

    elsewhere = SignInTry("Léa", "198.51.100.7", "198.51.100.7")
    assert await store.accounts.count_try(own, at=at) == 2
    assert await store.accounts.count_try(SignInTry("Léa", HERE, HERE), at=at) == 2
    assert await store.accounts.count_try(elsewhere, at=at) == 0


async def test_who_tries_at_an_account_from_one_place_keeps_nobody_else_out(store: Store) -> None:
    at = now()
    for number in range(FREE_TRIES_EVERYWHERE * 2):  # each from another /64 of one /48
        robber = SignInTry("Léa", f"2001:db8:1:{number:x}::/64", "2001:db8:1::/48")
        await store.accounts.count_try(robber, at=at)

    assert await store.accounts.count_try(robber, at=at) > 0
    assert await store.accounts.count_try(SignInTry("Léa", HERE, HERE), at=at) == 0


async def test_guesses_from_everywhere_are_bounded_and_a_known_browser_waits_for_none(
    store: Store,
) -> None:
    at = now()
    for number in range(FREE_TRIES_EVERYWHERE):
        place = f"198.51.100.{number}"
        assert await store.accounts.count_try(SignInTry("Léa", place, place), at=at) == 0
    owner = SignInTry("Léa", HERE, HERE)
    waits = [await store.accounts.count_try(owner, at=at) for _ in range(FREE_TRIES_ADDRESS * 2)]

    assert set(waits) == {2}
    known = SignInTry("Léa", HERE, HERE, browser="b")
    assert await store.accounts.count_try(known, at=at) == 0
    # who waited for others has used up nothing of their own
    later = at + timedelta(seconds=2)
    assert await store.accounts.count_try(owner, at=later) == 0


# The command line ----------------------------------------------------------------------------


async def fleet(
    settings: dict[str, str], *arguments: str, stdin: bytes = b""
) -> tuple[int, str, str]:
    ended = await forked.run([*arguments], environment(**settings), stdin)
    assert b"Traceback" not in ended.err, ended.err.decode()
    return ended.code, ended.out.decode(), ended.err.decode()


WITH_A_TERMINAL = """
import os, signal, sys
from fleet.cli.app import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests run in the background
os.open(os.ttyname(0), os.O_RDWR)  # opened first by a new session: its terminal, where Ctrl-C goes
sys.exit(main(sys.argv[1:]))
"""


async def test_an_account_is_added_listed_and_removed(database: dict[str, str]) -> None:
    line = f"{PASSWORD}\r\n".encode()
    added = await fleet(database, "user", "add", "Claire D.", "--password-stdin", stdin=line)
    again = await fleet(database, "user", "add", "CLAIRE D.", "--password-stdin", stdin=line)
    listed = await fleet(database, "user", "list")
    async with await Store.open(database["FLEET_MONGODB_URL"], database["FLEET_DATABASE"]) as store:
        _, kept = await store.accounts.find("claire d.")
    removed = await fleet(database, "user", "remove", "claire d.")
    gone = await fleet(database, "user", "remove", "claire d.")
    empty = await fleet(database, "user", "list")

    assert added == (0, "account Claire D. added\n", "")
    assert Passwords().matches(kept, PASSWORD)
    assert again[0] == 2
    assert "there is one of this name" in again[2]
    assert listed[1].startswith("Claire D.  since ")
    assert removed[:2] == (
        0,
        "account Claire D. removed and signed out; the observations it added stay\n",
    )
    assert gone[0] == 2
    assert "fleet user list" in gone[2]
    assert empty[1] == ""


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["bob"], b"", "--password-stdin"),
        (["bob", "--password-stdin"], b"short\n", "5 characters; expected 12 to 200"),
        (["bob", "--password-stdin"], b"x" * 5_000, "expected 12 to 200"),
        (["bob", "--password-stdin"], b"\xff" * 20, "not UTF-8"),
        (["bob", "--password-stdin"], b"", "0 characters"),
        (["<bob>", "--password-stdin"], b"quatre mots sans lien\n", "account name '<bob>'"),
    ],
)
async def test_what_cannot_be_an_account_is_said_before_any_database_is_asked(
    arguments: list[str], stdin: bytes, said: str, tmp_path: Path
) -> None:
    settings = {"FLEET_MONGODB_URL": "mongodb://127.0.0.1:1/", "FLEET_DATA_DIR": str(tmp_path)}
    code, out, err = await fleet(settings, "user", "add", *arguments, stdin=stdin)

    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert "quatre mots" not in err


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ([PASSWORD, PASSWORD], 0, "account Claire added"),
        ([PASSWORD, "quatre mots sans rien"], 2, "not the same"),
        (["\x03"], 130, ""),
    ],
    ids=["same", "different", "Ctrl-C"],
)
async def test_on_a_terminal_the_password_is_asked_twice_and_not_shown(
    database: dict[str, str], typed: list[str], code: int, said: str
) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WITH_A_TERMINAL, "user", "add", "Claire"),
        env=environment(**database),
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    for question, line in zip((b"Password of Claire: ", b"Again: "), typed, strict=False):
        while question not in shown:
            shown += await asyncio.to_thread(os.read, ours, 4096)
        os.write(ours, line.encode() + (b"" if line == "\x03" else b"\n"))
    shown += await asyncio.to_thread(everything, ours)

    assert await process.wait() == code
    assert said in shown.decode()
    assert "quatre" not in shown.decode()
    assert "Traceback" not in shown.decode()
