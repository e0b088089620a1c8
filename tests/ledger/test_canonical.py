"""Canonical JSON against the vectors that RFC 8785 publishes, through the function that is used."""

from __future__ import annotations

import json
import struct
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from bson import BSON
from bson.codec_options import CodecOptions
from bson.int64 import Int64

from fleet.ledger.canonical import canonical

# RFC 8785, 3.2.2: as it stands there, escapes included
SAMPLE = r"""{
  "numbers": [333333333.33333329, 1E30, 4.50,
              2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
SAMPLE_BYTES = """
    7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72
    75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73 22 3a
    5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31
    65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31 65 2d 32 37
    5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30
    30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c 22 2f 22 7d
"""
"""Section 3.2.4."""

# section 3.2.3
UNSORTED = r"""{
  "\u20ac": "Euro Sign",
  "\r": "Carriage Return",
  "\ufb33": "Hebrew Letter Dalet With Dagesh",
  "1": "One",
  "\ud83d\ude00": "Emoji: Grinning Face",
  "\u0080": "Control",
  "\u00f6": "Latin Small Letter O With Diaeresis"
}"""
SORTED = [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
]

NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]
"""Appendix B: the bits of an IEEE 754 double, and its JSON."""


def double(bits: str) -> float:
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert isinstance(value, float)
    return value


def test_the_example_gives_the_published_bytes() -> None:
    assert canonical(json.loads(SAMPLE)) == bytes.fromhex(SAMPLE_BYTES)


def test_names_are_sorted_as_the_published_example() -> None:
    assert list(json.loads(canonical(json.loads(UNSORTED))).values()) == SORTED


@pytest.mark.parametrize(("bits", "text"), NUMBERS)
def test_a_number_is_written_as_the_published_table_has_it(bits: str, text: str) -> None:
    assert canonical({"n": [double(bits)]}) == f'{{"n":[{text}]}}'.encode()


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_what_is_no_number_is_refused_as_the_published_table_wants(bits: str) -> None:
    with pytest.raises(ValueError, match=r"at seconds: (nan|-?inf) is not representable"):
        canonical({"seconds": double(bits)})


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"evidence": [{}, {"size_bytes": 2**53}]}, "at evidence.1.size_bytes: 9007199254740992"),
        ({"a": -(2**53)}, "at a: -9007199254740992 exceeds safe integer domain"),
        (2**53, "no canonical JSON (RFC 8785): 9007199254740992"),
        ({"a": {"b": b"x"}}, "at a.b: a bytes"),
        ({"a": {1: 2, "1": 3}}, "at a: a name that is no text, 1"),
        ({"at": datetime(2026, 1, 1)}, "at at: 2026-01-01 00:00:00 has no time zone"),  # noqa: DTZ001
        ({"words": ["\ud800"]}, "at words.0: input contains non-UTF-8"),
        ({"\ud800": 1}, "surrogates not allowed"),
    ],
)
def test_what_not_every_reader_reads_alike_is_refused_and_named(value: Any, problem: str) -> None:
    with pytest.raises(ValueError, match="no canonical JSON") as caught:
        canonical(value)

    assert problem in str(caught.value)


def test_the_largest_integers_are_written_whole() -> None:
    assert canonical([2**53 - 1, -(2**53) + 1]) == b"[9007199254740991,-9007199254740991]"


def test_an_instant_is_written_in_utc_with_milliseconds_whatever_its_zone() -> None:
    paris = datetime(2026, 11, 25, 4, 0, 0, 123_999, timezone(timedelta(hours=1)))

    assert canonical([paris, paris.astimezone(UTC)]) == (
        b'["2026-11-25T03:00:00.123Z","2026-11-25T03:00:00.123Z"]'
    )


def test_a_document_that_was_through_mongodb_has_the_same_text() -> None:
    """Its numbers come back as 64-bit ones, its instants with milliseconds, its order as stored."""
    document = {
        "number": 2**40,
        "seconds": 1.5,
        "whole": 2.0,
        "started_at": datetime(2026, 11, 25, 3, 0, 0, 123_000, UTC),
        "signs": ["é", None, True],
    }
    options: CodecOptions[Any] = CodecOptions(OrderedDict, tz_aware=True, tzinfo=UTC)

    back = BSON.encode(dict(reversed(document.items()))).decode(options)

    assert isinstance(back["number"], Int64)
    assert canonical(back) == canonical(document)
