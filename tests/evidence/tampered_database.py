"""
What whoever can write to the database may do to a ledger: each function one deed.

`made` are the attempts of `tests.evidence.test_sealing.sealed`: five of one flow under seal 1,
three of another under seal 2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fleet.ledger.canonical import NO_PREVIOUS, canonical, sha256
from fleet.ledger.chain import Link, Seal, Statement, root_of
from fleet.ledger.signing import SigningKey
from fleet.models import Attempt
from tests.storage.test_store import AT, attempt_of

Tamper = Callable[[Any, list[Attempt]], Awaitable[None]]


async def alter_a_picture(db: Any, made: list[Attempt]) -> None:
    await flip_file(db, made[0].evidence[0].sha256)


async def alter_html(db: Any, made: list[Attempt]) -> None:
    await flip_file(db, made[1].evidence[1].sha256)


async def flip_file(db: Any, name: str) -> None:
    chunk = await db["evidence.chunks"].find_one({"files_id": name})
    data = bytearray(chunk["data"])
    data[-1] ^= 1
    await db["evidence.chunks"].update_one({"_id": chunk["_id"]}, {"$set": {"data": bytes(data)}})


async def swap_pictures(db: Any, made: list[Attempt]) -> None:
    one, other = [
        await db["evidence.chunks"].find_one({"files_id": made[n].evidence[0].sha256})
        for n in (0, 1)
    ]
    for chunk, data in ((one, other["data"]), (other, one["data"])):
        await db["evidence.chunks"].update_one({"_id": chunk["_id"]}, {"$set": {"data": data}})


async def delete_a_picture(db: Any, made: list[Attempt]) -> None:
    name = made[2].evidence[0].sha256
    await db["evidence.files"].delete_one({"_id": name})
    await db["evidence.chunks"].delete_many({"files_id": name})


async def set_attempt(db: Any, attempt: Attempt, **fields: Any) -> None:
    await db.attempts.update_one({"_id": attempt.id}, {"$set": fields})


async def alter_a_verdict(db: Any, made: list[Attempt]) -> None:
    await set_attempt(db, made[0], verdict="no_slots")


async def backdate(db: Any, made: list[Attempt]) -> None:
    await set_attempt(db, made[0], started_at=AT - timedelta(days=9))


async def delete_an_attempt(db: Any, made: list[Attempt]) -> None:
    await db.attempts.delete_one({"_id": made[1].id})


async def delete_an_attempt_with_its_link(db: Any, made: list[Attempt]) -> None:
    await db.attempts.delete_one({"_id": made[1].id})
    await db.links.delete_one({"_id": made[1].id})


async def delete_the_last_attempt_with_its_link(db: Any, made: list[Attempt]) -> None:
    await db.attempts.delete_one({"_id": made[4].id})
    await db.links.delete_one({"_id": made[4].id})


async def insert_an_attempt(db: Any, made: list[Attempt]) -> None:
    await db.attempts.insert_one(attempt_of(started_at=AT, id="0" * 32).to_document())


async def reorder_two(db: Any, made: list[Attempt]) -> None:
    one, other = made[1].id, made[2].id
    await db.links.update_one({"_id": one}, {"$set": {"number": 99}})
    await db.links.update_one({"_id": other}, {"$set": {"number": 2}})
    await db.links.update_one({"_id": one}, {"$set": {"number": 3}})


async def alter_a_link(db: Any, made: list[Attempt]) -> None:
    await db.links.update_one({"_id": made[3].id}, {"$set": {"previous": "1" * 64}})


async def alter_a_manifest_hash(db: Any, made: list[Attempt]) -> None:
    await db.links.update_one({"_id": made[3].id}, {"$set": {"manifest": "1" * 64}})


async def alter_an_attempt_and_its_link(db: Any, made: list[Attempt]) -> None:
    await set_attempt(db, made[4], verdict="no_slots")
    document = await db.attempts.find_one({"_id": made[4].id})
    manifest = hashlib.sha256(canonical(document)).hexdigest()
    await db.links.update_one({"_id": made[4].id}, {"$set": {"manifest": manifest}})


async def alter_a_root(db: Any, made: list[Attempt]) -> None:
    await db.seals.update_one({"_id": 1}, {"$set": {"statement.root": "0" * 64}})


async def alter_a_signature(db: Any, made: list[Attempt]) -> None:
    found = await db.seals.find_one({"_id": 2})
    last = "0" if found["signature"][-1] != "0" else "1"
    await db.seals.update_one({"_id": 2}, {"$set": {"signature": found["signature"][:-1] + last}})


async def alter_a_token(db: Any, made: list[Attempt]) -> None:
    found = await db.seals.find_one({"_id": 1})
    token = bytearray(found["tokens"][0]["token"])
    token[-5] ^= 1
    await db.seals.update_one({"_id": 1}, {"$set": {"tokens.0.token": bytes(token)}})


async def swap_tokens(db: Any, made: list[Attempt]) -> None:
    one, other = [await db.seals.find_one({"_id": number}) for number in (1, 2)]
    for each, tokens in ((one, other["tokens"]), (other, one["tokens"])):
        await db.seals.update_one({"_id": each["_id"]}, {"$set": {"tokens": tokens}})


async def delete_a_seal(db: Any, made: list[Attempt]) -> None:
    await db.seals.delete_one({"_id": 1})


async def alter_one_word(db: Any, made: list[Attempt]) -> None:
    """A bit of a letter: the n of « aucun » becomes an o."""
    await set_attempt(db, made[0], detail=chr(ord(made[0].detail[0]) ^ 1) + made[0].detail[1:])


async def spoil_a_document(db: Any, made: list[Attempt]) -> None:
    fields = {"evidence": [{"kind": "picture"}, 3], "seconds": float("nan")}
    await db.attempts.update_one(
        {"_id": made[0].id}, {"$set": fields}, bypass_document_validation=True
    )


async def insert_something(db: Any, made: list[Attempt]) -> None:
    made_up = {"_id": "0" * 32, "scenario_id": made[0].scenario_id}
    await db.attempts.insert_one(made_up, bypass_document_validation=True)


async def insert_one_under_a_seal(db: Any, made: list[Attempt]) -> None:
    """With a link that fits at the end of the chain, and says that seal 1 covers it."""
    made_up = attempt_of(started_at=AT, id="0" * 32).to_document()
    last = await db.links.find_one({"_id": made[4].id})
    fields = {key: last[key] for key in ("scenario_id", "linked_at", "manifest", "previous")}
    leaf = canonical({"attempt_id": last["_id"], "number": last["number"], **fields})
    await db.attempts.insert_one(made_up)
    link = {"_id": "0" * 32, "number": last["number"] + 1, "previous": sha256(leaf), "seal": 1}
    await db.links.insert_one({**fields, "manifest": sha256(canonical(made_up)), **link})


async def rename_a_field_of_a_link(db: Any, made: list[Attempt]) -> None:
    await db.links.update_one({"_id": made[3].id}, {"$rename": {"manifest": "manifesu"}})


async def give_a_link_no_seal_number(db: Any, made: list[Attempt]) -> None:
    await db.links.update_one({"_id": made[3].id}, {"$set": {"seal": "one"}})


async def rename_a_field_of_a_seal(db: Any, made: list[Attempt]) -> None:
    await db.seals.update_one({"_id": 1}, {"$rename": {"statement.root": "statement.roou"}})


async def take_the_leaves_of_a_seal_away(db: Any, made: list[Attempt]) -> None:
    await db.seals.update_one({"_id": 2}, {"$unset": {"attempt_ids": ""}})


async def delete_the_last_seal(db: Any, made: list[Attempt]) -> None:
    await db.seals.delete_one({"_id": 2})


async def sign_all_anew_with_another_key(db: Any, made: list[Attempt]) -> None:
    """As the owner of a copy of the database would: everything fits but the timestamps."""
    await _sign_anew(db)


async def seal_all_anew(db: Any, made: list[Attempt], key: SigningKey) -> None:
    """As whoever has the key as well: a verdict altered, all linked and sealed anew, no token."""
    await set_attempt(db, made[0], verdict="no_slots")
    for flow in {each.scenario_id for each in made}:
        previous = NO_PREVIOUS
        async for each in db.links.find({"scenario_id": flow}).sort("number", 1):
            document = await db.attempts.find_one({"_id": each["_id"]})
            changed = {"manifest": sha256(canonical(document)), "previous": previous}
            await db.links.update_one({"_id": each["_id"]}, {"$set": changed})
            fields = {k: v for k, v in each.items() if k not in ("_id", "seal")}
            previous = Link(attempt_id=each["_id"], **{**fields, **changed}).hash
    previous = NO_PREVIOUS
    async for each in db.seals.find().sort("_id", 1):
        links = {each["_id"]: each async for each in db.links.find({"seal": each["_id"]})}
        own = [links[name] for name in each["attempt_ids"]]
        leaves = [Link.from_document({k: v for k, v in d.items() if k != "seal"}) for d in own]
        fields = {**each["statement"], "root": root_of(leaves), "previous": previous}
        statement = Statement.model_validate({**fields, "authorities": ()})
        previous = sha256(statement.content)
        signature = key.sign(statement.content)
        document = Seal(statement, signature, tuple(each["attempt_ids"])).to_document()
        await db.seals.replace_one({"_id": each["_id"]}, document)


async def sign_all_anew_without_timestamps(db: Any) -> str:
    """The same, and no authority was ever asked; the key that signs now."""
    key = await _sign_anew(db, authorities=[])
    await db.seals.update_many({}, {"$set": {"tokens": [], "refusals": []}})
    return key


async def _sign_anew(db: Any, **changes: Any) -> str:
    key, previous = SigningKey(Ed25519PrivateKey.generate()), NO_PREVIOUS
    async for each in db.seals.find().sort("_id", 1):
        fields = {**each["statement"], **changes, "key": key.public, "previous": previous}
        statement = Statement.model_validate(fields)
        previous = sha256(statement.content)
        changed = {
            "statement": statement.model_dump(mode="python"),
            "signature": key.sign(statement.content),
        }
        await db.seals.update_one({"_id": each["_id"]}, {"$set": changed})
    return key.public


async def forget_the_end(db: Any, made: list[Attempt]) -> None:
    """The last seal with all that it covers: what is left is a shorter ledger."""
    await db.seals.delete_one({"_id": 2})
    await db.links.delete_many({"seal": 2})
    await db.attempts.delete_many({"_id": {"$in": [each.id for each in made[5:]]}})
