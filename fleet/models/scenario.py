"""A scenario: what is visited, how, and which version of it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Literal, Self

from pydantic import Field, StrictBool, computed_field, field_validator

from fleet.models.base import Frozen
from fleet.models.departments import DEPARTMENTS
from fleet.models.outcome import Outcome
from fleet.models.text import legible

FLOW_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


EntryKind = Literal["post_code", "town", "date"]
"""What a form asks of anybody; nothing else is ever typed."""


class DeclaredEntry(Frozen):
    """A field into which a visit types: the field's words, and what it asks for."""

    words: str = Field(min_length=2, max_length=100)
    kind: EntryKind


class Scenario(Frozen):
    """
    The script of one flow.

    `version` changes when what the script does changes: it is a hash of the definition, so
    that a series of attempts can be cut where the way of measuring changed. `anchor` are words
    that at least one page of a visit must show before its answer counts: a page that was
    replaced by another flow's does not show them. `enters` is all that a visit types anywhere.
    """

    department: str
    flow: str
    title: str = Field(min_length=1, max_length=300)
    url: str
    family: str
    version: str = Field(min_length=1)
    control: StrictBool = False
    anchor: str | None = Field(default=None, min_length=3, max_length=200)
    enters: tuple[DeclaredEntry, ...] = ()
    # a function of a Visit (fleet.catalog.decorator.Script); this module knows no browser
    script: Callable[[Any], Awaitable[Outcome]] = Field(exclude=True, repr=False)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """`63/titre-de-sejour`."""
        return f"{self.department}/{self.flow}"

    def at(self, url: str) -> Self:
        """The same scenario aimed at another address (a practice prefecture, a test)."""
        return self.model_copy(update={"url": check_url(url)})

    @field_validator("department")
    @classmethod
    def _known_department(cls, value: str) -> str:
        if value not in DEPARTMENTS:
            raise ValueError(
                f"department {value!r} is none of 01…95, 2A, 2B, 971…988; write it as text,"
                " with two digits at least"
            )
        return value

    @field_validator("flow")
    @classmethod
    def _slug(cls, value: str) -> str:
        if not FLOW_SLUG.fullmatch(value):
            raise ValueError(
                f"flow {value!r} is not a slug; use small letters, digits and single hyphens,"
                " such as 'titre-de-sejour'"
            )
        return value

    @field_validator("title")
    @classmethod
    def _words(cls, value: str) -> str:
        words = legible(value)  # pages, feeds and mails have it; a page may have given it
        if not words:
            raise ValueError(f"title {value!r} has no word that can be read")
        return words

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        return check_url(value)


def check_url(value: str) -> str:
    """`value`, if it is an http(s) address with a host; ValueError otherwise."""
    if not re.match(r"https?://[^/\s]+(/\S*)?$", value):
        raise ValueError(f"url {value!r} is not an http:// or https:// address")
    return value


def definition_version(**definition: object) -> str:
    """A scenario version: 12 hexadecimal digits that change with any part of the definition."""
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
