"""`fleet user`: who may sign in to the web pages."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.errors import BadInput
from fleet.models import PARIS
from fleet.storage.collections.accounts import check_name
from fleet.storage.collections.passwords import MAX_LENGTH, Passwords, check_password
from fleet.system.terminal import check_text

if TYPE_CHECKING:
    from fleet.settings import Settings


def password_for(name: str, *, from_stdin: bool) -> str:
    """
    The password of a new account: the first line of standard input, or asked for twice.

    Not a coroutine: Ctrl-C must end the asking, and asyncio would keep it for later.

    Raises:
        BadInput: the name or the password cannot be one.
    """
    name = check_name(name)
    password = _first_line() if from_stdin else _ask_password(name)
    check_password(password)
    return password


async def add(settings: Settings, name: str, password: str) -> bool:
    """
    Make an account.

    Raises:
        BadInput: the name cannot be one, or is taken.
    """
    async with open_store(settings) as store:
        user = await store.accounts.add(name, Passwords().hash(password))
    print(f"account {user.name} added")
    return True


async def list_(settings: Settings) -> bool:
    """Name every account."""
    async with open_store(settings) as store:
        users = await store.accounts.list()
    for user in users:
        print(f"{user.name}  since {user.added_at.astimezone(PARIS):%d/%m/%Y %H:%M} (Paris)")
    if not users:
        print("no accounts; make one: fleet user add NAME", file=sys.stderr)
    return True


async def remove(settings: Settings, name: str) -> bool:
    """
    Take an account away.

    Raises:
        BadInput: there is none of this name.
    """
    async with open_store(settings) as store:
        user = await store.accounts.remove(name)
    print(f"account {user.name} removed and signed out; the observations it added stay")
    return True


def _first_line() -> str:
    try:
        line = sys.stdin.buffer.readline(MAX_LENGTH * 4 + 2).decode()
    except UnicodeDecodeError as exc:
        raise BadInput("--password-stdin: the password is not UTF-8") from exc
    return line.removesuffix("\n").removesuffix("\r")


def _ask_password(name: str) -> str:
    if not sys.stdin.isatty():
        raise BadInput(
            "there is no terminal to ask for the password on; give it to standard input and add"
            " --password-stdin"
        )
    try:
        password = getpass.getpass(f"Password of {name}: ")
        again = getpass.getpass("Again: ")
    except EOFError as exc:
        raise BadInput("no password was given; nothing was changed") from exc
    check_text(password, "the password")
    if password != again:
        raise BadInput("the two passwords are not the same; nothing was changed")
    return password
