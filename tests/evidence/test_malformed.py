"""Whatever stands in a document of the database is a finding that names it, never a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bson.datetime_ms import DatetimeMS
from bson.int64 import Int64
from pymongo.errors import WriteError

from tests.evidence.test_sealing import Sealer, sealed
from tests.evidence.test_sealing import authority as authority
from tests.evidence.test_sealing import sealer as sealer

Documents = dict[str, Any]

JUNK: tuple[object, ...] = (None, "x", 3.5, Int64(2**60), [[]], {"a": {}}, b"\0", DatetimeMS(2**61))

PROVED = ("links", "seals.statement", "seals.signature", "seals.attempt_ids", "attempts")
"""What is proved; the other fields tell of nothing that a verification says."""

UNPROVED = ("links.seal", "seals.refusals", "seals.tokens")


def fields(document: Documents, above: str = "") -> Iterator[str]:
    """The paths of all fields of a document, as MongoDB writes them, but `_id`."""
    for name, value in document.items():
        path = f"{above}{name}"
        if path == "_id":
            continue
        yield path
        if isinstance(value, dict):
            yield from fields(value, f"{path}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from fields(value[0], f"{path}.0.")


def value_at(document: Documents, path: str) -> object:
    found: Any = document
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


@pytest.mark.parametrize(
    "name", ["links", "seals", "attempts", "evidence.files", "evidence.chunks", "removals"]
)
async def test_any_value_in_any_field_is_found_and_named(sealer: Sealer, name: str) -> None:
    made = await sealed(sealer)
    gone = made[7].evidence[0].sha256
    await sealer.store.removals.take_down([gone], reason="a name was to be read", by="anne")
    collection = sealer.db[name]
    good = await collection.find_one()

    for number, path in enumerate(fields(good)):
        for junk in (JUNK[number % len(JUNK)], JUNK[0])[: 1 if name == "attempts" else 2]:
            if value_at(good, path) == junk:
                continue
            change = {"$set": {path: junk}}
            where = {"_id": good["_id"]}
            try:
                await collection.update_one(where, change, bypass_document_validation=True)
            except WriteError:
                continue  # an index cannot hold it
            try:
                report = await sealer.verify()
            except Exception as exc:
                raise AssertionError(f"{name}.{path} = {junk!r}") from exc
            await collection.replace_one(where, good, bypass_document_validation=True)
            if f"{name}.{path}".startswith(PROVED) and path != "seal":
                assert report.findings, (name, path, junk)

    assert (await sealer.verify()).findings == []
    for junk in JUNK:
        if junk in ([[]], b"\0"):
            continue  # MongoDB takes no list for an id
        odd = {**good, "_id": junk}
        if name == "links":
            odd["number"] = 77
        if name == "evidence.chunks":
            odd["n"] = 77
        await collection.insert_one(odd, bypass_document_validation=True)
        try:
            report = await sealer.verify()
        except Exception as exc:
            raise AssertionError(f"{name}._id = {junk!r}") from exc
        await collection.delete_one({"_id": junk})
        if name in ("links", "seals", "attempts"):
            assert report.findings, (name, junk)
