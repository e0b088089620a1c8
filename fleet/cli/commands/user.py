"""`fleet user`: who may sign in to the web pages."""

from __future__ import annotations

import getpass
import sys
from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.cli.console import print_json
from fleet.errors import BadInput
from fleet.models import PARIS
from fleet.storage.collections.accounts import check_name
from fleet.storage.collections.passwords import MAX_LENGTH, Passwords, check_password
from fleet.system.terminal import check_text

if TYPE_CHECKING:
    from fleet.settings import Settings
    from fleet.storage.collections.invitations import Invitation
    from fleet.storage.store import Store

LOCAL_PAGES = "http://127.0.0.1:8000"
"""Where `fleet serve` and docker-compose.yml have the pages unless they are told otherwise."""


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


async def invite(settings: Settings, *, administrator: bool) -> bool:
    """Print a link by which one person makes an account."""
    async with open_store(settings) as store:
        token, made = await store.invitations.make(administrator=administrator)
    print(_link(settings.public_url or LOCAL_PAGES, token, made))
    if settings.public_url is None:
        print(f"if your pages are not at {LOCAL_PAGES}: set FLEET_PUBLIC_URL", file=sys.stderr)
    return True


async def first_invitation(store: Store, pages: str) -> str:
    """What to say at a start of pages that nobody administers; ends the link said before."""
    token, made = await store.invitations.make(administrator=True, first=True)
    return f"no administrator yet; to become it: {_link(pages, token, made)}"


def _link(pages: str, token: str, made: Invitation) -> str:
    until = made.expires_at.astimezone(PARIS)
    return f"{pages}/invitation/{token} (once, until {until:%d/%m/%Y %H:%M} Paris)"


async def list_(settings: Settings, *, as_json: bool = False) -> bool:
    """Name every account."""
    async with open_store(settings) as store:
        users = await store.accounts.list()
    if as_json:
        for user in users:
            print_json(user.model_dump(mode="json"))
        return True
    for user in users:
        more = ", administrator" * user.administrator + ", second factor" * user.second_factor
        at = f"{user.added_at.astimezone(PARIS):%d/%m/%Y %H:%M} (Paris)"
        print(f"{user.name}  since {at}{more}")
    if not users:
        print("no accounts; make one: fleet user add NAME, or: fleet user invite", file=sys.stderr)
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
