"""Invitations and second factors: good once, for a time, also for two who come at one moment."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta

import pytest

from fleet.errors import BadInput
from fleet.storage.collections.invitations import VALID
from fleet.storage.collections.second_factor import (
    RECOVERY_CODES,
    STEP_S,
    code_at,
    is_secret,
    new_secret,
    step_of,
)
from fleet.storage.store import Store
from tests.storage.test_store import AT

HASH = "$argon2id$made-up"


def test_codes_are_those_of_rfc_6238() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    # its appendix B, the last six of eight digits
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_at(secret, seconds // STEP_S) == code


def test_a_code_is_taken_beside_its_half_minute_and_not_further() -> None:
    secret = new_secret()
    present = int(AT.timestamp()) // STEP_S
    taken = [n for n in range(-3, 4) if step_of(secret, code_at(secret, present + n), AT)]
    assert {-1, 0, 1} <= {*taken}
    assert len(taken) <= 4  # one more only by chance: two of a million codes may be the same
    assert step_of(secret, f" {code_at(secret, present)[:3]} {code_at(secret, present)[3:]}", AT)


@pytest.mark.parametrize("text", ["", "ABC", "é" * 32, "a" * 32, "A" * 40, "1" * 32])
def test_what_is_no_secret_is_known(text: str) -> None:
    assert not is_secret(text)
    assert is_secret(new_secret())


async def test_an_invitation_makes_one_account_for_two_who_follow_it_at_once(store: Store) -> None:
    token, made = await store.invitations.make(administrator=True, at=AT)

    users = await asyncio.gather(
        *(store.invitations.accept(token, name, HASH, at=AT) for name in ("Claire", "Omar"))
    )

    (user,) = [each for each in users if each]
    assert user.administrator
    assert [each.name for each in await store.accounts.list()] == [user.name]
    assert await store.accounts.has_administrator()
    assert await store.invitations.find(token, at=AT) is None
    assert made.expires_at == AT + VALID


async def test_an_invitation_ends_with_its_day_and_stays_open_for_another_name(
    store: Store,
) -> None:
    await store.accounts.add("Claire", HASH)
    token, _ = await store.invitations.make(administrator=False, at=AT)

    assert await store.invitations.accept(token, "Omar", HASH, at=AT + VALID) is None
    with pytest.raises(BadInput, match="there is one of this name"):
        await store.invitations.accept(token, "claire", HASH, at=AT)
    user = await store.invitations.accept(token, "Omar", HASH, at=AT)

    assert user
    assert not user.administrator


async def test_a_first_invitation_ends_the_one_before_and_no_other(store: Store) -> None:
    other, _ = await store.invitations.make(administrator=False, at=AT)
    old, _ = await store.invitations.make(administrator=True, first=True, at=AT)
    new, _ = await store.invitations.make(administrator=True, first=True, at=AT)

    found = [await store.invitations.find(token, at=AT) is not None for token in (other, old, new)]

    assert found == [True, False, True]


async def test_a_second_factor_begins_with_a_right_code_and_takes_each_once(store: Store) -> None:
    await store.accounts.add("Claire", HASH)
    factors, secret, step = store.second_factors, new_secret(), int(AT.timestamp()) // STEP_S

    assert await factors.begin("Claire", secret, "no code", at=AT) == []
    codes = await factors.begin("claire", secret, code_at(secret, step), at=AT)

    assert len({*codes}) == RECOVERY_CODES
    assert (await store.accounts.list())[0].second_factor
    # it asks already: who finds a browser open does not put another secret in its place
    other = new_secret()
    assert await factors.begin("Claire", other, code_at(other, step), at=AT) == []
    # the code by which it began is used up, and so is each after it, also for two at one moment
    assert not await factors.accepts("Claire", code_at(secret, step), at=AT)
    later = AT + timedelta(seconds=STEP_S)
    got = await asyncio.gather(
        *(factors.accepts("Claire", code_at(secret, step + 1), at=later) for _ in range(5))
    )
    assert sorted(got) == [False] * 4 + [True]
    recovered = await asyncio.gather(
        *(factors.accepts("Claire", codes[0].upper(), at=later) for _ in range(5))
    )
    assert sorted(recovered) == [False] * 4 + [True]
    assert await factors.accepts("Claire", codes[1].replace("-", " "), at=later)
    assert not await factors.accepts("Omar", codes[2], at=later)

    await factors.end("Claire")
    assert not (await store.accounts.list())[0].second_factor
    assert not await factors.accepts("Claire", codes[2], at=later)


async def test_a_test_of_notices_is_made_once_and_only_while_somebody_waits(store: Store) -> None:
    tests = store.notice_tests
    asked = await asyncio.gather(*(tests.ask("Claire", at=AT) for _ in range(3)))
    assert sorted(asked) == [False, False, True]

    taken = await asyncio.gather(*(tests.take(at=AT) for _ in range(3)))
    (number,) = [each for each in taken if each is not None]
    await tests.answer(number, [])
    last = await tests.last()
    assert last
    assert last.answered_at
    assert not last.is_waiting(AT)

    await tests.ask("Claire", at=AT + timedelta(minutes=2))
    assert await tests.take(at=AT + timedelta(minutes=8)) is None
